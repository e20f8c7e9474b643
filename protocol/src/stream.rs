//! Names of the append-only logs, and places in them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    from_json,
    id::{Epoch, RoomId, Seq, UserId},
    parsed_from_json,
};

/// A log: `room:12` is a room's, `inbox:7` one user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamId {
    /// Messages, members and settings of a room.
    Room(RoomId),
    /// What concerns one user: rooms joined and left.
    Inbox(UserId),
}

/// A place in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The incarnation of the log.
    pub epoch: Epoch,
    /// The last event that is known; 0 for none.
    pub seq: Seq,
}

from_json!(Position { epoch, seq });

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(id) => write!(f, "room:{id}"),
            Self::Inbox(id) => write!(f, "inbox:{id}"),
        }
    }
}

/// The text names no stream.
#[derive(Debug, thiserror::Error)]
#[error("a stream is named `room:<id>` or `inbox:<id>`")]
pub struct NoStream;

impl FromStr for StreamId {
    type Err = NoStream;

    fn from_str(text: &str) -> Result<Self, NoStream> {
        let (kind, id) = text.split_once(':').ok_or(NoStream)?;
        // `u64::from_str` takes "+7" and "007"; a name has one spelling.
        let number: u64 = id.parse().map_err(|_| NoStream)?;
        if number.to_string() != id {
            return Err(NoStream);
        }
        match kind {
            "room" => Ok(Self::Room(RoomId(number))),
            "inbox" => Ok(Self::Inbox(UserId(number))),
            _ => Err(NoStream),
        }
    }
}

parsed_from_json!(StreamId);

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
