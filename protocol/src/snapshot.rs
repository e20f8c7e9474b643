//! States "as of an event", as they come over HTTP.

use serde::{Deserialize, Serialize};

use crate::{
    cursor::ReadCursor,
    from_json,
    id::{Epoch, RoomId, Seq},
    members::Member,
    rooms::{RoomInfo, RoomRef, Visibility},
    stream::Position,
    timeline::Entry,
};

/// A run of a room's lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// Events up to this one are in the state of the lines.
    pub as_of: Seq,
    /// Asked for: lines before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// Asked for: lines after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// The lines, oldest first.
    pub entries: Vec<Entry>,
    /// Nothing older is to be had.
    pub at_start: bool,
    /// The newest line is among them.
    pub at_end: bool,
}

from_json!(HistoryPage { as_of, before, after, entries, at_start, at_end });

/// A room as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSnapshot {
    /// What the room is.
    pub info: RoomInfo,
    /// Which incarnation of its log.
    pub epoch: Epoch,
    /// Who is in it, by account number; at most [`crate::limits::MEMBERS_LISTED_MAX`].
    pub members: Vec<Member>,
    /// How many are in it.
    pub member_count: u32,
    /// The lines around the first unread one, a given one, or the end. Its `as_of` holds for the whole snapshot.
    pub window: HistoryPage,
    /// How far the viewer has read.
    pub cursor: ReadCursor,
    /// The first line that is unread for the viewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_unread: Option<Seq>,
    /// How many lines are unread for the viewer.
    pub unread: u32,
    /// How many of those name the viewer.
    #[serde(default)]
    pub mentions: u32,
}

from_json!(RoomSnapshot { info, epoch, members, member_count, window, cursor, first_unread, unread, mentions or 0 });

/// One of a user's rooms, as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSummary {
    /// Which.
    pub room: RoomRef,
    /// The end of its log.
    pub head: Position,
    /// How many messages were ever posted: the ordinal of the last one.
    pub messages: u64,
    /// How far the user has read.
    pub cursor: ReadCursor,
    /// The event by which they (last) came to be in it; one after `cursor` where somebody else brought them in and they
    /// have not seen it.
    pub since: Seq,
    /// How many messages are unread, as of `head`.
    pub unread: u32,
    /// How many of those name the user.
    #[serde(default)]
    pub mentions: u32,
    /// The user does not want to be told of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
}

from_json!(RoomSummary { room, head, messages, cursor, since, unread, mentions or 0, muted or false });

/// A user's rooms as of an event of their inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxSnapshot {
    /// The last event of the inbox in this state.
    pub position: Position,
    /// The rooms, by number.
    pub rooms: Vec<RoomSummary>,
}

from_json!(InboxSnapshot { position, rooms });

/// A public room, as the directory lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// Which.
    pub room: RoomRef,
    /// How many are in it.
    pub member_count: u32,
    /// Whether the viewer is.
    pub joined: bool,
}

from_json!(DirectoryEntry { room, member_count, joined });

/// What a room's address shows someone who is not in it, but may join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doorstep {
    /// Which.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// Who may find it.
    pub visibility: Visibility,
    /// How many are in it.
    pub member_count: u32,
}

from_json!(Doorstep { id, name, visibility, member_count });
