//! The rooms of a connection's user: which they are, and the heads that the client has to be told.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use protocol::{Position, RoomId, ServerFrame, StreamId, UserId, frame::RoomHead};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Sockets;
use crate::{
    hub::{Registration, RoomNews},
    maps::HashMap,
    store::StoreError,
};

/// The shortest time between two `heads` frames.
pub(super) const HEADS_INTERVAL: Duration = Duration::from_millis(500);

/// Rooms in one `heads` frame.
pub(super) const HEADS_ROOMS_MAX: usize = 500;

/// What a connection knows of its user's rooms.
#[derive(Debug)]
pub(super) struct Rooms {
    /// The last event of the inbox that is taken in; none while the rooms are being loaded.
    pub(super) inbox: Option<Position>,
    /// The version of the inbox's channel up to which everything was taken in; 0 before that.
    pub(super) inbox_seen: u64,
    /// Rooms in which something happened that the client was not told.
    news: HashMap<RoomId, RoomNews>,
    /// When it may be told.
    next: Instant,
    /// Until then, while there is something to tell.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Rooms {
    pub(super) fn new() -> Self {
        Self { inbox: None, inbox_seen: 0, news: HashMap::default(), next: Instant::now(), timer: None }
    }

    pub(super) fn mark(&mut self, room: RoomId, happened: RoomNews) {
        self.news.entry(room).or_default().add(happened);
    }

    /// Whether there is something to tell now.
    pub(super) fn is_due(&self) -> bool {
        !self.news.is_empty() && self.next <= Instant::now()
    }

    /// Waits until there is.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.news.is_empty() {
            return Poll::Pending;
        }
        let next = self.next;
        self.timer.get_or_insert_with(|| Box::pin(sleep_until(next))).as_mut().poll(cx)
    }

    /// The next of what there is to tell; a room that the user has left, or of which nothing is known, is left out.
    pub(super) fn take(&mut self, registration: &Registration) -> Option<ServerFrame> {
        let rooms: Vec<RoomId> = self.news.keys().take(HEADS_ROOMS_MAX).copied().collect();
        let happened = rooms.iter().filter_map(|room| self.news.remove_entry(room));
        let mut heads: Vec<RoomHead> = happened
            .filter_map(|(room, mut happened)| {
                let (head, later) = registration.take_head(room)?;
                happened.add(later);
                let RoomNews { recount, mentions } = happened;
                Some(RoomHead { room, head: head.position, messages: head.messages, recount, mentions })
            })
            .collect();
        if self.news.is_empty() {
            (self.news, self.timer) = (HashMap::default(), None);
            self.next = Instant::now() + HEADS_INTERVAL;
        }
        heads.sort_unstable_by_key(|head| head.room);
        (!heads.is_empty()).then_some(ServerFrame::Heads { rooms: heads })
    }
}

/// Watches all rooms of a user. Returns the inbox's end in that state, and the rooms.
pub(super) async fn load(
    sockets: &Sockets,
    registration: &Registration,
    user: UserId,
) -> Result<(Position, Vec<RoomId>), StoreError> {
    let _turn = sockets.arrive().await;
    let set = registration.presence().viewing_set(user);
    let shown = sockets.people.shows_viewing(user).await?;
    registration.presence().knows_viewing(registration.follower(), shown, set);
    let inbox = sockets.streams.inbox(user).await?;
    registration.inbox().anchor(inbox.position);
    let rooms: Vec<RoomId> = inbox.rooms.iter().map(|summary| summary.room.id).collect();
    for left in registration.watched().into_iter().filter(|room| !rooms.contains(room)) {
        registration.unwatch(left);
    }
    for summary in &inbox.rooms {
        registration.watch(summary.room.id);
        // Another device may have moved it since this one's snapshot.
        registration.follower().mark_cursor(summary.room.id, summary.cursor);
    }

    // What happened between reading the summaries and watching was not marked: ask again where the end moved.
    let streams: Vec<StreamId> = rooms.iter().copied().map(StreamId::Room).collect();
    let heads: HashMap<StreamId, Position> = sockets.streams.heads(&streams).await?.into_iter().collect();
    let (still, moved): (Vec<_>, Vec<_>) =
        inbox.rooms.iter().partition(|summary| heads.get(&StreamId::Room(summary.room.id)) == Some(&summary.head));
    still.into_iter().for_each(|summary| registration.learn(summary));
    let moved: Vec<RoomId> = moved.into_iter().map(|summary| summary.room.id).collect();
    learn(sockets, registration, user, &moved).await?;
    Ok((inbox.position, rooms))
}

/// Reads the ends of some watched rooms.
pub(super) async fn learn(
    sockets: &Sockets,
    registration: &Registration,
    user: UserId,
    rooms: &[RoomId],
) -> Result<(), StoreError> {
    if !rooms.is_empty() {
        for summary in sockets.streams.summaries(user, rooms).await? {
            registration.learn(&summary);
        }
    }
    Ok(())
}
