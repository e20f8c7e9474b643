//! One followed stream: its ring, who follows it, and events that came before their turn.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use protocol::{Position, Record, Seq, StreamId};

use super::{
    budget::Budget,
    entry::Entry,
    follower::Follower,
    ring::{Ring, Taken},
};

/// Records that may wait for a missing one; later ones are read from the store with it.
const WAITING_RECORDS_MAX: usize = 1_000;

/// A stream that someone on this node follows.
#[derive(Debug)]
pub(super) struct Channel {
    stream: StreamId,
    budget: Arc<Budget>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ring: Ring,
    followers: HashMap<u64, Arc<Follower>>,
    /// Records behind a gap.
    waiting: BTreeMap<Seq, Arc<Record>>,
    /// The gap was reported and is being closed.
    is_filling: bool,
}

/// What became of offered records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offered {
    /// They are in the ring, now or before.
    Done,
    /// Some before them are missing: someone has to call [`Channel::fill`] in a moment.
    Gap,
}

impl Channel {
    pub(super) fn new(stream: StreamId, budget: Arc<Budget>) -> Self {
        Self { stream, budget, state: Mutex::default() }
    }

    pub(super) fn add(&self, follower: Arc<Follower>) {
        self.with(|state| state.followers.insert(follower.number, follower));
    }

    /// Returns whether nobody follows any more.
    pub(super) fn remove(&self, follower: &Follower) -> bool {
        self.with(|state| {
            state.followers.remove(&follower.number);
            state.followers.is_empty()
        })
    }

    pub(super) fn take(&self, cursor: Position, bytes_max: usize) -> Taken {
        self.with(|state| state.ring.take(cursor, bytes_max))
    }

    pub(super) fn head(&self) -> Option<Position> {
        self.with(|state| state.ring.head())
    }

    pub(super) fn anchor(&self, head: Position) {
        self.with(|state| state.ring.anchor(head));
    }

    /// Takes a committed record, in whatever order they come.
    pub(super) fn offer(&self, record: &Arc<Record>) -> Offered {
        self.with(|state| {
            let before = state.ring.head();
            state.admit(record);
            self.settle(state, before);
            state.report_gap()
        })
    }

    /// Closes a gap with what the store has after [`Channel::head`]. Returns whether there is another one.
    pub(super) fn fill(&self, records: &[Arc<Record>]) -> Offered {
        self.with(|state| {
            let before = state.ring.head();
            for record in records {
                state.admit(record);
            }
            if records.is_empty()
                && let Some((seq, record)) = state.waiting.first_key_value()
            {
                // What is committed is in the store up to there, so this does not happen; if it does, the
                // followers are better off reading the store themselves than waiting.
                tracing::error!(stream = %self.stream, %seq, "the store lacks events before one that was told");
                let head = Position { epoch: record.epoch, seq: Seq(seq.0.saturating_sub(1)) };
                state.ring.restart(head);
                state.drain();
            }
            self.settle(state, before);
            state.is_filling = false;
            state.report_gap()
        })
    }

    /// The store's end of the stream, read just now: a gap where the ring is behind.
    pub(super) fn compare(&self, stored: Position) -> Offered {
        self.with(|state| {
            let is_behind = state.ring.head().is_some_and(|head| head.epoch == stored.epoch && head.seq < stored.seq);
            if is_behind && !state.is_filling {
                state.is_filling = true;
                Offered::Gap
            } else {
                Offered::Done
            }
        })
    }

    /// Keeps the ring within its bytes and wakes the followers if there is something new.
    fn settle(&self, state: &mut State, before: Option<Position>) {
        if state.ring.head() == before {
            return;
        }
        self.budget.keep(&mut state.ring);
        for follower in state.followers.values() {
            follower.mark_stream(self.stream);
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.budget.release(&mut state.ring);
    }
}

impl State {
    fn admit(&mut self, record: &Arc<Record>) {
        let next = match self.ring.head() {
            None => record.seq,
            Some(head) if record.epoch > head.epoch => {
                // The log was restored from a backup: followers of the old one are told to reset.
                self.waiting.clear();
                self.ring.restart(Position { epoch: record.epoch, seq: Seq(record.seq.0.saturating_sub(1)) });
                record.seq
            }
            Some(head) if record.epoch < head.epoch => return,
            Some(head) => head.seq.next(),
        };
        if record.seq == next {
            self.push(record);
            self.drain();
        } else if record.seq > next && self.waiting.len() < WAITING_RECORDS_MAX {
            self.waiting.insert(record.seq, Arc::clone(record));
        }
    }

    fn push(&mut self, record: &Record) {
        let entry = Entry::encode(record);
        if let Some(message) = entry.redacts {
            self.ring.redact(message);
        }
        if entry.ends_room() {
            // Who has not taken what was said in it asks the store, which has nobody in it any more.
            self.ring.restart(Position { epoch: entry.epoch, seq: Seq(entry.seq.0.saturating_sub(1)) });
        }
        self.ring.push(entry);
    }

    /// Appends what waited and whose turn has come.
    fn drain(&mut self) {
        while let Some((seq, _)) = self.waiting.first_key_value()
            && let Some(head) = self.ring.head()
            && *seq <= head.seq.next()
            && let Some((seq, record)) = self.waiting.pop_first()
        {
            if seq == head.seq.next() {
                self.push(&record);
            }
        }
    }

    fn report_gap(&mut self) -> Offered {
        if self.waiting.is_empty() || self.is_filling {
            return Offered::Done;
        }
        self.is_filling = true;
        Offered::Gap
    }
}
