//! Everything that crosses the wire, and the rules that fold it into state.
//!
//! Server, browser, bots and tests share these types: a variant added here does not compile until each of
//! them has said what it does with it (`docs/extending.md`). The crate does no IO, reads no clock and draws
//! no random numbers, so that the same input gives the same state everywhere.

pub mod account;
pub mod close;
pub mod codec;
pub mod command;
pub mod cursor;
pub mod edits;
pub mod effect;
pub mod error;
pub mod event;
pub mod frame;
pub mod id;
pub mod inbox;
pub mod invites;
pub mod json;
pub mod limits;
pub mod markup;
pub mod members;
pub mod mentions;
pub mod messages;
pub mod mute;
pub mod presence;
pub mod profile;
pub mod reactions;
pub mod replies;
pub mod room;
pub mod rooms;
pub mod sessions;
pub mod snapshot;
pub mod sorted;
pub mod stream;
pub mod timeline;
pub mod typing;
pub mod unread;

pub use account::{UserRef, Username};
pub use codec::{DecodeError, decode_client, encode};
pub use command::{ClientFrame, Command, CommandKind};
pub use cursor::ReadCursor;
pub use error::{ErrorBody, ErrorCode, Invalid};
pub use event::{Event, EventKind, Record};
pub use frame::{Done, Hello, ServerFrame};
pub use id::{ClientId, CommandId, Epoch, InviteId, RoomId, Seq, SessionId, UnixMs, UserId};
pub use inbox::Inbox;
pub use mentions::Mentions;
pub use presence::{PresenceState, RoomPresence, UserPresence};
pub use profile::{Status, UserProfile};
pub use reactions::Reaction;
pub use replies::{Quote, Quoted};
pub use room::{Applied, Room};
pub use rooms::RoomInfo;
pub use snapshot::{HistoryPage, InboxSnapshot, RoomSnapshot, RoomSummary};
pub use sorted::sorted;
pub use stream::{Position, StreamId};
pub use timeline::{Body, Entry, EntryKind, Timeline};
pub use typing::RoomTyping;

/// The WebSocket subprotocol and the version of everything in this crate.
pub const SUBPROTOCOL: &str = "parlor.v1";
