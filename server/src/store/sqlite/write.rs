//! A turn at writing: at most one at a time, and followers are told before the next one begins.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use protocol::Record;
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::health::Health;
use crate::store::{Sink, StoreError};

/// The one way to write.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) pool: SqlitePool,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) health: Health,
    turn: Arc<Mutex<()>>,
}

impl Lane {
    pub(super) fn new(pool: SqlitePool, sink: Arc<dyn Sink>) -> Self {
        Self { pool, sink, health: Health::default(), turn: Arc::default() }
    }

    /// Starts a change. All changes start here.
    pub(super) async fn begin(&self) -> Result<Write, StoreError> {
        self.health.check()?;
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // IMMEDIATE takes the lock now: a transaction that reads first and writes later could fail half-way
        // when another process has written in between.
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Write { transaction, sink: Arc::clone(&self.sink), health: self.health.clone(), _turn: turn })
    }
}

/// A write transaction. Dropped without a commit, nothing happened.
pub(super) struct Write {
    transaction: Transaction<'static, Sqlite>,
    sink: Arc<dyn Sink>,
    health: Health,
    /// Given back after the sink was told, so that it is told in the order of the commits.
    _turn: OwnedMutexGuard<()>,
}

impl Write {
    /// Makes a change durable that appended nothing.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.commit_and_tell(&[], || {}).await
    }

    /// Makes the change durable, then tells the sink what was appended. `committed` runs in between.
    pub(super) async fn commit_and_tell(
        self,
        records: &[Arc<Record>],
        committed: impl FnOnce(),
    ) -> Result<(), StoreError> {
        self.health.note(self.transaction.commit().await.map_err(StoreError::from))?;
        committed();
        if !records.is_empty() {
            self.sink.committed(records);
        }
        Ok(())
    }
}

impl Deref for Write {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}
