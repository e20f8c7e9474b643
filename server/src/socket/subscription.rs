//! Following a stream: who may, from where, and how far a connection has got.

use std::{ops::ControlFlow, sync::Arc};

use protocol::{ErrorCode, Position, Seq, StreamId, UserId, limits::REPLAY_EVENTS_MAX};
use tungstenite::Utf8Bytes;

use super::Sockets;
use crate::{
    commands::{Action, authorize},
    error::ApiError,
    hub::{Channel, Entry, Registration},
    sabotage::Without,
    store::Actor,
};

/// A followed stream of one connection. It holds the stream's channel, so that a delivery asks the hub for nothing.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) channel: Arc<Channel>,
    /// The channel's version up to which everything was taken; 0 before that.
    pub(super) seen: u64,
    /// The last event sent.
    pub(super) cursor: Position,
    pub(super) access: Access,
    pub(super) state: State,
    /// What was read from the store, until there was room for all of it. At most a page.
    pub(super) page: Option<Arc<[Entry]>>,
    /// Tells this subscription from earlier ones of the same stream.
    pub(super) generation: u64,
}

impl Subscription {
    /// Which log.
    pub(super) fn stream(&self) -> StreamId {
        self.channel.stream()
    }

    /// Whether it has something to take: from its page, or from its ring.
    pub(super) fn is_fresh(&self) -> bool {
        match self.state {
            State::Live => self.channel.version() != self.seen,
            State::CatchingUp { .. } => self.page.is_some(),
        }
    }
}

/// Sends an entry that comes after the cursor, and moves that. Breaks at the one that puts the user out.
pub(super) fn pass(
    entry: &Entry,
    cursor: &mut Position,
    access: Access,
    me: UserId,
    send: &mut impl Extend<Utf8Bytes>,
) -> ControlFlow<()> {
    if entry.seq <= cursor.seq {
        return ControlFlow::Continue(());
    }
    send.extend([entry.frame(access.visible_from).clone()]);
    cursor.seq = entry.seq;
    if entry.puts_out(me) && entry.seq > access.since { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Where the next events come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// From the ring.
    Live,
    /// From the store, up to `until`; then the client is told that it is live, where it asked to follow.
    CatchingUp { until: Position, announce: bool },
}

/// What the user may see of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// Changes of messages before this one are withheld.
    pub(super) visible_from: Seq,
    /// The event by which the user is in; being put out counts from here.
    pub(super) since: Seq,
}

/// How a follower gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// With the events between `cursor` and `until`.
    Resume { cursor: Position, until: Position, access: Access },
    /// With a fresh snapshot.
    Reset { head: Position },
}

/// Registers for a stream, then reads its end, then decides: nothing falls between.
///
/// Who is refused has to be unregistered by the caller.
///
/// # Errors
/// What `authorize` says, or the store failed.
pub(super) async fn admit(
    sockets: &Sockets,
    registration: &Registration,
    actor: &Actor,
    stream: StreamId,
    after: Position,
) -> Result<Admitted, ApiError> {
    let _turn = sockets.arrive().await;
    decide(sockets, registration, actor, stream, after).await
}

/// The same for somebody who fell behind. Who has stopped following while this waited for its turn is not made to follow
/// again: nobody would end that, and nobody takes this answer.
///
/// # Errors
/// As [`admit`].
pub(super) async fn readmit(
    sockets: &Sockets,
    registration: &Registration,
    actor: &Actor,
    stream: StreamId,
    after: Position,
) -> Result<Admitted, ApiError> {
    let _turn = sockets.arrive().await;
    if !registration.follows(stream) {
        return Err(ErrorCode::NotFound.into());
    }
    decide(sockets, registration, actor, stream, after).await
}

async fn decide(
    sockets: &Sockets,
    registration: &Registration,
    actor: &Actor,
    stream: StreamId,
    after: Position,
) -> Result<Admitted, ApiError> {
    let channel = registration.follow(stream);
    // The end first: who is put out after that is put out by an event behind it, which is then delivered.
    let head = sockets.streams.heads(&[stream]).await?.first().map_or_else(Position::default, |(_, head)| *head);
    let access = access(sockets, actor, stream).await?;
    channel.anchor(head);

    // Who has nothing yet need not know the incarnation.
    let is_same_log = after.epoch == head.epoch || after.seq == Seq(0);
    let cursor = Position { epoch: head.epoch, seq: after.seq };
    let can_resume = is_same_log
        && cursor.seq <= head.seq
        && head.seq.0 - cursor.seq.0 <= REPLAY_EVENTS_MAX
        && cursor.seq.0 + 1 >= access.visible_from.0;
    Ok(if can_resume { Admitted::Resume { cursor, until: head, access } } else { Admitted::Reset { head } })
}

async fn access(sockets: &Sockets, actor: &Actor, stream: StreamId) -> Result<Access, ApiError> {
    match stream {
        StreamId::Inbox(user) if user == actor.user.id => Ok(Access { visible_from: Seq(0), since: Seq(0) }),
        // Another's inbox answers as one that does not exist.
        StreamId::Inbox(_) => Err(ErrorCode::NotFound.into()),
        StreamId::Room(room) => {
            let facts = sockets.streams.facts(actor, room).await?;
            authorize(Action::Read, &facts)?;
            let room = facts.room.as_ref().ok_or(ErrorCode::NotFound)?;
            let since = room.actor_since.ok_or(ErrorCode::NotFound)?;
            let since = if sockets.without.has(Without::REMOVAL) { Seq(u64::MAX) } else { since };
            Ok(Access { visible_from: room.visible_from().ok_or(ErrorCode::NotFound)?, since })
        }
    }
}
