//! What the server's owner decides, on SQLite: who it is, whose accounts are disabled, who may sign up.

use protocol::{UnixMs, UserId};

use super::{SqliteStore, sessions};
use crate::{config::Registration, store::StoreError};

pub(super) async fn disable_member(store: &SqliteStore, user: UserId, now: UnixMs) -> Result<bool, StoreError> {
    let mut tx = store.begin_write().await?;
    let done =
        sqlx::query("UPDATE users SET disabled_at_ms = coalesce(disabled_at_ms, ?) WHERE id = ? AND role = 'member'")
            .bind(now.0)
            .bind(user.0.cast_signed())
            .execute(&mut *tx)
            .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sessions::end_all(&mut tx, user, None).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn hand_over(store: &SqliteStore, from: UserId, to: UserId) -> Result<bool, StoreError> {
    let mut tx = store.begin_write().await?;
    // In this order: the index `users_one_owner` never sees two.
    let given = sqlx::query("UPDATE users SET role = 'member' WHERE id = ? AND role = 'owner'")
        .bind(from.0.cast_signed())
        .execute(&mut *tx)
        .await?;
    let taken = sqlx::query("UPDATE users SET role = 'owner' WHERE id = ? AND disabled_at_ms IS NULL")
        .bind(to.0.cast_signed())
        .execute(&mut *tx)
        .await;
    match taken {
        Ok(taken) if given.rows_affected() == 1 && taken.rows_affected() == 1 => {
            tx.commit().await?;
            Ok(true)
        }
        // Dropped without a commit: there is exactly one owner, as before.
        Ok(_) => Ok(false),
        Err(error) if super::violates_unique(&error, "users.role") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn registration(store: &SqliteStore) -> Result<Option<Registration>, StoreError> {
    let word: Option<String> = sqlx::query_scalar("SELECT registration FROM server").fetch_one(&store.read).await?;
    word.map(|word| word.parse().map_err(|error: strum::ParseError| StoreError::internal(error))).transpose()
}

pub(super) async fn set_registration(store: &SqliteStore, mode: Registration) -> Result<(), StoreError> {
    let mut tx = store.begin_write().await?;
    sqlx::query("UPDATE server SET registration = ?").bind(<&str>::from(mode)).execute(&mut *tx).await?;
    tx.commit().await
}
