//! Who is named in messages.

use protocol::{Mentions, RoomId, Seq, UserId, limits::MENTIONS_MAX, limits::UNREAD_MAX, markup::Node, mentions};
use sqlx::{Row, SqliteConnection};

use super::{
    rows,
    windows::{View, unseen},
};
use crate::store::StoreError;

/// The number under which everyone is named in the table `mentions`; accounts count from 1.
const EVERYONE: i64 = 0;

/// Who is meant by the names in a text, of those in the room; one more than may be, where there are more.
pub(super) async fn resolve(
    tx: &mut SqliteConnection,
    room: RoomId,
    text: &str,
    markup: &[Node],
) -> Result<Mentions, StoreError> {
    let names = mentions::names_in(text, markup);
    if names.is_empty() {
        return Ok(Mentions::default());
    }
    let sql = "SELECT u.id, u.username FROM users u JOIN members m ON m.user_id = u.id AND m.room_id = ? \
               WHERE u.username_key IN (SELECT value FROM json_each(?)) ORDER BY u.id LIMIT ?";
    let rows = sqlx::query(sql)
        .bind(room.0.cast_signed())
        .bind(protocol::encode(&names))
        .bind(i64::try_from(MENTIONS_MAX + 1).unwrap_or(i64::MAX))
        .fetch_all(tx)
        .await?;
    let members = rows.iter().map(|row| rows::user(row, 0)).collect::<Result<Vec<_>, _>>()?;
    Ok(Mentions::among(&names, &members))
}

/// Notes who is named in a message, instead of who was before.
pub(super) async fn set(
    tx: &mut SqliteConnection,
    room: RoomId,
    message: Seq,
    mentions: &Mentions,
) -> Result<(), StoreError> {
    clear(tx, room, message).await?;
    let users = mentions.users.iter().map(|user| user.id.0.cast_signed());
    let sql = "INSERT INTO mentions (room_id, user_id, seq, author_id) \
               SELECT room_id, ?, seq, actor_id FROM entries WHERE room_id = ? AND seq = ? AND is_deleted = 0";
    for user in users.chain(mentions.everyone.then_some(EVERYONE)) {
        sqlx::query(sql).bind(user).bind(room.0.cast_signed()).bind(message.0.cast_signed()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Nobody is named any more.
pub(super) async fn clear(tx: &mut SqliteConnection, room: RoomId, message: Seq) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM mentions WHERE room_id = ? AND seq = ?")
        .bind(room.0.cast_signed())
        .bind(message.0.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}

/// How many unread lines name the user: `protocol::unread::count_mentions`, in SQL.
pub(super) async fn unread_after(
    tx: &mut SqliteConnection,
    view: View,
    user: UserId,
    cursor: Seq,
) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT DISTINCT seq FROM mentions WHERE room_id = ?1 AND user_id IN (?2, 0) \
                 AND seq > ?3 AND author_id <> ?2 LIMIT ?4)";
    let count = sqlx::query(sql)
        .bind(view.room.0.cast_signed())
        .bind(user.0.cast_signed())
        .bind(cursor.max(unseen(view.visible_from)).0.cast_signed())
        .bind(i64::from(UNREAD_MAX))
        .fetch_one(tx)
        .await?;
    Ok(count.try_get(0)?)
}
