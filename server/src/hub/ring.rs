//! The newest events of one stream, shared by all its followers, bounded in bytes.

use std::{collections::VecDeque, ops::ControlFlow};

use protocol::{Position, Seq};

use super::entry::Entry;
use crate::sabotage::Without;

/// Consecutive entries that end at `head`. What is older is in the store.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Of those, bytes that are counted for the node.
    accounted: usize,
    /// The last event of the stream, as far as this node knows. None before anything is known.
    head: Option<Position>,
}

/// What became of a follower's reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All that it has not seen was shown, in order; the ring had changed that often.
    All(u64),
    /// A piece was shown, and there is more.
    Piece,
    /// Some of it is not in the ring any more, or not yet: read the store.
    Lagged,
}

impl Ring {
    pub(crate) fn head(&self) -> Option<Position> {
        self.head
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn accounted(&self) -> usize {
        self.accounted
    }

    /// Counts what is held now; returns what was counted before and what is now.
    pub(crate) fn settle_account(&mut self) -> (usize, usize) {
        (std::mem::replace(&mut self.accounted, self.bytes), self.bytes)
    }

    /// Says where the stream ends, unless that is known of this incarnation of it.
    pub(crate) fn anchor(&mut self, head: Position) {
        if self.head.is_none_or(|known| known.epoch < head.epoch) {
            self.restart(head);
        }
    }

    /// Forgets the entries and goes on after `head`: followers before it read the store.
    pub(crate) fn restart(&mut self, head: Position) {
        self.entries.clear();
        self.bytes = 0;
        self.head = Some(head);
    }

    /// Appends the next entry. The caller has checked that it is the next one.
    pub(crate) fn push(&mut self, entry: Entry) {
        debug_assert!(self.head.is_none_or(|head| head.seq.next() == entry.seq), "a ring has no holes");
        self.head = Some(Position { epoch: entry.epoch, seq: entry.seq });
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
    }

    /// Drops the oldest entries until at most `bytes_max` are left.
    pub(crate) fn trim(&mut self, bytes_max: usize) {
        while self.bytes > bytes_max
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
        if self.entries.is_empty() {
            self.entries = VecDeque::new();
        }
    }

    /// Shows what comes after `cursor` to `visit`, up to `bytes_max` and at least one entry, until that has enough.
    /// `version`: how often the ring has changed.
    pub(crate) fn read(
        &self,
        cursor: Position,
        bytes_max: usize,
        version: u64,
        without: Without,
        mut visit: impl FnMut(&Entry) -> ControlFlow<()>,
    ) -> Taken {
        let Some(head) = self.head else { return Taken::All(version) };
        if head.epoch != cursor.epoch {
            return Taken::Lagged;
        }
        if head.seq <= cursor.seq {
            return Taken::All(version);
        }
        let first = head.seq.0 + 1 - self.entries.len() as u64;
        let skipped = (cursor.seq.0 + 1).checked_sub(first).or(without.has(Without::LAG).then_some(0));
        let Some(skipped) = skipped else { return Taken::Lagged };
        let mut bytes = 0;
        let mut unseen = self.entries.range(usize::try_from(skipped).unwrap_or(usize::MAX)..);
        for entry in unseen.by_ref() {
            bytes += entry.bytes();
            if visit(entry).is_break() || bytes >= bytes_max {
                break;
            }
        }
        if unseen.next().is_some() { Taken::Piece } else { Taken::All(version) }
    }

    /// Removes a deleted message's text.
    pub(crate) fn redact(&mut self, message: Seq) {
        for entry in &mut self.entries {
            if let Some(redacted) = entry.redacted(message) {
                self.bytes = self.bytes + redacted.bytes() - entry.bytes();
                *entry = redacted;
            }
        }
    }
}
