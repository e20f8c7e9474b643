//! What is about to be told: commands that wait for their commit or are being committed, by the room that they are about.
//!
//! Who has many to tell looks here whether more comes for them in a moment, and tells both at once. It is a count and no
//! promise: a command may be refused, and its batch may fail. What is written beside the writer's queue is not counted.

use std::{
    collections::hash_map::Entry,
    sync::{Arc, Mutex, PoisonError},
};

use protocol::{RoomId, StreamId};
use tokio::sync::Notify;

use super::writer::Job;
use crate::maps::HashMap;

/// See the module. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Underway(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    /// Rung when a batch is over.
    over: Notify,
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<RoomId, usize>,
    /// Batches that are committed or given up; and of those the ones of which everything is told.
    done: u64,
    told: u64,
}

/// A batch that is not over yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next(u64);

impl Underway {
    /// The batch after which it is known what became of what is under way for this stream; none where nothing is.
    pub(crate) fn next(&self, stream: StreamId) -> Option<Next> {
        let StreamId::Room(room) = stream else { return None };
        self.with(|state| state.rooms.contains_key(&room).then_some(Next(state.done + 1)))
    }

    /// Whether that batch is over: told, where there was something to tell.
    pub(crate) fn is_over(&self, Next(batch): Next) -> bool {
        self.with(|state| state.told >= batch)
    }

    /// Waits until some batch is over. For one task alone.
    pub(crate) async fn over(&self) {
        self.0.over.notified().await;
    }

    /// One more waits.
    pub(crate) fn begin(&self, job: &Job) {
        if let Some(room) = room_of(job) {
            self.with(|state| *state.rooms.entry(room).or_default() += 1);
        }
    }

    /// It does not wait any more, and is in no batch.
    pub(crate) fn give_up(&self, job: &Job) {
        self.with(|state| state.count_down(room_of(job)));
    }

    /// These are a batch that is being carried out.
    pub(crate) fn carried(&self, jobs: &[Job]) -> Carried {
        Carried { underway: self.clone(), rooms: Some(jobs.iter().filter_map(room_of).collect()) }
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn room_of(job: &Job) -> Option<RoomId> {
    job.command().and_then(|job| job.command.room())
}

/// The commands of a batch. Dropped, the batch is over: told, where it was.
#[derive(Debug)]
#[must_use]
pub struct Carried {
    underway: Underway,
    /// Until they are done.
    rooms: Option<Vec<RoomId>>,
}

impl Carried {
    /// They are on disk, and are told while this is held: what is under way from here on comes after them.
    pub fn telling(mut self) -> Self {
        self.done();
        self
    }

    fn done(&mut self) {
        if let Some(rooms) = self.rooms.take() {
            self.underway.with(|state| {
                state.count_down(rooms);
                state.done += 1;
            });
        }
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.done();
        self.underway.with(|state| state.told += 1);
        self.underway.0.over.notify_one();
    }
}

impl State {
    fn count_down(&mut self, rooms: impl IntoIterator<Item = RoomId>) {
        for room in rooms {
            if let Entry::Occupied(mut count) = self.rooms.entry(room) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}
