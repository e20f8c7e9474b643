//! The boundary: every failure becomes one JSON body with a code of `protocol::ErrorCode` and words.
//!
//! Each room has its own error enum and says beside it, in one exhaustive match, which code each case is.
//! Here codes become statuses, and the cause is logged, once, under a number that the reply carries. Causes
//! never leave the server.

use std::{borrow::Cow, error::Error, fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State, rejection::FormRejection},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::{ErrorBody, ErrorCode, Invalid};

use crate::{clock::Randomness, state::AppState, store::StoreError};

/// A failure on its way out.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    body: ErrorBody,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// With other words than the code's own.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.body.message = message.into();
        self
    }

    /// With a status that HTTP has for a case that the codes do not tell apart.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With the time after which trying again makes sense.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.body.retry_after_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// With what is logged and never told.
    #[must_use]
    pub fn caused_by(mut self, cause: Arc<dyn Error + Send + Sync>) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The case.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.body.code
    }

    /// What is answered, but for the correlation id; pages show it in their own way.
    #[must_use]
    pub fn body(&self) -> &ErrorBody {
        &self.body
    }

    /// The status of the answer.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        self.status
    }

    /// The value of `Retry-After`, in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after_header(&self) -> Option<HeaderValue> {
        self.body.retry_after_ms.map(|ms| HeaderValue::from(ms.div_ceil(1000).max(1)))
    }
}

impl ApiError {
    /// Says in an answer when to try again, where that is known.
    pub(crate) fn wait(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after_header() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
    }
}

/// A form that is none of ours: missing, doubled or unknown fields, too long, or not a form at all.
impl From<FormRejection> for ApiError {
    fn from(rejection: FormRejection) -> Self {
        let code = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
            _ => ErrorCode::Malformed,
        };
        Self::from(code).message(rejection.body_text()).status(rejection.status())
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        ErrorBody::new(code).into()
    }
}

impl From<ErrorBody> for ApiError {
    fn from(body: ErrorBody) -> Self {
        Self { status: status_of(body.code), body, cause: None }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        ErrorBody::from(invalid).into()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let answer = match &error {
            StoreError::Busy => Self::from(ErrorCode::Busy),
            StoreError::Full(_) => Self::from(ErrorCode::Unavailable).message(DISK_FULL),
            StoreError::Unavailable(_) | StoreError::SyncFailed(_) => Self::from(ErrorCode::Unavailable),
            StoreError::Internal(_) => Self::from(ErrorCode::Internal),
        };
        answer.caused_by(Arc::new(error))
    }
}

/// What everybody is told where the disk is full.
const DISK_FULL: &str = "The server's disk is full: nothing can be stored. Reading works.";

/// The status that goes with a code.
fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Malformed | ErrorCode::Unsupported => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized | ErrorCode::WrongLogin => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden
        | ErrorCode::CrossSite
        | ErrorCode::RegistrationClosed
        | ErrorCode::InviteNeeded
        | ErrorCode::InviteInvalid
        | ErrorCode::InviteExpired
        | ErrorCode::InviteUsedUp => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict | ErrorCode::RoomNameTaken | ErrorCode::UsernameTaken => StatusCode::CONFLICT,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Invalid
        | ErrorCode::UsernameInvalid
        | ErrorCode::PasswordTooShort
        | ErrorCode::PasswordTooLong
        | ErrorCode::PasswordCommon => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited | ErrorCode::TooManyConnections => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Busy | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // The middleware writes the body: only there is the randomness at hand that a correlation id takes.
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The middleware that gives every failure its number, logs it once, and writes it as JSON.
pub(crate) async fn report(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };

    let correlation = correlation(&app);
    error.log(&correlation, method.as_str(), &path);
    let mut reply =
        (error.status, Json(ErrorBody { correlation: Some(correlation), ..error.body.clone() })).into_response();
    if let Some(seconds) = error.retry_after_header() {
        reply.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    if error.status == StatusCode::UNAUTHORIZED {
        reply.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    // What the handler set besides, such as a cookie that is taken back, stays.
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            reply.headers_mut().append(name, value.clone());
        }
    }
    reply
}

/// A number under which the log has the cause.
pub(crate) fn correlation(app: &AppState) -> String {
    number(&app.random)
}

/// The same for those who have no `App`.
pub(crate) fn number(random: &Randomness) -> String {
    random.bytes::<8>().iter().fold(String::with_capacity(16), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl ApiError {
    /// Writes the whole chain of causes, once.
    pub(crate) fn log(&self, correlation: &str, method: &str, path: &str) {
        let code: &str = self.body.code.into();
        match &self.cause {
            // `?` escapes control characters: a path cannot forge a line of the log.
            Some(cause) => {
                tracing::error!(correlation, code, method, ?path, cause = ?chain(cause.as_ref()), "request failed")
            }
            None => tracing::debug!(correlation, code, method, ?path, "request refused"),
        }
    }
}

/// An error and its sources, outermost first.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_words() {
        let cause: Arc<dyn Error + Send + Sync> = Arc::from(Box::from("ENOSPC of /dev/vda"));

        let answer = ApiError::from(StoreError::Full(cause));

        assert_eq!((answer.code(), answer.http_status()), (ErrorCode::Unavailable, StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(answer.body().message, DISK_FULL);
    }
}
