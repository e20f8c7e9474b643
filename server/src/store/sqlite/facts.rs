//! Reads what `commands::decide` and `commands::authorize` need to know.

use protocol::{Command, RoomId, Seq, UserId, UserRef, Username, limits::MEMBERS_LISTED_MAX};
use sqlx::{Row, SqliteConnection};

use super::rows;
use crate::{
    commands::{Facts, MessageFacts, RoomFacts, TargetFacts},
    store::{Actor, StoreError},
};

/// All that bears on a command.
pub(super) async fn of_command(
    tx: &mut SqliteConnection,
    actor: &Actor,
    command: &Command,
    rooms_per_user: u32,
) -> Result<Facts, StoreError> {
    let mut facts = Facts::about(actor.clone());
    // As it is now: who opened the socket as the owner may have given that away since.
    facts.actor.is_owner = is_owner(tx, actor.user.id).await?;
    if let Some(id) = command.room() {
        facts.room = room(tx, actor.user.id, id).await?;
    }
    if let (Some(room), Some((seq, text))) = (command.room(), command.message()) {
        facts.message = message(tx, room, seq, text).await?;
    }
    if let (Some(room), Some(username)) = (command.room(), command.target()) {
        facts.target = target(tx, room, username).await?;
    }
    if let Some(name) = command.room_name() {
        facts.is_name_taken = is_name_taken(tx, name, command.room()).await?;
    }
    if let Command::DeleteRoom(c) = command {
        facts.members = members(tx, c.room).await?;
    }
    if command.room().is_none() {
        facts.next_room = Some(next_room(tx).await?);
        facts.rooms_left = rooms_per_user.saturating_sub(rooms_made(tx, actor.user.id).await?);
    }
    Ok(facts)
}

/// A room as the actor stands to it.
pub(super) async fn room(
    tx: &mut SqliteConnection,
    actor: UserId,
    room: RoomId,
) -> Result<Option<RoomFacts>, StoreError> {
    let sql = "SELECT r.info, r.messages, m.since, coalesce(m.is_muted, 0) FROM rooms r \
               LEFT JOIN members m ON m.room_id = r.id AND m.user_id = ? WHERE r.id = ?";
    let row = sqlx::query(sql).bind(actor.0.cast_signed()).bind(room.0.cast_signed()).fetch_optional(&mut *tx).await?;
    row.map(|row| {
        Ok(RoomFacts {
            info: rows::parse_info(row.try_get(0)?)?,
            messages: row.try_get::<i64, _>(1)?.cast_unsigned(),
            actor_since: row.try_get::<Option<i64>, _>(2)?.map(rows::seq),
            is_muted: row.try_get(3)?,
        })
    })
    .transpose()
}

async fn is_owner(tx: &mut SqliteConnection, user: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE id = ? AND role = 'owner')";
    Ok(sqlx::query_scalar(sql).bind(user.0.cast_signed()).fetch_one(tx).await?)
}

async fn message(
    tx: &mut SqliteConnection,
    room: RoomId,
    message: Seq,
    text: Option<&str>,
) -> Result<Option<MessageFacts>, StoreError> {
    let sql =
        "SELECT actor_id, is_deleted, body = ? FROM entries WHERE room_id = ? AND seq = ? AND ordinal IS NOT NULL";
    let row = sqlx::query(sql)
        .bind(text.unwrap_or_default())
        .bind(room.0.cast_signed())
        .bind(message.0.cast_signed())
        .fetch_optional(tx)
        .await?;
    row.map(|row| {
        Ok(MessageFacts {
            seq: message,
            author: UserId(row.try_get::<i64, _>(0)?.cast_unsigned()),
            is_deleted: row.try_get(1)?,
            is_same_text: row.try_get(2)?,
        })
    })
    .transpose()
}

async fn target(
    tx: &mut SqliteConnection,
    room: RoomId,
    username: &Username,
) -> Result<Option<TargetFacts>, StoreError> {
    let sql = "SELECT u.id, u.username, EXISTS (SELECT 1 FROM members m WHERE m.room_id = ? AND m.user_id = u.id), \
                 u.disabled_at_ms IS NOT NULL FROM users u WHERE u.username_key = ?";
    let row = sqlx::query(sql).bind(room.0.cast_signed()).bind(username.folded()).fetch_optional(tx).await?;
    row.map(|row| {
        let user =
            UserRef { id: UserId(row.try_get::<i64, _>(0)?.cast_unsigned()), name: rows::username(row.try_get(1)?)? };
        Ok(TargetFacts { user, is_member: row.try_get(2)?, is_disabled: row.try_get(3)? })
    })
    .transpose()
}

/// One more than may be deleted at once tells that there are too many.
async fn members(tx: &mut SqliteConnection, room: RoomId) -> Result<Vec<UserRef>, StoreError> {
    let sql = "SELECT m.user_id, u.username FROM members m JOIN users u ON u.id = m.user_id \
               WHERE m.room_id = ? ORDER BY m.user_id LIMIT ?";
    let rows =
        sqlx::query(sql).bind(room.0.cast_signed()).bind(i64::from(MEMBERS_LISTED_MAX) + 1).fetch_all(tx).await?;
    rows.iter().map(|row| rows::user(row, 0)).collect()
}

async fn is_name_taken(tx: &mut SqliteConnection, name: &str, except: Option<RoomId>) -> Result<bool, StoreError> {
    let key = name.to_lowercase();
    let sql = "SELECT EXISTS (SELECT 1 FROM rooms WHERE name_key = ? AND visibility = 'public' AND id IS NOT ?)";
    let except = except.map(|room| room.0.cast_signed());
    Ok(sqlx::query_scalar(sql).bind(key).bind(except).fetch_one(tx).await?)
}

async fn rooms_made(tx: &mut SqliteConnection, user: UserId) -> Result<u32, StoreError> {
    let sql = "SELECT rooms_made FROM users WHERE id = ?";
    Ok(sqlx::query_scalar(sql).bind(user.0.cast_signed()).fetch_one(tx).await?)
}

async fn next_room(tx: &mut SqliteConnection) -> Result<RoomId, StoreError> {
    let last: i64 = sqlx::query_scalar("SELECT rooms FROM server").fetch_one(tx).await?;
    Ok(RoomId(last.cast_unsigned() + 1))
}
