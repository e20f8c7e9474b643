//! What messages said before they were edited: the log has it.

use protocol::{
    Event, RoomId, Seq, StreamId, UnixMs, UserId,
    edits::{EarlierText, Edits},
    limits::EDITS_MAX,
};
use sqlx::{Row, SqliteConnection};

use super::snapshots;
use crate::store::StoreError;

/// The earlier texts of a message that is there for this user.
pub(super) async fn earlier(
    tx: &mut SqliteConnection,
    user: UserId,
    room: RoomId,
    message: Seq,
) -> Result<Option<Edits>, StoreError> {
    let Some((_, _, view)) = snapshots::view(tx, user, room).await? else { return Ok(None) };
    let sql = "SELECT EXISTS (SELECT 1 FROM entries WHERE room_id = ? AND seq = ? AND seq >= ? \
                 AND ordinal IS NOT NULL AND is_deleted = 0)";
    let is_there: bool = sqlx::query_scalar(sql)
        .bind(room.0.cast_signed())
        .bind(message.0.cast_signed())
        .bind(view.visible_from.0.cast_signed())
        .fetch_one(&mut *tx)
        .await?;
    if !is_there {
        return Ok(None);
    }
    let sql = "SELECT seq, at_ms, event FROM events WHERE stream = ?1 AND seq = ?2 \
               UNION ALL SELECT seq, at_ms, event FROM events WHERE stream = ?1 AND refers_to = ?2 \
                 AND event ->> 'type' = 'message_edited' \
               ORDER BY seq DESC LIMIT ?3";
    let rows = sqlx::query(sql)
        .bind(StreamId::Room(room).to_string())
        .bind(message.0.cast_signed())
        .bind(i64::from(EDITS_MAX) + 1)
        .fetch_all(tx)
        .await?;
    // The newest one is what it says now.
    let mut earlier = Vec::with_capacity(rows.len());
    for row in rows.iter().skip(1).rev() {
        let event: Event = serde_json::from_str(row.try_get(2)?).map_err(StoreError::internal)?;
        if let Event::MessagePosted(protocol::messages::MessagePosted { text, .. })
        | Event::MessageEdited(protocol::messages::MessageEdited { text, .. }) = event
        {
            earlier.push(EarlierText { at: UnixMs(row.try_get(1)?), text });
        }
    }
    Ok(Some(Edits { message, earlier }))
}
