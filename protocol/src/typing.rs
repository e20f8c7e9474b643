//! Who is writing a message at the moment: told to the room, kept for seconds, stored nowhere.

use serde::{Deserialize, Serialize};

use crate::{account::UserRef, from_json, id::RoomId};

/// Say that one is writing, at most once a second, or that one has stopped. Posting a message says so too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTyping {
    /// Where.
    pub room: RoomId,
    /// Whether one is.
    pub typing: bool,
}

from_json!(SetTyping { room, typing });

/// Who is writing in a room: all of them, up to [`crate::limits::TYPISTS_TOLD_MAX`], so it takes the place of what
/// was told before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomTyping {
    /// Where.
    pub room: RoomId,
    /// Who, by account number; the one who is told may be among them.
    pub users: Vec<UserRef>,
}

from_json!(RoomTyping { room, users });
