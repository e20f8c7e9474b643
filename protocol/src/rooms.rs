//! Rooms: what they are, creating and changing them, and who may see them.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::{
    account::{UserRef, Username},
    error::{ErrorCode, Invalid},
    from_json,
    id::{ClientId, RoomId},
    limits::ROOM_NAME_CHARS_MAX,
    parsed_from_json,
};

/// Longest topic of a room, in Unicode scalar values.
pub const TOPIC_CHARS_MAX: usize = 250;

/// Who may find and join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Visibility {
    /// Everyone with an account.
    Public,
    /// Those who were added; for others it does not exist.
    Private,
}

/// What someone who joins may read of what was said before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum History {
    /// All of it.
    #[default]
    Everything,
    /// Nothing that was posted before they joined (last).
    SinceJoining,
}

parsed_from_json!(Visibility, History);

/// Make a room; its creator is its first member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateRoom {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// See [`check_name`]. Public names are unique, whatever their case.
    pub name: String,
    /// Who may find it.
    pub visibility: Visibility,
    /// What later members may read.
    #[serde(default)]
    pub history: History,
}

from_json!(CreateRoom { client_id, name, visibility, history or History::default() });

/// Give a room another name: its creator or the server's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameRoom {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Which.
    pub room: RoomId,
    /// See [`check_name`].
    pub name: String,
}

from_json!(RenameRoom { client_id, room, name });

/// Say what a room is about: its creator or the server's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTopic {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Which.
    pub room: RoomId,
    /// See [`check_topic`]; empty for none.
    pub topic: String,
}

from_json!(SetTopic { client_id, room, topic });

/// Give a room to another of its members, who keeps it from then on: its keeper or the server's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferRoom {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Which.
    pub room: RoomId,
    /// To whom.
    pub username: Username,
}

from_json!(TransferRoom { client_id, room, username });

/// Delete a room with everything in it: its keeper or the server's owner. Nobody deletes `general`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteRoom {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Which.
    pub room: RoomId,
}

from_json!(DeleteRoom { client_id, room });

/// The first event of every room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomCreated {
    /// Its name.
    pub name: String,
    /// Who may find it.
    pub visibility: Visibility,
    /// What later members may read.
    pub history: History,
    /// The room that everyone is in and nobody leaves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everyone: bool,
}

from_json!(RoomCreated { name, visibility, history, everyone or false });

/// The room has another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRenamed {
    /// The new name.
    pub name: String,
}

from_json!(RoomRenamed { name });

/// The room is about something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicSet {
    /// The new topic; empty for none.
    pub topic: String,
}

from_json!(TopicSet { topic });

/// Another member keeps the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomTransferred {
    /// Who.
    pub user: UserRef,
}

from_json!(RoomTransferred { user });

/// The room is gone, and nobody is in it any more. In the log it stands in the place of everything before it, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomDeleted {}

from_json!(RoomDeleted {});

/// Which room, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRef {
    /// The room.
    pub id: RoomId,
    /// Its name when this was written.
    pub name: String,
    /// Who may find it.
    pub visibility: Visibility,
}

from_json!(RoomRef { id, name, visibility });

/// What a room is. The server keeps it as it stands here, so a new setting needs no table of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// The room.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// Who may find it.
    pub visibility: Visibility,
    /// What later members may read.
    pub history: History,
    /// Who keeps it: who made it, or whom it was given to.
    pub creator: UserRef,
    /// The room that everyone is in and nobody leaves.
    pub everyone: bool,
    /// What it is about; empty for nothing in particular.
    #[serde(default)]
    pub topic: String,
}

from_json!(RoomInfo { id, name, visibility, history, creator, everyone, topic or String::new() });

/// A change to what a room is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It exists.
    Created(RoomInfo),
    /// Its name.
    Name(String),
    /// What it is about.
    Topic(String),
    /// Who keeps it.
    Creator(UserRef),
}

impl RoomInfo {
    /// What a room is after its first event.
    #[must_use]
    pub fn created(id: RoomId, creator: UserRef, event: &RoomCreated) -> Self {
        Self {
            id,
            name: event.name.clone(),
            visibility: event.visibility,
            history: event.history,
            creator,
            everyone: event.everyone,
            topic: String::new(),
        }
    }

    /// What a room is after its first change, which must be its making.
    #[must_use]
    pub fn new(setting: Setting) -> Option<Self> {
        match setting {
            Setting::Created(info) => Some(info),
            Setting::Name(_) | Setting::Topic(_) | Setting::Creator(_) => None,
        }
    }

    /// Carries a change out.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Created(info) => *self = info,
            Setting::Name(name) => self.name = name,
            Setting::Topic(topic) => self.topic = topic,
            Setting::Creator(user) => self.creator = user,
        }
    }
}

/// Checks a room's name: 1 to 80 characters on one line, no white space around them.
///
/// # Errors
/// `invalid`, `too_large`.
pub fn check_name(name: &str) -> Result<(), Invalid> {
    if name.trim().is_empty() {
        return Err(Invalid::new(ErrorCode::Invalid, "The room needs a name."));
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        return Err(Invalid::new(ErrorCode::Invalid, "A room's name is one line without spaces before or after it."));
    }
    if name.chars().count() > ROOM_NAME_CHARS_MAX {
        return Err(Invalid::new(
            ErrorCode::TooLarge,
            format!("A room's name has at most {ROOM_NAME_CHARS_MAX} characters."),
        ));
    }
    Ok(())
}

/// Checks a room's topic: at most 250 characters on one line.
///
/// # Errors
/// `invalid`, `too_large`.
pub fn check_topic(topic: &str) -> Result<(), Invalid> {
    if topic.chars().any(char::is_control) {
        return Err(Invalid::new(ErrorCode::Invalid, "A room's topic is one line."));
    }
    if topic.chars().count() > TOPIC_CHARS_MAX {
        return Err(Invalid::new(
            ErrorCode::TooLarge,
            format!("A room's topic has at most {TOPIC_CHARS_MAX} characters."),
        ));
    }
    Ok(())
}

/// The last part of a room's address: the id decides, the name is decoration.
///
/// `slug(RoomId(12), "Über Uns!")` is `12-Über-uns`: only ASCII letters become small, which needs no tables.
#[must_use]
pub fn slug(id: RoomId, name: &str) -> String {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .fold(id.to_string(), |slug, word| slug + "-" + &word.to_ascii_lowercase())
}

/// Reads the id from a [`slug`].
#[must_use]
pub fn id_of_slug(slug: &str) -> Option<RoomId> {
    slug.split('-').next()?.parse().ok().map(RoomId)
}
