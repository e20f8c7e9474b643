//! The store on SQLite, in one file of the data directory.
//!
//! One connection writes, a few read. WAL lets them do so at the same time, `synchronous=FULL` makes a commit
//! survive a power cut, `secure_delete` overwrites what was deleted. Another process may write too (the
//! command line beside a running server): every change is therefore one `BEGIN IMMEDIATE` transaction.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions as _, Connection as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::{
    checkpoint::LogLimits,
    erase::task::{self as eraser, Erasing},
    write::{Lane, Write},
    writer::Batches,
};
use super::{Sink, Store, StoreError, writer::Writer};
use crate::{limits::Limits, sabotage::Without};

mod accounts;
mod append;
#[cfg(test)]
mod bench;
mod budget;
mod checkpoint;
mod cursors;
mod edits;
mod erase;
mod execute;
mod facts;
mod health;
mod invites;
mod lines;
mod many;
mod mentions;
mod owner;
mod posts;
mod presence;
mod profile;
mod reactions;
mod redact;
mod rows;
#[doc(hidden)]
#[cfg(any(test, feature = "seed"))]
pub mod seed;
mod sessions;
mod sign_up;
mod snapshots;
mod streams;
mod welcome;
mod windows;
mod write;
mod writer;

/// The database's file in the data directory.
pub const FILE_NAME: &str = "parlor.db";

/// Connections that read. SQLite reads in the caller's thread, and each costs memory for its page cache.
const READERS_MAX: u32 = 4;

/// How long a statement or a caller waits for others before it gives up as `Busy`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of the log's file that are kept when it starts again, to be written over: as many as it usually grows to.
const LOG_BYTES_KEPT: u32 = 64 * 1024 * 1024;

/// What the connection that writes keeps of the database, as SQLite counts it: 4 MiB. A batch in a hundred rooms changes
/// half of that, and is written twice where it does not fit.
const CACHE_OF_WRITER: &str = "-4096";

/// Rows that SQLite's thread has ready before it waits for who reads them: more than a batch has commands.
const ROWS_OF_BATCH: usize = 512;

/// Statements that the connection that writes keeps prepared: more than there are.
const STATEMENTS_OF_WRITER: usize = 256;

/// What only tests set otherwise.
#[derive(Clone, Debug)]
struct Tuning {
    /// How long somebody waits for others who write.
    busy_timeout: Duration,
    /// Pages that the file may have: a disk that is full. Looked at when a connection is opened to write.
    pages_max: Option<Arc<AtomicU32>>,
    log: LogLimits,
    /// Whether what keeps the log short may only read. Looked at when it opens a connection.
    refuses_copies: Option<Arc<AtomicBool>>,
    without: Without,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            busy_timeout: BUSY_TIMEOUT,
            pages_max: None,
            log: LogLimits::default(),
            refuses_copies: None,
            without: Without::NOTHING,
        }
    }
}

/// An open database.
pub struct SqliteStore {
    read: SqlitePool,
    lane: Lane,
    writer: Writer,
    closing: CancellationToken,
    /// The writer, what overwrites beside it what is gone, and what keeps the log short.
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the database in a directory, making both if missing, and brings it to this version's schema.
    ///
    /// # Errors
    /// The directory cannot be written, the file is not a database, or a migration fails (then nothing of it
    /// is applied).
    ///
    /// `sink` is told what was committed.
    pub async fn open(directory: &Path, sink: Arc<dyn Sink>) -> Result<Self, StoreError> {
        Self::open_within(directory, sink, &Limits::default()).await
    }

