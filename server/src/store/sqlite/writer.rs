//! Group commit: commands wait in a bounded queue, and what is waiting is committed at once.
//!
//! While one batch is being synced the next one gathers; nothing waits for a timer. Within a batch every command
//! has a savepoint of its own: one that is refused leaves the others alone.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt as _;
use protocol::{Command, Done, Record, UnixMs, markup::Node, messages::PostMessage};
use sqlx::SqliteConnection;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    cursors::{self, CursorJob, Cursors},
    erase::task::Erasing,
    execute::execute,
    posts,
    write::Lane,
};
use crate::{
    failpoint::{self, Point},
    sabotage::Without,
    store::{Actor, ExecuteError, StoreError},
};

#[cfg(test)]
mod tests;

/// Commands that may wait; the next one is answered `busy`.
const QUEUE_COMMANDS_MAX: usize = 1_024;

/// As many of them find a place where read cursors find none any more: a quarter.
pub(super) const COMMANDS_RESERVED: usize = QUEUE_COMMANDS_MAX / 4;

/// Commands committed at once: bounds how long the first of a batch waits for the last.
const BATCH_COMMANDS_MAX: usize = 256;

/// What waits for its turn.
pub(super) enum Job {
    Command(Box<CommandJob>),
    Cursor(CursorJob),
}

impl Job {
    /// Answers whoever asked with what is the matter with the batch.
    fn refuse(self, error: StoreError) {
        match self {
            Self::Command(job) => drop(job.reply.send(Err(ExecuteError::Store(error)))),
            Self::Cursor(job) => drop(job.reply.send(Err(error))),
        }
    }
}

/// A command that waits for its turn.
pub(super) struct CommandJob {
    pub(super) actor: Actor,
    pub(super) command: Command,
    /// What the text that it writes looks like: read before it waits, so that nobody waits for that.
    pub(super) markup: Vec<Node>,
    /// Rooms that the actor may ever make.
    pub(super) rooms_per_user: u32,
    pub(super) now: UnixMs,
    pub(super) without: Without,
    pub(super) reply: oneshot::Sender<Result<Done, ExecuteError>>,
}

/// The queue's entrance and the task behind it, which ends when `closing` is cancelled and what waited is done.
pub(super) fn spawn(lane: Lane, erasing: Erasing, closing: CancellationToken) -> (mpsc::Sender<Job>, JoinHandle<()>) {
    let (entrance, mut queue) = mpsc::channel(QUEUE_COMMANDS_MAX);
    let task = tokio::spawn(async move {
        let mut batch = Vec::with_capacity(BATCH_COMMANDS_MAX);
        loop {
            let taken = tokio::select! {
                taken = queue.recv_many(&mut batch, BATCH_COMMANDS_MAX) => taken,
                () = closing.cancelled(), if !queue.is_closed() => {
                    queue.close();
                    continue;
                }
            };
            if taken == 0 {
                return;
            }
            let jobs = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_COMMANDS_MAX));
            if let Err(StoreError::Busy) = commit_batch(&lane, &erasing, jobs).await {
                // Who waits has waited as long as the batch has: nobody waits for several that fail.
                for _ in 0..QUEUE_COMMANDS_MAX {
                    let Ok(job) = queue.try_recv() else { break };
                    job.refuse(StoreError::Busy);
                }
            }
        }
    });
    (entrance, task)
}

/// Carries out what is in a batch and answers everybody who asked. The error is one of the batch as a whole.
async fn commit_batch(lane: &Lane, erasing: &Erasing, jobs: Vec<Job>) -> Result<(), StoreError> {
    let stored = lane.health.note(caught(store_batch(lane, erasing, &jobs)).await);
    let Stored { answers, cursors } = match stored {
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

/// What is lost by a panic is a batch, and not the one who writes them. What it began is taken back.
async fn caught<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    // Whatever it was in the middle of is dropped with it.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a fault of the server ended what was being written");
        Err(StoreError::Internal(Arc::from(Box::from("a panic while writing"))))
    })
}

/// What a batch that is on disk came to.
struct Stored {
    /// Of the commands, in order.
    answers: Vec<Result<Done, ExecuteError>>,
    cursors: Result<Cursors, StoreError>,
}

