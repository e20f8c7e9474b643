//! How events get from rings and store to one connection, each once and in order.

use std::{ops::ControlFlow, sync::Arc};

use futures::{Sink, Stream};
use protocol::{ErrorCode, Position, RoomId, ServerFrame, StreamId};
use tungstenite::Message;

use super::{
    connection::Connection,
    ending::Ending,
    rooms,
    subscription::{Admitted, State, Subscription, pass, readmit},
};
use crate::{
    error::ApiError,
    hub::{Bells, Entry, RoomChange, RoomNews, Taken},
    sabotage::Without,
    store::StoreError,
};

/// Bytes of the inbox's ring that are looked at in one round, for what they say of the user's rooms.
const INBOX_BYTES: usize = 64 * 1024;

/// A read of the store that a connection has waited for.
pub(super) enum Chore {
    /// Events that a subscription misses.
    Page { stream: StreamId, generation: u64, page: Result<Arc<[Entry]>, StoreError> },
    /// Whether a subscription that fell behind its ring may go on.
    Readmitted { stream: StreamId, generation: u64, admitted: Result<Admitted, ApiError> },
    /// The user's rooms, as of an event of the inbox.
    Rooms(Result<(Position, Vec<RoomId>), StoreError>),
    /// The end of a room that the user has joined.
    Room(RoomId, Result<(), StoreError>),
}

