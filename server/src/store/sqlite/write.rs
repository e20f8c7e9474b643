//! A turn at writing: at most one at a time, and followers are told before the next one begins.
//!
//! The turn *is* the connection. There is no `sqlx::Transaction` in writing: after an error at which SQLite has rolled
//! back by itself, as at a full disk, it goes on counting a transaction that is not there, and refuses every later one.
//! Here a connection whose state is not known is closed, and the next turn opens another.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use protocol::Record;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, timeout, timeout_at},
};

use super::health::Health;
use crate::store::{Sink, StoreError};

#[cfg(test)]
mod tests;

/// How long SQLite itself waits for another process before it is asked again: a caller who has gone holds the turn no
/// longer than this.
const BUSY_STEP: Duration = Duration::from_millis(250);

/// The one way to write.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) health: Health,
    options: Arc<dyn Fn() -> SqliteConnectOptions + Send + Sync>,
    pub(super) busy_timeout: Duration,
    turn: Arc<Mutex<Turn>>,
}

/// What whoever writes has in hand.
#[derive(Debug)]
enum Turn {
    /// Nothing was begun on it.
    Ready(SqliteConnection),
    /// The next turn opens a connection.
    Empty,
    /// The store is closed.
    Closed,
}

impl Lane {
    /// `options` are asked each time that a connection is opened.
    pub(super) fn new(
        options: impl Fn() -> SqliteConnectOptions + Send + Sync + 'static,
        busy_timeout: Duration,
        sink: Arc<dyn Sink>,
    ) -> Self {
        let (options, turn) = (Arc::new(options), Arc::new(Mutex::new(Turn::Empty)));
        Self { sink, health: Health::default(), options, busy_timeout, turn }
    }

    /// Starts a change. All changes start here. Nobody waits for longer than the busy timeout and a [`BUSY_STEP`].
    pub(super) async fn begin(&self) -> Result<Write, StoreError> {
        let deadline = Instant::now() + self.busy_timeout;
        self.health.check()?;
        let turn = timeout_at(deadline, Arc::clone(&self.turn).lock_owned()).await.map_err(|_| StoreError::Busy)?;
        // It may have broken while this waited.
        self.health.check()?;
        let held = Held::take(turn, &self.options, deadline).await;
        let held = self.health.note(held.map_err(of_everybody))?;
        // From here on it is undone where the caller goes away.
        let mut write = Write { held: Some(held), sink: Arc::clone(&self.sink), health: self.health.clone() };
        loop {
            // IMMEDIATE takes the lock now: a transaction that reads first and writes later could fail half-way
            // when another process has written in between.
            let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut *write).await.map_err(StoreError::from);
            match self.health.note(begun.map_err(of_everybody)) {
                Ok(_) => return Ok(write),
                Err(StoreError::Busy) if Instant::now() < deadline => {}
                Err(StoreError::Busy) => {
                    // Nothing was begun.
                    write.held.take().expect(HELD).give_back();
                    return Err(StoreError::Busy);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A turn at which nothing is written, by nobody.
    pub(super) async fn pause(&self) -> Result<impl Drop + Send + use<>, StoreError> {
        timeout(self.busy_timeout, Arc::clone(&self.turn).lock_owned()).await.map_err(|_| StoreError::Busy)
    }

    /// Closes the connection, so that the next turn opens one.
    #[cfg(test)]
    pub(super) async fn reconnect(&self) {
        let mut turn = self.turn.lock().await;
        if let Turn::Ready(connection) = std::mem::replace(&mut *turn, Turn::Empty) {
            close(connection, &self.health).await;
        }
    }

    /// Ends writing: waits for the turn, and closes its connection. Nothing can be begun afterwards.
    pub(super) async fn close(&self) {
        let Ok(mut turn) = timeout(2 * self.busy_timeout, self.turn.lock()).await else {
            tracing::error!("somebody is still writing; the database is left open");
            return;
        };
        if let Turn::Ready(connection) = std::mem::replace(&mut *turn, Turn::Closed) {
            close(connection, &self.health).await;
        }
    }
}

/// What fails before anything was asked for fails for everybody, whatever it is: the file is none of ours, or damaged.
fn of_everybody(error: StoreError) -> StoreError {
    match error {
        StoreError::Internal(source) => StoreError::Unavailable(source),
        StoreError::Busy | StoreError::Full(_) | StoreError::Unavailable(_) | StoreError::SyncFailed(_) => error,
    }
}

/// A write transaction. Dropped without a commit, nothing happened.
pub(super) struct Write {
    /// There until it is over.
    held: Option<Held>,
    sink: Arc<dyn Sink>,
    health: Health,
}

impl Write {
    /// Makes a change durable that appended nothing.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.commit_and_tell(Vec::new(), || {}).await
    }

    /// Makes the change durable, then tells the sink what was appended. `committed` runs in between; what it gives is
    /// dropped when that is done.
    ///
    /// It goes to its end also where the caller goes away: what is stored is told.
    pub(super) async fn commit_and_tell<T: 'static>(
        mut self,
        records: Vec<Arc<Record>>,
        committed: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(), StoreError> {
        let held = self.held.take().expect(HELD);
        let (sink, health) = (Arc::clone(&self.sink), self.health.clone());
        let end = tokio::spawn(held.commit(sink, health, records, committed));
        end.await.unwrap_or_else(|error| Err(StoreError::internal(error)))
    }
}

/// Only what ends a write takes its connection away, and consumes it.
const HELD: &str = "a write that is not over has its connection";

impl Deref for Write {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.held.as_ref().expect(HELD).connection
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.held.as_mut().expect(HELD).connection
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        // Without a runtime the program ends, and the connection closes, which rolls back as well.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(held.undo(self.health.clone()));
        }
    }
}

