//! The ephemeral lane of one connection: what it says of its user, and what it is told of others.
//!
//! What is told comes encoded from [`crate::presence`]; kept here is only how far each followed room was told. Only
//! rooms with a live subscription are told of, so presence never tells more than the stream beside it.

use std::collections::{HashMap, HashSet};

use axum::extract::ws::{Message, Utf8Bytes};
use futures::{Sink, Stream};
use protocol::{Command, RoomId, StreamId};

use super::{connection::Connection, ending::Ending, subscription::State};
use crate::presence::Activity;

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

    /// What is to be told of rooms in which something has changed.
    pub(super) fn lane_frames(&mut self, presence: &HashSet<RoomId>, typing: &HashSet<RoomId>) -> Vec<Utf8Bytes> {
        let me = self.actor.user.id;
        let mut frames = Vec::new();
        for room in presence {
            let Some(before) = self.live(*room).then(|| self.lane.told.get(room).copied()) else {
                self.lane.told.remove(room);
                continue;
            };
            let (news, told) = self.registration.presence().take(*room, me, before);
            frames.extend(news);
            if let Some(told) = told {
                self.lane.told.insert(*room, told);
            }
        }
        let heard = typing.iter().filter(|room| self.live(**room));
        frames.extend(heard.filter_map(|room| self.registration.presence().take_typing(*room, me)));
        frames
    }

    /// Whether a room is followed, and the client has all that happened before.
    fn live(&self, room: RoomId) -> bool {
        self.subscription(StreamId::Room(room)).is_some_and(|subscription| subscription.state == State::Live)
    }
}
