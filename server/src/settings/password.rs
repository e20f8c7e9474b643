//! Another password.

use app::settings_pages::{Deed, Tab};
use axum::{Form, extract::rejection::FormRejection, response::Response};
use protocol::ErrorCode;
use serde::Deserialize;

use super::{Visit, done_at};
use crate::{
    auth::{AuthError, address::ClientAddress, log_in::change_password},
    error::ApiError,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    current_password: String,
    new_password: String,
    repeated_password: String,
}

pub(super) async fn show(visit: Visit) -> Response {
    visit.page(Tab::Password)
}

pub(super) async fn change(
    visit: Visit,
    ClientAddress(from): ClientAddress,
    form: Result<Form<NewPassword>, FormRejection>,
) -> Response {
    match carry_out(&visit, from, form).await {
        Ok(()) => done_at("/settings/password", Deed::PasswordChanged),
        Err(error) => visit.refused(Ok(Tab::Password), &error),
    }
}

async fn carry_out(
    visit: &Visit,
    from: std::net::IpAddr,
    form: Result<Form<NewPassword>, FormRejection>,
) -> Result<(), ApiError> {
    let Form(form) = form?;
    if form.new_password != form.repeated_password {
        return Err(ApiError::from(ErrorCode::Invalid)
            .message("The two new passwords are not the same. Type the new one twice."));
    }
    let (current, new) = (form.current_password, form.new_password);
    change_password(&visit.app, &visit.session, current, new, from).await.map_err(|error| {
        if matches!(error, AuthError::WrongLogin) {
            // The session is fine; 401 would say that it is not.
            ApiError::from(ErrorCode::Forbidden).message("The current password is wrong. Nothing was changed.")
        } else {
            error.into()
        }
    })
}
