//! A room that is shown: its state, whether it is followed, and what of it is being loaded.

use protocol::{
    Applied, Body, EntryKind, ErrorBody, HistoryPage, ReadCursor, Record, Room, RoomId, RoomSnapshot, RoomSummary, Seq,
    UserId, rooms::RoomRef,
};

use crate::{
    fetch::{At, Fetch, Load, PAGE_ENTRIES, Page},
    follow::Follow,
    time::Instant,
};

/// Near which end of the window the reader is: the other one is cut when the window grows too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    Oldest,
    Newest,
}

/// A room that is shown.
#[derive(Debug)]
pub(crate) struct OpenRoom {
    pub(crate) id: RoomId,
    pub(crate) state: Option<Room>,
    pub(crate) follow: Follow,
    /// The place to go to, and the one that the last request was for.
    pub(crate) at: At,
    pub(crate) asked_at: At,
    pub(crate) snapshot: Load,
    pub(crate) older: Load,
    pub(crate) newer: Load,
    /// Why it cannot be shown any more.
    pub(crate) gone: Option<ErrorBody>,
    /// The first line that was unread when the room was opened: where the *New* line stays.
    pub(crate) first_unread: Option<Seq>,
    pub(crate) member_count: u32,
    edge: Edge,
    /// For closing the one that was opened longest ago.
    pub(crate) opened: Instant,
}

impl OpenRoom {
    pub(crate) fn new(id: RoomId, at: At, now: Instant) -> Self {
        Self {
            id,
            state: None,
            follow: Follow::new(),
            at,
            asked_at: at,
            snapshot: Load::default(),
            older: Load::default(),
            newer: Load::default(),
            gone: None,
            first_unread: None,
            member_count: 0,
            edge: Edge::Newest,
            opened: now,
        }
    }

    /// Shows a fresh state. Events that were folded after it was read are asked for again.
    pub(crate) fn install(&mut self, snapshot: RoomSnapshot) {
        let follows_on = self.state.as_ref().is_some_and(|room| {
            let known = room.position();
            known.epoch == snapshot.epoch && snapshot.window.as_of >= known.seq
        });
        if !(follows_on && self.follow.is_on()) {
            self.follow.restart();
        }
        if self.state.is_none() || self.gone.is_some() {
            self.first_unread = snapshot.first_unread;
        }
        self.member_count = snapshot.member_count;
        self.gone = None;
        self.older.cancel();
        self.newer.cancel();
        self.edge = Edge::Newest;
        self.state = Some(Room::from(snapshot));
    }

    /// Folds an event; without `checks_gaps` (tests only) it steps over what is missing.
    pub(crate) fn apply(&mut self, record: &Record, checks_gaps: bool) -> Option<Applied> {
        let room = self.state.as_mut()?;
        if !checks_gaps {
            while room.position().seq.next() < record.seq && room.position().epoch == record.epoch {
                let _ = room.skip(record.epoch, room.position().seq.next());
            }
        }
        let members = room.members().count();
        let applied = room.apply(record);
        let joined = room.members().count().saturating_sub(members);
        let left = members.saturating_sub(room.members().count());
        self.member_count = self
            .member_count
            .saturating_add(u32::try_from(joined).unwrap_or(0))
            .saturating_sub(u32::try_from(left).unwrap_or(0));
        self.trim();
        Some(applied)
    }

    fn trim(&mut self) {
        if let Some(room) = &mut self.state {
            match self.edge {
                Edge::Oldest => room.timeline_mut().trim_newest(),
                Edge::Newest => room.timeline_mut().trim_oldest(),
            }
        }
    }

    pub(crate) fn cursor(&self) -> Seq {
        self.state.as_ref().map(|room| room.position().seq).unwrap_or_default()
    }

    /// The reader is at the end, or has left it.
    pub(crate) fn keeps(&mut self, end: bool) {
        self.edge = if end { Edge::Newest } else { Edge::Oldest };
    }