    /// The same with other limits than the default ones.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_within(directory: &Path, sink: Arc<dyn Sink>, limits: &Limits) -> Result<Self, StoreError> {
        Self::open_without(directory, sink, limits, Without::NOTHING).await
    }

    /// The same, with something taken away.
    pub(crate) async fn open_without(
        directory: &Path,
        sink: Arc<dyn Sink>,
        limits: &Limits,
        without: Without,
    ) -> Result<Self, StoreError> {
        Self::open_tuned(directory, sink, limits, Tuning { without, ..Tuning::default() }).await
    }

    async fn open_tuned(
        directory: &Path,
        sink: Arc<dyn Sink>,
        limits: &Limits,
        tuning: Tuning,
    ) -> Result<Self, StoreError> {
        make_directory(directory).map_err(StoreError::internal)?;
        let Tuning { busy_timeout, pages_max, log, refuses_copies, without } = tuning;
        let is_synced = !without.has(Without::SYNC);
        let options = SqliteConnectOptions::new()
            .filename(directory.join(FILE_NAME))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(if is_synced { SqliteSynchronous::Full } else { SqliteSynchronous::Off })
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("secure_delete", "ON")
            // That is done by a task beside those who write.
            .pragma("wal_autocheckpoint", "0")
            .pragma("journal_size_limit", LOG_BYTES_KEPT.to_string());
        migrate(&options, without).await?;
        // From here on it is there. An empty one in its place would be opened in vain.
        let options = options.create_if_missing(false);
        let read = SqlitePoolOptions::new()
            .acquire_timeout(BUSY_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            // It is a thread in this process: asking whether it is there costs as much as a small query.
            .test_before_acquire(false)
            // After an error at which SQLite has ended a transaction by itself, sqlx goes on counting it: the next one
            // would be a savepoint of none, which nobody ends, and read what was there at its time for ever.
            .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(!connection.is_in_transaction()))))
            .max_connections(READERS_MAX)
            .connect_with(options.clone().pragma("query_only", "ON"))
            .await?;
        let to_copy = {
            let options = options.clone();
            move || {
                options
                    .clone()
                    .read_only(refuses_copies.as_ref().is_some_and(|refuses| refuses.load(Ordering::Relaxed)))
            }
        };
        let to_write = move || {
            // SQLite copies each page that a statement is about to change, in case that it fails: not into a file.
            let options = options.clone().pragma("temp_store", "MEMORY").pragma("cache_size", CACHE_OF_WRITER);
            // What a batch asks comes in one go, and all statements of everybody stay prepared.
            let options = options.row_buffer_size(ROWS_OF_BATCH).statement_cache_capacity(STATEMENTS_OF_WRITER);
            match &pages_max {
                Some(pages) => options.pragma("max_page_count", pages.load(Ordering::Relaxed).to_string()),
                None => options,
            }
        };
        let underway = sink.underway();
        let lane = Lane::new(to_write, busy_timeout, sink);
        let closing = CancellationToken::new();
        let erasing = Erasing::default();
        let batches = Batches { lane: lane.clone(), erasing: erasing.clone(), without };
        let (writer, writing) = Writer::new(batches, underway, limits.rooms_per_user, closing.clone());
        let writing = tokio::spawn(writing);
        let eraser = eraser::spawn(lane.clone(), read.clone(), erasing, closing.clone());
        let keeper = checkpoint::spawn(lane.clone(), Box::new(to_copy), log, closing.clone());
        Ok(Self { read, lane, writer, closing, tasks: Mutex::new(vec![writing, eraser, keeper]) })
    }

    /// Starts a change. All changes start here, one at a time; dropped without commit, nothing happened.
    async fn begin_write(&self) -> Result<Write, StoreError> {
        self.lane.begin().await
    }
}

#[async_trait]
impl Store for SqliteStore {
    // The last connection to close moves the log back into the database.
    async fn close(&self) {
        self.closing.cancel();
        for task in std::mem::take(&mut *self.tasks.lock().await) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the store ended abnormally");
            }
        }
        eraser::finish(&self.lane).await;
        self.read.close().await;
        self.lane.close().await;
    }
}

/// Brings the database to this version's schema, making it if there is none.
async fn migrate(options: &SqliteConnectOptions, without: Without) -> Result<(), StoreError> {
    let mut connection = options.connect().await?;
    // A schema of a newer program is one that this one can run on: migrations expand before they contract.
    let migrated = sqlx::migrate!("../migrations/sqlite").set_ignore_missing(true).run(&mut connection).await;
    if without.has(Without::UNIQUE_INDEX) {
        sqlx::query("DROP INDEX IF EXISTS events_once").execute(&mut connection).await?;
    }
    connection.close().await?;
    migrated.map_err(StoreError::internal)
}

