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

/// Who reads at the log's end makes everybody wait in vain, each time for twice as long after the last, up to this.
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);

/// What is written to try the disk: not less than what a long message takes, which it may just have refused.
const PROBE_BYTES: u32 = 64 * 1024;

/// What an operator is told of a log that is held open is told again after this time.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

/// Asked each time that a connection is opened.
type Options = Box<dyn Fn() -> SqliteConnectOptions + Send + Sync>;

/// Runs until `closing` is cancelled, and closes its connection then.
pub(super) fn spawn(lane: Lane, options: Options, limits: LogLimits, closing: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut keeper = Keeper::new(lane, options, limits);
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
    options: Options,
    limits: LogLimits,
    restarts: Restarts,
    connection: Option<SqliteConnection>,
    /// When it was last said that the log is held open.
    warned: Option<Instant>,
    /// Whether the disk had refused something already when it was last looked.
    is_failing: bool,
}

/// When everybody is made to wait, so that the log can start again.
struct Restarts {
    /// How long the log is that does so already, with whoever writes next: it goes on saying its old length.
    done: Option<i64>,
    /// Where somebody was in the way.
    not_before: Option<Instant>,
    pause: Duration,
}

impl Keeper {
    fn new(lane: Lane, options: Options, limits: LogLimits) -> Self {
        let restarts = Restarts { done: None, not_before: None, pause: HELD_INTERVAL };
        Self { lane, options, limits, restarts, connection: None, warned: None, is_failing: false }
    }

    async fn look(&mut self) -> Next {
        if self.lane.health.is_broken() {
            // What would be copied may not be what was written.
            return Next::Change;
        }
        let kept = self.keep().await;
        let is_held = match self.lane.health.note_copy(kept) {
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
        let found = self.ask("PRAGMA wal_checkpoint(NOOP)").await?;
        let copied = self.copy(found).await;
        // Where it could not be copied it is no shorter.
        let pages = copied.as_ref().map_or(found.pages, |log| log.pages);
        self.lane.health.hold(pages >= self.limits.max);
        let log = copied?;
        self.warn(log.pages >= self.limits.max);
        Ok(log.pages >= self.limits.restart || log.is_busy)
    }

    /// Returns what is left of the log.
    async fn copy(&mut self, found: Log) -> Result<Log, StoreError> {
        let LogLimits { copy, restart, max, .. } = self.limits;
        if self.restarts.done == Some(found.pages) && found.copied == found.pages {
            return Ok(Log::default());
        }
        self.restarts.done = None;
        if found.pages - found.copied < copy && found.pages < restart {
            return Ok(found);
        }
        let log = self.ask("PRAGMA wal_checkpoint(PASSIVE)").await?;
        if log.pages < 0 {
            // Another process does it just now, and nothing else was found out.
            return Ok(Log { is_busy: true, ..found });
        }
        // Where more is left, somebody reads what was there before it: then waiting for them is in vain. Where the log
        // is full, nobody is kept from writing by one more try.
        let is_due = log.pages >= max || self.restarts.not_before.is_none_or(|at| at <= Instant::now());
        if log.pages >= restart && log.pages - log.copied <= 4 * copy && is_due {
            return self.restart().await;
        }
        Ok(Log { is_busy: false, ..log })
    }

    /// Has whoever writes next begin at the log's beginning.
    async fn restart(&mut self) -> Result<Log, StoreError> {
        let turn = self.lane.pause().await?;
        let log = self.ask("PRAGMA wal_checkpoint(RESTART)").await?;
        drop(turn);
        let Restarts { pause, .. } = self.restarts;
        if log.is_busy {
            let (not_before, pause) = (Some(Instant::now() + pause), (2 * pause).min(RESTART_PAUSE_MAX));
            self.restarts = Restarts { done: None, not_before, pause };
            return Ok(log);
        }
        self.restarts = Restarts { done: Some(log.pages), not_before: None, pause: HELD_INTERVAL };
        Ok(Log::default())
    }

    fn warn(&mut self, is_full: bool) {
        if is_full && self.warned.is_none_or(|at| at.elapsed() >= WARN_INTERVAL) {
            tracing::error!("somebody who reads holds the log open: nothing is written until they let go");
            self.warned = Some(Instant::now());
        }
    }

    /// Writes what takes pages that were not taken before, and frees those of the last time.
    ///
    /// A row that is written as it was changes no page, and then a commit writes nothing and succeeds on any disk.
    async fn probe(&self) {
        let tried = async {
            let mut write = self.lane.begin().await?;
            let bytes = sqlx::query("INSERT INTO probe (bytes) VALUES (randomblob(?))").bind(PROBE_BYTES);
            let id = bytes.execute(&mut *write).await?.last_insert_rowid();
            sqlx::query("DELETE FROM probe WHERE id <> ?").bind(id).execute(&mut *write).await?;
            write.commit().await
        };
        if self.lane.health.note(tried.await).is_ok() {
            self.lane.health.recovered();
        }
    }

    async fn ask(&mut self, pragma: &'static str) -> Result<Log, StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert((self.options)().busy_timeout(READERS_WAIT).connect().await?),
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
