//! One's status in the page; programs have [`crate::profile`].

use app::settings_pages::{Deed, StatusEnd, Typed};
use axum::{Form, extract::rejection::FormRejection, response::Response};
use protocol::{ErrorCode, Status};
use serde::Deserialize;

use super::{Visit, done_at, profile::tab};
use crate::{
    error::ApiError,
    profile::{own, set_status},
};

const PAGE: &str = "/settings/profile";

/// What stands before the words of who chose none.
const USUAL_EMOJI: &str = "💬";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStatus {
    emoji: String,
    text: String,
    end: String,
}

pub(super) async fn set(visit: Visit, form: Result<Form<NewStatus>, FormRejection>) -> Response {
    let wanted = match form {
        Ok(Form(wanted)) => wanted,
        Err(rejection) => return visit.refused(tab(&visit, Typed::default()).await, &rejection.into()),
    };
    match keep(&visit, &wanted).await {
        Ok(()) => done_at(PAGE, Deed::StatusSet),
        Err(error) => {
            let typed = Typed { name: None, status: Some((wanted.emoji, wanted.text)) };
            visit.refused(tab(&visit, typed).await, &error)
        }
    }
}

async fn keep(visit: &Visit, wanted: &NewStatus) -> Result<(), ApiError> {
    let (app, user) = (&visit.app, visit.session.user.id);
    let end = StatusEnd::of_word(&wanted.end).ok_or_else(|| {
        ApiError::from(ErrorCode::Invalid).message("There is no such time to clear a status. Choose one of the list.")
    })?;
    let before = own(app, user).await?.status.and_then(|status| status.until);
    let emoji = Some(wanted.emoji.trim()).filter(|emoji| !emoji.is_empty()).unwrap_or(USUAL_EMOJI);
    let status = Status {
        emoji: emoji.to_owned(),
        text: wanted.text.trim().to_owned(),
        until: end.at(app.clock.now(), visit.pages().zone(), before),
    };
    set_status(app, user, Some(status)).await
}

pub(super) async fn clear(visit: Visit) -> Response {
    match set_status(&visit.app, visit.session.user.id, None).await {
        Ok(()) => done_at(PAGE, Deed::StatusCleared),
        Err(error) => visit.failure(&error),
    }
}
