//! Invitations: the owner makes a link that lets a number of people in until a day.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{delete, get},
};
use protocol::{
    ErrorCode, UnixMs,
    invites::{CreateInvite, InviteCreated, InviteList},
};

use super::{extract::OwnerSession, token};
use crate::{
    error::ApiError,
    json::{Json, Path},
    state::AppState,
    store::accounts::{InviteId, NewInvite, Session},
};

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/invites", get(list).post(create)).route("/api/v1/invites/{id}", delete(revoke))
}

async fn create(
    State(app): State<AppState>,
    OwnerSession(owner): OwnerSession,
    Json(body): Json<CreateInvite>,
) -> Result<impl IntoResponse, ApiError> {
    let created = create_invite(&app, &owner, body).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Makes an invitation and its link.
pub(crate) async fn create_invite(
    app: &AppState,
    owner: &Session,
    wanted: CreateInvite,
) -> Result<InviteCreated, ApiError> {
    wanted.check()?;
    let now = app.clock.now();
    let token = app.random.token();
    let new = NewInvite {
        token: token::hash(&token).expect("our own tokens are short"),
        created_by: owner.user.id,
        uses_max: wanted.uses,
        expires_at: UnixMs(now.0 + 1_000 * i64::try_from(wanted.expires_in_s).expect("a year fits")),
        invites_max: app.config.limits.invites,
    };
    let invite = app.store.create_invite(new, now).await?.ok_or_else(|| {
        ApiError::from(ErrorCode::Invalid).message("There are too many open invitations. Revoke some of them first.")
    })?;
    let url = format!("{}/signup?invite={token}", app.config.address());
    Ok(InviteCreated { invite, token, url })
}

async fn list(State(app): State<AppState>, _: OwnerSession) -> Result<impl IntoResponse, ApiError> {
    let invites = app.store.invites(app.clock.now()).await?;
    Ok(Json(InviteList { invites }))
}

async fn revoke(
    State(app): State<AppState>,
    _: OwnerSession,
    Path(id): Path<InviteId>,
) -> Result<impl IntoResponse, ApiError> {
    if app.store.revoke_invite(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ErrorCode::NotFound.into()) }
}
