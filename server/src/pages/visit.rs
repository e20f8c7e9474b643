//! A request for a page, or by a form in it, of somebody who is logged in: whose it is, and what is done for them.

use app::Me;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, Uri, request::Parts},
    response::Response,
};
use protocol::{ClientId, Command, ErrorBody, ErrorCode, command::Cost};

use crate::{
    auth::extract::session_of,
    error::{self, ApiError},
    pages::{self, Pages},
    state::AppState,
    store::{
        Actor, ExecuteError,
        accounts::{Role, Session},
    },
};

/// Somebody who is logged in. Everybody else is sent to log in first. Takes from the user's buckets.
pub(crate) struct Visit {
    pub(crate) app: AppState,
    pub(crate) session: Session,
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
            Ok(None) => return Err(pages::see_other(&pages::log_in_first(&page_of(uri.path())))),
            Err(error) => return Err(failed(&error)),
        };
        let cost = if is_read { Cost::Read } else { Cost::Write };
        app.rates.check(cost, session.user.id).map_err(|refusal| failed(&refusal.into()))?;
        Ok(Self { app: app.clone(), session, method, uri, headers })
    }
}

/// The owner of the server. Everybody else is told that only the owner may do that.
pub(crate) struct OwnerVisit(pub(crate) Visit);

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

/// The page that has the form of this path: a form's own path takes nothing but the form.
fn page_of(form: &str) -> String {
    // Each room has pages of its own, of everything else there is one.
    let parts = if form.starts_with("/settings/rooms/") { 4 } else { 3 };
    form.split('/').take(parts).collect::<Vec<_>>().join("/")
}

impl Visit {
    /// Does what a form asks for: a command like any other, so `commands::decide` says who may, and everyone who is to
    /// know is told as it happens.
    pub(crate) async fn execute(&self, command: Command) -> Result<(), ApiError> {
        let actor = Actor::from(&self.session);
        match self.app.store.execute(&actor, command, self.app.clock.now()).await {
            Ok(_) => Ok(()),
            Err(ExecuteError::Refused(refusal)) => Err(ErrorBody::from(refusal).into()),
            Err(ExecuteError::Store(error)) => Err(error.into()),
        }
    }

    /// For a command of this form.
    pub(crate) fn client_id(&self) -> ClientId {
        ClientId::new(self.app.clock.now(), &self.app.random.bytes())
    }

    /// Whose visit it is.
    pub(crate) fn me(&self) -> Me {
        pages::me_of(&self.session)
    }

    /// A parameter of the address.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        pages::cookies::parameter(self.uri.query().unwrap_or_default(), name)
    }

    /// A cookie that a page has set.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        pages::cookies::get(&self.headers, name)
    }

    pub(crate) fn pages(&self) -> Pages<'_> {
        Pages::new(&self.app, &self.headers)
    }

    /// The page that says why there is no other.
    pub(crate) fn failure(&self, error: &ApiError) -> Response {
        self.pages().failure(error, &self.method, self.uri.path())
    }

    /// Notes a refusal in the log.
    pub(crate) fn log(&self, error: &ApiError) {
        error.log(&error::correlation(&self.app), self.method.as_str(), self.uri.path());
    }
}