async fn store_batch(lane: &Lane, erasing: &Erasing, jobs: &[Job]) -> Result<Stored, StoreError> {
    let mut write = lane.begin().await?;
    let (mut answers, mut records, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let commands = jobs.iter().filter_map(|job| if let Job::Command(job) = job { Some(&**job) } else { None });
    let commands: Vec<_> = commands.collect();
    let mut rest = commands.as_slice();
    while !rest.is_empty() {
        let run: Vec<_> = rest.iter().map_while(|job| Some((*job, posts::plain(job)?))).collect();
        let (these, others) = rest.split_at(run.len().max(1));
        if let Some(carried) = together(&mut write, &run, &mut records).await? {
            answers.extend(carried);
        } else {
            for job in these {
                answers.push(one(&mut write, job, &mut records).await?);
            }
        }
        rest = others;
    }
    if cfg!(feature = "failpoints") {
        texts.extend(commands.iter().map(|job| protocol::encode(&job.command)));
    }
    // After the commands: a cursor may be at what they append.
    let cursors = moved(&mut write, jobs).await?;
    hit(Point::BeforeCommit, &texts);
    let (texts, erasing, deletes) = (Arc::new(texts), erasing.clone(), Erasing::concerns(&records));
    let committed = {
        let texts = Arc::clone(&texts);
        move || {
            hit(Point::AfterCommit, &texts);
            if deletes {
                erasing.wake();
            }
        }
    };
    write.commit_and_tell(records, committed).await?;
    hit(Point::AfterBroadcast, &texts);
    Ok(Stored { answers, cursors })
}

/// Carries a run of plain posts out together, in a savepoint. `None` where they are to be carried out one by one.
async fn together(
    connection: &mut SqliteConnection,
    run: &[(&CommandJob, &PostMessage)],
    records: &mut Vec<Arc<Record>>,
) -> Result<Option<Vec<Result<Done, ExecuteError>>>, StoreError> {
    if run.len() < 2 {
        return Ok(None);
    }
    begin_apart(connection).await?;
    let outcome = posts::run(connection, run).await;
    match end_apart(connection, outcome).await? {
        Ok((answers, appended)) => {
            records.extend(appended);
            Ok(Some(answers))
        }
        Err(error) => {
            // Whose fault it is comes out when each goes by itself.
            tracing::warn!(?error, "posts are carried out one by one");
            Ok(None)
        }
    }
}

/// Carries one command out in a savepoint. The outer error is one after which the whole batch is given up.
async fn one(
    connection: &mut SqliteConnection,
    job: &CommandJob,
    records: &mut Vec<Arc<Record>>,
) -> Result<Result<Done, ExecuteError>, StoreError> {
    begin_apart(connection).await?;
    let outcome = execute(&mut *connection, job).await;
    let outcome = end_apart(connection, outcome).await?;
    Ok(outcome.map(|(done, appended)| {
        records.extend(appended);
        done
    }))
}

/// Moves the cursors of a batch in a savepoint, as with [`one`].
async fn moved(connection: &mut SqliteConnection, jobs: &[Job]) -> Result<Result<Cursors, StoreError>, StoreError> {
    let asked = jobs.iter().filter_map(|job| if let Job::Cursor(job) = job { Some(job) } else { None });
    let asked: Vec<_> = asked.collect();
    if asked.is_empty() {
        return Ok(Ok(Cursors::new()));
    }
    begin_apart(connection).await?;
    let outcome = cursors::move_all(connection, &asked).await;
    end_apart(connection, outcome).await
}

async fn begin_apart(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("SAVEPOINT apart").execute(connection).await?;
    Ok(())
}

/// Ends a savepoint: of what is refused or fails by itself nothing holds, and the others of the batch do not notice.
async fn end_apart<T, E: Apart>(
    connection: &mut SqliteConnection,
    outcome: Result<T, E>,
) -> Result<Result<T, E>, StoreError> {
    let outcome = match outcome.map_err(E::own) {
        Ok(done) => Ok(done),
        Err(Ok(own)) => {
            if let Err(gone) = sqlx::query("ROLLBACK TO apart").execute(&mut *connection).await {
                // It took the transaction with it, and says why, where this only says that it is gone.
                return Err(own.cause().unwrap_or_else(|| gone.into()));
            }
            Err(own)
        }
        Err(Err(error)) => return Err(error),
    };
    sqlx::query("RELEASE apart").execute(connection).await?;
    Ok(outcome)
}

/// An error that may be one's own, or one of the whole batch.
trait Apart: Sized {
    /// Itself where it is nothing to the others.
    fn own(self) -> Result<Self, StoreError>;
    /// What failed, if something did.
    fn cause(self) -> Option<StoreError>;
}

impl Apart for StoreError {
    fn own(self) -> Result<Self, StoreError> {
        match self {
            Self::Internal(_) => Ok(self),
            Self::Busy | Self::Full(_) | Self::Unavailable(_) | Self::SyncFailed(_) => Err(self),
        }
    }

    fn cause(self) -> Option<StoreError> {
        Some(self)
    }
}

impl Apart for ExecuteError {
    fn own(self) -> Result<Self, StoreError> {
        match self {
            Self::Refused(_) => Ok(self),
            Self::Store(error) => error.own().map(Self::Store),
        }
    }

    fn cause(self) -> Option<StoreError> {
        match self {
            Self::Refused(_) => None,
            Self::Store(error) => Some(error),
        }
    }
}

fn hit(point: Point, texts: &[String]) {
    for text in texts {
        failpoint::hit(point, || text.clone());
    }
}
