//! Requests that another site's page made in somebody's name.
//!
//! Browsers send our cookie with requests that other sites start (`SameSite=Lax` stops most, not all, and no
//! WebSocket). They also say where a request came from, in `Origin`, which a page cannot change. So whatever
//! changes something, or opens a socket, needs an `Origin` of ours when it carries our cookie. This is a gate
//! before all routes: one that is added later cannot forget it. GET changes nothing.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use protocol::ErrorCode;

use super::token;
use crate::{config::Config, error::ApiError, state::AppState};

/// The middleware: 403 `cross_site` for what another site's page started.
pub(crate) async fn guard(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let changes_something = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    let opens_a_socket = request.headers().get_all(header::UPGRADE).iter().any(names_websocket);
    if (changes_something || opens_a_socket) && !is_own(&app.config, request.headers(), changes_something) {
        return ApiError::from(ErrorCode::CrossSite).into_response();
    }
    next.run(request).await
}

/// Whether an `Upgrade` header asks for a WebSocket, among others perhaps.
fn names_websocket(upgrade: &HeaderValue) -> bool {
    upgrade.as_bytes().split(|byte| *byte == b',').any(|name| name.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// Whether a request comes from a page of ours, or from no page at all.
fn is_own(config: &Config, headers: &HeaderMap, changes_something: bool) -> bool {
    let has_cookie = token::in_cookie(config, headers).is_some();
    let fetch_site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if changes_something && fetch_site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return false;
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        // A program: browsers name the origin of every POST and every socket. It shows no cookie.
        (None, _) => !has_cookie,
        // A socket without our cookie is nobody's; a form without it could still log somebody in as another.
        (Some(_), _) if !has_cookie && !changes_something => true,
        (Some(origin), None) => origin.to_str().is_ok_and(|origin| is_ours(config, headers, origin)),
        (Some(_), Some(_)) => false,
    }
}

/// Whether an origin's authority is the one that was asked, or the public one.
fn is_ours(config: &Config, headers: &HeaderMap, origin: &str) -> bool {
    let (own_port, rest) = if let Some(rest) = origin.strip_prefix("http://") {
        (":80", rest)
    } else if let Some(rest) = origin.strip_prefix("https://") {
        (":443", rest)
    } else {
        return false;
    };
    let Some(origin) = plain_authority(rest, own_port) else { return false };
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(|host| plain_authority(host, own_port));
    let public = config.public_url.as_ref().map(|url| url.authority());
    host.is_some_and(|host| host == origin) || public.is_some_and(|public| public == origin)
}

/// Host and port in lower case, without the scheme's own port. `None` for anything more, such as `user@`.
fn plain_authority(text: &str, own_port: &str) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    let authority = authority.as_str().to_ascii_lowercase();
    let is_plain = !authority.is_empty() && !authority.contains('@');
    is_plain.then(|| authority.strip_suffix(own_port).unwrap_or(&authority).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours_at(host: &str, origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        is_ours(&Config::default(), &headers, origin)
    }

    #[test]
    fn the_same_authority_is_ours_whatever_its_spelling() {
        assert!(is_ours_at("chat.example.org", "https://chat.example.org"));
        assert!(is_ours_at("chat.example.org", "https://CHAT.example.org:443"));
        assert!(is_ours_at("Chat.example.org:80", "http://chat.example.org"));
        assert!(is_ours_at("127.0.0.1:3000", "http://127.0.0.1:3000"));
        assert!(is_ours_at("[::1]:3000", "http://[::1]:3000"));
    }

    #[test]
    fn look_alikes_are_foreign() {
        for origin in [
            "null",
            "",
            "http://",
            "chat.example.org",
            "ftp://chat.example.org",
            "http://chat.example.org.evil.test",
            "http://evilchat.example.org",
            "http://chat.example.org@evil.test",
            "http://evil.test@chat.example.org",
            "http://chat.example.org:8080",
            "http://chat.example.org/",
            "http://chat.example.org evil.test",
            "http://chat.example.org.",
        ] {
            assert!(!is_ours_at("chat.example.org", origin), "{origin} passed");
        }
    }

    #[test]
    fn the_public_address_is_ours_behind_a_proxy() {
        let config = Config { public_url: Some("https://chat.example.org".parse().unwrap()), ..Config::default() };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "10.0.0.5:3000".parse().unwrap());
        assert!(is_ours(&config, &headers, "https://chat.example.org"));
        assert!(!is_ours(&config, &headers, "https://chat.example.com"));
    }
}
