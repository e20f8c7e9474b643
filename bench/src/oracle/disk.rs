//! What a server has left in its data folder: whether the file is whole, and whether the tables say what the logs say.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use anyhow::{Context as _, Result};
use protocol::{Room, RoomSummary, Seq, StreamId, UserId};
use server::store::sqlite::FILE_NAME;
use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use super::{log::Log, room};
use crate::people::Folder;

/// Opens the database beside whoever else has it open.
///
/// # Errors
/// It is not there.
pub async fn connect(data: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(data.join(FILE_NAME));
    options.connect().await.context("the database does not open")
}

/// What is wrong with the file itself, and with its tables as such.
///
/// # Errors
/// It cannot be read at all.
pub async fn damage(data: &Path) -> Result<Vec<String>> {
    let mut database = connect(data).await?;
    let mut wrong = Vec::new();
    let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut database).await?;
    wrong.extend(said.into_iter().filter(|said| said != "ok").map(|said| format!("integrity_check: {said}")));
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut database).await?;
    wrong
        .extend((!dangling.is_empty()).then(|| format!("foreign_key_check: {} rows refer to nothing", dangling.len())));
    let heads = "SELECT s.name, s.head, count(e.seq), max(e.seq) FROM streams s LEFT JOIN events e ON e.stream = s.name \
                 GROUP BY s.name HAVING s.head != count(e.seq) OR s.head != max(e.seq)";
    for row in sqlx::query(heads).fetch_all(&mut database).await? {
        let (name, head, count): (String, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        wrong.push(format!("{name} is said to end at {head} and has {count} events"));
    }
    let ordinals = "SELECT r.id, r.messages, count(e.ordinal), max(e.ordinal) FROM rooms r JOIN entries e ON e.room_id = r.id \
                    GROUP BY r.id HAVING r.messages != count(e.ordinal) OR r.messages != coalesce(max(e.ordinal), 0)";
    for row in sqlx::query(ordinals).fetch_all(&mut database).await? {
        let (room, messages, count): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        wrong.push(format!("room {room} is said to have {messages} messages and has {count}"));
    }
    let empty = tempfile::tempdir()?;
    Folder::open(empty.path()).await?.close().await;
    let as_made = schema(&mut connect(empty.path()).await?).await?;
    let there = schema(&mut database).await?;
    let missing = as_made.iter().filter(|(name, sql)| there.get(*name) != Some(*sql));
    wrong.extend(missing.map(|(name, _)| format!("{name} of the schema is not there as it was made")));
    database.close().await?;
    Ok(wrong)
}

/// Where the logs of a folder end.
///
/// # Errors
/// They cannot be read.
pub async fn heads(data: &Path) -> Result<HashMap<StreamId, Seq>> {
    let mut database = connect(data).await?;
    let rows = sqlx::query("SELECT name, head FROM streams").fetch_all(&mut database).await?;
    database.close().await?;
    let head = |row: &SqliteRow| {
        let name: &str = row.try_get(0)?;
        let stream: StreamId = name.parse().ok().with_context(|| format!("a stream called {name}"))?;
        Ok((stream, Seq(row.try_get::<i64, _>(1)?.cast_unsigned())))
    };
    rows.iter().map(head).collect()
}

async fn schema(database: &mut SqliteConnection) -> Result<BTreeMap<String, String>> {
    let rows = sqlx::query("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetch_all(database).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Where the tables of rooms say something else than their logs, for each of these people, who are in all of them.
///
/// # Errors
/// They cannot be read.
pub async fn differences(folder: &Folder, rooms: &[Room], people: &[UserId]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for user in people {
        for summary in folder.inbox(*user).await? {
            let Some(room) = rooms.iter().find(|room| room.info().id == summary.room.id) else { continue };
            wrong.extend(miscounted(room, &summary, *user));
            let opened = folder.opened(*user, summary.room.id).await?;
            if (opened.unread, opened.mentions) != (summary.unread, summary.mentions) {
                wrong.push(format!(
                    "user {user} has {} unread in the list and {} in the room",
                    summary.unread, opened.unread
                ));
            }
            if opened.info != *room.info() || !opened.members.iter().eq(room.members()) {
                wrong.push(format!("room {} and who is in it are not as its log says", summary.room.id));
            }
        }
    }
    for room in rooms {
        // Whoever is in it sees what all see; who may see all of it is asked for all.
        let Some(member) = room.members().min_by_key(|member| member.since) else { continue };
        let lines = folder.lines(member.user.id, room.info().id).await?;
        let mut kept = lines.iter();
        for entry in room::visible(room, member.user.id) {
            match kept.next() {
                Some(line) if line == entry => {}
                other => {
                    wrong.push(format!("the tables have {other:?}, and the log says {entry:?}"));
                    break;
                }
            }
        }
        wrong.extend(kept.next().map(|line| format!("the tables have more than the log: {line:?}")));
    }
    Ok(wrong)
}

/// Where somebody's counts of a room are not what the one definition says.
#[must_use]
pub fn miscounted(room: &Room, summary: &RoomSummary, user: UserId) -> Option<String> {
    let counts = room::counts(room, user, summary.cursor.seq);
    let is_right = counts == (summary.unread, summary.mentions) && summary.head == room.position();
    let (unread, mentions) = counts;
    (!is_right).then(|| {
        format!(
            "user {user} has {unread} unread and {mentions} mentions at {:?}, and is told {summary:?}",
            room.position()
        )
    })
}

/// All logs of a folder: those of these rooms and people.
///
/// # Errors
/// They cannot be read.
pub async fn logs(folder: &Folder, streams: &[(StreamId, Seq)]) -> Result<Vec<Log>> {
    let mut logs = Vec::with_capacity(streams.len());
    for (stream, from) in streams {
        logs.push(Log { stream: *stream, from: *from, records: folder.log(*stream).await? });
    }
    Ok(logs)
}
