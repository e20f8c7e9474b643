//! Who is writing, in the rooms that somebody on this node follows. Forgotten after seconds, whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{RoomId, RoomTyping, ServerFrame, UserId, UserRef, encode, limits::TYPISTS_TOLD_MAX};
use tokio::time::Instant;
use tungstenite::Utf8Bytes;

use super::news::TypingNews;
use crate::maps::{HashMap, HashSet};

/// Rooms and users of which the other nodes are told at once. Of more, nothing is told: typing may be lost.
pub(super) const SAID_MAX: usize = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Typing {
    rooms: HashMap<RoomId, Typists>,
    ends: BTreeSet<(Instant, RoomId, UserId)>,
    /// Rooms in which it is not as it was told.
    changed: HashSet<RoomId>,
    /// What the users of this node have said and the others were not told: of each room and user the latest.
    said: BTreeMap<(RoomId, UserId), (UserRef, bool)>,
}

#[derive(Debug, Default)]
struct Typists {
    /// Each until when. A member each at most, because only members are taken.
    users: BTreeMap<UserId, (UserRef, Instant)>,
    told: Option<Utf8Bytes>,
}

impl Typing {
    /// A member of a followed room is writing, until then unless they say so again.
    pub(super) fn start(&mut self, room: RoomId, user: UserRef, until: Instant) {
        let id = user.id;
        let typists = self.rooms.entry(room).or_default();
        match typists.users.insert(id, (user, until)) {
            Some((_, before)) => _ = self.ends.remove(&(before, room, id)),
            None => _ = self.changed.insert(room),
        }
        self.ends.insert((until, room, id));
    }

    /// They have stopped. Whether they were writing.
    pub(super) fn stop(&mut self, room: RoomId, user: UserId) -> bool {
        let Some((_, until)) = self.rooms.get_mut(&room).and_then(|typists| typists.users.remove(&user)) else {
            return false;
        };
        self.ends.remove(&(until, room, user));
        self.changed.insert(room);
        true
    }

    /// A user of this node says so: the other nodes are to be told.
    pub(super) fn say(&mut self, room: RoomId, user: UserRef, typing: bool) {
        let key = (room, user.id);
        if self.said.len() < SAID_MAX || self.said.contains_key(&key) {
            self.said.insert(key, (user, typing));
        }
    }

    /// The other nodes learn it otherwise.
    pub(super) fn unsay(&mut self, room: RoomId, user: UserId) {
        self.said.remove(&(room, user));
    }

    /// What the other nodes are to be told.
    pub(super) fn take_said(&mut self) -> Vec<TypingNews> {
        std::mem::take(&mut self.said).into_iter().map(|((room, _), (user, typing))| (room, user, typing)).collect()
    }

    /// Whether there is anything to tell, here or elsewhere.
    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty() || !self.said.is_empty()
    }

    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((until, room, user)) = self.ends.first().copied()
            && until <= now
        {
            self.stop(room, user);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ends.first().map(|(until, ..)| *until)
    }

    /// Encodes what is to be told, once for all; returns the rooms.
    pub(super) fn flush(&mut self) -> Vec<RoomId> {
        let rooms: Vec<RoomId> = self.changed.drain().collect();
        for room in &rooms {
            if let Some(typists) = self.rooms.get_mut(room) {
                let users = typists.users.values().take(TYPISTS_TOLD_MAX).map(|(user, _)| user.clone()).collect();
                let frame = encode(&ServerFrame::Typing(RoomTyping { room: *room, users }));
                typists.told = Some(frame.into());
            }
        }
        rooms
    }

    /// What was told last, to somebody who comes late; nothing where nobody has ever written.
    pub(super) fn told(&self, room: RoomId) -> Option<Utf8Bytes> {
        self.rooms.get(&room)?.told.clone()
    }

    /// Nobody here follows the room any more.
    pub(super) fn forget(&mut self, room: RoomId) {
        for (user, (_, until)) in self.rooms.remove(&room).unwrap_or_default().users {
            self.ends.remove(&(until, room, user));
        }
        self.changed.remove(&room);
    }
}
