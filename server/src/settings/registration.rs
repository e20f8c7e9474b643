//! Who may sign up, for the owner.

use app::settings_pages::{Deed, Tab};
use axum::{Form, extract::rejection::FormRejection, response::Response};
use protocol::ErrorCode;
use serde::Deserialize;

use super::{OwnerVisit, Visit, done_at};
use crate::{config::Registration, error::ApiError, pages};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    mode: String,
}

pub(super) async fn show(OwnerVisit(visit): OwnerVisit) -> Response {
    visit.page_or_failure(tab(&visit).await)
}

pub(super) async fn save(OwnerVisit(visit): OwnerVisit, form: Result<Form<Choice>, FormRejection>) -> Response {
    match decide(&visit, form).await {
        Ok(()) => done_at("/settings/registration", Deed::RegistrationSet),
        Err(error) => visit.refused(tab(&visit).await, &error),
    }
}

async fn decide(visit: &Visit, form: Result<Form<Choice>, FormRejection>) -> Result<(), ApiError> {
    if visit.app.config.registration.is_some() {
        let message = "This was set where the server was started, and is changed there.";
        return Err(ApiError::from(ErrorCode::Forbidden).message(message));
    }
    let Form(choice) = form?;
    let mode: Registration = choice
        .mode
        .parse()
        .map_err(|_| ApiError::from(ErrorCode::Invalid).message("Choose one of the three: open, invite or closed."))?;
    visit.app.store.set_registration(mode).await?;
    tracing::info!(?mode, by = %visit.session.user.id, "registration decided");
    Ok(())
}

async fn tab(visit: &Visit) -> Result<Tab, ApiError> {
    let is_fixed = visit.app.config.registration.is_some();
    Ok(Tab::Registration { mode: pages::registration(&visit.app).await?, is_fixed })
}
