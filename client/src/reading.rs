//! How far the user has read: moved at once here, told to the server every now and then.

use std::time::Duration;

use litemap::LiteMap;

use protocol::{CommandId, ReadCursor, RoomId};

use crate::time::Instant;

/// The server is told at once that a cursor moved, and then at most this often, in milliseconds.
pub const READ_CURSOR_INTERVAL_MS: u64 = 2_000;

/// The cursor of one room.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    here: ReadCursor,
    /// What the server is known to have.
    there: ReadCursor,
    on_its_way: Option<(CommandId, ReadCursor)>,
}

/// The cursors of all rooms.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    marks: LiteMap<RoomId, Mark>,
    due: Option<Instant>,
    /// Nothing is told before this.
    quiet_until: Option<Instant>,
}

impl Reading {
    pub(crate) fn cursor(&self, room: RoomId) -> ReadCursor {
        self.marks.get(&room).map(|mark| mark.here).unwrap_or_default()
    }

    /// The server says this, in a snapshot, or because another device moved it. Whether something changed.
    pub(crate) fn heard(&mut self, room: RoomId, cursor: ReadCursor) -> bool {
        let mark = self.marks.entry(room).or_default();
        mark.there = mark.there.merge(cursor);
        let before = mark.here;
        mark.here = mark.here.merge(cursor);
        mark.here != before
    }

    /// The user moved it. Whether something changed.
    pub(crate) fn moved(&mut self, room: RoomId, cursor: ReadCursor, now: Instant) -> bool {
        let mark = self.marks.entry(room).or_default();
        let before = mark.here;
        mark.here = mark.here.merge(cursor);
        let changed = mark.here != before;
        if changed && self.due.is_none() {
            self.due = Some(self.quiet_until.map_or(now, |until| until.max(now)));
        }
        changed
    }

    /// What the server has to be told now.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<(RoomId, ReadCursor)> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        self.quiet_until = Some(now + Duration::from_millis(READ_CURSOR_INTERVAL_MS));
        let news = self.marks.iter().filter(|(_, mark)| mark.here != mark.there);
        news.filter(|(_, mark)| mark.on_its_way.is_none_or(|(_, cursor)| cursor != mark.here))
            .map(|(room, mark)| (*room, mark.here))
            .collect()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn sent(&mut self, room: RoomId, command: CommandId, cursor: ReadCursor) {
        if let Some(mark) = self.marks.get_mut(&room) {
            mark.on_its_way = Some((command, cursor));
        }
    }

    /// The server has taken a cursor: in which room, if this command was one.
    pub(crate) fn taken(&mut self, command: CommandId) -> Option<RoomId> {
        let (room, mark, cursor) = self.answered(command)?;
        mark.there = mark.there.merge(cursor);
        Some(room)
    }

    /// The server has not taken it: try again at `retry`, or not at all.
    pub(crate) fn refused(&mut self, command: CommandId, retry: Option<Instant>) -> bool {
        let Some((_, mark, _)) = self.answered(command) else { return false };
        match retry {
            Some(at) => self.due = Some(self.due.map_or(at, |due| due.max(at))),
            // Not a member any more: it was never moved.
            None => mark.here = mark.there,
        }
        true
    }

    fn answered(&mut self, command: CommandId) -> Option<(RoomId, &mut Mark, ReadCursor)> {
        self.marks.iter_mut().find_map(|(room, mark)| match mark.on_its_way {
            Some((id, cursor)) if id == command => {
                mark.on_its_way = None;
                Some((*room, mark, cursor))
            }
            Some(_) | None => None,
        })
    }

    /// The connection is gone: what was on its way may be lost.
    pub(crate) fn disconnected(&mut self, now: Instant) {
        for mark in self.marks.iter_mut().map(|(_, mark)| mark) {
            mark.on_its_way = None;
        }
        self.flush(now);
    }

    /// Tells the server at the next opportunity.
    pub(crate) fn flush(&mut self, now: Instant) {
        if self.marks.values().any(|mark| mark.here != mark.there) {
            self.due = Some(now);
        }
    }

    /// Not in this room any more.
    pub(crate) fn forget(&mut self, room: RoomId) {
        self.marks.remove(&room);
    }
}
