//! [`ProfileStore`] on SQLite.

use async_trait::async_trait;
use protocol::{Status, UnixMs, UserId};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};

use super::SqliteStore;
use crate::store::{ProfileStore, StoreError, profile::Profile};

/// The columns of [`profile_of`], of `users`.
pub(super) const PROFILE_COLUMNS: &str =
    "id, profile_version, status_emoji, status_text, status_until_ms, display_name";

/// Whose it is, and what they say.
pub(super) fn profile_of(row: &SqliteRow) -> Result<(UserId, Profile), StoreError> {
    let status = match (row.try_get(2)?, row.try_get(3)?) {
        (Some(emoji), Some(text)) => Some(Status { emoji, text, until: row.try_get::<Option<i64>, _>(4)?.map(UnixMs) }),
        (None | Some(_), _) => None,
    };
    let version = row.try_get::<i64, _>(1)?.cast_unsigned();
    Ok((UserId(row.try_get::<i64, _>(0)?.cast_unsigned()), Profile { version, name: row.try_get(5)?, status }))
}

/// Takes the statuses away that are over.
pub(super) async fn forget_ended(tx: &mut SqliteConnection, now: UnixMs) -> Result<(), StoreError> {
    let sql =
        "UPDATE users SET status_emoji = NULL, status_text = NULL, status_until_ms = NULL WHERE status_until_ms <= ?";
    sqlx::query(sql).bind(now.0).execute(tx).await?;
    Ok(())
}

#[async_trait]
impl ProfileStore for SqliteStore {
    async fn profiles(&self, users: &[UserId]) -> Result<Vec<(UserId, Profile)>, StoreError> {
        let numbers: Vec<String> = users.iter().map(ToString::to_string).collect();
        let sql = format!(
            "SELECT {PROFILE_COLUMNS} FROM users WHERE profile_version > 0 AND id IN (SELECT value FROM json_each(?))"
        );
        // SQLite has no arrays, but reads JSON.
        let rows =
            sqlx::query(AssertSqlSafe(sql)).bind(format!("[{}]", numbers.join(","))).fetch_all(&self.read).await?;
        rows.iter().map(profile_of).collect()
    }

    async fn set_display_name(&self, user: UserId, name: Option<String>) -> Result<Profile, StoreError> {
        let sql = format!(
            "UPDATE users SET display_name = ?, profile_version = profile_version + 1 WHERE id = ? \
             RETURNING {PROFILE_COLUMNS}"
        );
        let mut tx = self.begin_write().await?;
        let row =
            sqlx::query(AssertSqlSafe(sql)).bind(name).bind(user.0.cast_signed()).fetch_optional(&mut *tx).await?;
        tx.commit().await?;
        row.as_ref().map_or(Ok(Profile::default()), |row| Ok(profile_of(row)?.1))
    }

    async fn set_status(&self, user: UserId, status: Option<Status>) -> Result<Profile, StoreError> {
        let (emoji, text, until) = match status {
            Some(Status { emoji, text, until }) => (Some(emoji), Some(text), until),
            None => (None, None, None),
        };
        let sql = format!(
            "UPDATE users SET status_emoji = ?, status_text = ?, status_until_ms = ?, \
             profile_version = profile_version + 1 WHERE id = ? RETURNING {PROFILE_COLUMNS}"
        );
        let mut tx = self.begin_write().await?;
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(emoji)
            .bind(text)
            .bind(until.map(|until| until.0))
            .bind(user.0.cast_signed())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        row.as_ref().map_or(Ok(Profile::default()), |row| Ok(profile_of(row)?.1))
    }
}
