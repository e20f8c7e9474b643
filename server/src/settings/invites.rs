//! Invitations in the page; programs have `auth::invites`.

use app::settings_pages::{Deed, Tab};
use axum::{
    Form,
    extract::{Path, rejection::FormRejection},
    response::Response,
};
use protocol::{ErrorCode, InviteId, invites::CreateInvite};
use serde::Deserialize;

use super::{OwnerVisit, Visit, done_at};
use crate::{auth::invites::create_invite, error::ApiError, pages};

/// As it is typed: what is no number is told in our own words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvite {
    uses: String,
    expires_in_s: String,
}

pub(super) async fn show(OwnerVisit(visit): OwnerVisit) -> Response {
    visit.page_or_failure(tab(&visit, None).await)
}

/// Answers with the page that has the link, not with a redirect: the link is in no other place, so it cannot be shown
/// by another request.
pub(super) async fn create(OwnerVisit(visit): OwnerVisit, form: Result<Form<NewInvite>, FormRejection>) -> Response {
    match make(&visit, form).await {
        Ok(link) => visit.page_or_failure(tab(&visit, Some(link)).await),
        Err(error) => visit.refused(tab(&visit, None).await, &error),
    }
}

async fn make(visit: &Visit, form: Result<Form<NewInvite>, FormRejection>) -> Result<String, ApiError> {
    let Form(form) = form?;
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let (Some(uses), Some(expires_in_s)) = (number(&form.uses), number(&form.expires_in_s)) else {
        let message = "Say with a whole number how many people the link lets in.";
        return Err(ApiError::from(ErrorCode::Invalid).message(message));
    };
    let wanted = CreateInvite { uses, expires_in_s: expires_in_s.into() };
    Ok(create_invite(&visit.app, &visit.session, wanted).await?.url)
}

/// An invitation that is gone already is revoked, too.
pub(super) async fn revoke(OwnerVisit(visit): OwnerVisit, Path(id): Path<InviteId>) -> Response {
    match visit.app.store.revoke_invite(id).await {
        Ok(_) => done_at("/settings/invites", Deed::InviteRevoked),
        Err(error) => visit.failure(&error.into()),
    }
}

async fn tab(visit: &Visit, made: Option<String>) -> Result<Tab, ApiError> {
    let app = &visit.app;
    let invites = app.store.invites(app.clock.now()).await?;
    Ok(Tab::Invites { invites, made, registration: pages::registration(app).await? })
}
