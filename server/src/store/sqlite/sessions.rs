//! Sessions on SQLite. A session that has ended has no row.

use protocol::{UnixMs, UserId, sessions::SessionInfo};
use sqlx::{Row as _, SqliteConnection};

use super::{
    SqliteStore,
    accounts::{role_of, user_of},
};
use crate::store::{
    StoreError,
    accounts::{Credentials, Lifetime, NewSession, Session, SessionId, TokenHash},
};

pub(super) async fn open(
    store: &SqliteStore,
    of: &Credentials,
    new: NewSession,
    now: UnixMs,
) -> Result<Option<Session>, StoreError> {
    let mut tx = store.begin_write().await?;
    // Hashing took a while: the password that was checked must still be the account's.
    let sql = "SELECT id, username, role FROM users WHERE id = ? AND password_hash = ? AND disabled_at_ms IS NULL";
    let row =
        sqlx::query(sql).bind(of.user.id.0.cast_signed()).bind(&of.password_hash).fetch_optional(&mut *tx).await?;
    let Some(row) = row else { return Ok(None) };
    let id = insert(&mut tx, of.user.id, new, now).await?;
    tx.commit().await?;
    Ok(Some(Session { id, user: user_of(&row)?, role: role_of(&row)?, seen_at: now }))
}

/// Opens a session inside a transaction and ends the user's longest unused ones above the limit.
pub(super) async fn insert(
    tx: &mut SqliteConnection,
    user: UserId,
    new: NewSession,
    now: UnixMs,
) -> Result<SessionId, StoreError> {
    let sql = "INSERT INTO sessions (user_id, token_hash, created_at_ms, seen_at_ms, device) VALUES (?1, ?2, ?3, ?3, ?4) \
               RETURNING id";
    let id: i64 = sqlx::query_scalar(sql)
        .bind(user.0.cast_signed())
        .bind(new.token.0.as_slice())
        .bind(now.0)
        .bind(new.device)
        .fetch_one(&mut *tx)
        .await?;
    let sql = "DELETE FROM sessions WHERE id IN \
               (SELECT id FROM sessions WHERE user_id = ? ORDER BY seen_at_ms DESC, id DESC LIMIT -1 OFFSET ?)";
    sqlx::query(sql).bind(user.0.cast_signed()).bind(new.per_user_max).execute(&mut *tx).await?;
    Ok(SessionId(id.cast_unsigned()))
}

pub(super) async fn find(store: &SqliteStore, token: TokenHash, life: Lifetime) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT s.id AS session_id, s.seen_at_ms, u.id, u.username, u.role \
               FROM sessions s JOIN users u ON u.id = s.user_id \
               WHERE s.token_hash = ? AND s.seen_at_ms > ? AND s.created_at_ms > ? AND u.disabled_at_ms IS NULL";
    let row = sqlx::query(sql)
        .bind(token.0.as_slice())
        .bind(life.seen_after.0)
        .bind(life.created_after.0)
        .fetch_optional(&store.read)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Session {
        id: SessionId(row.try_get::<i64, _>("session_id")?.cast_unsigned()),
        user: user_of(&row)?,
        role: role_of(&row)?,
        seen_at: UnixMs(row.try_get("seen_at_ms")?),
    }))
}

pub(super) async fn live(store: &SqliteStore, ids: &[SessionId], life: Lifetime) -> Result<Vec<SessionId>, StoreError> {
    let sql = "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
               WHERE s.id IN (SELECT value FROM json_each(?)) \
               AND s.seen_at_ms > ? AND s.created_at_ms > ? AND u.disabled_at_ms IS NULL";
    let live: Vec<i64> = sqlx::query_scalar(sql)
        .bind(json_of(ids))
        .bind(life.seen_after.0)
        .bind(life.created_after.0)
        .fetch_all(&store.read)
        .await?;
    Ok(live.into_iter().map(|id| SessionId(id.cast_unsigned())).collect())
}

pub(super) async fn touch(store: &SqliteStore, ids: &[SessionId], now: UnixMs) -> Result<(), StoreError> {
    let mut tx = store.begin_write().await?;
    // The clock may have been set back: a session never becomes older by being used.
    sqlx::query("UPDATE sessions SET seen_at_ms = max(seen_at_ms, ?) WHERE id IN (SELECT value FROM json_each(?))")
        .bind(now.0)
        .bind(json_of(ids))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

pub(super) async fn end(store: &SqliteStore, id: SessionId) -> Result<(), StoreError> {
    let mut tx = store.begin_write().await?;
    sqlx::query("DELETE FROM sessions WHERE id = ?").bind(id.0.cast_signed()).execute(&mut *tx).await?;
    tx.commit().await
}

pub(super) async fn list(
    store: &SqliteStore,
    user: UserId,
    life: Lifetime,
    limit: u32,
) -> Result<Vec<SessionInfo>, StoreError> {
    let sql = "SELECT id, device, created_at_ms, seen_at_ms FROM sessions \
               WHERE user_id = ? AND seen_at_ms > ? AND created_at_ms > ? ORDER BY seen_at_ms DESC, id DESC LIMIT ?";
    let rows = sqlx::query(sql)
        .bind(user.0.cast_signed())
        .bind(life.seen_after.0)
        .bind(life.created_after.0)
        .bind(limit)
        .fetch_all(&store.read)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(SessionInfo {
                id: SessionId(row.try_get::<i64, _>("id")?.cast_unsigned()),
                device: row.try_get("device")?,
                created_at: UnixMs(row.try_get("created_at_ms")?),
                seen_at: UnixMs(row.try_get("seen_at_ms")?),
                current: false,
            })
        })
        .collect()
}

pub(super) async fn end_of(store: &SqliteStore, user: UserId, id: SessionId) -> Result<bool, StoreError> {
    let mut tx = store.begin_write().await?;
    let done = sqlx::query("DELETE FROM sessions WHERE id = ? AND user_id = ?")
        .bind(id.0.cast_signed())
        .bind(user.0.cast_signed())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Ends every session of an account but one.
pub(super) async fn end_all(
    tx: &mut SqliteConnection,
    user: UserId,
    except: Option<SessionId>,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE user_id = ? AND id IS NOT ?")
        .bind(user.0.cast_signed())
        .bind(except.map(|id| id.0.cast_signed()))
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes the rows of sessions that have ended by themselves.
pub(super) async fn forget_expired(tx: &mut SqliteConnection, life: Lifetime) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE seen_at_ms <= ? OR created_at_ms <= ?")
        .bind(life.seen_after.0)
        .bind(life.created_after.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// A list of numbers as one bound value: SQLite has no arrays, but reads JSON.
fn json_of(ids: &[SessionId]) -> String {
    let numbers: Vec<_> = ids.iter().map(|id| id.0.to_string()).collect();
    format!("[{}]", numbers.join(","))
}
