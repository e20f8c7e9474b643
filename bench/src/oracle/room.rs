//! What people are shown against what the log of the room says.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use client::{Content, Line, RoomView, Status};
use protocol::{
    Applied, Entry, EntryKind, HistoryPage, ReadCursor, Record, Room, RoomInfo, RoomSnapshot, Seq, UserId,
    rooms::History, unread,
};

/// The state of a room, made of its log alone by the reducers that clients use.
///
/// # Errors
/// The log cannot be folded.
pub fn fold(log: &[Arc<Record>]) -> Result<Room> {
    let first = log.first().context("a log without an event")?;
    let setting = first.effect().and_then(|effect| effect.setting);
    let info = setting.and_then(RoomInfo::new).context("a log that does not begin with the making of its room")?;
    let window =
        HistoryPage { as_of: Seq(0), before: None, after: None, entries: Vec::new(), at_start: true, at_end: true };
    let (members, cursor) = (Vec::new(), ReadCursor::default());
    let mut room = Room::from(RoomSnapshot {
        info,
        epoch: first.epoch,
        members,
        member_count: 0,
        window,
        cursor,
        first_unread: None,
        unread: 0,
        mentions: 0,
    });
    for record in log {
        let applied = room.apply(record);
        ensure!(applied == Applied::Fresh, "event {} of {} cannot be folded: {applied:?}", record.seq, record.stream);
    }
    Ok(room)
}

/// The lines of a room that a member may see.
pub fn visible(room: &Room, member: UserId) -> impl Iterator<Item = &Entry> {
    let since = room.members().find(|known| known.user.id == member).map(|member| member.since);
    let from = match room.info().history {
        History::Everything => Some(Seq(0)),
        History::SinceJoining => since,
    };
    room.timeline().entries().filter(move |entry| from.is_some_and(|from| entry.seq >= from))
}

/// How many messages of a room are unread for somebody, and how many of them name them.
#[must_use]
pub fn counts(room: &Room, me: UserId, cursor: Seq) -> (u32, u32) {
    (unread::count(visible(room, me), cursor, me), unread::count_mentions(visible(room, me), cursor, me))
}

/// Where what somebody is shown is not what the log says.
#[must_use]
pub fn difference(room: &Room, view: &RoomView, me: UserId) -> Option<String> {
    let Some(first) = view.lines.first().and_then(|line| line.seq) else { return Some("nothing is shown".to_owned()) };
    if view.info.as_ref() != Some(room.info()) {
        return Some(format!("the room is {:?} and not {:?}", view.info, room.info()));
    }
    if !view.members.iter().eq(room.members()) {
        return Some(format!("{} members are shown, {} are in the room", view.members.len(), room.members().count()));
    }
    if view.member_count as usize != view.members.len() {
        return Some(format!("{} members are counted, {} are shown", view.member_count, view.members.len()));
    }
    let is_start = visible(room, me).next().is_none_or(|entry| entry.seq == first);
    if view.at_start != is_start {
        return Some(format!("line {first} is the first one, and shown as that: {is_start} and {}", view.at_start));
    }
    if !view.at_end {
        return Some("its end is not shown as such".to_owned());
    }
    let mut shown = view.lines.iter();
    for entry in visible(room, me).filter(|entry| entry.seq >= first) {
        let Some(line) = shown.next() else { return Some(format!("line {} is not shown", entry.seq)) };
        if !is_as(line, entry) {
            return Some(format!("shown is {line:?}, and the log says {entry:?}"));
        }
    }
    shown.next().map(|line| format!("shown is {line:?}, of which the log says nothing"))
}

fn is_as(line: &Line, entry: &Entry) -> bool {
    let is_stored = line.status == Status::Stored && line.change.is_none();
    let is_content = match (&line.content, &entry.kind) {
        (Content::Message(shown), EntryKind::Message { body, quote, reactions, .. }) => {
            (shown, &line.quote, &line.reactions) == (body, quote, reactions)
        }
        (Content::Notice(shown), EntryKind::Notice { notice }) => shown == notice,
        (Content::Message(_), EntryKind::Notice { .. }) | (Content::Notice(_), EntryKind::Message { .. }) => false,
    };
    is_stored && is_content && line.seq == Some(entry.seq) && line.at == entry.at && line.actor == entry.actor
}

#[cfg(test)]
pub(super) mod tests;
