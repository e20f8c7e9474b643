//! What an event may change. [`crate::Record::effect`] says which of it each does, once: the client's [`crate::Room`] and
//! the server's tables both carry that out.

use crate::{
    id::{RoomId, UserId},
    members::Member,
    rooms::{RoomRef, Setting},
    timeline::Change,
};

/// What an event changes; nothing where all is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// In what the room is.
    pub setting: Option<Setting>,
    /// In who is in the room.
    pub membership: Option<Membership>,
    /// In what the room shows.
    pub timeline: Option<Change>,
    /// In the rooms of an inbox's user.
    pub rooms: Option<Rooms>,
}

/// A change to who is in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Someone is in.
    In(Member),
    /// Someone is out.
    Out(UserId),
    /// Everyone is out: the room is gone.
    AllOut,
}

/// A change to the rooms of an inbox's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rooms {
    /// One more.
    Joined(RoomRef),
    /// One less.
    Left(RoomId),
    /// One of them is muted, or not any more.
    Muted(RoomId, bool),
}
