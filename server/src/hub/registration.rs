//! One connection's hold on the hub: what it follows and watches. Dropped, it leaves nothing behind.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use protocol::{ReadCursor, RoomId, RoomSummary, StreamId, UserId};

use super::{Channel, Follower, Hub, RoomNews, heads::Head};
use crate::{
    maps::{HashMap, HashSet},
    presence::Presence,
};

/// See the module.
pub(crate) struct Registration {
    hub: Arc<Hub>,
    follower: Arc<Follower>,
    inbox: Arc<Channel>,
    held: Mutex<Held>,
    has_logged_out: AtomicBool,
}

#[derive(Debug, Default)]
struct Held {
    streams: HashMap<StreamId, Arc<Channel>>,
    rooms: HashSet<RoomId>,
}

impl Registration {
    /// Registers a connection of `user`, which from now on follows the user's inbox.
    pub(crate) fn new(hub: &Arc<Hub>, user: UserId) -> Self {
        let follower = hub.next_follower(user);
        hub.presence.enter(&follower);
        let inbox = hub.follow(StreamId::Inbox(user), &follower);
        let streams = HashMap::from_iter([(inbox.stream(), Arc::clone(&inbox))]);
        Self {
            hub: Arc::clone(hub),
            follower,
            inbox,
            held: Mutex::new(Held { streams, rooms: HashSet::default() }),
            has_logged_out: AtomicBool::new(false),
        }
    }

    pub(crate) fn follower(&self) -> &Arc<Follower> {
        &self.follower
    }

    /// Who is there, and who is writing.
    pub(crate) fn presence(&self) -> &Presence {
        &self.hub.presence
    }

    /// The session is over: its user does not come back in a moment.
    pub(crate) fn log_out(&self) {
        self.has_logged_out.store(true, Ordering::Relaxed);
    }

    /// The log that says in which rooms the user is.
    pub(crate) fn inbox(&self) -> &Arc<Channel> {
        &self.inbox
    }

    /// From now on, what is appended to `stream` is kept and announced.
    pub(crate) fn follow(&self, stream: StreamId) -> Arc<Channel> {
        if let Some(channel) = self.with(|held| held.streams.get(&stream).map(Arc::clone)) {
            return channel;
        }
        let channel = self.hub.follow(stream, &self.follower);
        self.with(|held| held.streams.insert(stream, Arc::clone(&channel)));
        if let StreamId::Room(room) = stream {
            self.hub.presence.follow(room, &self.follower);
        }
        channel
    }

    /// Whether it is followed.
    pub(crate) fn follows(&self, stream: StreamId) -> bool {
        self.with(|held| held.streams.contains_key(&stream))
    }

    /// The opposite. The user's own inbox stays followed, whatever the client wants to see of it.
    pub(crate) fn unfollow(&self, stream: StreamId) {
        if stream != self.inbox.stream() && self.with(|held| held.streams.remove(&stream)).is_some() {
            self.hub.unfollow(stream, &self.follower);
            if let StreamId::Room(room) = stream {
                self.hub.presence.unfollow(room, &self.follower);
            }
        }
    }

    /// From now on, what happens in this room of the user is marked.
    pub(crate) fn watch(&self, room: RoomId) {
        if self.with(|held| held.rooms.insert(room)) {
            self.hub.heads.watch(room, &self.follower);
        }
    }

    /// The opposite.
    pub(crate) fn unwatch(&self, room: RoomId) {
        if self.with(|held| held.rooms.remove(&room)) {
            self.hub.heads.unwatch(room, &self.follower);
        }
    }

    /// The rooms that are watched.
    pub(crate) fn watched(&self) -> Vec<RoomId> {
        self.with(|held| held.rooms.iter().copied().collect())
    }

    /// Whether the user is in this room, as far as the connection knows.
    pub(crate) fn is_watched(&self, room: RoomId) -> bool {
        self.with(|held| held.rooms.contains(&room))
    }

    /// The end of a watched room, once it is known, and what happened up to there that was not marked yet. None for rooms
    /// that are not watched.
    pub(crate) fn take_head(&self, room: RoomId) -> Option<(Head, RoomNews)> {
        self.hub.heads.take(room, &self.follower)
    }

    /// Takes in what the store says of a watched room.
    pub(crate) fn learn(&self, summary: &RoomSummary) {
        self.hub.heads.learn(summary.room.id, summary.head, summary.messages);
    }

    /// Tells the user's other devices how far a room is read.
    pub(crate) fn cursor_moved(&self, room: RoomId, cursor: ReadCursor) {
        self.hub.cursor_moved(&self.follower, room, cursor);
    }

    fn with<T>(&self, f: impl FnOnce(&mut Held) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let held = std::mem::take(self.held.get_mut().unwrap_or_else(PoisonError::into_inner));
        for stream in held.streams.into_keys() {
            self.hub.unfollow(stream, &self.follower);
            if let StreamId::Room(room) = stream {
                self.hub.presence.unfollow(room, &self.follower);
            }
        }
        self.hub.presence.leave(&self.follower, self.has_logged_out.load(Ordering::Relaxed));
        for room in held.rooms {
            self.hub.heads.unwatch(room, &self.follower);
        }
        self.hub.forget(&self.follower);
    }
}
