//! Takes what a deleted message said out of the log: its first text, every edit, what those could be guessed from, and
//! the words in quotes of it.
//!
//! A message may have been edited and answered thousands of times, and all rooms wait for the transaction that deletes
//! it. That takes out the first text and a bounded number of the other events ([`at_once`]); of what is left the message
//! is noted in the table `redactions`, and from then on the log reads as it will be in the end ([`Pending`]). It is
//! overwritten in batches between which others write ([`some`]), before the store closes, and after a restart too.
//!
//! That somebody reacted stays in the log: of the text it tells nothing.

use std::collections::HashSet;

use protocol::{Event, RoomId, Seq, StreamId};
use sqlx::{Row, SqliteConnection};

use super::{budget::Budget, rows};
use crate::store::StoreError;

#[cfg(test)]
mod tests;

/// Events overwritten in the transaction that deletes their message: all of those of nearly every message.
const EVENTS_AT_ONCE_MAX: i64 = 32;

/// Bytes of them: as much as posting a message or two writes.
const BYTES_AT_ONCE_MAX: i64 = 256 * 1024;

/// Events overwritten in one transaction after that. Each is read and written again, which takes a tenth of a millisecond.
const EVENTS_MAX: i64 = 100;

/// Bytes of them.
const BYTES_MAX: i64 = 1024 * 1024;

/// Takes a message that is just being deleted out of the log, or begins to.
pub(super) async fn at_once(tx: &mut SqliteConnection, room: RoomId, message: Seq) -> Result<(), StoreError> {
    overwrite(tx, room, message, message).await?;
    let mut budget = Budget::new(EVENTS_AT_ONCE_MAX, BYTES_AT_ONCE_MAX);
    if let Some(done_to) = rest(tx, room, message, Seq(0), &mut budget).await? {
        let sql = "INSERT OR IGNORE INTO redactions (room_id, message, done_to) VALUES (?, ?, ?)";
        sqlx::query(sql)
            .bind(room.0.cast_signed())
            .bind(message.0.cast_signed())
            .bind(done_to.0.cast_signed())
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Goes on with messages that were deleted before, at most [`EVENTS_MAX`] events. Returns whether anything may be left.
pub(super) async fn some(tx: &mut SqliteConnection) -> Result<bool, StoreError> {
    let mut budget = Budget::new(EVENTS_MAX, BYTES_MAX);
    while !budget.is_spent() {
        let next = "SELECT room_id, message, done_to FROM redactions LIMIT 1";
        let Some(row) = sqlx::query(next).fetch_optional(&mut *tx).await? else { return Ok(false) };
        let (room, message): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let after = rows::seq(row.try_get(2)?);
        let done_to = rest(tx, RoomId(room.cast_unsigned()), rows::seq(message), after, &mut budget).await?;
        let write = match done_to {
            Some(seq) => sqlx::query("UPDATE redactions SET done_to = ? WHERE room_id = ? AND message = ?")
                .bind(seq.0.cast_signed()),
            None => sqlx::query("DELETE FROM redactions WHERE room_id = ? AND message = ?"),
        };
        write.bind(room).bind(message).execute(&mut *tx).await?;
    }
    Ok(true)
}

/// What changes or quotes a message, in order. The indexes are named, because a range of the log itself, which the planner
/// likes as well, is all that was ever said after the message.
const REFERRING: &str = "SELECT seq, octet_length(event) FROM events INDEXED BY events_of_message \
       WHERE stream = ?1 AND refers_to = ?2 AND seq > ?4 \
     UNION ALL SELECT r.seq, (SELECT octet_length(event) FROM events WHERE stream = ?1 AND seq = r.seq) \
       FROM entries r INDEXED BY entries_replies WHERE r.room_id = ?3 AND r.reply_to = ?2 AND r.seq > ?4 \
     ORDER BY 1 LIMIT ?5";

/// Overwrites events after `after` that changed or quote a message. Returns up to where, or `None` when it is finished.
async fn rest(
    tx: &mut SqliteConnection,
    room: RoomId,
    message: Seq,
    after: Seq,
    budget: &mut Budget,
) -> Result<Option<Seq>, StoreError> {
    let limit = budget.rows();
    let found = sqlx::query(REFERRING)
        .bind(StreamId::Room(room).to_string())
        .bind(message.0.cast_signed())
        .bind(room.0.cast_signed())
        .bind(after.0.cast_signed())
        // One more tells whether there are more.
        .bind(limit + 1)
        .fetch_all(&mut *tx)
        .await?;
    let found: Vec<(i64, Option<i64>)> =
        found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
    let taken = budget.take(found.iter().map(|(_, bytes)| bytes.unwrap_or_default()));
    let mut done_to = after;
    for (seq, _) in found.iter().take(taken) {
        done_to = rows::seq(*seq);
        overwrite(tx, room, done_to, message).await?;
    }
    Ok((taken < found.len()).then_some(done_to))
}

/// Overwrites one event with what is left of it without the deleted message.
async fn overwrite(tx: &mut SqliteConnection, room: RoomId, seq: Seq, message: Seq) -> Result<(), StoreError> {
    let stream = StreamId::Room(room).to_string();
    let sql = "SELECT event FROM events WHERE stream = ? AND seq = ?";
    let stored: Option<String> =
        sqlx::query_scalar(sql).bind(&stream).bind(seq.0.cast_signed()).fetch_optional(&mut *tx).await?;
    let Some(stored) = stored else { return Ok(()) };
    let event: Event = serde_json::from_str(&stored).map_err(StoreError::internal)?;
    // An answer is still what its author sent: its fingerprint tells nothing of what it quotes.
    let is_answer = event.quotes() == Some(message);
    let left = event.clone().without(message);
    // What it does not change is left alone: also what a newer program may have written.
    if left == event {
        return Ok(());
    }
    let sql =
        "UPDATE events SET event = ?, fingerprint = CASE WHEN ? THEN fingerprint END WHERE stream = ? AND seq = ?";
    sqlx::query(sql)
        .bind(protocol::encode(&left))
        .bind(is_answer)
        .bind(&stream)
        .bind(seq.0.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}

/// The deleted messages of a stream of which something still stands in its log.
#[derive(Debug, Default)]
pub(super) struct Pending(HashSet<Seq>);

impl Pending {
    /// Read in the same transaction as the events that it is asked about.
    pub(super) async fn of(tx: &mut SqliteConnection, stream: StreamId) -> Result<Self, StoreError> {
        let StreamId::Room(room) = stream else { return Ok(Self::default()) };
        let sql = "SELECT message FROM redactions WHERE room_id = ?";
        let messages: Vec<i64> = sqlx::query_scalar(sql).bind(room.0.cast_signed()).fetch_all(tx).await?;
        Ok(Self(messages.into_iter().map(rows::seq).collect()))
    }

    /// An event as the log will have it.
    pub(super) fn read(&self, event: Event) -> Event {
        let gone = [event.refers_to(), event.quotes()].into_iter().flatten().find(|message| self.0.contains(message));
        match gone {
            Some(message) => event.without(message),
            None => event,
        }
    }
}
