//! A page as an HTTP answer: drawn by `app`, under its own policy.

use app::{Failure, Initial, Page, THEME_COOKIE, Theme};
use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use protocol::ErrorBody;

use super::cookies;
use crate::{
    error::{self, ApiError},
    state::AppState,
};

/// Makes the pages that answer one request.
pub(crate) struct Pages<'a> {
    app: &'a AppState,
    zone: Option<String>,
    theme: Theme,
    is_zone_chosen: bool,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(app: &'a AppState, headers: &HeaderMap) -> Self {
        let known = |name| cookies::get(headers, name).filter(|zone| app::is_known_zone(zone));
        let chosen = known(cookies::ZONE_CHOSEN);
        let theme = Theme::read(cookies::get(headers, THEME_COOKIE).as_deref());
        Self { app, theme, is_zone_chosen: chosen.is_some(), zone: chosen.or_else(|| known("zone")) }
    }

    /// The zone that its times are written in, as far as it is known.
    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// A page whose address does not matter to what it shows.
    pub(crate) fn page(&self, status: StatusCode, page: Page) -> Response {
        self.page_at(&Uri::from_static("/"), status, page)
    }

    /// A page at its address.
    pub(crate) fn page_at(&self, uri: &Uri, status: StatusCode, page: Page) -> Response {
        let initial = Initial {
            build: self.app.assets.build().to_owned(),
            now: self.app.clock.now(),
            zone: self.zone.clone(),
            is_zone_chosen: self.is_zone_chosen,
            page,
        };
        let nonce = self.app.random.token();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let html = app::render(initial, self.theme, &self.app.assets.addresses(), path, &nonce);
        let policy = policy(&nonce, self.app.assets.reload_port());
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::CONTENT_SECURITY_POLICY, policy),
        ];
        (status, headers, html).into_response()
    }

    /// The page that says what went wrong, and the line in the log that says why.
    pub(crate) fn failure(&self, error: &ApiError, method: &Method, path: &str) -> Response {
        let correlation = error::correlation(self.app);
        error.log(&correlation, method.as_str(), path);
        let status = error.http_status();
        let correlation = status.is_server_error().then_some(correlation);
        let body = ErrorBody { correlation, ..error.body().clone() };
        let mut response = self.page(status, Page::Failure(Failure { status: status.as_u16(), error: body }));
        error.wait(&mut response);
        response
    }
}

/// Only our own files, and of the scripts in the page only those with the nonce. `wasm-unsafe-eval` allows WASM and
/// nothing else; there is no inline style anywhere.
fn policy(nonce: &str, reload_port: Option<u16>) -> HeaderValue {
    let reload = reload_port.map_or_else(String::new, |port| format!(" ws://127.0.0.1:{port}"));
    let policy = format!(
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; \
         script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
         img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'{reload}; manifest-src 'self'; \
         worker-src 'self'"
    );
    HeaderValue::try_from(policy).expect("a nonce is base64url, which is visible ASCII")
}
