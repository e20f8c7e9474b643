//! Reads what `commands::decide` and `commands::authorize` need to know.

use protocol::{
    Command, Quote, RoomId, Seq, UserId, UserRef, Username,
    limits::{EXCERPT_CHARS_MAX, MEMBERS_LISTED_MAX},
    markup::Node,
    messages::{EditMessage, PostMessage},
    reactions::{AddReaction, RemoveReaction},
    rooms::History,
};
use sqlx::{Row, SqliteConnection};

use super::{mentions, reactions, rows};
use crate::{
    commands::{Facts, MessageFacts, RoomFacts, TargetFacts},
    store::{Actor, StoreError},
};

/// All that bears on a command.
pub(super) async fn of_command(
    tx: &mut SqliteConnection,
    actor: &Actor,
    command: &Command,
    markup: &[Node],
    rooms_per_user: u32,
) -> Result<Facts, StoreError> {
    let mut facts = Facts { markup: markup.to_vec(), ..Facts::about(actor.clone()) };
    // As it is now: who opened the socket as the owner may have given that away since.
    facts.actor.is_owner = is_owner(tx, actor.user.id).await?;
    if let Some(id) = command.room() {
        facts.room = room(tx, actor.user.id, id).await?;
    }
    if let (Some(room), Some(seq)) = (&facts.room, command.about()) {
        facts.message = message(tx, room, seq, command).await?;
    }
    if let Command::AddReaction(AddReaction { room, message, emoji, .. })
    | Command::RemoveReaction(RemoveReaction { room, message, emoji, .. }) = command
    {
        facts.reaction = Some(reactions::facts(tx, actor.user.id, *room, *message, emoji).await?);
    }
    if let Command::PostMessage(PostMessage { room, text, .. }) | Command::EditMessage(EditMessage { room, text, .. }) =
        command
    {
        facts.mentions = mentions::resolve(tx, *room, text, markup).await?;
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
    room: &RoomFacts,
    message: Seq,
    command: &Command,
) -> Result<Option<MessageFacts>, StoreError> {
    let text = command.message().and_then(|(_, text)| text).unwrap_or_default();
    // One character more than a quote shows tells whether there are more.
    let sql = "SELECT e.actor_id, u.username, e.is_deleted, e.body = ?1, coalesce(e.excerpt, substr(e.body, 1, ?2)) \
               FROM entries e JOIN users u ON u.id = e.actor_id \
               WHERE e.room_id = ?3 AND e.seq = ?4 AND e.ordinal IS NOT NULL";
    let row = sqlx::query(sql)
        .bind(text)
        .bind(i64::try_from(EXCERPT_CHARS_MAX + 1).unwrap_or(i64::MAX))
        .bind(room.info.id.0.cast_signed())
        .bind(message.0.cast_signed())
        .fetch_optional(&mut *tx)
        .await?;
    // Only an answer shows it, and only where not everyone may read everything.
    let is_shown = matches!(command, Command::PostMessage(_)) && room.info.history == History::SinceJoining;
    let is_before_some = is_shown && is_before_some(tx, room.info.id, message).await?;
    row.map(|row| {
        let author = rows::user(&row, 0)?;
        Ok(MessageFacts {
            seq: message,
            author: author.id,
            is_deleted: row.try_get(2)?,
            is_same_text: row.try_get(3)?,
            quote: if is_before_some { Quote::hidden(message) } else { Quote::of(message, author, row.try_get(4)?) },
        })
    })
    .transpose()
}

/// Whether somebody joined after a message, as [`JOINED_AFTER`] finds it.
async fn is_before_some(tx: &mut SqliteConnection, room: RoomId, message: Seq) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(JOINED_AFTER).bind(room.0.cast_signed()).bind(message.0.cast_signed()).fetch_one(tx).await?)
}

const JOINED_AFTER: &str = "SELECT EXISTS (SELECT 1 FROM members WHERE room_id = ? AND since > ?)";

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{NoFollowers, sqlite::SqliteStore};

    #[tokio::test]
    async fn who_joined_after_a_message_is_found_without_looking_at_all_members() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path(), std::sync::Arc::new(NoFollowers)).await.unwrap();

        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {JOINED_AFTER}"));
        let plan = sqlx::query(explain).fetch_all(&store.read).await.unwrap();

        let plan: Vec<String> = plan.iter().map(|row| row.get(3)).collect();
        let step = "SEARCH members USING COVERING INDEX members_since (room_id=? AND since>?)";
        assert!(plan.iter().any(|found| found == step), "{plan:#?}");
    }
}
