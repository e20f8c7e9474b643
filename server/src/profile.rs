//! What people say of themselves: setting it, from a program (`/api/v1/profile`) or from a form (`settings`).
//!
//! It is stored, then told: to those who share a room with the user, in the lane of [`crate::presence`].

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, put},
};
use protocol::{
    ErrorCode, Status, UserId, UserProfile, Username,
    command::Cost,
    profile::{SetDisplayName, SetStatus, check_display_name},
};

use crate::{
    error::ApiError,
    json::Json,
    state::AppState,
    store::{Profile, accounts::Session},
};

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/profile", get(show))
        .route("/api/v1/profile/name", put(put_name).delete(clear_name))
        .route("/api/v1/profile/status", put(put_status).delete(clear_status))
}

async fn show(State(app): State<AppState>, session: Session) -> Result<Json<UserProfile>, ApiError> {
    app.rates.check(Cost::Read, session.user.id)?;
    Ok(Json(own(&app, session.user.id).await?.of(session.user.id)))
}

async fn put_name(
    State(app): State<AppState>,
    session: Session,
    Json(wanted): Json<SetDisplayName>,
) -> Result<impl IntoResponse, ApiError> {
    app.rates.check(Cost::Write, session.user.id)?;
    set_display_name(&app, session.user.id, Some(wanted.name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_name(State(app): State<AppState>, session: Session) -> Result<impl IntoResponse, ApiError> {
    app.rates.check(Cost::Write, session.user.id)?;
    set_display_name(&app, session.user.id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put_status(
    State(app): State<AppState>,
    session: Session,
    Json(wanted): Json<SetStatus>,
) -> Result<impl IntoResponse, ApiError> {
    app.rates.check(Cost::Write, session.user.id)?;
    set_status(&app, session.user.id, Some(wanted.into())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_status(State(app): State<AppState>, session: Session) -> Result<impl IntoResponse, ApiError> {
    app.rates.check(Cost::Write, session.user.id)?;
    set_status(&app, session.user.id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a user says of themselves now.
pub(crate) async fn own(app: &AppState, user: UserId) -> Result<Profile, ApiError> {
    let mut profile = app.store.profiles(&[user]).await?.pop().map(|(_, profile)| profile).unwrap_or_default();
    profile.end(app.clock.now());
    Ok(profile)
}

/// Sets a display name, or takes it away.
pub(crate) async fn set_display_name(app: &AppState, user: UserId, name: Option<String>) -> Result<(), ApiError> {
    if let Some(name) = &name {
        check_display_name(name)?;
        // Who has no other name is shown by that one alone.
        if let Ok(username) = Username::parse(name)
            && app.store.account(&username).await?.is_some_and(|account| account.user.id != user)
        {
            return Err(ApiError::from(ErrorCode::UsernameTaken)
                .message("Somebody else here has that as their user name. Choose another display name."));
        }
    }
    let profile = app.store.set_display_name(user, name).await?;
    app.hub.presence().set_profile(user, profile);
    Ok(())
}

/// Sets a status, or clears it.
pub(crate) async fn set_status(app: &AppState, user: UserId, status: Option<Status>) -> Result<(), ApiError> {
    if let Some(status) = &status {
        status.check(app.clock.now())?;
    }
    let profile = app.store.set_status(user, status).await?;
    app.hub.presence().set_profile(user, profile);
    Ok(())
}
