//! Group commit: commands wait in a bounded queue, and what is waiting is committed at once.
//!
//! While one batch is being synced the next one gathers; nothing waits for a timer. Within a batch every command
//! has a savepoint of its own: one that is refused leaves the others alone.

use std::sync::Arc;

use protocol::{Command, Done, Record, UnixMs, markup::Node};
use sqlx::SqliteConnection;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{erase::task::Erasing, execute::execute, write::Lane};
use crate::{
    failpoint::{self, Point},
    store::{Actor, ExecuteError, StoreError},
};

/// Commands that may wait; the next one is answered `busy`.
const QUEUE_COMMANDS_MAX: usize = 1_024;

/// Commands committed at once: bounds how long the first of a batch waits for the last.
const BATCH_COMMANDS_MAX: usize = 256;

/// A command that waits for its turn.
pub(super) struct Job {
    pub(super) actor: Actor,
    pub(super) command: Command,
    /// What the text that it writes looks like: read before it waits, so that nobody waits for that.
    pub(super) markup: Vec<Node>,
    /// Rooms that the actor may ever make.
    pub(super) rooms_per_user: u32,
    pub(super) now: UnixMs,
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
                    let _ = job.reply.send(Err(ExecuteError::Store(StoreError::Busy)));
                }
            }
        }
    });
    (entrance, task)
}

/// Carries out what is in a batch and answers everybody who asked. The error is one of the batch as a whole.
async fn commit_batch(lane: &Lane, erasing: &Erasing, jobs: Vec<Job>) -> Result<(), StoreError> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    let result = lane.health.note(store_batch(lane, erasing, &jobs, &mut outcomes).await);
    for (index, job) in jobs.into_iter().enumerate() {
        let answer = match (&result, outcomes.get_mut(index).and_then(Option::take)) {
            (Ok(()), Some(outcome)) => outcome,
            (Err(error), _) => Err(ExecuteError::Store(error.clone())),
            (Ok(()), None) => Err(ExecuteError::Store(StoreError::Busy)),
        };
        // Who asked may be gone; the log has it all the same.
        let _ = job.reply.send(answer);
    }
    result
}

type Outcome = Option<Result<Done, ExecuteError>>;

async fn store_batch(
    lane: &Lane,
    erasing: &Erasing,
    jobs: &[Job],
    outcomes: &mut Vec<Outcome>,
) -> Result<(), StoreError> {
    let mut write = lane.begin().await?;
    let (mut records, mut texts) = (Vec::new(), Vec::new());
    for job in jobs {
        outcomes.push(Some(one(&mut write, job, &mut records).await?));
        if cfg!(feature = "failpoints") {
            texts.push(protocol::encode(&job.command));
        }
    }
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
    Ok(())
}

/// Carries one command out in a savepoint. The outer error is one after which the whole batch is given up.
async fn one(
    connection: &mut SqliteConnection,
    job: &Job,
    records: &mut Vec<Arc<Record>>,
) -> Result<Result<Done, ExecuteError>, StoreError> {
    sqlx::query("SAVEPOINT command").execute(&mut *connection).await?;
    let outcome = execute(&mut *connection, job).await;
    let outcome = match outcome {
        Ok((done, appended)) => {
            records.extend(appended);
            Ok(done)
        }
        // A fault in what this one command is about is nothing to the others.
        Err(error @ (ExecuteError::Refused(_) | ExecuteError::Store(StoreError::Internal(_)))) => {
            if let Err(gone) = sqlx::query("ROLLBACK TO command").execute(&mut *connection).await {
                // It took the transaction with it, and says why, where this would only say that it is gone.
                return Err(match error {
                    ExecuteError::Store(error) => error,
                    ExecuteError::Refused(_) => gone.into(),
                });
            }
            Err(error)
        }
        Err(ExecuteError::Store(error)) => return Err(error),
    };
    sqlx::query("RELEASE command").execute(&mut *connection).await?;
    Ok(outcome)
}

fn hit(point: Point, texts: &[String]) {
    for text in texts {
        failpoint::hit(point, || text.clone());
    }
}
