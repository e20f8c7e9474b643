//! A request for a page of the settings: whose it is, and how it is answered.

use app::Me;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, Uri, request::Parts},
    response::Response,
};
use protocol::{ErrorCode, command::Cost};

use crate::{
    auth::extract::session_of,
    error::{self, ApiError},
    pages::{self, Pages},
    state::AppState,
    store::accounts::{Role, Session},
};

/// Somebody who is logged in. Everybody else is sent to log in first. Takes from the user's buckets.
pub(super) struct Visit {
    pub(super) app: AppState,
    pub(super) session: Session,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), parts.headers.clone());
        let is_read = matches!(method, Method::GET | Method::HEAD);
        let failed = |error: &ApiError| Pages::new(app, &headers).failure(error, &method, uri.path());
        let session = match session_of(app, &headers).await {
            Ok(Some(session)) => session,
            Ok(None) if is_read => return Err(pages::see_other(&pages::log_in_first(&uri))),
            // A form that was sent in vain is opened again after logging in, empty.
            Ok(None) => return Err(pages::see_other(&pages::log_in_first(&super::page_of(uri.path())))),
            Err(error) => return Err(failed(&error)),
        };
        let cost = if is_read { Cost::Read } else { Cost::Write };
        app.rates.check(cost, session.user.id).map_err(|refusal| failed(&refusal.into()))?;
        Ok(Self { app: app.clone(), session, method, uri, headers })
    }
}

/// The owner of the server. Everybody else is told that only the owner may do that.
pub(super) struct OwnerVisit(pub(super) Visit);

impl FromRequestParts<AppState> for OwnerVisit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await?;
        match visit.session.role {
            Role::Owner => Ok(Self(visit)),
            Role::Member => {
                let refusal =
                    ApiError::from(ErrorCode::Forbidden).message("Only the owner of this server may do that.");
                Err(visit.failure(&refusal))
            }
        }
    }
}

impl Visit {
    /// Whose visit it is.
    pub(super) fn me(&self) -> Me {
        pages::me_of(&self.session)
    }

    /// A parameter of the address.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        pages::cookies::parameter(self.uri.query().unwrap_or_default(), name)
    }

    /// A cookie that a page has set.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        pages::cookies::get(&self.headers, name)
    }

    pub(super) fn pages(&self) -> Pages<'_> {
        Pages::new(&self.app, &self.headers)
    }

    /// The page that says why there is no other.
    pub(super) fn failure(&self, error: &ApiError) -> Response {
        self.pages().failure(error, &self.method, self.uri.path())
    }

    /// Notes a refusal in the log.
    pub(super) fn log(&self, error: &ApiError) {
        error.log(&error::correlation(&self.app), self.method.as_str(), self.uri.path());
    }
}
