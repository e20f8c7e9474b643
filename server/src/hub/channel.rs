//! One followed stream: its ring, who follows it, and events that came before their turn.
//!
//! The ring has one lock and the followers another, so that ringing many followers holds up nobody who reads. Neither
//! is held while another one of the hub is taken, and none across an `await`.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use protocol::{Position, Record, Seq, StreamId};

use super::{
    budget::Budget,
    entry::Entry,
    follower::{Bells, Follower},
    ring::{Ring, Taken},
};

/// Records that may wait for a missing one; later ones are read from the store with it.
pub(super) const WAITING_RECORDS_MAX: usize = 1_000;

/// A stream that someone on this node follows.
#[derive(Debug)]
pub(crate) struct Channel {
    stream: StreamId,
    budget: Arc<Budget>,
    state: Mutex<State>,
    /// In the order of their numbers. Not in a map: most streams are inboxes, with one follower, and the least map has
    /// room for eleven.
    followers: Mutex<Vec<Arc<Follower>>>,
    /// Counts how often the ring has changed, for followers who only want to know whether there is something new.
    /// Written under the lock of `state`.
    version: AtomicU64,
    /// Whether it stands in the dispatcher's line.
    is_in_line: AtomicBool,
    /// How long the dispatcher's last pass over its followers took, in microseconds.
    last_pass_us: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    ring: Ring,
    /// Records behind a gap.
    waiting: BTreeMap<Seq, Arc<Record>>,
    /// The gap was reported and is being closed.
    is_filling: bool,
}

/// What became of offered records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offered {
    /// The ring has changed: its followers have to be rung.
    pub(super) is_news: bool,
    /// Some are missing: someone has to call [`Channel::fill`] in a moment.
    pub(super) is_gap: bool,
}

impl Channel {
    pub(super) fn new(stream: StreamId, budget: Arc<Budget>) -> Self {
        Self {
            stream,
            budget,
            state: Mutex::default(),
            followers: Mutex::default(),
            version: AtomicU64::new(1),
            is_in_line: AtomicBool::new(false),
            last_pass_us: AtomicU64::new(0),
        }
    }

    /// Which log.
    pub(crate) fn stream(&self) -> StreamId {
        self.stream
    }

    pub(super) fn add(&self, follower: Arc<Follower>) {
        let mut followers = self.followers();
        if let Err(place) = place_of(&followers, follower.number) {
            followers.insert(place, follower);
        }
    }

    /// Returns whether nobody follows any more.
    pub(super) fn remove(&self, follower: &Follower) -> bool {
        let mut followers = self.followers();
        if let Ok(place) = place_of(&followers, follower.number) {
            followers.remove(place);
        }
        followers.is_empty()
    }

    /// Nobody follows it any more: what it held is given back now, whoever still knows it.
    pub(super) fn release(&self) {
        self.with(|state| self.budget.release(&mut state.ring));
    }

    /// Counts how often the ring has changed; never 0. Who has read it at this count has nothing to look for.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Shows what comes after `cursor` to `visit`, until that has enough or about `bytes_max` were shown. Under the
    /// ring's lock: `visit` asks nobody anything.
    pub(crate) fn read(
        &self,
        cursor: Position,
        bytes_max: usize,
        visit: impl FnMut(&Entry) -> ControlFlow<()>,
    ) -> Taken {
        self.with(|state| state.ring.read(cursor, bytes_max, self.version(), self.budget.without, visit))
    }

    /// Where the stream ends, once that is known.
    pub(crate) fn head(&self) -> Option<Position> {
        self.with(|state| state.ring.head())
    }

    /// Says where the stream ends, as read from the store after following it.
    pub(crate) fn anchor(&self, head: Position) {
        self.with(|state| state.ring.anchor(head));
    }

    /// Takes committed records of this stream, in whatever order they come: under one lock, and told with one ring of
    /// the bell.
    pub(super) fn offer(&self, records: &[Arc<Record>]) -> Offered {
        self.change(|state| {
            for record in records {
                state.admit(record);
            }
        })
    }

    /// Closes a gap with what the store has after [`Channel::head`].
    pub(super) fn fill(&self, records: &[Arc<Record>]) -> Offered {
        self.change(|state| {
            for record in records {
                state.admit(record);
            }
            if records.is_empty()
                && let Some((seq, _)) = state.waiting.first_key_value()
            {
                // What is committed is in the store, so what is not there was not: it is not told on. Should it be
                // there later, the end of the stream says so ([`Channel::compare`]).
                tracing::error!(stream = %self.stream, %seq, "a node told of what the store does not have");
                state.waiting.clear();
            }
            state.is_filling = false;
        })
    }

    /// The store's end of the stream, read just now. Whether the ring is behind, and nobody has said so yet.
    pub(super) fn compare(&self, stored: Position) -> bool {
        self.with(|state| {
            let is_behind = state.ring.head().is_some_and(|head| head.epoch == stored.epoch && head.seq < stored.seq);
            let is_new = is_behind && !state.is_filling;
            state.is_filling |= is_new;
            is_new
        })
    }

    /// Whether it has to be put in the dispatcher's line, and is not there yet.
    pub(super) fn line_up(&self) -> bool {
        !self.is_in_line.swap(true, Ordering::AcqRel)
    }

    /// It has left the line. Before its followers are rung: what comes after this lines up again, and who came before
    /// it and found the channel in the line is seen by them. That takes reading what this writes over, so it is a swap.
    pub(super) fn step_out(&self) {
        self.is_in_line.swap(false, Ordering::AcqRel);
    }

    /// How long the last pass took.
    pub(super) fn last_pass(&self) -> Duration {
        Duration::from_micros(self.last_pass_us.load(Ordering::Relaxed))
    }

    /// A pass is over, and took so long.
    pub(super) fn passed(&self, took: Duration) {
        self.last_pass_us.store(took.as_micros().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Rings the next followers after one. Returns the last of them, where there may be more.
    pub(super) fn ring_after(&self, last: Option<u64>, count_max: usize) -> Option<u64> {
        let followers = self.followers();
        let first = last.map_or(0, |last| followers.partition_point(|follower| follower.number <= last));
        let end = followers.len().min(first + count_max);
        let some = &followers[first..end];
        some.iter().for_each(|follower| follower.ring(Bells::STREAMS));
        some.last().filter(|_| some.len() == count_max).map(|follower| follower.number)
    }

    /// Changes the ring, keeps it within its bytes, and counts that there is something new.
    fn change(&self, f: impl FnOnce(&mut State)) -> Offered {
        self.with(|state| {
            let before = state.ring.head();
            f(state);
            let is_news = state.ring.head() != before;
            if is_news {
                self.budget.keep(&mut state.ring);
                self.version.fetch_add(1, Ordering::AcqRel);
            }
            Offered { is_news, is_gap: state.report_gap() }
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Arc<Follower>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a follower is, or belongs.
fn place_of(followers: &[Arc<Follower>], number: u64) -> Result<usize, usize> {
    followers.binary_search_by_key(&number, |follower| follower.number)
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

    /// Whether there is a gap that nobody was told of yet.
    fn report_gap(&mut self) -> bool {
        let is_new = !self.waiting.is_empty() && !self.is_filling;
        self.is_filling |= is_new;
        is_new
    }
}
