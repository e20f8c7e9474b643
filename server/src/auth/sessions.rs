//! Sessions for programs: `POST /api/v1/sessions` gives a bearer token, `DELETE /api/v1/sessions/current` takes
//! it back, `PUT /api/v1/password` changes the password.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
    routing::{delete, post, put},
};
use protocol::UserRef;
use serde::{Deserialize, Serialize};

use super::{
    address::ClientAddress,
    log_in::{change_password, log_in, log_out},
    token,
};
use crate::{error::ApiError, json::Json, state::AppState, store::accounts::Session};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    username: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangePassword {
    current_password: String,
    new_password: String,
}

#[derive(Serialize)]
struct LoggedIn {
    token: String,
    user: UserRef,
}

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/sessions", post(create))
        .route("/api/v1/sessions/current", delete(end))
        .route("/api/v1/password", put(change))
}

async fn create(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<LogIn>,
) -> Result<impl IntoResponse, ApiError> {
    let logged_in = log_in(&app, &body.username, body.password, from).await?;
    Ok((StatusCode::CREATED, Json(LoggedIn { token: logged_in.token, user: logged_in.session.user })))
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
