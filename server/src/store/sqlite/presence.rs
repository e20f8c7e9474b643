//! [`PresenceStore`] on SQLite.

use async_trait::async_trait;
use protocol::{RoomId, Seq, StreamId, UnixMs, UserId};
use sqlx::{AssertSqlSafe, Row as _};

use super::{SqliteStore, profile, rows};
use crate::store::{PresenceStore, Roster, StoreError};

#[async_trait]
impl PresenceStore for SqliteStore {
    async fn roster(&self, room: RoomId) -> Result<Roster, StoreError> {
        let mut tx = self.read.begin().await?;
        let head: Option<i64> = sqlx::query_scalar("SELECT head FROM streams WHERE name = ?")
            .bind(StreamId::Room(room).to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let sql = "SELECT m.user_id, u.last_seen_at_ms FROM members m JOIN users u ON u.id = m.user_id \
                   WHERE m.room_id = ? ORDER BY m.user_id";
        let rows = sqlx::query(sql).bind(room.0.cast_signed()).fetch_all(&mut *tx).await?;
        let members = rows.iter().map(|row| {
            let user = UserId(row.try_get::<i64, _>(0)?.cast_unsigned());
            Ok((user, row.try_get::<Option<i64>, _>(1)?.map(UnixMs)))
        });
        let members = members.collect::<Result<_, StoreError>>()?;
        let sql = format!(
            "SELECT {} FROM members JOIN users ON id = user_id WHERE room_id = ? AND profile_version > 0",
            profile::PROFILE_COLUMNS
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(room.0.cast_signed()).fetch_all(&mut *tx).await?;
        let profiles = rows.iter().map(profile::profile_of).collect::<Result<_, _>>()?;
        Ok(Roster { as_of: head.map_or(Seq(0), rows::seq), members, profiles })
    }

    async fn note_seen(&self, seen: &[(UserId, UnixMs)]) -> Result<(), StoreError> {
        if seen.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin_write().await?;
        for (user, at) in seen {
            sqlx::query("UPDATE users SET last_seen_at_ms = max(coalesce(last_seen_at_ms, 0), ?) WHERE id = ?")
                .bind(at.0)
                .bind(user.0.cast_signed())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }

    async fn shows_viewing(&self, user: UserId) -> Result<bool, StoreError> {
        let shown: Option<bool> = sqlx::query_scalar("SELECT shows_viewing FROM users WHERE id = ?")
            .bind(user.0.cast_signed())
            .fetch_optional(&self.read)
            .await?;
        Ok(shown.unwrap_or(true))
    }

    async fn set_viewing(&self, user: UserId, shown: bool) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query("UPDATE users SET shows_viewing = ? WHERE id = ?")
            .bind(shown)
            .bind(user.0.cast_signed())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }
}
