//! How events get from rings and store to one connection, each once and in order.

use std::{ops::ControlFlow, sync::Arc};

use axum::extract::ws::{Message, Utf8Bytes};
use futures::{FutureExt as _, Sink, Stream};
use protocol::{ErrorCode, Position, RoomId, ServerFrame, StreamId};

use super::{
    connection::{Connection, frame},
    ending::Ending,
    rooms,
    subscription::{Admitted, State, Subscription, admit, pass},
};
use crate::{
    error::ApiError,
    hub::{Entry, RoomChange, RoomNews, Taken},
    store::StoreError,
};

/// Bytes taken from a ring at once, and written before more are taken.
const BATCH_BYTES_MAX: usize = 64 * 1024;

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
    pub(super) async fn after(&mut self, chore: Chore) -> Result<(), Ending> {
        match chore {
            Chore::Page { stream, generation, page } => {
                if self.is_current(stream, generation) {
                    self.page(stream, &page.map_err(store_failed)?).await?;
                }
            }
            Chore::Readmitted { stream, generation, admitted } => {
                if self.is_current(stream, generation) {
                    self.readmitted(stream, admitted).await?;
                }
            }
            Chore::Rooms(loaded) => {
                let (position, rooms) = loaded.map_err(store_failed)?;
                self.rooms.inbox = Some(position);
                // The client may have missed anything since it last looked, so each room is told once.
                self.mark_all(&rooms);
                (self.rooms.inbox_seen, self.is_fresh) = (0, true);
            }
            Chore::Room(room, learnt) => {
                learnt.map_err(store_failed)?;
                self.rooms.mark(room, RoomNews::recount());
            }
        }
        Ok(())
    }

    /// Starts a subscription. `announce`: the client asked for it, and is told when it is live.
    pub(super) async fn begin(&mut self, stream: StreamId, admitted: Admitted, announce: bool) -> Result<(), Ending> {
        match admitted {
            Admitted::Reset { head } => {
                self.drop_subscription(stream);
                self.answer(ServerFrame::Reset { stream, head }).await
            }
            Admitted::Resume { cursor, until, access } => {
                self.generation += 1;
                let state = State::CatchingUp { until, announce };
                let (channel, generation) = (self.registration.follow(stream), self.generation);
                self.forget_subscription(stream);
                self.subscriptions.push(Subscription { channel, seen: 0, cursor, access, state, generation });
                self.go_on(stream).await
            }
        }
    }

    /// Reads the next page, or lets the subscription be live.
    async fn go_on(&mut self, stream: StreamId) -> Result<(), Ending> {
        let Some(subscription) = self.subscription_mut(stream) else { return Ok(()) };
        let State::CatchingUp { until, announce } = subscription.state else { return Ok(()) };
        if subscription.cursor.seq < until.seq {
            let (after, generation) = (subscription.cursor.seq, subscription.generation);
            let sockets = Arc::clone(&self.sockets);
            let read = async move {
                let page = sockets.replays.page(sockets.streams.clone(), stream, after, until).await;
                Chore::Page { stream, generation, page }
            };
            self.chores.push(read.boxed());
            return Ok(());
        }
        subscription.state = State::Live;
        let head = subscription.cursor;
        subscription.seen = 0;
        self.is_fresh = true;
        if let StreamId::Room(room) = stream {
            self.attend(room);
        }
        if announce { self.answer(ServerFrame::Live { stream, head }).await } else { Ok(()) }
    }

    async fn page(&mut self, stream: StreamId, entries: &[Entry]) -> Result<(), Ending> {
        if entries.is_empty() {
            tracing::error!(%stream, "the store lacks events before the end of a stream");
            return Err(Ending::try_again());
        }
        let frames = self.page_frames(stream, entries);
        self.send(frames).await?;
        self.go_on(stream).await
    }

    async fn readmitted(&mut self, stream: StreamId, admitted: Result<Admitted, ApiError>) -> Result<(), Ending> {
        match admitted {
            Ok(Admitted::Resume { cursor, until, .. }) if until.seq <= cursor.seq => {
                // What is in a ring is in the store, so this does not happen; asking again would never end.
                tracing::error!(%stream, %until.seq, "the store lacks what was told");
                Err(Ending::try_again())
            }
            Ok(admitted) => self.begin(stream, admitted, false).await,
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Forbidden) => {
                self.drop_subscription(stream);
                self.answer(ServerFrame::Ended { stream }).await
            }
            Err(error) => {
                self.sockets.explain(&error);
                Err(Ending::try_again())
            }
        }
    }

    /// Writes what the rings have, a bounded piece of each; what is left is taken in the next round.
    pub(super) async fn deliver(&mut self) -> Result<(), Ending> {
        self.is_fresh = false;
        if self.registration.inbox().version() != self.rooms.inbox_seen {
            self.take_inbox();
        }
        let fresh = self.subscriptions.iter().filter(|subscription| subscription.is_fresh());
        for stream in fresh.map(Subscription::stream).collect::<Vec<_>>() {
            let frames = self.take_ring(stream);
            self.send(frames).await?;
        }
        Ok(())
    }

    fn take_ring(&mut self, stream: StreamId) -> Vec<Utf8Bytes> {
        let (me, mut frames, mut is_out) = (self.actor.user.id, Vec::new(), false);
        let Some(subscription) = self.subscription_mut(stream) else { return frames };
        let (mut cursor, access) = (subscription.cursor, subscription.access);
        let taken = subscription.channel.read(cursor, BATCH_BYTES_MAX, |entry| {
            let passed = pass(entry, &mut cursor, access, me, &mut frames);
            is_out = passed.is_break();
            passed
        });
        subscription.cursor = cursor;
        match taken {
            Taken::All(version) => subscription.seen = version,
            Taken::Piece => self.is_fresh = true,
            Taken::Lagged => self.resume(stream),
        }
        if is_out {
            self.drop_subscription(stream);
            frames.push(frame(&ServerFrame::Ended { stream }));
        }
        frames
    }

    /// The frames for what was read from the store, up to the event that puts the user out.
    fn page_frames(&mut self, stream: StreamId, entries: &[Entry]) -> Vec<Utf8Bytes> {
        let (me, mut frames) = (self.actor.user.id, Vec::new());
        let Some(Subscription { cursor, access, .. }) = self.subscription_mut(stream) else { return frames };
        let passed = entries.iter().try_for_each(|entry| pass(entry, cursor, *access, me, &mut frames));
        if passed.is_break() {
            self.drop_subscription(stream);
            frames.push(frame(&ServerFrame::Ended { stream }));
        }
        frames
    }

    /// Asks whether a subscription that fell behind its ring may go on, and from where.
    fn resume(&mut self, stream: StreamId) {
        let Some(subscription) = self.subscription_mut(stream) else { return };
        let (cursor, generation) = (subscription.cursor, subscription.generation);
        subscription.state = State::CatchingUp { until: cursor, announce: false };
        let context = self.context();
        let read = async move {
            let admitted = admit(&context.sockets, &context.registration, &context.actor, stream, cursor).await;
            Chore::Readmitted { stream, generation, admitted }
        };
        self.chores.push(read.boxed());
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
        self.subscriptions.iter_mut().find(|subscription| subscription.stream() == stream)
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
        self.chores.push(read.boxed());
    }

    /// Follows the user into rooms and out of them, whether or not the client wants to see its inbox.
    fn take_inbox(&mut self) {
        let Some(mut cursor) = self.rooms.inbox else { return };
        let mut changes = Vec::new();
        let taken = self.registration.inbox().read(cursor, BATCH_BYTES_MAX, |entry| {
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
            Taken::Piece => self.is_fresh = true,
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
                self.chores.push(read.boxed());
            }
            RoomChange::Left(room) => self.registration.unwatch(room),
        }
    }
}

/// The client comes back and resumes: nothing is lost that way, while going on here could leave a hole.
fn store_failed(error: StoreError) -> Ending {
    tracing::warn!(?error, "a connection could not be served from the store");
    Ending::try_again()
}
