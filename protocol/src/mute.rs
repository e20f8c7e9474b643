//! Muting: a room that its user does not want to be told about. It changes what is displayed, for this user alone.

use serde::{Deserialize, Serialize};

use crate::{
    from_json,
    id::{ClientId, RoomId},
};

/// Be told of a room's messages no more, or again: its members, each for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuteRoom {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Which.
    pub room: RoomId,
    /// No more, or again.
    pub muted: bool,
}

from_json!(MuteRoom { client_id, room, muted });

/// In an inbox: its user is told of this room's messages no more, or again. Who leaves and comes back is told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMuted {
    /// Which.
    pub room: RoomId,
    /// No more, or again.
    pub muted: bool,
}

from_json!(RoomMuted { room, muted });
