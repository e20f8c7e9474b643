//! The ephemeral lane of one connection: what it says of its user, and what it is told of others.
//!
//! What is told comes encoded from [`crate::presence`]; kept here is only how far each followed room was told. Only
//! rooms with a live subscription are told of, so presence never tells more than the stream beside it.

use futures::{Sink, Stream};
use protocol::{Command, RoomId, StreamId};
use tungstenite::Message;

use super::{connection::Connection, ending::Ending, subscription::State};
use crate::{maps::HashMap, presence::Activity};

/// How far the presence of each followed room was told.
#[derive(Debug, Default)]
pub(super) struct Lane {
    told: HashMap<RoomId, u64>,
}

impl<S, E> Connection<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin + Send,
    E: Into<Ending>,
{
    /// Takes what is conflated and never refused: the latest word holds. Whether the command was such a one.
    pub(super) fn lane_command(&self, command: &Command) -> bool {
        let presence = self.registration.presence();
        if let Command::SetPresence(c) = command {
            presence.report(self.registration.follower(), Activity { away: c.away, room: c.room });
        } else if let Command::SetTyping(c) = command {
            // Of what is not a room of theirs, nobody is told, on no node.
            if self.live(c.room) || self.registration.is_watched(c.room) {
                presence.set_typing(c.room, &self.actor.user, c.typing);
            }
        } else {
            return false;
        }
        true
    }

    /// A room is followed from now on: the whole picture comes first.
    pub(super) fn attend(&mut self, room: RoomId) {
        self.lane.told.remove(&room);
        self.registration.follower().mark_presence(room);
        self.registration.follower().mark_typing(room);
    }

    /// Tells what has changed in a room, where it is followed.
    pub(super) fn tell_presence(&mut self, room: RoomId) {
        if !self.live(room) {
            self.lane.told.remove(&room);
            return;
        }
        let before = self.lane.told.get(&room).copied();
        let (frames, told) = self.registration.presence().take(room, self.actor.user.id, before);
        self.outbox.extend(frames);
        if let Some(told) = told {
            self.lane.told.insert(room, told);
        }
    }

    /// Tells who is writing in a room, where it is followed.
    pub(super) fn tell_typing(&mut self, room: RoomId) {
        if self.live(room) {
            self.outbox.extend(self.registration.presence().take_typing(room, self.actor.user.id));
        }
    }

    /// Whether a room is followed, and the client has all that happened before.
    fn live(&self, room: RoomId) -> bool {
        self.subscription(StreamId::Room(room)).is_some_and(|subscription| subscription.state == State::Live)
    }
}
