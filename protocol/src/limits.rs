//! The bounds that both ends know. Each has a unit in its name; the server refuses what is one above. Which test shows that is in
//! `docs/limits.md`.

/// Longest text of a message, in Unicode scalar values: some pages. What is longer is a document.
pub const MESSAGE_CHARS_MAX: usize = 10_000;
/// Longest text of a message, in bytes of UTF-8: four for each of its characters, so no script has shorter messages.
pub const MESSAGE_BYTES_MAX: usize = 40_000;
/// Characters of a quoted message that its quotes show, in Unicode scalar values: a few lines, since every answer carries them.
pub const EXCERPT_CHARS_MAX: usize = 200;
/// People that one message may name: each of them has it counted. For more there is `@room`.
pub const MENTIONS_MAX: usize = 50;
/// Longest emoji of a reaction, in bytes of UTF-8. A family of four with a skin tone each has 41.
pub const EMOJI_BYTES_MAX: usize = 64;
/// Earlier texts of one message that can be read: one answer of a few hundred kilobytes at most, where the texts are of usual length.
pub const EDITS_MAX: u32 = 100;
/// Different emoji under one message: as many as can be told apart there.
pub const REACTION_EMOJI_MAX: u32 = 20;
/// Reactions under one message, of all people together: they travel with it whenever it is read.
pub const REACTIONS_MAX: u32 = 500;
/// Longest name of a room, in Unicode scalar values: it has one line wherever it is shown.
pub const ROOM_NAME_CHARS_MAX: usize = 80;
/// Longest user name, in characters (ASCII): it stands beside every message.
pub const USERNAME_CHARS_MAX: usize = 32;
/// Shortest password, in Unicode scalar values (NIST SP 800-63B §5.1.1.2).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, in Unicode scalar values: what is hashed is bounded, and sentences fit.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Most accounts that can be made with one invitation: a link that has got around lets no more in.
pub const INVITE_USES_MAX: u32 = 1_000;
/// Longest life of an invitation, in seconds: a year.
pub const INVITE_AGE_S_MAX: u64 = 365 * 24 * 3_600;
/// Largest WebSocket message and frame that the server takes, in bytes after inflation: twice what the longest text takes where each
/// character is escaped.
pub const FRAME_BYTES_MAX: usize = 128 * 1024;
/// Streams that one socket may follow: four times as many as a client of ours has open. Each is looked at when anything happens.
pub const SUBSCRIPTIONS_MAX: usize = 128;
/// Entries of one page of history: several screens, and one read of the store.
pub const HISTORY_ENTRIES_MAX: u32 = 100;
/// Entries of the window that a room opens with: a large screen and what is above and below it. The server draws all of them.
pub const WINDOW_ENTRIES: u32 = 60;
/// Of those, entries shown above the first unread one: what one has to know again.
pub const WINDOW_CONTEXT_ENTRIES: u32 = 20;
/// Entries that a client keeps of one room; older ones are loaded again when scrolled to. The more a page holds, the slower it moves.
pub const TIMELINE_ENTRIES_MAX: usize = 400;
/// Rooms of one page of the directory: who looks for one of more looks by its name.
pub const DIRECTORY_ROOMS_MAX: u32 = 100;
/// People offered at a time to whoever brings somebody into a room: more than one looks through.
pub const CANDIDATES_MAX: u32 = 20;
/// Events replayed after `subscribe`; who misses more is told to reset: a snapshot costs less than that.
pub const REPLAY_EVENTS_MAX: u64 = 1_000;
/// Members listed in a room's snapshot: some hundred kilobytes. A room is gone for all of them in one transaction.
pub const MEMBERS_LISTED_MAX: u32 = 5_000;
/// Members of a room whose presence is told one by one; in larger rooms those with the lowest account numbers are, and
/// all others are only counted.
pub const PRESENCE_LISTED_MAX: usize = 200;
/// Longest display name, in Unicode scalar values: twice a user name, since people have several.
pub const DISPLAY_NAME_CHARS_MAX: usize = 60;
/// Longest text of a status, in Unicode scalar values. With its emoji and a name, those of all who are listed in a room fit what may
/// wait for a socket.
pub const STATUS_CHARS_MAX: usize = 80;
/// Longest time for which a status may be set, in milliseconds: a year, leap or not. What holds for longer has no end.
pub const STATUS_AGE_MS_MAX: i64 = 366 * 24 * 3_600 * 1_000;
/// People who are named as writing in a room at one time: more do not fit the line below the messages.
pub const TYPISTS_TOLD_MAX: usize = 4;
/// How long somebody counts as writing after having said so, in milliseconds: clients say so once a second, and four may be lost.
pub const TYPING_MS_MAX: u64 = 5_000;
/// Where counting unread messages stops: nobody needs to know more, and counting costs a step for each.
pub const UNREAD_MAX: u32 = 999;
/// How often the server says that it is there, in milliseconds: proxies end what is silent for 30 s or more.
pub const HEARTBEAT_INTERVAL_MS: u64 = 25_000;
/// Silence after which a client gives a connection up, in milliseconds: one heartbeat may be late by more than half.
pub const CLIENT_SILENCE_MS_MAX: u64 = 40_000;
/// Silence after which the server gives a connection up, in milliseconds: three heartbeats without an answer.
pub const SERVER_SILENCE_MS_MAX: u64 = 75_000;
/// Messages that one user may have waiting to be sent on one device: what browsers store for a page is bounded.
pub const OUTBOX_ENTRIES_MAX: usize = 1_000;
/// Nodes in the tree of a message's markup, with more of which the text is shown as it was written; and cells of its tables,
/// with more of which those are.
pub const MARKUP_NODES_MAX: usize = 2_000;
/// Bytes that the tree of a message's markup may take on the wire; with more the text is shown as it was written. With its text,
/// which may take 60,000 where each character is escaped, a message then fits what may wait for a socket, several times over.
pub const MARKUP_BYTES_MAX: usize = 64 * 1024;
/// Nodes within one another in the tree of a message's markup: who walks it does so on the stack.
pub const MARKUP_DEPTH_MAX: usize = 16;
