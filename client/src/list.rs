//! The user's rooms with what the list shows of each, kept up to date by the heads that the server tells.

use std::time::Duration;

use litemap::LiteMap;
use protocol::{
    InboxSnapshot, Position, ReadCursor, RoomId, RoomSummary, Seq, frame::RoomHead, rooms::RoomRef, sorted, unread,
};

use crate::{
    fetch::{Load, SUMMARIES_MAX},
    time::Instant,
};

/// Rooms that have to be counted again are gathered for this long, in milliseconds.
const GATHER_MS: u64 = 250;
/// After the inbox is live, the server has this long to tell the heads of all rooms, in milliseconds.
const HEADS_MS_MAX: u64 = 1_000;

/// Mentions remembered of each room, to be counted on top of a summary that is older than they are; with more the room is
/// counted again.
const MENTIONS_TOLD_MAX: usize = 64;

/// The user's rooms.
#[derive(Debug, Default)]
pub(crate) struct RoomList {
    rooms: LiteMap<RoomId, RoomSummary>,
    /// To be asked for again.
    stale: LiteMap<RoomId, ()>,
    /// Being asked for.
    asked: LiteMap<RoomId, ()>,
    /// Messages that name the user, as heads told them since the room was counted.
    told: LiteMap<RoomId, Vec<Seq>>,
    /// Up to where each room was counted by the server or in a window; heads only add to that.
    counted: LiteMap<RoomId, Seq>,
    pub(crate) load: Load,
    /// Whether the server has told heads on this connection, and until when it may.
    heads_told: bool,
    heads_due: Option<Instant>,
}

impl RoomList {
    /// Takes all rooms from a snapshot, keeping what is known to be newer. Returns those that are left.
    pub(crate) fn replace(&mut self, snapshot: &InboxSnapshot) -> Vec<RoomId> {
        let stays = sorted(snapshot.rooms.iter().map(|summary| (summary.room.id, ())));
        let left: Vec<RoomId> = self.rooms.keys().copied().filter(|room| !stays.contains_key(room)).collect();
        self.rooms.retain(|room, _| stays.contains_key(room));
        self.stale.retain(|room, ()| self.rooms.contains_key(room));
        for summary in &snapshot.rooms {
            self.update(summary.clone());
        }
        left
    }

    /// Takes a summary; heads that were told since are counted on top.
    pub(crate) fn update(&mut self, summary: RoomSummary) {
        let (room, as_of) = (summary.room.id, summary.head.seq);
        let merged = match self.rooms.get(&room) {
            Some(known) if known.head.epoch == summary.head.epoch && known.head.seq > summary.head.seq => {
                let posted = known.messages.saturating_sub(summary.messages);
                RoomSummary {
                    head: known.head,
                    messages: known.messages.max(summary.messages),
                    unread: unread::add(summary.unread, posted),
                    mentions: unread::add(summary.mentions, self.told_after(room, summary.head.seq)),
                    ..summary
                }
            }
            Some(_) | None => summary,
        };
        self.rooms.insert(room, merged);
        self.counted_to(room, as_of);
    }

    fn counted_to(&mut self, room: RoomId, seq: Seq) {
        self.counted.insert(room, seq);
        if let Some(told) = self.told.get_mut(&room) {
            told.retain(|named| *named > seq);
        }
    }

    fn told_after(&self, room: RoomId, seq: Seq) -> u64 {
        self.told.get(&room).map_or(0, |told| told.iter().filter(|named| **named > seq).count() as u64)
    }

    /// The user is in this room now.
    pub(crate) fn joined(&mut self, room: &RoomRef, now: Instant) {
        self.rooms.entry(room.id).or_insert_with(|| RoomSummary {
            room: room.clone(),
            head: Position::default(),
            messages: 0,
            cursor: ReadCursor::default(),
            // Not known yet: the server is asked below.
            since: Seq::default(),
            unread: 0,
            mentions: 0,
            muted: false,
        });
        self.recount(room.id, now);
    }

    /// The user is no longer in this room.
    pub(crate) fn left(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.stale.remove(&room);
        self.told.remove(&room);
        self.counted.remove(&room);
    }

