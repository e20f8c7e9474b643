//! Identifiers, positions and times as newtypes, so that one is never passed for another.
//!
//! All numbers stay below 2⁵³: JavaScript clients read them without loss.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::json::{Document, FromJson};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl FromJson for $name {
            fn from_json(json: &Document) -> Option<Self> {
                FromJson::from_json(json).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// An account. Never reused.
    UserId(u64)
}
number! {
    /// A room. With a message's [`Seq`] it is a permalink.
    RoomId(u64)
}
number! {
    /// A place in a stream, from 1, without holes. 0 is "before the first event".
    Seq(u64)
}
number! {
    /// Which incarnation of a log a [`Seq`] counts in; changes only when a log was restored from a backup.
    Epoch(u32)
}
number! {
    /// Numbers the commands of one connection; the answer carries it back.
    CommandId(u64)
}
number! {
    /// A session. It is not secret: its token is.
    SessionId(u64)
}
number! {
    /// An invitation. It is not secret: its token is.
    InviteId(u64)
}
number! {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    UnixMs(i64)
}

impl Seq {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What makes a retry recognisable: a UUIDv7 made by the client before it first sends a command.
///
/// `(author, client_id)` is unique for as long as the stream exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(pub Uuid);

impl ClientId {
    /// A UUIDv7 (RFC 9562 §5.7) from a time and ten random bytes.
    #[must_use]
    pub fn new(now: UnixMs, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(now.0).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }
}

impl FromJson for ClientId {
    fn from_json(json: &Document) -> Option<Self> {
        Uuid::parse_str(json.as_str()?).ok().map(Self)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
