//! The pages under `/settings`: what each shows is read here, what its forms ask for is done here, `app` draws it.
//!
//! Everything is a plain page or a plain form, so it works without any program. A form that was carried out answers
//! with a redirect, so that a reload does not send it again; one that was refused answers with its page and the
//! reason. That a form comes from a page of ours is made sure before it gets here (`auth::origin`).

use app::settings_pages::{Deed, Settings, Tab};
use axum::{
    Router,
    http::{StatusCode, Uri},
    response::Response,
    routing::{get, post},
};

use crate::{
    error::ApiError,
    pages::{OwnerVisit, Visit},
    state::AppState,
};

mod invites;
mod members;
mod password;
mod profile;
mod registration;
mod room;
mod sessions;
mod status;

/// The addresses of the settings.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings", get(overview))
        .route("/settings/profile", get(profile::show).post(profile::save))
        .route("/settings/profile/name", post(profile::set_name))
        .route("/settings/profile/status", post(status::set))
        .route("/settings/profile/status/clear", post(status::clear))
        .route("/settings/password", get(password::show).post(password::change))
        .route("/settings/sessions", get(sessions::show))
        .route("/settings/sessions/{id}/end", post(sessions::end))
        .route("/settings/sessions/end-others", post(sessions::end_others))
        .route("/settings/invites", get(invites::show).post(invites::create))
        .route("/settings/invites/{id}/revoke", post(invites::revoke))
        .route("/settings/members", get(members::show))
        .route("/settings/members/{id}/disable", post(members::disable))
        .route("/settings/members/{id}/enable", post(members::enable))
        .route("/settings/members/{id}/hand-over", post(members::hand_over))
        .route("/settings/rooms/{id}", get(room::show))
        .route("/settings/rooms/{id}/rename", post(room::rename))
        .route("/settings/rooms/{id}/transfer", post(room::transfer))
        .route("/settings/rooms/{id}/delete", post(room::delete))
        .route("/settings/registration", get(registration::show).post(registration::save))
}

async fn overview(visit: Visit) -> Response {
    visit.page(Tab::Overview)
}

impl Visit {
    /// A page.
    fn page(&self, tab: Tab) -> Response {
        let done = self.parameter("done").and_then(|word| Deed::of_word(&word));
        self.draw(StatusCode::OK, Settings { me: self.me(), tab, done, error: None })
    }

    /// A page, or why there is none.
    fn page_or_failure(&self, tab: Result<Tab, ApiError>) -> Response {
        match tab {
            Ok(tab) => self.page(tab),
            Err(error) => self.failure(&error),
        }
    }

    /// The page of a form that was refused, with the reason. A fault of the server has a page of its own.
    fn refused(&self, tab: Result<Tab, ApiError>, error: &ApiError) -> Response {
        match tab {
            Ok(tab) if !error.http_status().is_server_error() => {
                self.log(error);
                let body = error.body().clone();
                let mut response =
                    self.draw(error.http_status(), Settings { me: self.me(), tab, done: None, error: Some(body) });
                error.wait(&mut response);
                response
            }
            Ok(_) => self.failure(error),
            Err(error) => self.failure(&error),
        }
    }

    fn draw(&self, status: StatusCode, settings: Settings) -> Response {
        self.pages().page_at(&Uri::from_static("/settings"), status, app::Page::Settings(settings))
    }
}

/// To a page that says what was done.
fn done_at(path: &str, deed: Deed) -> Response {
    crate::pages::see_other(&format!("{path}?done={}", deed.word()))
}
