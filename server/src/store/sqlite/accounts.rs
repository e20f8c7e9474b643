//! [`AccountStore`] on SQLite: accounts themselves. Sign-up, sessions and invitations have their own files.

use async_trait::async_trait;
use protocol::{UnixMs, UserId, UserRef, Username, sessions::SessionInfo};
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{SqliteStore, invites, owner, profile, sessions, sign_up};
use crate::config::Registration;
use crate::store::{
    StoreError,
    accounts::{
        Account, AccountStore, Credentials, Invite, InviteId, Lifetime, NewAccount, NewInvite, NewSession, Role,
        Session, SessionId, SignUpError, SignedUp, TokenHash,
    },
};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn sign_up(&self, new: NewAccount, now: UnixMs) -> Result<SignedUp, SignUpError> {
        sign_up::sign_up(self, new, now).await
    }

    async fn accounts_count(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&self.read).await?;
        Ok(count.cast_unsigned())
    }

    async fn accounts(&self, after: UserId, limit: u32) -> Result<Vec<Account>, StoreError> {
        let sql =
            "SELECT id, username, role, created_at_ms, disabled_at_ms FROM users WHERE id > ? ORDER BY id LIMIT ?";
        let rows = sqlx::query(sql).bind(after.0.cast_signed()).bind(limit).fetch_all(&self.read).await?;
        rows.iter().map(account_of).collect()
    }

    async fn account(&self, username: &Username) -> Result<Option<Account>, StoreError> {
        let sql = "SELECT id, username, role, created_at_ms, disabled_at_ms FROM users WHERE username_key = ?";
        let row = sqlx::query(sql).bind(username.folded()).fetch_optional(&self.read).await?;
        row.as_ref().map(account_of).transpose()
    }

    async fn credentials(&self, username: &Username) -> Result<Option<Credentials>, StoreError> {
        let sql = "SELECT id, username, password_hash, disabled_at_ms IS NOT NULL AS is_disabled \
                   FROM users WHERE username_key = ?";
        let row = sqlx::query(sql).bind(username.folded()).fetch_optional(&self.read).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Credentials {
            user: user_of(&row)?,
            password_hash: row.try_get("password_hash")?,
            is_disabled: row.try_get("is_disabled")?,
        }))
    }

    async fn open_session(
        &self,
        of: &Credentials,
        new: NewSession,
        now: UnixMs,
    ) -> Result<Option<Session>, StoreError> {
        sessions::open(self, of, new, now).await
    }

    async fn session(&self, token: TokenHash, life: Lifetime) -> Result<Option<Session>, StoreError> {
        sessions::find(self, token, life).await
    }

    async fn live_sessions(&self, ids: &[SessionId], life: Lifetime) -> Result<Vec<SessionId>, StoreError> {
        sessions::live(self, ids, life).await
    }

    async fn touch_sessions(&self, ids: &[SessionId], now: UnixMs) -> Result<(), StoreError> {
        sessions::touch(self, ids, now).await
    }

    async fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        sessions::end(self, id).await
    }

    async fn sessions_of(&self, user: UserId, life: Lifetime, limit: u32) -> Result<Vec<SessionInfo>, StoreError> {
        sessions::list(self, user, life, limit).await
    }

    async fn end_session_of(&self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        sessions::end_of(self, user, id).await
    }

    async fn end_sessions_but(&self, user: UserId, except: SessionId) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sessions::end_all(&mut tx, user, Some(except)).await?;
        tx.commit().await
    }

    async fn forget_expired(&self, life: Lifetime) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sessions::forget_expired(&mut tx, life).await?;
        invites::forget_expired(&mut tx, life.now).await?;
        profile::forget_ended(&mut tx, life.now).await?;
        tx.commit().await
    }

    async fn set_password(
        &self,
        user: UserId,
        password_hash: String,
        except: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(user.0.cast_signed())
            .execute(&mut *tx)
            .await?;
        sessions::end_all(&mut tx, user, except).await?;
        tx.commit().await
    }

    async fn set_disabled(&self, user: UserId, disabled_at: Option<UnixMs>) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query("UPDATE users SET disabled_at_ms = ? WHERE id = ?")
            .bind(disabled_at.map(|at| at.0))
            .bind(user.0.cast_signed())
            .execute(&mut *tx)
            .await?;
        if disabled_at.is_some() {
            sessions::end_all(&mut tx, user, None).await?;
        }
        tx.commit().await
    }

    async fn make_owner(&self, user: UserId) -> Result<Option<UserRef>, StoreError> {
        let mut tx = self.begin_write().await?;
        let before =
            sqlx::query("UPDATE users SET role = 'member' WHERE role = 'owner' AND id <> ? RETURNING id, username")
                .bind(user.0.cast_signed())
                .fetch_optional(&mut *tx)
                .await?;
        sqlx::query("UPDATE users SET role = 'owner' WHERE id = ?")
            .bind(user.0.cast_signed())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        before.as_ref().map(user_of).transpose()
    }

    async fn disable_member(&self, user: UserId, now: UnixMs) -> Result<bool, StoreError> {
        owner::disable_member(self, user, now).await
    }

    async fn hand_over(&self, from: UserId, to: UserId) -> Result<bool, StoreError> {
        owner::hand_over(self, from, to).await
    }

    async fn registration(&self) -> Result<Option<Registration>, StoreError> {
        owner::registration(self).await
    }

    async fn set_registration(&self, mode: Registration) -> Result<(), StoreError> {
        owner::set_registration(self, mode).await
    }

    async fn create_invite(&self, new: NewInvite, now: UnixMs) -> Result<Option<Invite>, StoreError> {
        invites::create(self, new, now).await
    }

    async fn check_invite(&self, token: TokenHash, now: UnixMs) -> Result<(), SignUpError> {
        let mut connection = self.read.acquire().await.map_err(StoreError::from)?;
        invites::check(&mut connection, token, now).await.map(|_| ())
    }

    async fn invites(&self, now: UnixMs) -> Result<Vec<Invite>, StoreError> {
        invites::list(self, now).await
    }

    async fn revoke_invite(&self, id: InviteId) -> Result<bool, StoreError> {
        invites::revoke(self, id).await
    }
}

/// Columns `id` and `username`.
pub(super) fn user_of(row: &SqliteRow) -> Result<UserRef, StoreError> {
    let id: i64 = row.try_get("id")?;
    let name: String = row.try_get("username")?;
    Ok(UserRef { id: UserId(id.cast_unsigned()), name: Username::parse(&name).map_err(StoreError::internal)? })
}

/// Column `role`.
pub(super) fn role_of(row: &SqliteRow) -> Result<Role, StoreError> {
    let role: String = row.try_get("role")?;
    Ok(if role == "owner" { Role::Owner } else { Role::Member })
}

fn account_of(row: &SqliteRow) -> Result<Account, StoreError> {
    Ok(Account {
        user: user_of(row)?,
        role: role_of(row)?,
        created_at: UnixMs(row.try_get("created_at_ms")?),
        disabled_at: row.try_get::<Option<i64>, _>("disabled_at_ms")?.map(UnixMs),
    })
}
