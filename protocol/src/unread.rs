//! Unread, defined once: other people's live messages after one's read cursor, counted to 999; and those of them that
//! name the reader.

use crate::{
    id::{Seq, UserId},
    limits::UNREAD_MAX,
    timeline::{Body, Entry, EntryKind},
};

/// Whether this line counts as unread for `me`, who has read up to `cursor`.
#[must_use]
pub fn is_unread(entry: &Entry, cursor: Seq, me: UserId) -> bool {
    match &entry.kind {
        EntryKind::Message { body: Body::Text { .. }, .. } => entry.seq > cursor && entry.actor.id != me,
        EntryKind::Message { body: Body::Deleted, .. } | EntryKind::Notice { .. } => false,
    }
}

/// Whether a room in which one has read up to `cursor` is new to one: somebody brought one in, at `since`, and one has
/// not looked since.
#[must_use]
pub fn is_new_room(cursor: Seq, since: Seq) -> bool {
    cursor.next() == since
}

/// How many lines are unread, capped at [`UNREAD_MAX`].
#[must_use]
pub fn count<'a>(entries: impl IntoIterator<Item = &'a Entry>, cursor: Seq, me: UserId) -> u32 {
    let unread = entries.into_iter().filter(|entry| is_unread(entry, cursor, me)).take(UNREAD_MAX as usize).count();
    u32::try_from(unread).unwrap_or(UNREAD_MAX)
}

/// Whether this line counts as unread and names `me`.
#[must_use]
pub fn is_unread_mention(entry: &Entry, cursor: Seq, me: UserId) -> bool {
    let names_me = match &entry.kind {
        EntryKind::Message { body: Body::Text { mentions, .. }, .. } => mentions.names(me),
        EntryKind::Message { body: Body::Deleted, .. } | EntryKind::Notice { .. } => false,
    };
    names_me && is_unread(entry, cursor, me)
}

/// How many unread lines name `me`, capped at [`UNREAD_MAX`].
#[must_use]
pub fn count_mentions<'a>(entries: impl IntoIterator<Item = &'a Entry>, cursor: Seq, me: UserId) -> u32 {
    let named = entries.into_iter().filter(|entry| is_unread_mention(entry, cursor, me)).take(UNREAD_MAX as usize);
    u32::try_from(named.count()).unwrap_or(UNREAD_MAX)
}

/// A count after others have posted `posted` more messages, capped at [`UNREAD_MAX`].
#[must_use]
pub fn add(count: u32, posted: u64) -> u32 {
    u32::try_from(u64::from(count).saturating_add(posted).min(u64::from(UNREAD_MAX))).unwrap_or(UNREAD_MAX)
}

/// How a count is written: `999+` from the cap on.
#[must_use]
pub fn label(count: u32) -> String {
    if count >= UNREAD_MAX { format!("{UNREAD_MAX}+") } else { count.to_string() }
}
