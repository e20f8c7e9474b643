//! The plain forms: sign up, log in, log out. They work without any script.
//!
//! Success is a redirect with the cookie. Failure is the page again, with what was typed but the password and
//! with the error in words; the page itself is drawn by [`crate::pages`].

use axum::{
    Form, Router,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde::Deserialize;

use super::{
    address::ClientAddress,
    device::Device,
    extract::session_of,
    log_in::{LoggedIn, log_in, log_out},
    sign_up::{SignUp, sign_up},
    token,
};
use crate::{error::ApiError, pages, state::AppState};

/// A page with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthPage {
    /// `/login`.
    LogIn,
    /// `/signup`.
    SignUp,
}

/// A form that was refused: everything that its page needs to be shown again.
#[derive(Clone, Debug)]
pub struct FormFailure {
    /// Which page.
    pub page: AuthPage,
    /// Why: code, words, status and time to wait. Answer with its status and `Retry-After`.
    pub error: ApiError,
    /// What was typed as name.
    pub username: String,
    /// Where to go afterwards; a path of ours.
    pub next: Option<String>,
    /// The invitation's token.
    pub invite: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogInForm {
    username: String,
    password: String,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignUpForm {
    username: String,
    password: String,
    invite: Option<String>,
    next: Option<String>,
}

/// Longest path to go to after logging in, in bytes.
const NEXT_BYTES_MAX: usize = 2_048;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/login", post(post_login))
        .route("/signup", post(post_signup))
        .route("/logout", post(post_logout))
}

async fn post_login(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    device: Device,
    headers: HeaderMap,
    form: Result<Form<LogInForm>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return unreadable(app, &headers, AuthPage::LogIn, rejection).await,
    };
    let next = form.next.filter(|next| is_local(next));
    match log_in(&app, &form.username, form.password, from, device).await {
        Ok(logged_in) => enter(&app, &headers, &logged_in, next.as_deref()).await,
        Err(error) => {
            let failure =
                FormFailure { page: AuthPage::LogIn, error: error.into(), username: form.username, next, invite: None };
            pages::auth_page(app, &headers, failure).await
        }
    }
}

async fn post_signup(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    device: Device,
    headers: HeaderMap,
    form: Result<Form<SignUpForm>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(rejection) => return unreadable(app, &headers, AuthPage::SignUp, rejection).await,
    };
    let next = form.next.filter(|next| is_local(next));
    let (username, invite) = (form.username.clone(), form.invite.clone());
    let wanted = SignUp { username, password: form.password, invite, device };
    match sign_up(&app, wanted, from).await {
        Ok(logged_in) => enter(&app, &headers, &logged_in, next.as_deref()).await,
        Err(error) => {
            let failure = FormFailure {
                page: AuthPage::SignUp,
                error: error.into(),
                username: form.username,
                next,
                invite: form.invite,
            };
            pages::auth_page(app, &headers, failure).await
        }
    }
}

async fn post_logout(State(app): State<AppState>, headers: HeaderMap) -> Response {
    match end_shown_session(&app, &headers).await {
        Ok(()) => redirect("/login", token::cookie_removal(&app.config)),
        Err(error) => error.into_response(),
    }
}

/// Hands the browser its new session. One that it showed before ends: a token that somebody else may have
/// planted, or seen, is worth nothing after logging in.
async fn enter(app: &AppState, headers: &HeaderMap, logged_in: &LoggedIn, next: Option<&str>) -> Response {
    match end_shown_session(app, headers).await {
        Ok(()) => redirect(next.unwrap_or("/"), token::cookie(&app.config, &logged_in.token)),
        Err(error) => error.into_response(),
    }
}

async fn end_shown_session(app: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    if let Some(session) = session_of(app, headers).await? {
        log_out(app, &session).await?;
    }
    Ok(())
}

/// 303: the browser follows with a GET, and a reload does not send the form again.
fn redirect(to: &str, cookie: HeaderValue) -> Response {
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::SET_COOKIE, cookie)]).into_response()
}

async fn unreadable(app: AppState, headers: &HeaderMap, page: AuthPage, rejection: FormRejection) -> Response {
    let error = ApiError::from(rejection);
    let failure = FormFailure { page, error, username: String::new(), next: None, invite: None };
    pages::auth_page(app, headers, failure).await
}

/// Whether a place to go to is a path of ours. `//host` and `/\\host` are other sites to a browser.
fn is_local(next: &str) -> bool {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    is_path && next.len() <= NEXT_BYTES_MAX && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_gone_to_after_logging_in() {
        for path in ["/", "/rooms/general?at=5", "/rooms/caf%C3%A9"] {
            assert!(is_local(path), "{path} was refused");
        }
        for path in [
            "",
            "rooms",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test",
            "/a\r\nX: y",
            "/\t/evil.test",
            "javascript:alert(1)",
        ] {
            assert!(!is_local(path), "{path} passed");
        }
        let longest = format!("/{}", "a".repeat(NEXT_BYTES_MAX - 1));
        assert!(is_local(&longest) && !is_local(&format!("{longest}a")));
    }
}
