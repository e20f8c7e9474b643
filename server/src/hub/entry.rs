//! An event as it goes over the wire: encoded once, however many sockets receive it.

use protocol::{
    Epoch, Record, RoomId, Seq, ServerFrame, UserId,
    effect::{Membership, Rooms},
    encode,
    frame::encode_event,
    timeline::Change,
};
use tungstenite::Utf8Bytes;

/// An encoded event, with what delivery has to know of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) epoch: Epoch,
    pub(crate) seq: Seq,
    /// The earlier message that it changes: who may not see that gets [`ServerFrame::Withheld`].
    refers_to: Option<Seq>,
    /// The message that it quotes.
    quotes: Option<Seq>,
    /// Whom it puts out of the room: they get this event and none after it.
    puts_out: PutsOut,
    /// The message whose text it removes.
    pub(crate) redacts: Option<Seq>,
    /// What it changes in the rooms of an inbox's user.
    pub(crate) rooms: Option<RoomChange>,
    full: Utf8Bytes,
    withheld: Option<Utf8Bytes>,
}

/// Whom an event puts out of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PutsOut {
    Nobody,
    One(UserId),
    Everyone,
}

/// A user is in one more room, or in one less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoomChange {
    Joined(RoomId),
    Left(RoomId),
}

impl Entry {
    pub(crate) fn encode(record: &Record) -> Self {
        let effect = record.effect().unwrap_or_default();
        let refers_to = record.event.refers_to();
        let withheld = ServerFrame::Withheld { stream: record.stream, epoch: record.epoch, seq: record.seq };
        Self {
            epoch: record.epoch,
            seq: record.seq,
            refers_to,
            quotes: record.event.quotes(),
            puts_out: match effect.membership {
                Some(Membership::Out(user)) => PutsOut::One(user),
                Some(Membership::AllOut) => PutsOut::Everyone,
                Some(Membership::In(_)) | None => PutsOut::Nobody,
            },
            redacts: effect.timeline.and_then(|change| match change {
                Change::Redact { message } => Some(message),
                Change::Insert(_) | Change::SetText { .. } | Change::React { .. } | Change::Unreact { .. } => None,
            }),
            rooms: effect.rooms.and_then(|rooms| match rooms {
                Rooms::Joined(room) => Some(RoomChange::Joined(room.id)),
                Rooms::Left(room) => Some(RoomChange::Left(room)),
                // What is told of a muted room is the same.
                Rooms::Muted(..) => None,
            }),
            full: encode_event(record).into(),
            withheld: refers_to.map(|_| encode(&withheld).into()),
        }
    }

    /// The frame for a follower who may see messages from `visible_from` on.
    pub(crate) fn frame(&self, visible_from: Seq) -> &Utf8Bytes {
        match (self.refers_to, &self.withheld) {
            (Some(message), Some(withheld)) if message < visible_from => withheld,
            _ => &self.full,
        }
    }

    /// Whether it ends the room: nothing before it is handed out any more.
    pub(crate) fn ends_room(&self) -> bool {
        self.puts_out == PutsOut::Everyone
    }

    /// Whether this user is out of the room by it.
    pub(crate) fn puts_out(&self, user: UserId) -> bool {
        match self.puts_out {
            PutsOut::Nobody => false,
            PutsOut::One(out) => out == user,
            PutsOut::Everyone => true,
        }
    }

    /// What it takes of a ring's room, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.full.len() + self.withheld.as_ref().map_or(0, |frame| frame.len())
    }

    /// The same without the text of `message`, if it is what posted, edited or quotes that.
    ///
    /// Deleting is rare, so the text is read back from the frame rather than kept a second time.
    pub(crate) fn redacted(&self, message: Seq) -> Option<Self> {
        if self.seq != message && self.refers_to != Some(message) && self.quotes != Some(message) {
            return None;
        }
        match serde_json::from_str(&self.full) {
            Ok(ServerFrame::Event(record)) => {
                let event = record.event.clone().without(message);
                Some(Self::encode(&Record { event, ..record }))
            }
            Ok(_) | Err(_) => unreachable!("frames in a ring were encoded from records"),
        }
    }
}
