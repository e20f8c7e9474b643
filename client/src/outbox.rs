//! What the user wants and the server has not confirmed: kept until it has, across reloads.
//!
//! Each room has a line, first in, first out, with at most one command on its way: so a retryable refusal cannot
//! let a later message overtake an earlier one. After a lost connection the command that was on its way is sent
//! again; the server knows it by its `client_id` and carries it out once.

use litemap::LiteMap;

use protocol::{
    ClientId, Command, CommandId, Epoch, ErrorBody, ErrorCode, RoomId, Seq, StreamId, UserId, from_json, sorted,
};
use serde::Serialize;

use crate::{backoff, time::Instant};

/// A command that waits, as the storage keeps it: by user, then by `client_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutboxEntry {
    /// Who wants it.
    pub user: UserId,
    /// Its place in the line.
    pub number: u64,
    /// What is wanted.
    pub command: Command,
    /// Why the server did not do it and will not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<ErrorBody>,
}

from_json!(OutboxEntry { user, number, command, refused });

impl OutboxEntry {
    /// The command's own id; every command that is let in has one.
    #[must_use]
    pub fn client_id(&self) -> ClientId {
        self.command.client_id().expect("only commands with a client_id are put into the outbox")
    }
}

/// How far an entry has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Not confirmed by the storage yet.
    Unsaved,
    /// May be sent.
    Queued,
    /// On its way.
    Sent(CommandId),
    /// On the server's disk; shown until its event is folded.
    Stored { stream: StreamId, epoch: Epoch, seq: Seq },
    /// Refused; see the entry.
    Refused,
}

/// An entry and how far it has come.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) entry: OutboxEntry,
    pub(crate) progress: Progress,
}

/// A line of its own: a room's, or (`None`) that of new rooms.
type Line = Option<RoomId>;

/// Why a line stands still.
#[derive(Clone, Copy, Debug, Default)]
struct Hold {
    until: Instant,
    failures: u32,
}

/// The outbox of one user.
#[derive(Debug)]
pub(crate) struct Outbox {
    user: UserId,
    entries: LiteMap<u64, Waiting>,
    holds: LiteMap<Line, Hold>,
    /// Whether what was left from earlier is in; nothing is sent before, to keep the order.
    complete: bool,
}

impl Outbox {
    pub(crate) fn new(user: UserId, left: Option<Vec<OutboxEntry>>) -> Self {
        let mut outbox = Self { user, entries: LiteMap::new_vec(), holds: LiteMap::new_vec(), complete: false };
        if let Some(left) = left {
            let _ = outbox.restore(left);
        }
        outbox
    }

    /// Puts what was left before what came since; returns the latter, to be saved under its new number.
    pub(crate) fn restore(&mut self, mut left: Vec<OutboxEntry>) -> Vec<OutboxEntry> {
        self.complete = true;
        let here = sorted(self.entries.values().map(|waiting| (waiting.entry.client_id(), ())));
        left.retain(|entry| {
            let id = entry.command.client_id();
            entry.user == self.user && id.is_some_and(|id| !here.contains_key(&id))
        });
        let left = sorted(left.into_iter().map(|entry| ((entry.number, entry.command.client_id()), entry)));
        let since = std::mem::take(&mut self.entries);
        for (_, entry) in left {
            let progress = if entry.refused.is_some() { Progress::Refused } else { Progress::Queued };
            // Two tabs may have given the same number; the order stays, the numbers need not.
            let number = self.entries.last().map_or(entry.number, |(last, _)| entry.number.max(last + 1));
            self.entries.insert(number, Waiting { entry: OutboxEntry { number, ..entry }, progress });
        }
        let mut renumbered = Vec::new();
        for (_, Waiting { entry, progress }) in since {
            let number = self.next_number();
            let entry = OutboxEntry { number, ..entry };
            renumbered.push(entry.clone());
            self.entries.insert(number, Waiting { entry, progress });
        }
        renumbered
    }

