//! What the server sends over the socket.

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

use crate::{
    account::UserRef,
    codec::encode,
    cursor::ReadCursor,
    error::ErrorBody,
    event::Record,
    from_json,
    id::{CommandId, Epoch, RoomId, Seq, UnixMs},
    presence::RoomPresence,
    stream::{Position, StreamId},
    tagged_from_json,
    typing::RoomTyping,
};

/// One text frame from the server. Clients ignore fields and types that they do not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[strum_discriminants(name(FrameKind), derive(EnumIter, IntoStaticStr, Hash), strum(serialize_all = "snake_case"))]
#[strum_discriminants(doc = "The name of a [`ServerFrame`], without what it carries.")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame of every connection.
    Hello(Hello),
    /// A command was carried out; what it appended is on disk.
    Ack {
        /// Which command.
        id: CommandId,
        /// What came of it.
        done: Done,
    },
    /// A command was refused, or a frame could not be read.
    Error(ErrorBody),
    /// An event of a followed stream.
    Event(Record),
    /// An event of a followed stream that this user may not see: the cursor moves over it.
    Withheld {
        /// Which log.
        stream: StreamId,
        /// Which incarnation of it.
        epoch: Epoch,
        /// Which event.
        seq: Seq,
    },
    /// All that was missing has been sent; from here on events come as they happen.
    Live {
        /// Which log.
        stream: StreamId,
        /// Its end at this moment.
        head: Position,
    },
    /// Too much is missing, or the log is another one: load a fresh snapshot, then follow from there.
    Reset {
        /// Which log.
        stream: StreamId,
        /// Its end at this moment.
        head: Position,
    },
    /// The stream is not followed any more: the user was removed from the room or left it.
    Ended {
        /// Which log.
        stream: StreamId,
    },
    /// What changed at the ends of the user's rooms; conflated, at most twice a second.
    Heads {
        /// One for each room in which something happened.
        rooms: Vec<RoomHead>,
    },
    /// A read cursor moved on another device of the user.
    Cursor {
        /// Where.
        room: RoomId,
        /// How far.
        cursor: ReadCursor,
    },
    /// Somebody else has read messages of the user: those of a room up to here. Each message is told of once at most, to
    /// whom is connected then.
    Seen {
        /// Where.
        room: RoomId,
        /// How far.
        up_to: Seq,
    },
    /// Who of a followed room is there; conflated, at most twice a second.
    Presence(RoomPresence),
    /// Who is writing in a followed room; conflated, at most ten times a second.
    Typing(RoomTyping),
    /// Whether others see which room the user looks at; comes first of all, and when it was set.
    Viewing {
        /// Whether they do.
        shown: bool,
    },
    /// The server is there, and this is where the followed streams end.
    Heartbeat {
        /// The server's clock.
        now: UnixMs,
        /// The ends of the followed streams.
        heads: Vec<StreamHead>,
    },
    /// From a newer server.
    #[serde(other)]
    Unknown,
}

/// The frame [`ServerFrame::Event`] of a record that somebody else keeps: it is sent to many, and not copied for that.
#[must_use]
pub fn encode_event(record: &Record) -> String {
    #[derive(Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Borrowed<'a> {
        Event(&'a Record),
    }

    encode(&Borrowed::Event(record))
}

tagged_from_json!(ServerFrame {
    "hello" => Hello(_),
    "ack" => Ack { id, done },
    "error" => Error(_),
    "event" => Event(_),
    "withheld" => Withheld { stream, epoch, seq },
    "live" => Live { stream, head },
    "reset" => Reset { stream, head },
    "ended" => Ended { stream },
    "heads" => Heads { rooms },
    "cursor" => Cursor { room, cursor },
    "seen" => Seen { room, up_to },
    "presence" => Presence(_),
    "typing" => Typing(_),
    "viewing" => Viewing { shown },
    "heartbeat" => Heartbeat { now, heads },
} else Unknown);

/// Who and what is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Protocol versions that the server speaks.
    pub versions: Vec<String>,
    /// Which build of the server: changes when another one is deployed.
    pub build: String,
    /// The server's clock.
    pub now: UnixMs,
    /// Whose session this is.
    pub user: UserRef,
    /// How often a heartbeat comes, in milliseconds.
    pub heartbeat_interval_ms: u64,
    /// The bounds that a client needs to know.
    pub limits: WireLimits,
}

from_json!(Hello { versions, build, now, user, heartbeat_interval_ms, limits });

/// The bounds that a client needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireLimits {
    /// Longest text of a message, in Unicode scalar values.
    pub message_chars: u32,
    /// Longest text of a message, in bytes of UTF-8.
    pub message_bytes: u32,
    /// Largest frame that the server takes, in bytes.
    pub frame_bytes: u32,
    /// Streams that one socket may follow.
    pub subscriptions: u32,
}

from_json!(WireLimits { message_chars, message_bytes, frame_bytes, subscriptions });

/// What came of a command: ids only, so that a retry gets the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Done {
    /// An event was appended – now, or when the same command came first.
    Appended {
        /// To this log: for a new room, its own.
        stream: StreamId,
        /// Which incarnation of it.
        epoch: Epoch,
        /// At this place.
        seq: Seq,
    },
    /// Nothing had to be appended: it was so already, or the command appends nothing.
    Unchanged,
}

tagged_from_json!(Done { "appended" => Appended { stream, epoch, seq }, "unchanged" => Unchanged {} });

/// The end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHead {
    /// Which.
    pub stream: StreamId,
    /// Its end.
    pub head: Position,
}

from_json!(StreamHead { stream, head });

/// The end of a room of the user, and what it means for the unread count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomHead {
    /// Which.
    pub room: RoomId,
    /// The end of its log.
    pub head: Position,
    /// How many messages were ever posted: the difference to the last known number is unread.
    pub messages: u64,
    /// Something else happened than other people's posts: ask for the room's summary again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recount: bool,
    /// Which of the messages posted since the last such frame name the user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Seq>,
}

from_json!(RoomHead { room, head, messages, recount or false, mentions or Vec::new() });