/// The turn and its connection. Dropped, the connection is closed and the turn goes on without one.
struct Held {
    connection: SqliteConnection,
    /// Given back after the sink was told, so that it is told in the order of the commits.
    turn: OwnedMutexGuard<Turn>,
}

impl Held {
    /// Takes the connection out of the turn, or opens one.
    async fn take(
        mut turn: OwnedMutexGuard<Turn>,
        options: &Arc<dyn Fn() -> SqliteConnectOptions + Send + Sync>,
        deadline: Instant,
    ) -> Result<Self, StoreError> {
        match std::mem::replace(&mut *turn, Turn::Empty) {
            Turn::Ready(connection) => return Ok(Self { connection, turn }),
            Turn::Empty => {}
            Turn::Closed => {
                *turn = Turn::Closed;
                return Err(StoreError::Busy);
            }
        }
        let options = options().busy_timeout(BUSY_STEP);
        loop {
            match options.connect().await.map_err(StoreError::from) {
                Err(StoreError::Busy) if Instant::now() < deadline => {}
                Ok(connection) => return Ok(Self { connection, turn }),
                Err(error) => return Err(error),
            }
        }
    }

    async fn commit<T>(
        mut self,
        sink: Arc<dyn Sink>,
        health: Health,
        records: Vec<Arc<Record>>,
        committed: impl FnOnce() -> T,
    ) -> Result<(), StoreError> {
        let outcome = sqlx::query("COMMIT").execute(&mut self.connection).await.map_err(StoreError::from);
        if let Err(error) = health.note(outcome.map(|_| ())) {
            self.close(&health).await;
            return Err(error);
        }
        health.wrote();
        let telling = committed();
        if !records.is_empty() {
            // Something was written: a commit of nothing succeeds on a full disk too.
            health.recovered();
            sink.committed(&records);
        }
        drop(telling);
        self.give_back();
        Ok(())
    }

    /// Takes back what was begun: also after a statement that was left half-way, which comes before this.
    async fn undo(mut self, health: Health) {
        match sqlx::query("ROLLBACK").execute(&mut self.connection).await {
            Ok(_) => self.give_back(),
            // SQLite has done so itself, or it is not known what it did.
            Err(_) => self.close(&health).await,
        }
    }

    fn give_back(self) {
        let Self { connection, mut turn } = self;
        *turn = Turn::Ready(connection);
    }

    /// Closes the file, which rolls back. The turn is kept until that has happened.
    async fn close(self, health: &Health) {
        let Self { connection, turn } = self;
        close(connection, health).await;
        drop(turn);
    }
}

async fn close(connection: SqliteConnection, health: &Health) {
    if health.is_broken() {
        // The last one to close copies the log into the database and deletes it. What it would read now may not be what
        // was written; the next start looks at every checksum instead. So this one stays open.
        std::mem::forget(connection);
        return;
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "a connection to the database could not be closed");
    }
}
