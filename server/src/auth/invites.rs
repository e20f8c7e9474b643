//! Invitations: the owner makes a link that lets a number of people in until a day.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{delete, get},
};
use protocol::{ErrorCode, UnixMs};
use serde::{Deserialize, Serialize};

use super::{extract::OwnerSession, token};
use crate::{
    error::ApiError,
    json::{Json, Path},
    state::AppState,
    store::accounts::{Invite, InviteId, NewInvite},
};

/// Longest life of an invitation.
const AGE_MAX: Duration = Duration::from_hours(24 * 365);
/// Most accounts that can be made with one.
const USES_MAX: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateInvite {
    /// Accounts that can be made with it.
    uses: u32,
    /// Its life, in seconds.
    expires_in_s: u64,
}

#[derive(Serialize)]
struct InviteBody {
    id: InviteId,
    uses: u32,
    uses_max: u32,
    created_at: UnixMs,
    expires_at: UnixMs,
}

/// The only answer that has the token.
#[derive(Serialize)]
struct CreatedInvite {
    #[serde(flatten)]
    invite: InviteBody,
    token: String,
    url: String,
}

#[derive(Serialize)]
struct InviteList {
    invites: Vec<InviteBody>,
}

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/invites", get(list).post(create)).route("/api/v1/invites/{id}", delete(revoke))
}

async fn create(
    State(app): State<AppState>,
    OwnerSession(owner): OwnerSession,
    Json(body): Json<CreateInvite>,
) -> Result<impl IntoResponse, ApiError> {
    if !(1..=USES_MAX).contains(&body.uses) {
        return Err(ApiError::from(ErrorCode::Invalid).message(format!("`uses` has to be from 1 to {USES_MAX}.")));
    }
    let age_max_s = AGE_MAX.as_secs();
    if !(1..=age_max_s).contains(&body.expires_in_s) {
        let message = format!("`expires_in_s` has to be from 1 to {age_max_s}, which is a year.");
        return Err(ApiError::from(ErrorCode::Invalid).message(message));
    }
    let now = app.clock.now();
    let token = app.random.token();
    let new = NewInvite {
        token: token::hash(&token).expect("our own tokens are short"),
        created_by: owner.user.id,
        uses_max: body.uses,
        expires_at: UnixMs(now.0 + 1_000 * i64::try_from(body.expires_in_s).expect("a year fits")),
        invites_max: app.config.limits.invites,
    };
    let invite = app.store.create_invite(new, now).await?.ok_or_else(|| {
        ApiError::from(ErrorCode::Invalid).message("There are too many open invitations. Revoke some of them first.")
    })?;
    let url = format!("{}/signup?invite={token}", app.config.address());
    Ok((StatusCode::CREATED, Json(CreatedInvite { invite: invite.into(), token, url })))
}

async fn list(State(app): State<AppState>, _: OwnerSession) -> Result<impl IntoResponse, ApiError> {
    let invites = app.store.invites(app.clock.now()).await?;
    Ok(Json(InviteList { invites: invites.into_iter().map(InviteBody::from).collect() }))
}

async fn revoke(
    State(app): State<AppState>,
    _: OwnerSession,
    Path(id): Path<InviteId>,
) -> Result<impl IntoResponse, ApiError> {
    if app.store.revoke_invite(id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ErrorCode::NotFound.into()) }
}

impl From<Invite> for InviteBody {
    fn from(invite: Invite) -> Self {
        let Invite { id, uses_max, uses, created_at, expires_at } = invite;
        Self { id, uses, uses_max, created_at, expires_at }
    }
}