impl<S, E> Connection<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin + Send,
    E: Into<Ending>,
{
    /// Goes on with what was read.
    pub(super) fn after(&mut self, chore: Chore) -> Result<(), Ending> {
        match chore {
            Chore::Page { stream, generation, page } => {
                if self.is_current(stream, generation) {
                    self.page(stream, page.map_err(store_failed)?)?;
                }
            }
            Chore::Readmitted { stream, generation, admitted } => {
                if self.is_current(stream, generation) {
                    self.readmitted(stream, admitted)?;
                }
            }
            Chore::Rooms(loaded) => {
                let (position, rooms) = loaded.map_err(store_failed)?;
                self.rooms.inbox = Some(position);
                // The client may have missed anything since it last looked, so each room is told once.
                self.mark_all(&rooms);
                self.rooms.inbox_seen = 0;
            }
            Chore::Room(room, learnt) => {
                learnt.map_err(store_failed)?;
                self.rooms.mark(room, RoomNews::recount());
            }
        }
        Ok(())
    }

    /// Starts a subscription. `announce`: the client asked for it, and is told when it is live.
    pub(super) fn begin(&mut self, stream: StreamId, admitted: Admitted, announce: bool) {
        match admitted {
            Admitted::Reset { head } => {
                self.drop_subscription(stream);
                self.answer(&ServerFrame::Reset { stream, head });
            }
            Admitted::Resume { cursor, until, access } => {
                self.generation += 1;
                let state = State::CatchingUp { until, announce };
                let (channel, generation) = (self.registration.follow(stream), self.generation);
                self.forget_subscription(stream);
                let page = None;
                // Mostly one to three: not four at once.
                self.subscriptions.reserve_exact(1);
                self.subscriptions.push(Subscription { channel, seen: 0, cursor, access, state, page, generation });
                self.go_on(stream);
            }
        }
    }

    /// Reads the next page, or lets the subscription be live.
    fn go_on(&mut self, stream: StreamId) {
        let is_spliced = !self.sockets.without.has(Without::SPLICE);
        let Some(subscription) = self.subscription_mut(stream) else { return };
        let State::CatchingUp { until, announce } = subscription.state else { return };
        if subscription.cursor.seq < until.seq {
            let (after, generation) = (subscription.cursor.seq, subscription.generation);
            let sockets = Arc::clone(&self.sockets);
            let read = async move {
                let page = sockets.replays.page(sockets.streams.clone(), stream, after, until).await;
                Chore::Page { stream, generation, page }
            };
            self.begin_chore(read);
            return;
        }
        (subscription.state, subscription.seen) = (State::Live, 0);
        if !is_spliced {
            subscription.cursor = subscription.channel.head().unwrap_or(subscription.cursor);
        }
        let head = subscription.cursor;
        if let StreamId::Room(room) = stream {
            self.attend(room);
        }
        if announce {
            self.answer(&ServerFrame::Live { stream, head });
        }
    }

    /// Keeps what was read until there is room for it.
    fn page(&mut self, stream: StreamId, page: Arc<[Entry]>) -> Result<(), Ending> {
        if page.is_empty() {
            tracing::error!(%stream, "the store lacks events before the end of a stream");
            return Err(Ending::try_again());
        }
        if let Some(subscription) = self.subscription_mut(stream) {
            subscription.page = Some(page);
        }
        Ok(())
    }

    fn readmitted(&mut self, stream: StreamId, admitted: Result<Admitted, ApiError>) -> Result<(), Ending> {
        match admitted {
            Ok(Admitted::Resume { cursor, until, .. }) if until.seq <= cursor.seq => {
                // What is in a ring is in the store, so this does not happen; asking again would never end.
                tracing::error!(%stream, %until.seq, "the store lacks what was told");
                return Err(Ending::try_again());
            }
            Ok(admitted) => self.begin(stream, admitted, false),
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Forbidden) => self.end(stream),
            Err(error) => {
                self.sockets.explain(&error);
                return Err(Ending::try_again());
            }
        }
        Ok(())
    }

    /// Takes what pages and rings have, of each stream in its turn, as long as there is room. What is left waits where it
    /// is: until something was written, whoever rings meanwhile.
    pub(super) fn deliver(&mut self) {
        if self.registration.inbox().version() != self.rooms.inbox_seen {
            self.take_inbox();
        }
        while self.outbox.room() > 0
            && let Some(index) = self.next_fresh()
        {
            let stream = self.subscriptions[index].stream();
            self.turn = index + 1;
            if self.subscriptions[index].page.is_some() {
                self.take_page(stream);
            } else {
                self.take_ring(stream);
            }
        }
    }

    /// The next subscription that has something, after the one whose turn it was.
    fn next_fresh(&self) -> Option<usize> {
        let count = self.subscriptions.len();
        (0..count).map(|step| (self.turn + step) % count).find(|index| self.subscriptions[*index].is_fresh())
    }

    fn take_ring(&mut self, stream: StreamId) {
        let (me, room, mut is_out) = (self.actor.user.id, self.outbox.room(), false);
        let Some(subscription) = find(&mut self.subscriptions, stream) else { return };
        let Subscription { channel, cursor, access, seen, .. } = subscription;
        let taken = channel.read(*cursor, room, |entry| {
            let passed = pass(entry, cursor, *access, me, &mut self.outbox);
            is_out = passed.is_break();
            passed
        });
        match taken {
            _ if is_out => self.end(stream),
            Taken::All(version) => *seen = version,
            Taken::Piece => {}
            Taken::Lagged => self.resume(stream),
        }
    }

    fn take_page(&mut self, stream: StreamId) {
        let me = self.actor.user.id;
        let Some(subscription) = find(&mut self.subscriptions, stream) else { return };
        let Subscription { cursor, access, page, .. } = subscription;
        let Some(entries) = page.take() else { return };
        let unseen = entries.partition_point(|entry| entry.seq <= cursor.seq);
        for entry in &entries[unseen..] {
            if self.outbox.room() == 0 {
                *page = Some(entries);
                return;
            }
            if pass(entry, cursor, *access, me, &mut self.outbox).is_break() {
                self.end(stream);
                return;
            }
        }
        self.go_on(stream);
    }

    /// The user is out: they get nothing more of the stream than to be told so.
    fn end(&mut self, stream: StreamId) {
        self.drop_subscription(stream);
        self.answer(&ServerFrame::Ended { stream });
    }

    /// Asks whether a subscription that fell behind its ring may go on, and from where.
    fn resume(&mut self, stream: StreamId) {
        let Some(subscription) = self.subscription_mut(stream) else { return };
        let (cursor, generation) = (subscription.cursor, subscription.generation);
        subscription.state = State::CatchingUp { until: cursor, announce: false };
        let context = self.context();
        let read = async move {
            let admitted = readmit(&context.sockets, &context.registration, &context.actor, stream, cursor).await;
            Chore::Readmitted { stream, generation, admitted }
        };
        self.begin_chore(read);
    }

    pub(super) fn drop_subscription(&mut self, stream: StreamId) {
        self.forget_subscription(stream);
        self.registration.unfollow(stream);
    }

    /// The stream stays followed.
    pub(super) fn forget_subscription(&mut self, stream: StreamId) {
        self.subscriptions.retain(|subscription| subscription.stream() != stream);
    }

    pub(super) fn subscription(&self, stream: StreamId) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| subscription.stream() == stream)
    }

    fn subscription_mut(&mut self, stream: StreamId) -> Option<&mut Subscription> {
        find(&mut self.subscriptions, stream)
    }

    fn is_current(&self, stream: StreamId, generation: u64) -> bool {
        self.subscription(stream).is_some_and(|subscription| subscription.generation == generation)
    }

    /// Reads which rooms the user is in, and watches them.
    pub(super) fn load_rooms(&mut self) {
        self.rooms.inbox = None;
        let context = self.context();
        let read = async move {
            Chore::Rooms(rooms::load(&context.sockets, &context.registration, context.actor.user.id).await)
        };
        self.begin_chore(read);
    }

    /// Follows the user into rooms and out of them, whether or not the client wants to see its inbox.
    fn take_inbox(&mut self) {
        let Some(mut cursor) = self.rooms.inbox else { return };
        let mut changes = Vec::new();
        let taken = self.registration.inbox().read(cursor, INBOX_BYTES, |entry| {
            cursor.seq = entry.seq;
            changes.extend(entry.rooms);
            ControlFlow::Continue(())
        });
        self.rooms.inbox = Some(cursor);
        for change in changes {
            self.follow_user(change);
        }
        match taken {
            Taken::All(version) => self.rooms.inbox_seen = version,
            // The rest in the next round.
            Taken::Piece => self.registration.follower().ring(Bells::STREAMS),
            Taken::Lagged => self.load_rooms(),
        }
    }

    fn follow_user(&mut self, change: RoomChange) {
        match change {
            RoomChange::Joined(room) => {
                self.registration.watch(room);
                let (sockets, registration) = (self.sockets.clone(), self.registration.clone());
                let user = self.actor.user.id;
                let read = async move { Chore::Room(room, rooms::learn(&sockets, &registration, user, &[room]).await) };
                self.begin_chore(read);
            }
            RoomChange::Left(room) => self.registration.unwatch(room),
        }
    }
}

fn find(subscriptions: &mut [Subscription], stream: StreamId) -> Option<&mut Subscription> {
    subscriptions.iter_mut().find(|subscription| subscription.stream() == stream)
}

/// The client comes back and resumes: nothing is lost that way, while going on here could leave a hole.
fn store_failed(error: StoreError) -> Ending {
    tracing::warn!(?error, "a connection could not be served from the store");
    Ending::try_again()
}
