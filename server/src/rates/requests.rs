//! Requests of one address, pages and handshakes alike, before anything is looked up for them.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{auth::address::client_address, error::ApiError, state::AppState};

/// The middleware. Free are files, for which a page asks by the dozen and which cost little, and what watches over the
/// server asks.
pub(crate) async fn by_address(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_free = matches!(path, "/healthz" | "/readyz") || app.assets.has(path);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    if !is_free && let Some(peer) = peer {
        let from = client_address(peer, request.headers(), &app.config.trusted_proxies);
        if let Err(refused) = app.rates.check_address(from) {
            return ApiError::from(refused).into_response();
        }
    }
    next.run(request).await
}
