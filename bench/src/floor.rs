//! The floor of storing: SQLite through the same library, with the same tables, indexes and `synchronous=FULL`, which
//! writes the rows of posts as quickly as it can, a batch of them in each transaction.
//!
//! Nothing is asked and nothing is checked: not who it is, not whether it was said before, not how far the log goes.

use std::{path::Path, time::Duration};

use anyhow::Result;
use protocol::{RoomId, StreamId};
use server::store::sqlite::FILE_NAME;
use sqlx::{
    ConnectOptions as _, Connection as _, QueryBuilder, Sqlite, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::Instant;

use crate::{
    dialect::text,
    people::{Place, client_id, now},
};

/// Rows of a transaction: as many posts as Parlor commits at once.
const BATCH: usize = 256;
/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

/// A post, as its rows have it.
struct Post {
    /// Which of the rooms.
    room: usize,
    seq: i64,
    ordinal: i64,
    actor: i64,
    client_id: Vec<u8>,
    number: u64,
}

/// A room, and how far it has come.
struct Log {
    room: RoomId,
    stream: String,
    head: i64,
    messages: i64,
}

/// How many posts it stores a second in the database of a data folder, said by so many people in turn.
pub(crate) async fn stores(data: &Path, places: &[Place], people: usize, time: Duration) -> Result<f64> {
    let options = SqliteConnectOptions::new()
        .filename(data.join(FILE_NAME))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON");
    let mut connection = options.connect().await?;
    let mut logs: Vec<Log> = places
        .iter()
        .map(|place| Log {
            room: place.room,
            stream: StreamId::Room(place.room).to_string(),
            head: place.head.seq.0.cast_signed(),
            messages: 0,
        })
        .collect();
    let (mut said, mut stored) = (0, 0_usize);
    let begin = Instant::now() + WARM_UP;
    let end = begin + time;
    while Instant::now() < end {
        let posts: Vec<Post> = (said..said + BATCH).map(|number| next(&mut logs, number, people)).collect();
        said += BATCH;
        commit(&mut connection, &logs, &posts).await?;
        // The first one counts whole and the last one not, or the other way round: it is one of many.
        stored += if (begin..end).contains(&Instant::now()) { BATCH } else { 0 };
    }
    connection.close().await?;
    Ok(stored as f64 / time.as_secs_f64())
}

fn next(logs: &mut [Log], number: usize, people: usize) -> Post {
    let poster = number % people;
    let room = poster % logs.len();
    let log = &mut logs[room];
    log.head += 1;
    log.messages += 1;
    let client_id = client_id().0.into_bytes().to_vec();
    Post { room, seq: log.head, ordinal: log.messages, actor: poster as i64 + 1, client_id, number: number as u64 }
}

async fn commit(connection: &mut SqliteConnection, logs: &[Log], posts: &[Post]) -> Result<()> {
    let at = now().0;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO events (stream, seq, at_ms, actor_id, client_id, fingerprint, refers_to, event) ",
    );
    query.push_values(posts, |mut row, post| {
        let text = text(post.number);
        row.push_bind(logs[post.room].stream.clone())
            .push_bind(post.seq)
            .push_bind(at)
            .push_bind(post.actor)
            .push_bind(post.client_id.clone())
            // Another one that is as long.
            .push_bind(post.client_id.clone())
            .push_bind(None::<i64>)
            .push_bind(format!(r#"{{"type":"message_posted","text":"{text}","ordinal":{}}}"#, post.ordinal));
    });
    query.build().execute(&mut *connection).await?;
    let mut query =
        QueryBuilder::<Sqlite>::new("INSERT INTO entries (room_id, seq, at_ms, actor_id, ordinal, client_id, body) ");
    query.push_values(posts, |mut row, post| {
        row.push_bind(logs[post.room].room.0.cast_signed())
            .push_bind(post.seq)
            .push_bind(at)
            .push_bind(post.actor)
            .push_bind(post.ordinal)
            .push_bind(post.client_id.clone())
            .push_bind(text(post.number));
    });
    query.build().execute(&mut *connection).await?;
    let mut query = QueryBuilder::<Sqlite>::new("WITH v (name, head) AS (");
    query.push_values(logs, |mut row, log| {
        row.push_bind(log.stream.clone()).push_bind(log.head);
    });
    query.push(") UPDATE streams SET head = v.head FROM v WHERE streams.name = v.name");
    query.build().execute(&mut *connection).await?;
    let mut query = QueryBuilder::<Sqlite>::new("WITH v (id, messages) AS (");
    query.push_values(logs, |mut row, log| {
        row.push_bind(log.room.0.cast_signed()).push_bind(log.messages);
    });
    query.push(") UPDATE rooms SET messages = v.messages FROM v WHERE rooms.id = v.id");
    query.build().execute(&mut *connection).await?;
    sqlx::query("COMMIT").execute(connection).await?;
    Ok(())
}
