//! Invitations on SQLite. One that was revoked, or expired a while ago, has no row.

use protocol::UnixMs;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::SqliteStore;
use crate::store::{
    StoreError,
    accounts::{Invite, InviteId, NewInvite, SignUpError, TokenHash},
};

/// How long an expired invitation is still told apart from one that never was.
const REMEMBERED_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Invitations in one answer; `Limits::invites` is below this by default.
const LISTED_MAX: u32 = 10_000;

pub(super) async fn create(store: &SqliteStore, new: NewInvite, now: UnixMs) -> Result<Option<Invite>, StoreError> {
    let mut tx = store.begin_write().await?;
    let usable: i64 = sqlx::query_scalar("SELECT count(*) FROM invites WHERE expires_at_ms > ? AND uses < uses_max")
        .bind(now.0)
        .fetch_one(&mut *tx)
        .await?;
    if usable >= i64::from(new.invites_max) {
        return Ok(None);
    }
    let sql = "INSERT INTO invites (token_hash, created_by, created_at_ms, expires_at_ms, uses_max) \
               VALUES (?, ?, ?, ?, ?) RETURNING *";
    let row = sqlx::query(sql)
        .bind(new.token.0.as_slice())
        .bind(new.created_by.0.cast_signed())
        .bind(now.0)
        .bind(new.expires_at.0)
        .bind(new.uses_max)
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    invite_of(&row).map(Some)
}

/// The invitation, if it can be used now.
pub(super) async fn check(
    connection: &mut SqliteConnection,
    token: TokenHash,
    now: UnixMs,
) -> Result<Invite, SignUpError> {
    let row = sqlx::query("SELECT * FROM invites WHERE token_hash = ?")
        .bind(token.0.as_slice())
        .fetch_optional(connection)
        .await
        .map_err(StoreError::from)?;
    let invite = invite_of(&row.ok_or(SignUpError::InviteUnknown)?)?;
    if invite.uses >= invite.uses_max {
        Err(SignUpError::InviteUsedUp)
    } else if invite.expires_at <= now {
        Err(SignUpError::InviteExpired)
    } else {
        Ok(invite)
    }
}

/// Uses an invitation inside the transaction that makes the account, so that both happen or neither.
pub(super) async fn use_once(tx: &mut SqliteConnection, token: TokenHash, now: UnixMs) -> Result<(), SignUpError> {
    let invite = check(tx, token, now).await?;
    sqlx::query("UPDATE invites SET uses = uses + 1 WHERE id = ?")
        .bind(invite.id.0.cast_signed())
        .execute(tx)
        .await
        .map_err(StoreError::from)?;
    Ok(())
}

pub(super) async fn list(store: &SqliteStore, now: UnixMs) -> Result<Vec<Invite>, StoreError> {
    let sql = "SELECT * FROM invites WHERE expires_at_ms > ? AND uses < uses_max ORDER BY id DESC LIMIT ?";
    let rows = sqlx::query(sql).bind(now.0).bind(LISTED_MAX).fetch_all(&store.read).await?;
    rows.iter().map(invite_of).collect()
}

pub(super) async fn revoke(store: &SqliteStore, id: InviteId) -> Result<bool, StoreError> {
    let mut tx = store.begin_write().await?;
    let done = sqlx::query("DELETE FROM invites WHERE id = ?").bind(id.0.cast_signed()).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Removes invitations that expired long ago.
pub(super) async fn forget_expired(tx: &mut SqliteConnection, now: UnixMs) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM invites WHERE expires_at_ms < ?").bind(now.0 - REMEMBERED_MS).execute(tx).await?;
    Ok(())
}

fn invite_of(row: &SqliteRow) -> Result<Invite, StoreError> {
    Ok(Invite {
        id: InviteId(row.try_get::<i64, _>("id")?.cast_unsigned()),
        uses_max: row.try_get("uses_max")?,
        uses: row.try_get("uses")?,
        created_at: UnixMs(row.try_get("created_at_ms")?),
        expires_at: UnixMs(row.try_get("expires_at_ms")?),
    })
}
