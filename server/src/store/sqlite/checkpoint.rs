//! Copies the log back into the database, beside those who write, and keeps it bounded.
//!
//! By itself SQLite lets whoever commits do that, every thousand pages, with two syncs, while everybody else waits. Here a
//! task does it on a connection of its own. It takes the turn only where the log must start again from its beginning,
//! which it does not while somebody always writes. Where somebody who reads holds the log open, it grows to a limit;
//! then writing is refused, which says so, until they let go.
//!
//! The task also tries whether a disk that refused something takes it by now, so that health recovers by itself.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::write::Lane;
use crate::store::StoreError;

#[cfg(test)]
mod tests;

/// How far the log may grow, in pages of 4 KiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogLimits {
    /// As many as are copied at once: what SQLite does by itself.
    pub(super) copy: i64,
    /// From here on it is made to start again: 64 MiB.
    pub(super) restart: i64,
    /// From here on nothing is written: 256 MiB. What is written until the next look comes on top.
    pub(super) max: i64,
    /// How often a disk that refused something is tried again.
    pub(super) probe_interval: Duration,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self { copy: 1_000, restart: 16_384, max: 65_536, probe_interval: Duration::from_secs(5) }
    }
}

/// The log is looked at once in this time at most. What is written in between is some hundred commits.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// How soon it is looked again whether who holds the log open has let go.
const HELD_INTERVAL: Duration = Duration::from_millis(250);

/// How long everybody waits with the turn taken for those who still read from the log.
const READERS_WAIT: Duration = Duration::from_millis(250);

/// What an operator is told of a log that is held open is told again after this time.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

/// Runs until `closing` is cancelled, and closes its connection then.
pub(super) fn spawn(
    lane: Lane,
    options: SqliteConnectOptions,
    limits: LogLimits,
    closing: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let options = options.busy_timeout(READERS_WAIT);
        let mut keeper = Keeper { lane, options, limits, connection: None, warned: None, is_failing: false };
        loop {
            let next = keeper.look().await;
            let (pause, is_calm) = match next {
                Next::Change => (LOOK_INTERVAL, true),
                Next::Again(after) => (after, false),
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = closing.cancelled() => break,
            }
            if is_calm {
                tokio::select! {
                    () = keeper.lane.health.changed() => {}
                    () = closing.cancelled() => break,
                }
            }
        }
        keeper.disconnect().await;
    })
}

/// When to look again.
enum Next {
    /// After something has changed.
    Change,
    /// After this time.
    Again(Duration),
}

struct Keeper {
    lane: Lane,
    options: SqliteConnectOptions,
    limits: LogLimits,
    connection: Option<SqliteConnection>,
    /// When it was last said that the log is held open.
    warned: Option<Instant>,
    /// Whether the disk had refused something already when it was last looked.
    is_failing: bool,
}

impl Keeper {
    async fn look(&mut self) -> Next {
        if self.lane.health.is_broken() {
            // What would be copied may not be what was written.
            return Next::Change;
        }
        let kept = self.keep().await;
        let is_held = match self.lane.health.note(kept) {
            Ok(is_held) => is_held,
            Err(error) => {
                tracing::warn!(?error, "the log could not be copied into the database; trying again");
                self.disconnect().await;
                return Next::Again(self.limits.probe_interval);
            }
        };
        // Not at once: what was just refused would be again.
        if std::mem::replace(&mut self.is_failing, self.lane.health.is_failing()) && self.is_failing {
            self.probe().await;
            self.is_failing = self.lane.health.is_failing();
        }
        if self.is_failing {
            return Next::Again(self.limits.probe_interval);
        }
        if is_held { Next::Again(HELD_INTERVAL) } else { Next::Change }
    }

    /// Copies what is to be copied. Returns whether the log has to start again and cannot.
    async fn keep(&mut self) -> Result<bool, StoreError> {
        let LogLimits { copy, restart, max, .. } = self.limits;
        let mut log = self.ask("PRAGMA wal_checkpoint(NOOP)").await?;
        if log.pages - log.copied >= copy || log.pages >= restart {
            log = self.ask("PRAGMA wal_checkpoint(PASSIVE)").await?;
            if log.pages < 0 {
                // Another process does it just now, and nothing else was found out.
                return Ok(true);
            }
        }
        // Where more is left, somebody reads what was there before it: then waiting for them is in vain.
        if log.pages >= restart && log.pages - log.copied <= 4 * copy {
            let turn = self.lane.pause().await?;
            log = self.ask("PRAGMA wal_checkpoint(RESTART)").await?;
            drop(turn);
            if !log.is_busy {
                // The next one who writes begins at its beginning.
                log = Log::default();
            }
        }
        self.hold(log.pages >= max);
        Ok(log.pages >= restart)
    }

    fn hold(&mut self, is_full: bool) {
        self.lane.health.hold(is_full);
        if is_full && self.warned.is_none_or(|at| at.elapsed() >= WARN_INTERVAL) {
            tracing::error!("somebody who reads holds the log open: nothing is written until they let go");
            self.warned = Some(Instant::now());
        }
    }

    /// Writes a row as it is.
    async fn probe(&self) {
        let tried = async {
            let mut write = self.lane.begin().await?;
            sqlx::query("UPDATE server SET rooms = rooms").execute(&mut *write).await?;
            write.commit().await
        };
        if self.lane.health.note(tried.await).is_ok() {
            self.lane.health.recovered();
        }
    }

    async fn ask(&mut self, pragma: &'static str) -> Result<Log, StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        let row = sqlx::query(pragma).fetch_one(connection).await?;
        Ok(Log { is_busy: row.try_get::<i64, _>(0)? != 0, pages: row.try_get(1)?, copied: row.try_get(2)? })
    }

    async fn disconnect(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.lane.health.is_broken() {
            std::mem::forget(connection);
        } else if let Err(error) = connection.close().await {
            tracing::warn!(%error, "a connection to the database could not be closed");
        }
    }
}

/// What SQLite says of the log.
#[derive(Clone, Copy, Debug, Default)]
struct Log {
    /// Somebody was in the way.
    is_busy: bool,
    /// How long it is.
    pages: i64,
    /// As many of them are in the database.
    copied: i64,
}
