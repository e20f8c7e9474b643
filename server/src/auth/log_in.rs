//! Logging in and out, and changing the password, whatever the request looks like.

use std::net::IpAddr;

use protocol::Username;

use super::{AuthError, connected::SessionsRevoked, device::Device, password::check_new, token};
use crate::{
    state::AppState,
    store::{
        StoreError,
        accounts::{Credentials, Session, SessionId},
    },
};

/// An open session and the token that opens it again; the token is in no other place.
#[derive(Debug)]
pub struct LoggedIn {
    /// The session.
    pub session: Session,
    /// Its token.
    pub token: String,
}

/// Checks name and password and opens a new session.
///
/// An unknown name, a wrong password and a disabled account are one answer after the same work.
///
/// # Errors
/// `WrongLogin`, `TooMany`, `Busy`, or the store failed.
pub async fn log_in(
    app: &AppState,
    username: &str,
    password: String,
    from: IpAddr,
    device: Device,
) -> Result<LoggedIn, AuthError> {
    let credentials = check(app, username, password, from).await?;
    let (token, new) = token::draw(app, device);
    let session = app.store.open_session(&credentials, new, app.clock.now()).await?.ok_or(AuthError::WrongLogin)?;
    tracing::info!(user = %session.user.id, "logged in");
    Ok(LoggedIn { session, token })
}

/// Checks name and password as one attempt.
async fn check(app: &AppState, username: &str, password: String, from: IpAddr) -> Result<Credentials, AuthError> {
    let attempt = app.throttle.log_in(username, from)?;
    let checked = compare(app, username, password).await;
    match &checked {
        Ok(_) => attempt.succeeded(),
        // Dropped, it counts: also when the client has hung up before the answer.
        Err(AuthError::WrongLogin) => drop(attempt),
        Err(_) => attempt.not_made(),
    }
    checked
}

async fn compare(app: &AppState, username: &str, password: String) -> Result<Credentials, AuthError> {
    let credentials = match Username::parse(username) {
        Ok(username) => app.store.credentials(&username).await?,
        Err(_) => None,
    };
    let hash = credentials.as_ref().map(|known| known.password_hash.clone());
    let is_right = app.passwords.verify(password, hash).await?;
    credentials.filter(|known| is_right && !known.is_disabled).ok_or(AuthError::WrongLogin)
}

/// Gives an account a new password and ends all its other sessions, at their sockets too.
///
/// # Errors
/// `WrongLogin` when `current` is not its password, `Invalid` or `PasswordCommon` for the new one, `TooMany`,
/// `Busy`, or the store failed; then nothing has changed.
pub async fn change_password(
    app: &AppState,
    session: &Session,
    current: String,
    new: String,
    from: IpAddr,
) -> Result<(), AuthError> {
    let name = &session.user.name;
    check(app, name.as_str(), current, from).await?;
    check_new(name, &new)?;
    let hash = app.passwords.hash(new).await?;
    app.store.set_password(session.user.id, hash, Some(session.id)).await?;
    tell_ended(app, SessionsRevoked { user: session.user.id, except: Some(session.id), only: None });
    tracing::info!(user = %session.user.id, "password changed");
    Ok(())
}

/// Ends a session, in the store and at its sockets.
///
/// # Errors
/// The store failed; the session goes on.
pub async fn log_out(app: &AppState, session: &Session) -> Result<(), StoreError> {
    app.store.end_session(session.id).await?;
    tell_ended(app, SessionsRevoked { user: session.user.id, except: None, only: Some(session.id) });
    tracing::info!(user = %session.user.id, "logged out");
    Ok(())
}

/// Ends another session of the same user. `false` when they have none with this number.
///
/// # Errors
/// The store failed; the session goes on.
pub async fn end_other(app: &AppState, session: &Session, other: SessionId) -> Result<bool, StoreError> {
    let is_theirs = app.store.end_session_of(session.user.id, other).await?;
    if is_theirs {
        tell_ended(app, SessionsRevoked { user: session.user.id, except: None, only: Some(other) });
    }
    Ok(is_theirs)
}

/// Ends all other sessions of the same user.
///
/// # Errors
/// The store failed; the sessions go on.
pub async fn end_others(app: &AppState, session: &Session) -> Result<(), StoreError> {
    app.store.end_sessions_but(session.user.id, session.id).await?;
    tell_ended(app, SessionsRevoked { user: session.user.id, except: Some(session.id), only: None });
    Ok(())
}

/// Tells the sockets of sessions that ended in the store, here and on other nodes.
pub(crate) fn tell_ended(app: &AppState, revoked: SessionsRevoked) {
    app.sessions.revoke(revoked);
    app.hub.sessions_ended(revoked);
}
