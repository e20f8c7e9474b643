//! The emoji under messages.

use protocol::{Entry, EntryKind, Reaction, RoomId, Seq, UserId};
use sqlx::{Row, SqliteConnection};

use super::rows;
use crate::{commands::ReactionFacts, store::StoreError};

/// Reads the reactions of consecutive lines, in one query.
pub(super) async fn attach(tx: &mut SqliteConnection, room: RoomId, lines: &mut [Entry]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (lines.iter().map(|l| l.seq).min(), lines.iter().map(|l| l.seq).max()) else {
        return Ok(());
    };
    let sql = "SELECT r.message, r.emoji, r.user_id, u.username FROM reactions r JOIN users u ON u.id = r.user_id \
               WHERE r.room_id = ? AND r.message BETWEEN ? AND ? ORDER BY r.message, r.seq";
    let rows = sqlx::query(sql)
        .bind(room.0.cast_signed())
        .bind(first.0.cast_signed())
        .bind(last.0.cast_signed())
        .fetch_all(tx)
        .await?;
    for row in &rows {
        let message = rows::seq(row.try_get(0)?);
        let reaction = Reaction { emoji: row.try_get(1)?, user: rows::user(row, 2)? };
        if let Some(line) = lines.iter_mut().find(|line| line.seq == message)
            && let EntryKind::Message { reactions, .. } = &mut line.kind
        {
            reactions.push(reaction);
        }
    }
    Ok(())
}

/// Puts an emoji under a message.
pub(super) async fn add(
    tx: &mut SqliteConnection,
    room: RoomId,
    message: Seq,
    seq: Seq,
    reaction: &Reaction,
) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO reactions (room_id, message, seq, user_id, emoji) VALUES (?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(room.0.cast_signed())
        .bind(message.0.cast_signed())
        .bind(seq.0.cast_signed())
        .bind(reaction.user.id.0.cast_signed())
        .bind(&reaction.emoji)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes an emoji back.
pub(super) async fn remove(
    tx: &mut SqliteConnection,
    room: RoomId,
    message: Seq,
    emoji: &str,
    user: UserId,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM reactions WHERE room_id = ? AND message = ? AND emoji = ? AND user_id = ?";
    sqlx::query(sql)
        .bind(room.0.cast_signed())
        .bind(message.0.cast_signed())
        .bind(emoji)
        .bind(user.0.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes all away from under a deleted message.
pub(super) async fn clear(tx: &mut SqliteConnection, room: RoomId, message: Seq) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM reactions WHERE room_id = ? AND message = ?")
        .bind(room.0.cast_signed())
        .bind(message.0.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}

/// What bears on one more reaction, or one less.
pub(super) async fn facts(
    tx: &mut SqliteConnection,
    actor: UserId,
    room: RoomId,
    message: Seq,
    emoji: &str,
) -> Result<ReactionFacts, StoreError> {
    let sql = "SELECT coalesce(max(emoji = ?1 AND user_id = ?2), 0), coalesce(max(emoji = ?1), 0), \
                 count(DISTINCT emoji), count(*) FROM reactions WHERE room_id = ?3 AND message = ?4";
    let row = sqlx::query(sql)
        .bind(emoji)
        .bind(actor.0.cast_signed())
        .bind(room.0.cast_signed())
        .bind(message.0.cast_signed())
        .fetch_one(tx)
        .await?;
    Ok(ReactionFacts {
        is_own: row.try_get(0)?,
        is_there: row.try_get(1)?,
        emoji_count: row.try_get(2)?,
        count: row.try_get(3)?,
    })
}
