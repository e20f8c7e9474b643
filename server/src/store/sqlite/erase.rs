//! Takes a deleted room out of the database: all that was said in it, its settings and who is in it.
//!
//! The transaction that deletes a room only hides it ([`hide`]): nobody is in it, it has no name, and its log reads as
//! it will be in the end. What it held is overwritten in batches after that ([`task`]), between which others write:
//! their number is that of all messages, and nobody is to wait for it. Which rooms that is still to be done for is in
//! the table `erasures`, so a server that is stopped half-way goes on when it starts again.
//!
//! Of its log only the places stay, with who made each event and when, so that sequences keep no holes and a retry
//! still gets its first answer: each event has become the one that says that the room is gone. The inboxes of those who
//! were in it still say that they joined a room of that name. Who is still being served from the log ends there.

use protocol::{
    Event, RoomId, RoomInfo, StreamId,
    rooms::{RoomCreated, RoomDeleted, Visibility},
};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::{budget::Budget, redact, rows};
use crate::store::StoreError;

pub(super) mod task;
#[cfg(test)]
mod tests;

/// Rows overwritten in one transaction: bounds how long everyone else's next command waits, to some milliseconds.
const ROWS_MAX: i64 = 500;

/// Bytes of those rows, for the same reason; a single row that has more goes alone.
const BYTES_MAX: i64 = 1024 * 1024;

/// What stands in each place of a deleted room's log.
pub(super) const GONE: Event = Event::RoomDeleted(RoomDeleted {});

/// Hides a room inside the transaction that deletes it: from then on it answers as one that never was.
///
/// Its row stays for what still refers to it, as that of a private room without a name that nobody is in.
pub(super) async fn hide(tx: &mut SqliteConnection, room: RoomId) -> Result<(), StoreError> {
    let Some(info) = rows::room_info(tx, room).await? else { return Ok(()) };
    let (id, history) = (room.0.cast_signed(), info.history);
    let nameless = RoomCreated { name: String::new(), visibility: Visibility::Private, history, everyone: false };
    let nameless = RoomInfo::created(room, info.creator, &nameless);
    let sql = "UPDATE rooms SET info = ?, name = '', name_key = '', visibility = 'private' WHERE id = ?";
    sqlx::query(sql).bind(protocol::encode(&nameless)).bind(id).execute(&mut *tx).await?;
    // As many as a room may have that is deleted.
    sqlx::query("DELETE FROM members WHERE room_id = ?").bind(id).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO erasures (room) VALUES (?)").bind(id).execute(tx).await?;
    Ok(())
}

/// Overwrites at most [`ROWS_MAX`] rows and [`BYTES_MAX`] bytes of one hidden room, once nothing is left of messages.
/// `secure_delete` leaves nothing of them in the file.
async fn some(tx: &mut SqliteConnection) -> Result<(), StoreError> {
    if redact::some(tx).await? {
        return Ok(());
    }
    let mut budget = Budget::new(ROWS_MAX, BYTES_MAX);
    let next = "SELECT room, log_erased_to FROM erasures ORDER BY room LIMIT 1";
    let Some(row) = sqlx::query(next).fetch_optional(&mut *tx).await? else { return Ok(()) };
    let (room, from): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    for table in tables(tx).await? {
        if !budget.is_spent() {
            rows_of(tx, &table, room, &mut budget).await?;
        }
    }
    if !budget.is_spent() {
        places(tx, room, from, &mut budget).await?;
    }
    if !budget.is_spent() {
        sqlx::query("DELETE FROM rooms WHERE id = ?").bind(room).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM erasures WHERE room = ?").bind(room).execute(tx).await?;
    }
    Ok(())
}

/// What belongs to a room says so in a column `room_id`, so a table that is added later is not forgotten here. They
/// refer to `rooms`, which goes last, and not to each other, so their order does not matter.
async fn tables(tx: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c ON c.name = 'room_id' \
               WHERE t.type = 'table'";
    Ok(sqlx::query_scalar(sql).fetch_all(tx).await?)
}

/// Deletes as many rows of a room in a table as the budget reaches for.
async fn rows_of(tx: &mut SqliteConnection, table: &str, room: i64, budget: &mut Budget) -> Result<(), StoreError> {
    let sql = "SELECT '\"' || name || '\"', pk FROM pragma_table_info(?) ORDER BY pk";
    let columns: Vec<(String, i64)> = sqlx::query_as(sql).bind(table).fetch_all(&mut *tx).await?;
    let key: Vec<&str> = columns.iter().filter(|(_, pk)| *pk > 0).map(|(name, _)| name.as_str()).collect();
    let key = if key.is_empty() { "rowid".to_owned() } else { key.join(", ") };
    // Told from the head of the row, without reading what it holds.
    let size: Vec<String> = columns.iter().map(|(name, _)| format!("coalesce(octet_length({name}), 0)")).collect();
    // The names are those of our own migrations.
    let from = format!("FROM \"{table}\" WHERE room_id = ? ORDER BY {key} LIMIT ?");
    let sizes = format!("SELECT {} {from}", size.join(" + "));
    let sizes: Vec<i64> =
        sqlx::query_scalar(AssertSqlSafe(sizes)).bind(room).bind(budget.rows() + 1).fetch_all(&mut *tx).await?;
    let taken = i64::try_from(budget.take(sizes)).unwrap_or(i64::MAX);
    let delete = format!("DELETE FROM \"{table}\" WHERE ({key}) IN (SELECT {key} {from})");
    sqlx::query(AssertSqlSafe(delete)).bind(room).bind(taken).execute(tx).await?;
    Ok(())
}

/// Overwrites as many events of a room's log after `from` as the budget reaches for, and notes how far that went.
async fn places(tx: &mut SqliteConnection, room: i64, from: i64, budget: &mut Budget) -> Result<(), StoreError> {
    let stream = StreamId::Room(RoomId(room.cast_unsigned())).to_string();
    let sql = "SELECT seq, octet_length(event) FROM events WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?";
    let found: Vec<(i64, i64)> =
        sqlx::query_as(sql).bind(&stream).bind(from).bind(budget.rows() + 1).fetch_all(&mut *tx).await?;
    let taken = budget.take(found.iter().map(|(_, bytes)| *bytes));
    let to = found.iter().take(taken).next_back().map_or(from, |(seq, _)| *seq);
    let sql =
        "UPDATE events SET event = ?, fingerprint = NULL, refers_to = NULL WHERE stream = ? AND seq > ? AND seq <= ?";
    sqlx::query(sql).bind(protocol::encode(&GONE)).bind(&stream).bind(from).bind(to).execute(&mut *tx).await?;
    sqlx::query("UPDATE erasures SET log_erased_to = ? WHERE room = ?").bind(to).bind(room).execute(tx).await?;
    Ok(())
}
