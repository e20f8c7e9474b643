//! Group commit: commands wait in a bounded queue, and what is waiting is committed at once.
//!
//! While one batch is being synced the next one gathers; nothing waits for a timer. What a batch comes to is the store's
//! business ([`Turn`]); who waits, for how long, and who is answered what is the same in every store.

use std::collections::BTreeMap;

use protocol::{
    Command, Done, ReadCursor, RoomId, UnixMs, UserId,
    markup::{self, Node},
    messages::{EditMessage, PostMessage},
};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};
use tokio_util::sync::CancellationToken;

use super::{
    Actor, ExecuteError, StoreError,
    underway::{Carried, Underway},
};

/// Commands that may wait; the next one is answered `busy`.
pub(crate) const QUEUE_COMMANDS_MAX: usize = 1_024;

/// As many of them find a place where read cursors find none any more: a quarter.
pub(crate) const COMMANDS_RESERVED: usize = QUEUE_COMMANDS_MAX / 4;

/// Commands committed at once: bounds how long the first of a batch waits for the last.
pub(crate) const BATCH_COMMANDS_MAX: usize = 256;

/// Carries batches out, one after the other.
pub trait Turn: Send + Sync + 'static {
    /// Carries a batch out as one transaction. Where it comes back well, that is on disk, and the `Sink` was told of it;
    /// a command that is refused leaves the others alone. The `Sink` is told within [`Carried::telling`].
    ///
    /// # Errors
    /// The batch as a whole: it may or may not be on disk, and nobody was told of it.
    fn store(&self, jobs: &[Job], carried: Carried) -> impl Future<Output = Result<Stored, StoreError>> + Send;
}

/// What waits for its turn.
pub enum Job {
    /// A command.
    Command(Box<CommandJob>),
    /// A read cursor.
    Cursor(CursorJob),
}

/// A command that waits for its turn.
pub struct CommandJob {
    /// Who wants it.
    pub actor: Actor,
    /// What.
    pub command: Command,
    /// What the text that it writes looks like: read before it waits, so that nobody waits for that.
    pub markup: Vec<Node>,
    /// Rooms that the actor may ever make.
    pub rooms_per_user: u32,
    /// When it came.
    pub now: UnixMs,
    /// Takes the answer.
    pub reply: oneshot::Sender<Result<Done, ExecuteError>>,
}

/// A read cursor that waits to be moved.
pub struct CursorJob {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub room: RoomId,
    /// Up to where.
    pub cursor: ReadCursor,
    /// Takes the answer.
    pub reply: oneshot::Sender<Result<Option<ReadCursor>, StoreError>>,
}

/// Where cursors are, by user and room.
pub type Cursors = BTreeMap<(UserId, RoomId), ReadCursor>;

/// What a batch that is on disk came to.
pub struct Stored {
    /// Of the commands, in order.
    pub answers: Vec<Result<Done, ExecuteError>>,
    /// Of the cursors: where they are now, without those of who is no member.
    pub cursors: Result<Cursors, StoreError>,
}

impl Job {
    /// The command, if it is one.
    #[must_use]
    pub fn command(&self) -> Option<&CommandJob> {
        match self {
            Self::Command(job) => Some(job),
            Self::Cursor(_) => None,
        }
    }

    /// The cursor, if it is one.
    #[must_use]
    pub fn cursor(&self) -> Option<&CursorJob> {
        match self {
            Self::Command(_) => None,
            Self::Cursor(job) => Some(job),
        }
    }

    /// Answers whoever asked with what is the matter with the batch.
    fn refuse(self, error: StoreError) {
        match self {
            Self::Command(job) => drop(job.reply.send(Err(ExecuteError::Store(error)))),
            Self::Cursor(job) => drop(job.reply.send(Err(error))),
        }
    }
}

/// The queue's entrance.
pub struct Writer {
    queue: mpsc::Sender<Job>,
    rooms_per_user: u32,
    underway: Underway,
}

