//! The floor of storing: SQLite through the same library, with the same tables, indexes and `synchronous=FULL`, which
//! writes the rows of posts as quickly as it can, a batch of them in each transaction.
//!
//! Nothing is asked and nothing is checked: not who it is, not whether it was said before, not how far the log goes. The
//! statements are prepared once, a batch goes to the database in one piece, and the next one is made while the disk
//! takes it. The log is copied back beside that, when and as Parlor does it (`server/src/store/sqlite/checkpoint.rs`):
//! by itself SQLite would let the one who commits do it, and be a slower floor than what it is compared with.

use std::{convert::Infallible, fmt::Write as _, path::Path, sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use protocol::{RoomId, StreamId};
use server::store::sqlite::FILE_NAME;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::{
    dialect::text,
    people::{Place, client_id, now},
};

/// Rows of a transaction: as many posts as Parlor commits at once.
const BATCH: usize = 256;
/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

/// How often Parlor looks at the log.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Pages that it copies at once, and those from which on it has the log start again.
const COPY_PAGES: i64 = 1_000;
const RESTART_PAGES: i64 = 16_384;
/// Bytes of the log's file that it keeps to be written over.
const LOG_BYTES_KEPT: &str = "67108864";
/// What the connection that writes keeps of the database: 4 MiB.
const CACHE: &str = "-4096";

/// How many posts it stores a second in the database of a data folder, said by so many people in turn.
pub(crate) async fn stores(data: &Path, places: &[Place], people: usize, time: Duration) -> Result<f64> {
    let options = SqliteConnectOptions::new()
        .filename(data.join(FILE_NAME))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", "0")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", CACHE)
        .pragma("journal_size_limit", LOG_BYTES_KEPT);
    let turn = Mutex::new(());
    tokio::select! {
        stored = write(&options, &turn, Room::all(places), people, time) => Ok(stored? as f64 / time.as_secs_f64()),
        kept = keep_log(&options, &turn) => {
            let Err(error) = kept;
            Err(error)
        }
    }
}

/// A room, and how far it has come.
struct Room {
    id: RoomId,
    stream: Arc<str>,
    head: i64,
    messages: i64,
}

impl Room {
    fn all(places: &[Place]) -> Vec<Self> {
        let rooms = places.iter().map(|Place { room, head }| Self {
            id: *room,
            stream: StreamId::Room(*room).to_string().into(),
            head: head.seq.0.cast_signed(),
            messages: 0,
        });
        rooms.collect()
    }
}

/// A post, as its rows have it.
struct Post {
    /// Which of the rooms.
    room: usize,
    seq: i64,
    ordinal: i64,
    actor: i64,
    client_id: Vec<u8>,
    event: String,
    text: String,
}

/// The next posts, of those who post in turn.
fn batch(rooms: &mut [Room], said: &mut usize, people: usize) -> Vec<Post> {
    let posts = std::iter::repeat_with(|| {
        let poster = *said % people;
        let number = poster % rooms.len();
        let room = &mut rooms[number];
        room.head += 1;
        room.messages += 1;
        let (text, client_id) = (text(*said as u64), client_id().0.into_bytes().to_vec());
        *said += 1;
        let event = format!(r#"{{"type":"message_posted","text":"{text}","ordinal":{}}}"#, room.messages);
        let (seq, ordinal) = (room.head, room.messages);
        Post { room: number, seq, ordinal, actor: poster as i64 + 1, client_id, event, text }
    });
    posts.take(BATCH).collect()
}

/// Stores one batch after the other. How many posts were stored in the time that is counted.
async fn write(
    options: &SqliteConnectOptions,
    turn: &Mutex<()>,
    mut rooms: Vec<Room>,
    people: usize,
    time: Duration,
) -> Result<usize> {
    let mut connection = options.connect().await?;
    let before = written(&mut connection).await?;
    let statements: Arc<str> = statements(rooms.len()).into();
    let (mut said, mut stored, mut batches) = (0, 0, 0_usize);
    let begin = Instant::now() + WARM_UP;
    let end = begin + time;
    let mut posts = batch(&mut rooms, &mut said, people);
    while Instant::now() < end {
        let turn = turn.lock().await;
        insert(&mut connection, &statements, &rooms, posts).await?;
        let commit = sqlx::query("COMMIT").execute(&mut connection);
        let (committed, next) = tokio::join!(commit, async { batch(&mut rooms, &mut said, people) });
        committed?;
        drop(turn);
        posts = next;
        batches += 1;
        // The first one counts whole and the last one not, or the other way round: it is one of many.
        stored += if (begin..end).contains(&Instant::now()) { BATCH } else { 0 };
    }
    let posts = i64::try_from(batches * BATCH)?;
    let all = written(&mut connection).await?;
    ensure!(all == before.map(|rows| rows + posts), "{posts} posts were stored, and of {before:?} rows came {all:?}");
    connection.close().await?;
    Ok(stored)
}

/// What each post adds one to: events, messages in the rooms' lines, where the logs end, and how many messages the rooms have.
async fn written(connection: &mut SqliteConnection) -> Result<[i64; 4]> {
    let (events, lines, heads, messages) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM events), (SELECT count(ordinal) FROM entries), \
         (SELECT sum(head) FROM streams), (SELECT sum(messages) FROM rooms)",
    )
    .fetch_one(connection)
    .await?;
    Ok([events, lines, heads, messages])
}

