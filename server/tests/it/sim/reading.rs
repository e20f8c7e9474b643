//! What is read from the simulated database: snapshots and pages, as of one event.

use protocol::{
    Entry, HistoryPage, InboxSnapshot, ReadCursor, RoomId, RoomSnapshot, RoomSummary, Seq, StreamId, UserId,
    rooms::RoomRef, unread,
};
use server::store::{PageAt, Roster, WindowAt};

use super::tables::{Kept, Tables};

/// How many lines a window has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    pub(crate) lines: usize,
    /// So many of them are before the one that it opens at.
    pub(crate) context: usize,
}

impl Windows {
    /// As in the real one.
    pub(crate) const REAL: Self = Self {
        lines: protocol::limits::WINDOW_ENTRIES as usize,
        context: protocol::limits::WINDOW_CONTEXT_ENTRIES as usize,
    };
    /// So small that they have ends.
    pub(crate) const SMALL: Self = Self { lines: 9, context: 3 };
}

impl Tables {
    /// The lines of a room that one of its members may see.
    fn lines(&self, user: UserId, kept: &Kept) -> Vec<Entry> {
        let facts = self.room_facts(user, kept.room.info().id);
        let from = facts.and_then(|room| room.visible_from()).unwrap_or(Seq(u64::MAX));
        kept.room.timeline().entries().filter(|line| line.seq >= from).cloned().collect()
    }

    pub(crate) fn summary(&self, user: UserId, id: RoomId) -> Option<RoomSummary> {
        self.counted(user, id, self.cursor(user, id))
    }

    /// The same for who has read so far.
    pub(crate) fn counted(&self, user: UserId, id: RoomId, cursor: ReadCursor) -> Option<RoomSummary> {
        let kept = self.room_of(user, id)?;
        let (info, lines) = (kept.room.info(), self.lines(user, kept));
        Some(RoomSummary {
            room: RoomRef { id, name: info.name.clone(), visibility: info.visibility },
            head: self.head(StreamId::Room(id)),
            messages: kept.messages,
            cursor,
            since: kept.room.members().find(|member| member.user.id == user)?.since,
            unread: unread::count(&lines, cursor.seq, user),
            mentions: unread::count_mentions(&lines, cursor.seq, user),
            muted: self.muted.contains(&(user, id)),
        })
    }

    pub(crate) fn inbox(&self, user: UserId) -> InboxSnapshot {
        let rooms = self.rooms_of(user).filter_map(|room| self.summary(user, room)).collect();
        InboxSnapshot { position: self.head(StreamId::Inbox(user)), rooms }
    }

    pub(crate) fn snapshot(&self, user: UserId, id: RoomId, at: WindowAt, windows: Windows) -> Option<RoomSnapshot> {
        let kept = self.room_of(user, id)?;
        let (lines, cursor) = (self.lines(user, kept), self.cursor(user, id));
        let first_unread = lines.iter().find(|line| unread::is_unread(line, cursor.seq, user)).map(|line| line.seq);
        let place = match at {
            WindowAt::Unread => first_unread,
            WindowAt::End => None,
            WindowAt::Line(seq) => Some(seq),
        };
        let place = place.map_or(lines.len(), |seq| lines.partition_point(|line| line.seq < seq));
        let (start, end) = if place == lines.len() {
            (place.saturating_sub(windows.lines), place)
        } else {
            (place.saturating_sub(windows.context), (place + windows.lines - windows.context).min(lines.len()))
        };
        let mut members: Vec<_> = kept.room.members().cloned().collect();
        members.sort_by_key(|member| member.user.id);
        Some(RoomSnapshot {
            info: kept.room.info().clone(),
            epoch: self.epoch,
            member_count: u32::try_from(members.len()).unwrap(),
            members,
            window: HistoryPage {
                as_of: kept.room.position().seq,
                before: None,
                after: None,
                entries: lines[start..end].to_vec(),
                at_start: start == 0,
                at_end: end == lines.len(),
            },
            cursor,
            first_unread,
            unread: unread::count(&lines, cursor.seq, user),
            mentions: unread::count_mentions(&lines, cursor.seq, user),
        })
    }

    pub(crate) fn page(&self, user: UserId, id: RoomId, at: PageAt, limit: u32) -> Option<HistoryPage> {
        let kept = self.room_of(user, id)?;
        let (lines, limit) = (self.lines(user, kept), limit.max(1) as usize);
        let (before, after, start, end) = match at {
            PageAt::Before(seq) => {
                let end = lines.partition_point(|line| line.seq < seq);
                (Some(seq), None, end.saturating_sub(limit), end)
            }
            PageAt::After(seq) => {
                let start = lines.partition_point(|line| line.seq <= seq);
                (None, Some(seq), start, (start + limit).min(lines.len()))
            }
        };
        Some(HistoryPage {
            as_of: kept.room.position().seq,
            before,
            after,
            entries: lines[start..end].to_vec(),
            // What was not looked at is not known.
            at_start: before.is_some() && start == 0,
            at_end: after.is_some() && end == lines.len(),
        })
    }

    pub(crate) fn roster(&self, id: RoomId) -> Roster {
        let Some(kept) = self.rooms.get(&id) else { return Roster::default() };
        let mut members: Vec<UserId> = kept.room.members().map(|member| member.user.id).collect();
        members.sort_unstable();
        let profiles = members.iter().filter_map(|user| Some((*user, self.profiles.get(user)?.clone()))).collect();
        let members = members.into_iter().map(|user| (user, self.seen.get(&user).copied())).collect();
        Roster { as_of: kept.room.position().seq, members, profiles }
    }
}
