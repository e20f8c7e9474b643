//! Making an account: one transaction from the check of the invitation to the first session.

use protocol::{UnixMs, UserId, UserRef};

use super::{SqliteStore, accounts::role_of, invites, sessions, violates_unique, welcome::welcome};
use crate::store::{
    StoreError,
    accounts::{Admission, NewAccount, Session, SignUpError, SignedUp},
};

pub(super) async fn sign_up(store: &SqliteStore, new: NewAccount, now: UnixMs) -> Result<SignedUp, SignUpError> {
    let mut tx = store.begin_write().await?;

    // Nobody else writes until this transaction ends, so "the first" is decided for one account only; the
    // unique index `users_one_owner` stands behind it.
    let is_first: bool = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM users)")
        .fetch_one(&mut *tx)
        .await
        .map_err(StoreError::from)?;
    if !is_first {
        match new.admission {
            Admission::Open => {}
            Admission::Invite(None) => return Err(SignUpError::InviteNeeded),
            Admission::Invite(Some(token)) => invites::use_once(&mut tx, token, now).await?,
            Admission::Closed => return Err(SignUpError::RegistrationClosed),
        }
    }

    let sql = "INSERT INTO users (username, username_key, password_hash, role, created_at_ms) \
               VALUES (?, ?, ?, ?, ?) RETURNING id, role";
    let row = sqlx::query(sql)
        .bind(new.username.as_str())
        .bind(new.username.folded())
        .bind(new.password_hash)
        .bind(if is_first { "owner" } else { "member" })
        .bind(now.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(|error| match violates_unique(&error, "users.username_key") {
            true => SignUpError::UsernameTaken,
            false => StoreError::from(error).into(),
        })?;
    let id: i64 = sqlx::Row::try_get(&row, "id").map_err(StoreError::from)?;
    let user = UserRef { id: UserId(id.cast_unsigned()), name: new.username };
    let role = role_of(&row)?;

    let events = welcome(&mut tx, &user, is_first, now).await?;
    let id = sessions::insert(&mut tx, user.id, new.session, now).await?;
    tx.commit_and_tell(events, || {}).await?;
    Ok(SignedUp { session: Session { id, user, role, seen_at: now } })
}
