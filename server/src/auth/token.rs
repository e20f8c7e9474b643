//! Session tokens: how they are hashed, how a cookie carries them, how long they live.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use protocol::UnixMs;
use sha2::{Digest as _, Sha256};

use super::device::Device;
use crate::{
    config::Config,
    state::{App, AppState},
    store::accounts::{Lifetime, NewSession, TokenHash},
};

/// Longer things are no tokens of ours and are not even hashed.
const TOKEN_CHARS_MAX: usize = 64;

/// What is stored of a token. `None` for what cannot be one.
#[must_use]
pub fn hash(token: &str) -> Option<TokenHash> {
    (token.len() <= TOKEN_CHARS_MAX).then(|| TokenHash(Sha256::digest(token.as_bytes()).into()))
}

/// A fresh token and the session to be opened for it.
pub(crate) fn draw(app: &App, Device(device): Device) -> (String, NewSession) {
    let token = app.random.token();
    let hash = hash(&token).expect("our own tokens are short");
    (token, NewSession { token: hash, device, per_user_max: app.config.limits.sessions_per_user })
}

/// Which sessions live now.
#[must_use]
pub fn lifetime(app: &AppState) -> Lifetime {
    let now = app.clock.now();
    let days_ago = |days: u32| UnixMs(now.0 - i64::from(days) * DAY_MS);
    let limits = &app.config.limits;
    Lifetime { now, seen_after: days_ago(limits.session_idle_days), created_after: days_ago(limits.session_days) }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The cookie's name. `__Host-` makes browsers refuse it from other hosts, other paths and without TLS.
#[must_use]
pub fn cookie_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-parlor_session" } else { "parlor_session" }
}

/// The `Set-Cookie` that hands a token to a browser.
#[must_use]
pub fn cookie(config: &Config, token: &str) -> HeaderValue {
    let age = Duration::from_hours(24 * u64::from(config.limits.session_days));
    set_cookie(config, token, age)
}

/// The `Set-Cookie` that takes it back.
#[must_use]
pub fn cookie_removal(config: &Config) -> HeaderValue {
    set_cookie(config, "", Duration::ZERO)
}

fn set_cookie(config: &Config, value: &str, age: Duration) -> HeaderValue {
    let name = cookie_name(config);
    let secure = if config.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", age.as_secs());
    HeaderValue::try_from(text).expect("base64url and fixed words make a header value")
}

/// The token in the request's cookie, if there is one.
#[must_use]
pub fn in_cookie<'a>(config: &Config, headers: &'a HeaderMap) -> Option<&'a str> {
    let name = cookie_name(config);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The token after `Authorization: Bearer`, if there is one (RFC 6750 §2.1).
#[must_use]
pub fn in_authorization(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
