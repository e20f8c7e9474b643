//! The ends of the rooms whose members are connected here, for the lists of rooms.
//!
//! A connection watches all rooms of its user without receiving their events. Per room there is one head, per
//! connection a mark that something happened; the connection reads the head when it next tells its client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use protocol::{Event, Position, Record, RoomId, Seq, UserId};

use super::{
    follower::{Follower, RoomNews},
    seen::Unseen,
};

#[derive(Debug, Default)]
pub(super) struct Heads {
    rooms: Mutex<HashMap<RoomId, Watched>>,
}

#[derive(Debug, Default)]
struct Watched {
    head: Head,
    watchers: HashMap<u64, Arc<Follower>>,
    unseen: Unseen,
}

/// The end of a room, as far as this node knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) position: Position,
    /// The ordinal of the last message.
    pub(crate) messages: u64,
}

impl Heads {
    pub(super) fn watch(&self, room: RoomId, follower: &Arc<Follower>) {
        self.with(|rooms| {
            rooms.entry(room).or_default().watchers.insert(follower.number, Arc::clone(follower));
        });
    }

    pub(super) fn unwatch(&self, room: RoomId, follower: &Follower) {
        self.with(|rooms| {
            if let Some(watched) = rooms.get_mut(&room) {
                watched.watchers.remove(&follower.number);
                if watched.watchers.is_empty() {
                    rooms.remove(&room);
                }
            }
        });
    }

    /// The end of a watched room, once anything is known of it.
    pub(super) fn head(&self, room: RoomId) -> Option<Head> {
        self.with(|rooms| rooms.get(&room).map(|watched| watched.head)).filter(|head| head.position.seq.0 > 0)
    }

    pub(super) fn rooms(&self) -> Vec<RoomId> {
        self.with(|rooms| rooms.keys().copied().collect())
    }

    /// Takes in what the store says. What happened since is not undone: both numbers only grow.
    pub(super) fn learn(&self, room: RoomId, position: Position, messages: u64) {
        self.with(|rooms| {
            if let Some(watched) = rooms.get_mut(&room) {
                watched.head.advance(position);
                watched.head.messages = watched.head.messages.max(messages);
            }
        });
    }

    /// Notes an event of a room, and marks the room for everyone who watches it.
    pub(super) fn note(&self, room: RoomId, record: &Record) {
        let is_reaction = matches!(record.event, Event::ReactionAdded(_) | Event::ReactionRemoved(_));
        let news = |user: UserId| match record.event.mentions() {
            Some(mentions) if record.actor.id != user => {
                RoomNews { recount: false, mentions: mentions.names(user).then_some(record.seq).into_iter().collect() }
            }
            // What is under a message is not counted.
            Some(_) | None => RoomNews { recount: !is_reaction, mentions: Vec::new() },
        };
        self.with(|rooms| {
            let Some(watched) = rooms.get_mut(&room) else { return };
            watched.head.advance(Position { epoch: record.epoch, seq: record.seq });
            if let Event::MessagePosted(posted) = &record.event {
                watched.head.messages = watched.head.messages.max(posted.ordinal);
                if watched.watchers.values().any(|follower| follower.user == record.actor.id) {
                    watched.unseen.posted(record.actor.id, record.seq);
                }
            }
            for follower in watched.watchers.values() {
                follower.mark_room(room, news(follower.user));
            }
        });
    }

    /// Somebody has read a room up to here: tells those whose messages they are the first to have read.
    pub(super) fn read(&self, room: RoomId, reader: UserId, up_to: Seq) {
        self.with(|rooms| {
            let Some(watched) = rooms.get_mut(&room) else { return };
            for (author, up_to) in watched.unseen.read(reader, up_to) {
                for follower in watched.watchers.values().filter(|follower| follower.user == author) {
                    follower.mark_seen(room, up_to);
                }
            }
        });
    }

    /// Marks a room of which events were missed here.
    pub(super) fn compare(&self, room: RoomId, stored: Position) {
        self.with(|rooms| {
            if let Some(watched) = rooms.get_mut(&room)
                && watched.head.advance(stored)
            {
                for follower in watched.watchers.values() {
                    follower.mark_room(room, RoomNews::recount());
                }
            }
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashMap<RoomId, Watched>) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Head {
    /// Moves forward, never back. Returns whether it moved.
    fn advance(&mut self, to: Position) -> bool {
        let is_newer = (to.epoch, to.seq) > (self.position.epoch, self.position.seq);
        if is_newer {
            self.position = to;
        }
        is_newer
    }
}
