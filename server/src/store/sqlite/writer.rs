//! A batch of the writer as one transaction of SQLite.
//!
//! Within it every command has a savepoint of its own: one that is refused leaves the others alone.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt as _;
use protocol::{Done, Record, messages::PostMessage};
use sqlx::SqliteConnection;

use super::{cursors, erase::task::Erasing, execute::execute, posts, write::Lane};
use crate::{
    failpoint::{self, Point},
    sabotage::Without,
    store::{
        ExecuteError, StoreError,
        underway::Carried,
        writer::{CommandJob, Cursors, Job, Stored, Turn},
    },
};

#[cfg(test)]
mod tests;

/// The one way to write, for batches.
pub(super) struct Batches {
    pub(super) lane: Lane,
    pub(super) erasing: Erasing,
    pub(super) without: Without,
}

impl Turn for Batches {
    async fn store(&self, jobs: &[Job], carried: Carried) -> Result<Stored, StoreError> {
        self.lane.health.note(caught(store_batch(self, jobs, carried)).await)
    }
}

/// What is lost by a panic is a batch, and not the one who writes them. What it began is taken back.
async fn caught<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    // Whatever it was in the middle of is dropped with it.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a fault of the server ended what was being written");
        Err(StoreError::Internal(Arc::from(Box::from("a panic while writing"))))
    })
}

async fn store_batch(batches: &Batches, jobs: &[Job], carried: Carried) -> Result<Stored, StoreError> {
    let Batches { lane, erasing, without } = batches;
    let is_run = |job| posts::plain(job).filter(|_| !without.has(Without::LOOK_UP));
    let mut write = lane.begin().await?;
    let (mut answers, mut records, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let commands: Vec<_> = jobs.iter().filter_map(Job::command).collect();
    let mut rest = commands.as_slice();
    while !rest.is_empty() {
        let run: Vec<_> = rest.iter().map_while(|job| Some((*job, is_run(job)?))).collect();
        let (these, others) = rest.split_at(run.len().max(1));
        if let Some(carried) = together(&mut write, &run, &mut records).await? {
            answers.extend(carried);
        } else {
            for job in these {
                answers.push(one(&mut write, job, *without, &mut records).await?);
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
            carried.telling()
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
    without: Without,
    records: &mut Vec<Arc<Record>>,
) -> Result<Result<Done, ExecuteError>, StoreError> {
    begin_apart(connection).await?;
    let outcome = execute(&mut *connection, job, without).await;
    let outcome = end_apart(connection, outcome).await?;
    Ok(outcome.map(|(done, appended)| {
        records.extend(appended);
        done
    }))
}

/// Moves the cursors of a batch in a savepoint, as with [`one`].
async fn moved(connection: &mut SqliteConnection, jobs: &[Job]) -> Result<Result<Cursors, StoreError>, StoreError> {
    let asked: Vec<_> = jobs.iter().filter_map(Job::cursor).collect();
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
