//! One's names, what one says of oneself, and the zone that times are written in. The zone is a cookie: it belongs to a
//! browser, like the one that says which zone the device is in.

use app::settings_pages::{Deed, Tab, Typed};
use axum::{
    Form,
    extract::rejection::FormRejection,
    http::header,
    response::{IntoResponse as _, Response},
};
use protocol::ErrorCode;
use serde::Deserialize;

use super::{Visit, done_at};
use crate::{
    error::ApiError,
    pages::cookies::{ZONE_CHOSEN, page_cookie},
    profile::{own, set_display_name},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    zone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewName {
    name: String,
}

pub(super) async fn show(visit: Visit) -> Response {
    visit.page_or_failure(tab(&visit, Typed::default()).await)
}

pub(super) async fn save(visit: Visit, form: Result<Form<Choice>, FormRejection>) -> Response {
    let zone = form.map_err(ApiError::from).and_then(|Form(Choice { zone })| {
        if zone.is_empty() || app::is_known_zone(&zone) {
            Ok(zone)
        } else {
            Err(ApiError::from(ErrorCode::Invalid).message("There is no such time zone. Choose one of the list."))
        }
    });
    match zone {
        Ok(zone) => {
            let cookie = page_cookie(ZONE_CHOSEN, &zone);
            ([(header::SET_COOKIE, cookie)], done_at("/settings/profile", Deed::ZoneChosen)).into_response()
        }
        Err(error) => visit.refused(tab(&visit, Typed::default()).await, &error),
    }
}

pub(super) async fn set_name(visit: Visit, form: Result<Form<NewName>, FormRejection>) -> Response {
    let typed = match form {
        Ok(Form(NewName { name })) => name,
        Err(rejection) => return visit.refused(tab(&visit, Typed::default()).await, &rejection.into()),
    };
    let name = typed.trim();
    let wanted = (!name.is_empty()).then(|| name.to_owned());
    match set_display_name(&visit.app, visit.session.user.id, wanted).await {
        Ok(()) => done_at("/settings/profile", Deed::NameSet),
        Err(error) => visit.refused(tab(&visit, Typed { name: Some(typed), status: None }).await, &error),
    }
}

/// The page; `typed` is what a form came back with.
pub(super) async fn tab(visit: &Visit, typed: Typed) -> Result<Tab, ApiError> {
    let profile = own(&visit.app, visit.session.user.id).await?;
    let zone = visit.cookie(ZONE_CHOSEN).filter(|zone| app::is_known_zone(zone));
    Ok(Tab::Profile { zone, name: profile.name, status: profile.status, typed })
}
