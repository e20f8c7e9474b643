//! The state of a user's inbox: which rooms they are in.

use litemap::LiteMap;

use crate::{
    effect::Rooms,
    event::Record,
    id::RoomId,
    room::{Applied, place},
    rooms::RoomRef,
    snapshot::InboxSnapshot,
    sorted,
    stream::Position,
};

/// The rooms of a user as of an event of their inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbox {
    position: Position,
    rooms: LiteMap<RoomId, RoomRef>,
    muted: LiteMap<RoomId, ()>,
}

impl From<&InboxSnapshot> for Inbox {
    fn from(snapshot: &InboxSnapshot) -> Self {
        Self {
            position: snapshot.position,
            rooms: sorted(snapshot.rooms.iter().map(|summary| (summary.room.id, summary.room.clone()))),
            muted: sorted(snapshot.rooms.iter().filter(|summary| summary.muted).map(|summary| (summary.room.id, ()))),
        }
    }
}

impl Inbox {
    /// The last event folded.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The rooms, by number.
    pub fn rooms(&self) -> impl Iterator<Item = &RoomRef> {
        self.rooms.values()
    }

    /// Whether the user is in this room.
    #[must_use]
    pub fn contains(&self, room: RoomId) -> bool {
        self.rooms.contains_key(&room)
    }

    /// Whether the user does not want to be told of this room's messages.
    #[must_use]
    pub fn is_muted(&self, room: RoomId) -> bool {
        self.muted.contains_key(&room)
    }

    /// Folds the next event.
    pub fn apply(&mut self, record: &Record) -> Applied {
        let place = place(self.position, record.epoch, record.seq);
        if place != Applied::Fresh {
            return place;
        }
        let Some(effect) = record.effect() else { return Applied::Unknown };
        self.position.seq = record.seq;
        match effect.rooms {
            Some(Rooms::Joined(room)) => {
                self.rooms.insert(room.id, room);
            }
            Some(Rooms::Left(room)) => {
                self.rooms.remove(&room);
                self.muted.remove(&room);
            }
            Some(Rooms::Muted(room, true)) => {
                self.muted.insert(room, ());
            }
            Some(Rooms::Muted(room, false)) => {
                self.muted.remove(&room);
            }
            None => {}
        }
        Applied::Fresh
    }
}