    /// The reader is at a line: whether it is the last one decides which end is kept.
    pub(crate) fn read_to(&mut self, seq: Seq) {
        if let Some(last) = self.state.as_ref().and_then(|room| room.timeline().entries().next_back())
            && seq >= last.seq
        {
            self.edge = Edge::Newest;
        }
    }

    /// Whether the place to which one wants to go is in the window.
    pub(crate) fn shows(&self, at: At) -> bool {
        let Some(room) = &self.state else { return false };
        match at {
            At::Unread => true,
            At::End => room.timeline().is_at_end(),
            At::Line(seq) => room.timeline().get(seq).is_some(),
        }
    }

    /// Whether reading can go on where it ended: at the first line after the cursor, or at the end where all is read.
    pub(crate) fn reaches_unread(&self, cursor: ReadCursor) -> bool {
        let Some(room) = self.state.as_ref().filter(|_| self.gone.is_none()) else { return true };
        let timeline = room.timeline();
        let mut lines = timeline.entries().map(|entry| entry.seq);
        let (first, last) = (lines.next(), lines.next_back());
        let from_cursor = timeline.is_at_start() || first.is_some_and(|first| first <= cursor.seq);
        from_cursor && (timeline.is_at_end() || last.or(first).is_some_and(|last| last > cursor.seq))
    }

    /// The next older page, if there is one.
    pub(crate) fn older_page(&self) -> Option<Fetch> {
        let timeline = self.state.as_ref()?.timeline();
        let first = timeline.entries().next()?.seq;
        (!timeline.is_at_start()).then(|| self.page(Page::Before(first)))
    }

    /// The next newer page, if there is one.
    pub(crate) fn newer_page(&self) -> Option<Fetch> {
        let timeline = self.state.as_ref()?.timeline();
        let last = timeline.entries().next_back()?.seq;
        (!timeline.is_at_end()).then(|| self.page(Page::After(last)))
    }

    fn page(&self, page: Page) -> Fetch {
        Fetch::History { room: self.id, page, limit: PAGE_ENTRIES }
    }

    /// Joins a page that came. Whether it fitted.
    pub(crate) fn join(&mut self, page: HistoryPage) -> bool {
        let Some(room) = &mut self.state else { return false };
        let edge = if page.before.is_some() { Edge::Oldest } else { Edge::Newest };
        let position = room.position().seq;
        let fitted = room.timeline_mut().join(page, position);
        if fitted {
            self.edge = edge;
            self.trim();
        }
        fitted
    }

    /// How many lines are unread, where the window holds all of them.
    pub(crate) fn unread(&self, cursor: ReadCursor, me: UserId) -> Option<u32> {
        let room = self.state.as_ref().filter(|_| self.gone.is_none())?;
        room.timeline().unread(cursor.seq, me)
    }

    /// How many of those name the user.
    pub(crate) fn mentions(&self, cursor: ReadCursor, me: UserId) -> Option<u32> {
        let room = self.state.as_ref().filter(|_| self.gone.is_none())?;
        room.timeline().mentions(cursor.seq, me)
    }

    /// What the list is to show of this room after it was closed, where the window knows it.
    pub(crate) fn summary(&self, known: &RoomSummary, cursor: ReadCursor, me: UserId) -> Option<RoomSummary> {
        let unread = self.unread(cursor, me)?;
        let room = self.state.as_ref()?;
        let last = room.timeline().entries().rev().find_map(|entry| match &entry.kind {
            EntryKind::Message { ordinal, body: Body::Text { .. } | Body::Deleted, .. } => Some(*ordinal),
            EntryKind::Notice { .. } => None,
        });
        let info = room.info();
        Some(RoomSummary {
            room: RoomRef { id: info.id, name: info.name.clone(), visibility: info.visibility },
            head: room.position(),
            messages: last.unwrap_or(known.messages),
            cursor,
            since: known.since,
            unread,
            mentions: self.mentions(cursor, me)?,
            muted: known.muted,
        })
    }
}