    /// The end of a room that is read up to `read`. `is_counted` where an open window counts better.
    pub(crate) fn head(&mut self, head: &RoomHead, read: Seq, is_counted: bool, now: Instant) {
        let Some(known) = self.rooms.get_mut(&head.room) else { return };
        let same_log = known.head.epoch == head.head.epoch;
        if same_log && head.head.seq <= known.head.seq {
            // The server reads the end after it has gathered what happened: the rest comes with the same end. What was
            // counted up to there has it in it, so nothing is asked for again and again.
            let is_in = self.counted.get(&head.room).is_some_and(|counted| head.head.seq <= *counted);
            let told = self.told.get(&head.room);
            let is_new = |seq: &Seq| told.is_none_or(|told| !told.contains(seq));
            if !is_in && !is_counted && (head.recount || head.mentions.iter().any(is_new)) {
                self.recount(head.room, now);
            }
            return;
        }
        if same_log && read >= known.head.seq {
            // All of that was read, perhaps on another device.
            (known.unread, known.mentions) = (0, 0);
        }
        let is_read_into = read > known.head.seq && read < head.head.seq;
        let posted = head.messages.saturating_sub(known.messages);
        let named: Vec<Seq> = head.mentions.iter().copied().filter(|seq| !same_log || *seq > known.head.seq).collect();
        known.head = head.head;
        known.messages = known.messages.max(head.messages);
        if same_log && !head.recount && !is_read_into {
            known.unread = unread::add(known.unread, posted);
            known.mentions = unread::add(known.mentions, named.len() as u64);
            let told = self.told.entry(head.room).or_default();
            told.extend(named);
            let forgotten = told.len().saturating_sub(MENTIONS_TOLD_MAX);
            told.drain(..forgotten);
            if forgotten > 0 {
                self.recount(head.room, now);
            }
        } else if !is_counted {
            self.recount(head.room, now);
        }
    }

    /// A window that showed this room to its end is closed: what it counted holds.
    pub(crate) fn settle(&mut self, counted: RoomSummary, now: Instant) {
        let room = counted.room.id;
        let is_newest =
            |known: &RoomSummary| known.head.epoch == counted.head.epoch && known.head.seq <= counted.head.seq;
        if self.rooms.get(&room).is_some_and(is_newest) {
            self.stale.remove(&room);
            self.counted_to(room, counted.head.seq);
            self.rooms.insert(room, counted);
        } else {
            self.recount(room, now);
        }
    }

    /// Asks for a room's summary again, soon.
    pub(crate) fn recount(&mut self, room: RoomId, now: Instant) {
        if self.rooms.contains_key(&room) && self.stale.insert(room, ()).is_none() && !self.load.is_busy() {
            self.load.want_at(now + Duration::from_millis(GATHER_MS));
        }
    }

    /// The inbox is live: the heads of all rooms are to come, unless they have.
    pub(crate) fn expect_heads(&mut self, now: Instant) {
        if !self.heads_told {
            self.heads_due = Some(now + Duration::from_millis(HEADS_MS_MAX));
        }
    }

    pub(crate) fn heads_came(&mut self) {
        self.heads_told = true;
        self.heads_due = None;
    }

    /// Asks for all rooms where the server has not told their heads.
    pub(crate) fn check_heads(&mut self, now: Instant) {
        if self.heads_due.is_some_and(|due| due <= now) {
            self.heads_due = None;
            let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
            for room in rooms {
                self.recount(room, now);
            }
        }
    }

    /// What to ask for now.
    pub(crate) fn take_stale(&mut self) -> Vec<RoomId> {
        let rooms: Vec<RoomId> = self.stale.keys().take(SUMMARIES_MAX).copied().collect();
        for room in &rooms {
            self.stale.remove(room);
            self.asked.insert(*room, ());
        }
        rooms
    }

    /// What was asked for came, or did not.
    pub(crate) fn answered(&mut self, came: bool, now: Instant) {
        let asked = std::mem::take(&mut self.asked);
        if !came {
            for (room, ()) in asked.into_iter().filter(|(room, ())| self.rooms.contains_key(room)) {
                self.stale.insert(room, ());
            }
        }
        if !self.stale.is_empty() {
            self.load.want_at(now + Duration::from_millis(GATHER_MS));
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.heads_due.into_iter().chain(self.load.deadline()).min()
    }

    pub(crate) fn disconnected(&mut self) {
        self.heads_told = false;
        self.heads_due = None;
    }

    pub(crate) fn get(&self, room: RoomId) -> Option<&RoomSummary> {
        self.rooms.get(&room)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &RoomSummary> {
        self.rooms.values()
    }
}