/// All that a transaction says but its end. It is the same text each time, so that it is prepared once.
fn statements(rooms: usize) -> String {
    let mut all = "BEGIN IMMEDIATE".to_owned();
    for (head, row, rows, tail) in [
        (
            "INSERT INTO events (stream, seq, at_ms, actor_id, client_id, fingerprint, event) VALUES ",
            "(?,?,?,?,?,?,?)",
            BATCH,
            "",
        ),
        (
            "INSERT INTO entries (room_id, seq, at_ms, actor_id, ordinal, client_id, body) VALUES ",
            "(?,?,?,?,?,?,?)",
            BATCH,
            "",
        ),
        (
            "WITH v (name, head) AS (VALUES ",
            "(?,?)",
            rooms,
            ") UPDATE streams SET head = v.head FROM v WHERE streams.name = v.name",
        ),
        (
            "WITH v (id, messages) AS (VALUES ",
            "(?,?)",
            rooms,
            ") UPDATE rooms SET messages = v.messages FROM v WHERE rooms.id = v.id",
        ),
    ] {
        // Writing to a string does not fail.
        let _ = write!(all, "; {head}{}{tail}", vec![row; rows].join(","));
    }
    all
}

async fn insert(
    connection: &mut SqliteConnection,
    statements: &Arc<str>,
    rooms: &[Room],
    posts: Vec<Post>,
) -> Result<()> {
    let at = now().0;
    let mut query = sqlx::query(AssertSqlSafe(Arc::clone(statements)));
    let mut lines = Vec::with_capacity(BATCH);
    for Post { room, seq, ordinal, actor, client_id, event, text } in posts {
        let Room { id, stream, .. } = &rooms[room];
        query = query.bind(Arc::clone(stream)).bind(seq).bind(at).bind(actor);
        // What tells a command from others is another one that is as long.
        query = query.bind(client_id.clone()).bind(client_id.clone()).bind(event);
        lines.push((id.0.cast_signed(), seq, actor, ordinal, client_id, text));
    }
    for (room, seq, actor, ordinal, client_id, text) in lines {
        query = query.bind(room).bind(seq).bind(at).bind(actor).bind(ordinal).bind(client_id).bind(text);
    }
    for Room { stream, head, .. } in rooms {
        query = query.bind(Arc::clone(stream)).bind(head);
    }
    for Room { id, messages, .. } in rooms {
        query = query.bind(id.0.cast_signed()).bind(messages);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Copies the log back, beside the one who writes, and takes the turn only to have it start again.
async fn keep_log(options: &SqliteConnectOptions, turn: &Mutex<()>) -> Result<Infallible> {
    let mut connection = options.connect().await?;
    // It goes on saying its old length until somebody writes.
    let mut restarted_at = None;
    loop {
        sleep(LOOK_INTERVAL).await;
        let found = log(&mut connection, "PRAGMA wal_checkpoint(NOOP)").await?;
        if restarted_at == Some(found.pages) && found.copied == found.pages {
            continue;
        }
        restarted_at = None;
        if found.pages - found.copied < COPY_PAGES && found.pages < RESTART_PAGES {
            continue;
        }
        let found = log(&mut connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
        if found.pages >= RESTART_PAGES && found.pages - found.copied <= 4 * COPY_PAGES {
            let _turn = turn.lock().await;
            let done = log(&mut connection, "PRAGMA wal_checkpoint(RESTART)").await?;
            restarted_at = (!done.is_busy).then_some(done.pages);
        }
    }
}

/// What SQLite says of the log.
struct Log {
    /// Somebody was in the way.
    is_busy: bool,
    /// How long it is.
    pages: i64,
    /// As many of them are in the database.
    copied: i64,
}

async fn log(connection: &mut SqliteConnection, pragma: &'static str) -> Result<Log> {
    let (busy, pages, copied): (i64, i64, i64) = sqlx::query_as(pragma).fetch_one(connection).await?;
    Ok(Log { is_busy: busy != 0, pages, copied })
}