impl Writer {
    /// The entrance, and what has to run behind it. That ends when `closing` is cancelled and what waited is done.
    /// Commands are counted in `underway` until they are told.
    pub fn new(
        turn: impl Turn,
        underway: Underway,
        rooms_per_user: u32,
        closing: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, jobs) = mpsc::channel(QUEUE_COMMANDS_MAX);
        let entrance = Self { queue, rooms_per_user, underway: underway.clone() };
        (entrance, run(turn, jobs, underway, closing))
    }

    /// Carries a command out.
    ///
    /// # Errors
    /// As [`super::StreamStore::execute`].
    pub async fn execute(&self, actor: &Actor, command: Command, now: UnixMs) -> Result<Done, ExecuteError> {
        let (reply, answer) = oneshot::channel();
        let markup = markup_of(&command);
        let (actor, rooms_per_user) = (actor.clone(), self.rooms_per_user);
        self.queued(Job::Command(Box::new(CommandJob { actor, command, markup, rooms_per_user, now, reply })))?;
        // Without an answer the writer is gone, and with it the command.
        answer.await.unwrap_or(Err(ExecuteError::Store(StoreError::Busy)))
    }

    /// Moves a read cursor.
    ///
    /// # Errors
    /// As [`super::StreamStore::set_read_cursor`].
    pub async fn set_read_cursor(
        &self,
        user: UserId,
        room: RoomId,
        cursor: ReadCursor,
    ) -> Result<Option<ReadCursor>, StoreError> {
        let (reply, answer) = oneshot::channel();
        // They come often, and the next one says the same: they are refused before what somebody wrote is.
        if self.queue.capacity() <= COMMANDS_RESERVED {
            return Err(StoreError::Busy);
        }
        self.queued(Job::Cursor(CursorJob { user, room, cursor, reply }))?;
        answer.await.unwrap_or(Err(StoreError::Busy))
    }

    /// How many more may wait.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.queue.capacity()
    }

    /// Lets it wait, where there is room.
    fn queued(&self, job: Job) -> Result<(), StoreError> {
        // Before it is there: who carries it out counts it down.
        self.underway.begin(&job);
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Closed(job) => {
                self.underway.give_up(&job);
                StoreError::Busy
            }
        })
    }
}

async fn run(turn: impl Turn, mut queue: mpsc::Receiver<Job>, underway: Underway, closing: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH_COMMANDS_MAX);
    loop {
        let taken = tokio::select! {
            // Once it is cancelled, nothing more gets in, and what waits is taken.
            biased;
            () = closing.cancelled(), if !queue.is_closed() => {
                queue.close();
                continue;
            }
            taken = queue.recv_many(&mut batch, BATCH_COMMANDS_MAX) => taken,
        };
        if taken == 0 {
            return;
        }
        let jobs = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_COMMANDS_MAX));
        let carried = underway.carried(&jobs);
        if let Err(StoreError::Busy) = commit(&turn, carried, jobs).await {
            // Who waits has waited as long as the batch has: nobody waits for several that fail.
            for _ in 0..QUEUE_COMMANDS_MAX {
                let Ok(job) = queue.try_recv() else { break };
                underway.give_up(&job);
                job.refuse(StoreError::Busy);
            }
        }
    }
}

/// Carries out what is in a batch and answers everybody who asked. The error is one of the batch as a whole.
async fn commit(turn: &impl Turn, carried: Carried, jobs: Vec<Job>) -> Result<(), StoreError> {
    let Stored { answers, cursors } = match turn.store(&jobs, carried).await {
        Ok(stored) => stored,
        Err(error) => {
            for job in jobs {
                job.refuse(error.clone());
            }
            return Err(error);
        }
    };
    let mut answers = answers.into_iter();
    for job in jobs {
        // Who asked may be gone; the log has it all the same.
        match job {
            Job::Command(job) => {
                let answer = answers.next().unwrap_or(Err(ExecuteError::Store(StoreError::Busy)));
                let _ = job.reply.send(answer);
            }
            Job::Cursor(job) => {
                let moved = cursors.as_ref().map(|cursors| cursors.get(&(job.user, job.room)).copied());
                let _ = job.reply.send(moved.map_err(Clone::clone));
            }
        }
    }
    Ok(())
}

/// The tree of the text that a command writes, if it is one that may be written.
fn markup_of(command: &Command) -> Vec<Node> {
    if let Command::PostMessage(PostMessage { text, .. }) | Command::EditMessage(EditMessage { text, .. }) = command
        && command.check().is_ok()
    {
        return markup::parse(text);
    }
    Vec::new()
}