    fn next_number(&self) -> u64 {
        self.entries.last().map_or(1, |(last, _)| last + 1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.entries.values()
    }

    /// How many there are that the storage keeps.
    pub(crate) fn len(&self) -> usize {
        self.iter().filter(|waiting| !matches!(waiting.progress, Progress::Stored { .. })).count()
    }

    pub(crate) fn find(&self, client_id: ClientId) -> Option<&Waiting> {
        self.iter().find(|waiting| waiting.entry.client_id() == client_id)
    }

    fn find_mut(&mut self, client_id: ClientId) -> Option<&mut Waiting> {
        self.entries.iter_mut().map(|(_, waiting)| waiting).find(|waiting| waiting.entry.client_id() == client_id)
    }

    /// Adds a command at the end; it is sent once it is saved.
    pub(crate) fn push(&mut self, command: Command) -> OutboxEntry {
        let number = self.next_number();
        let entry = OutboxEntry { user: self.user, number, command, refused: None };
        self.entries.insert(number, Waiting { entry: entry.clone(), progress: Progress::Unsaved });
        entry
    }

    pub(crate) fn saved(&mut self, client_id: ClientId) {
        if let Some(waiting) = self.find_mut(client_id)
            && waiting.progress == Progress::Unsaved
        {
            waiting.progress = Progress::Queued;
        }
    }

    /// What is to be sent now: the first of each line that is neither held up nor has one on its way.
    pub(crate) fn sendable(&self, now: Instant) -> Vec<(u64, Command)> {
        if !self.complete {
            return Vec::new();
        }
        let mut taken: LiteMap<Line, ()> = LiteMap::new_vec();
        let mut sendable = Vec::new();
        for (number, Waiting { entry, progress }) in &self.entries {
            let line = entry.command.room();
            match progress {
                Progress::Refused | Progress::Stored { .. } => {}
                Progress::Unsaved | Progress::Sent(_) => {
                    taken.insert(line, ());
                }
                Progress::Queued => {
                    let held = self.holds.get(&line).is_some_and(|hold| hold.until > now);
                    if taken.insert(line, ()).is_none() && !held {
                        sendable.push((*number, entry.command.clone()));
                    }
                }
            }
        }
        sendable
    }

    /// When the next line may go on.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let waits = |line: &Line| {
            self.iter().any(|waiting| waiting.progress == Progress::Queued && waiting.entry.command.room() == *line)
        };
        self.holds.iter().filter(|(line, hold)| hold.until > now && waits(line)).map(|(_, hold)| hold.until).min()
    }

    pub(crate) fn sent(&mut self, number: u64, command: CommandId) {
        if let Some(waiting) = self.entries.get_mut(&number) {
            waiting.progress = Progress::Sent(command);
        }
    }

    /// The entry that this answer is for.
    pub(crate) fn answered(&self, command: CommandId) -> Option<&OutboxEntry> {
        self.iter().find(|waiting| waiting.progress == Progress::Sent(command)).map(|waiting| &waiting.entry)
    }

    /// The server has it; it is shown until `seq` is folded.
    pub(crate) fn stored(&mut self, client_id: ClientId, stream: StreamId, epoch: Epoch, seq: Seq) {
        if let Some(waiting) = self.find_mut(client_id) {
            let line = waiting.entry.command.room();
            waiting.progress = Progress::Stored { stream, epoch, seq };
            self.holds.remove(&line);
        }
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, client_id: ClientId) -> Option<OutboxEntry> {
        let number = self.find(client_id)?.entry.number;
        let entry = self.entries.remove(&number)?.entry;
        self.holds.remove(&entry.command.room());
        Some(entry)
    }

    /// The server will not do it; its line goes on. Returns the entry to be saved.
    pub(crate) fn refused(&mut self, client_id: ClientId, error: ErrorBody) -> Option<OutboxEntry> {
        let waiting = self.find_mut(client_id)?;
        waiting.progress = Progress::Refused;
        waiting.entry.refused = Some(ErrorBody { id: None, ..error });
        let entry = waiting.entry.clone();
        self.holds.remove(&entry.command.room());
        Some(entry)
    }

    /// The server could not do it now: the whole line waits.
    pub(crate) fn postponed(
        &mut self,
        client_id: ClientId,
        error: &ErrorBody,
        now: Instant,
        rng: &mut fastrand::Rng,
    ) -> Option<&OutboxEntry> {
        let number = self.find(client_id)?.entry.number;
        let waiting = self.entries.get_mut(&number)?;
        waiting.progress = Progress::Queued;
        let hold = self.holds.entry(waiting.entry.command.room()).or_default();
        hold.failures += 1;
        hold.until = now + backoff::after(Some(error), hold.failures, rng);
        Some(&waiting.entry)
    }

    /// A refused entry goes to the end of its line. Returns it to be saved.
    pub(crate) fn retry(&mut self, client_id: ClientId) -> Option<OutboxEntry> {
        let waiting = self.find(client_id).filter(|waiting| waiting.progress == Progress::Refused)?;
        let command = waiting.entry.command.clone();
        self.remove(client_id);
        Some(self.push(command))
    }

    /// The connection is gone, and with it the answers: what was on its way has to be sent again.
    pub(crate) fn disconnected(&mut self) {
        for waiting in self.entries.iter_mut().map(|(_, waiting)| waiting) {
            if let Progress::Sent(_) = waiting.progress {
                waiting.progress = Progress::Queued;
            }
        }
    }

    /// Drops what is stored and shown by now, as `is_shown` says; returns the rooms of what was dropped.
    pub(crate) fn settle(&mut self, is_shown: impl Fn(StreamId, Epoch, Seq) -> bool) -> Vec<RoomId> {
        let mut rooms = Vec::new();
        self.entries.retain(|_, waiting| match waiting.progress {
            Progress::Stored { stream, epoch, seq } if is_shown(stream, epoch, seq) => {
                rooms.extend(waiting.entry.command.room());
                false
            }
            Progress::Stored { .. } | Progress::Unsaved | Progress::Queued | Progress::Sent(_) | Progress::Refused => {
                true
            }
        });
        rooms
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) -> Vec<OutboxEntry> {
        self.holds.clear();
        let entries = std::mem::take(&mut self.entries);
        entries.into_iter().map(|(_, waiting)| waiting.entry).collect()
    }
}

/// What someone is told who has too much waiting.
pub(crate) fn full() -> ErrorBody {
    ErrorBody {
        message: "Too many messages are waiting to be sent already. Wait until some are sent, or delete some.".into(),
        ..ErrorBody::new(ErrorCode::Busy)
    }
}