/// Makes the data directory if missing. What is kept there is nobody else's business, on the machine too.
pub(crate) fn make_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // The low byte of an extended result code is the primary one (https://sqlite.org/rescode.html).
        let primary = error.as_database_error().and_then(|e| e.code()?.parse::<i32>().ok()).map(|code| code & 0xff);
        let extended = error.as_database_error().and_then(|e| e.code()?.parse::<i32>().ok());
        if extended == Some(SQLITE_IOERR_FSYNC) {
            return Self::SyncFailed(Arc::new(error));
        }
        match (primary, &error) {
            (Some(SQLITE_BUSY | SQLITE_LOCKED), _) | (_, sqlx::Error::PoolTimedOut) => Self::Busy,
            (Some(SQLITE_FULL), _) => Self::Full(Arc::new(error)),
            (Some(SQLITE_IOERR | SQLITE_READONLY | SQLITE_CANTOPEN), _) => Self::Unavailable(Arc::new(error)),
            _ => Self::Internal(Arc::new(error)),
        }
    }
}

const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_IOERR: i32 = 10;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_IOERR_FSYNC: i32 = 1034;

/// Whether an error is the violation of a `UNIQUE` constraint on these columns, such as `users.username_key`.
fn violates_unique(error: &sqlx::Error, columns: &str) -> bool {
    error.as_database_error().is_some_and(|e| e.is_unique_violation() && e.message().ends_with(columns))
}

#[cfg(test)]
mod tests {
    use super::{
        bench::{Bench, GENERAL},
        *,
    };
    use crate::store::NoFollowers;

    #[tokio::test]
    async fn sqlite_is_new_enough_to_keep_every_commit() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path(), Arc::new(NoFollowers)).await.unwrap();

        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&store.read).await.unwrap();

        // Before 3.51.3 two connections could lose a commit at a WAL reset (https://sqlite.org/wal.html).
        let numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(numbers >= vec![3, 51, 3], "SQLite is {version}");
    }

    #[tokio::test]
    async fn who_reads_after_a_transaction_that_ended_by_itself_reads_what_is_new() {
        let mut bench = Bench::new().await;
        let mut readers = Vec::new();
        for _ in 0..READERS_MAX {
            let mut tx = bench.store.read.begin().await.unwrap();
            // As after an I/O error: it is over, and only SQLite knows.
            sqlx::query("ROLLBACK").execute(&mut *tx).await.unwrap();
            readers.push(tx);
        }
        drop(readers);
        let before = bench.log(GENERAL).await.len();

        for n in 1..=20 {
            let post = bench.post(GENERAL, "hi");
            bench.run(post).await.unwrap();
            assert_eq!(bench.log(GENERAL).await.len(), before + n);
        }
    }

    #[tokio::test]
    async fn a_database_of_a_newer_program_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        let open = || SqliteStore::open(directory.path(), Arc::new(NoFollowers));
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (9999, 'of tomorrow', TRUE, x'00', 0)";
        let store = open().await.unwrap();
        let mut write = store.begin_write().await.unwrap();
        sqlx::query(newer).execute(&mut *write).await.unwrap();
        write.commit().await.unwrap();
        store.close().await;

        assert!(open().await.is_ok());
    }

    #[tokio::test]
    async fn every_connection_has_the_settings_that_durability_rests_on() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path(), Arc::new(NoFollowers)).await.unwrap();

        let (mut read, mut write) = (store.read.acquire().await.unwrap(), store.begin_write().await.unwrap());
        for connection in [&mut *read, &mut *write] {
            let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.unwrap();
            let foreign_keys: i64 =
                sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *connection).await.unwrap();
            let secure_delete: i64 =
                sqlx::query_scalar("PRAGMA secure_delete").fetch_one(&mut *connection).await.unwrap();
            assert_eq!((journal.as_str(), synchronous, foreign_keys, secure_delete), ("wal", 2, 1, 1));
            let checkpoint: i64 = sqlx::query_scalar("PRAGMA wal_autocheckpoint").fetch_one(connection).await.unwrap();
            assert_eq!(checkpoint, 0, "who commits copies nothing");
        }
    }
}
