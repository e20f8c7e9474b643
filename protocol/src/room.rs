//! The state of a room: a snapshot and the events folded over it.

use litemap::LiteMap;

use crate::{
    effect::{Effect, Membership},
    event::Record,
    id::{Epoch, Seq, UserId},
    members::Member,
    rooms::RoomInfo,
    snapshot::RoomSnapshot,
    sorted,
    stream::{Position, StreamId},
    timeline::Timeline,
};

/// A room as of an event; [`Room::apply`] is the only way its state changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    info: RoomInfo,
    position: Position,
    members: LiteMap<UserId, Member>,
    timeline: Timeline,
}

/// What became of an event that was offered to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Folded; the cursor moved by one.
    Fresh,
    /// Had been folded before.
    Duplicate,
    /// Events are missing before it: ask for them.
    Gap,
    /// Of another incarnation of the log: load a fresh snapshot.
    OtherEpoch,
    /// From a newer server: load the client again.
    Unknown,
}

impl From<RoomSnapshot> for Room {
    fn from(snapshot: RoomSnapshot) -> Self {
        Self {
            info: snapshot.info,
            position: Position { epoch: snapshot.epoch, seq: snapshot.window.as_of },
            members: sorted(snapshot.members.into_iter().map(|member| (member.user.id, member))),
            timeline: Timeline::new(snapshot.window),
        }
    }
}

impl Room {
    /// What the room is.
    #[must_use]
    pub fn info(&self) -> &RoomInfo {
        &self.info
    }

    /// The last event folded.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The log behind this state.
    #[must_use]
    pub fn stream(&self) -> StreamId {
        StreamId::Room(self.info.id)
    }

    /// Who is in the room, by account number.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// The lines.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The lines, to load more of them or drop some.
    pub fn timeline_mut(&mut self) -> &mut Timeline {
        &mut self.timeline
    }

    /// Folds the next event.
    pub fn apply(&mut self, record: &Record) -> Applied {
        let place = place(self.position, record.epoch, record.seq);
        if place != Applied::Fresh {
            return place;
        }
        let Some(effect) = record.effect() else { return Applied::Unknown };
        self.position.seq = record.seq;
        self.fold(record.seq, effect);
        Applied::Fresh
    }

    /// Steps over an event that the viewer may not see.
    pub fn skip(&mut self, epoch: Epoch, seq: Seq) -> Applied {
        let place = place(self.position, epoch, seq);
        if place == Applied::Fresh {
            self.position.seq = seq;
        }
        place
    }

    fn fold(&mut self, seq: Seq, Effect { setting, membership, timeline, rooms: _ }: Effect) {
        if let Some(setting) = setting {
            self.info.set(setting);
        }
        match membership {
            Some(Membership::In(member)) => {
                self.members.insert(member.user.id, member);
            }
            Some(Membership::AllOut) => self.members.clear(),
            Some(Membership::Out(user)) => {
                self.members.remove(&user);
            }
            None => {}
        }
        if let Some(change) = timeline {
            self.timeline.apply(seq, change);
        }
    }
}

/// Where an event stands to what is already known.
pub(crate) fn place(known: Position, epoch: Epoch, seq: Seq) -> Applied {
    if epoch != known.epoch {
        Applied::OtherEpoch
    } else if seq <= known.seq {
        Applied::Duplicate
    } else if seq > known.seq.next() {
        Applied::Gap
    } else {
        Applied::Fresh
    }
}
