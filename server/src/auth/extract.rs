//! From a request to the session that it belongs to.

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, request::Parts},
};
use protocol::ErrorCode;

use super::token;
use crate::{
    error::ApiError,
    state::AppState,
    store::accounts::{Role, Session},
};

/// A session is noted as used when it was not for this long: not every request writes.
const TOUCH_AFTER_MS: i64 = 60 * 60 * 1000;

/// The live session that a request shows: its bearer token, or else its cookie.
///
/// # Errors
/// The store failed.
pub async fn session_of(app: &AppState, headers: &HeaderMap) -> Result<Option<Session>, ApiError> {
    let token = token::in_authorization(headers).or_else(|| token::in_cookie(&app.config, headers));
    let Some(hash) = token.and_then(token::hash) else { return Ok(None) };
    let life = token::lifetime(app);
    let Some(session) = app.store.session(hash, life).await? else { return Ok(None) };
    if life.now.0 - session.seen_at.0 > TOUCH_AFTER_MS {
        // Reading goes on where nothing can be written; the session is noted as used another time.
        if let Err(error) = app.store.touch_sessions(&[session.id], life.now).await {
            tracing::warn!(?error, "a session could not be noted as used");
        }
    }
    Ok(Some(session))
}

/// `session: Session` as an argument of a handler: 401 without one.
impl<S> FromRequestParts<S> for Session
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = AppState::from_ref(state);
        session_of(&app, &parts.headers).await?.ok_or_else(|| ErrorCode::Unauthorized.into())
    }
}

/// `session: Option<Session>`: for what both those inside and outside may ask.
impl<S> OptionalFromRequestParts<S> for Session
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, ApiError> {
        session_of(&AppState::from_ref(state), &parts.headers).await
    }
}

/// A session of the server's owner: 403 for everyone else.
#[derive(Clone, Debug)]
pub struct OwnerSession(pub Session);

impl<S> FromRequestParts<S> for OwnerSession
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let session = <Session as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        match session.role {
            Role::Owner => Ok(Self(session)),
            Role::Member => {
                Err(ApiError::from(ErrorCode::Forbidden).message("Only the owner of this server may do that."))
            }
        }
    }
}
