//! Sessions for programs: `POST /api/v1/sessions` gives a bearer token, `DELETE /api/v1/sessions/current` takes
//! it back, `PUT /api/v1/password` changes the password. `GET /api/v1/sessions` lists one's sessions, and
//! `DELETE /api/v1/sessions/<id>` ends one of them.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
    routing::{delete, get, put},
};
use protocol::{
    ErrorCode, SessionId,
    command::Cost,
    sessions::{ChangePassword, LogIn, LoggedIn, SessionInfo, SessionList},
};

use super::{
    address::ClientAddress,
    device::Device,
    log_in::{change_password, end_other, log_in, log_out},
    token,
};
use crate::{
    error::ApiError,
    json::{Json, Path},
    state::AppState,
    store::accounts::Session,
};

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/sessions", get(list).post(create))
        .route("/api/v1/sessions/current", delete(end))
        .route("/api/v1/sessions/{id}", delete(end_one))
        .route("/api/v1/password", put(change))
}

async fn create(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    device: Device,
    Json(body): Json<LogIn>,
) -> Result<impl IntoResponse, ApiError> {
    let logged_in = log_in(&app, &body.username, body.password, from, device).await?;
    Ok((StatusCode::CREATED, Json(LoggedIn { token: logged_in.token, user: logged_in.session.user })))
}

async fn list(State(app): State<AppState>, session: Session) -> Result<Json<SessionList>, ApiError> {
    app.rates.check(Cost::Read, session.user.id)?;
    Ok(Json(SessionList { sessions: sessions_of(&app, &session).await? }))
}

/// All live sessions of the user whose session this is.
pub(crate) async fn sessions_of(app: &AppState, session: &Session) -> Result<Vec<SessionInfo>, ApiError> {
    let all = app.store.sessions_of(session.user.id, token::lifetime(app), app.config.limits.sessions_per_user).await?;
    Ok(all.into_iter().map(|info| SessionInfo { current: info.id == session.id, ..info }).collect())
}

async fn end_one(
    State(app): State<AppState>,
    session: Session,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, ApiError> {
    app.rates.check(Cost::Write, session.user.id)?;
    if end_other(&app, &session, id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ErrorCode::NotFound.into()) }
}

async fn end(State(app): State<AppState>, session: Session) -> Result<impl IntoResponse, ApiError> {
    log_out(&app, &session).await?;
    let cookie: HeaderValue = token::cookie_removal(&app.config);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]))
}

async fn change(
    State(app): State<AppState>,
    session: Session,
    ClientAddress(from): ClientAddress,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    change_password(&app, &session, body.current_password, body.new_password, from).await?;
    Ok(StatusCode::NO_CONTENT)
}
