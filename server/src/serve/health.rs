//! `/healthz`: whether the process does what it is for. `/readyz`: whether new work should be sent to it.
//!
//! A supervisor restarts what is not healthy; a load balancer passes over what is not ready. A server that leaves, or
//! has as many sockets as it takes, is healthy.

use axum::{Router, extract::State, routing::get};
use protocol::ErrorCode;

use crate::{error::ApiError, state::AppState};

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz))
}

/// Whether the server answers and can write; if not, why.
async fn healthz(State(app): State<AppState>) -> Result<&'static str, ApiError> {
    match app.store.write_health() {
        Ok(()) => Ok("ok\n"),
        Err(reason) => Err(ApiError::from(ErrorCode::Unavailable).message(reason)),
    }
}

/// Whether more may be sent here; if not, why.
async fn readyz(state: State<AppState>) -> Result<&'static str, ApiError> {
    let app = &state.0;
    let not_ready = |reason| Err(ApiError::from(ErrorCode::Unavailable).message(reason));
    if !app.drain.is_ready() {
        return not_ready("This server is leaving. Send nothing more to it.");
    }
    if app.sockets.is_full() {
        return not_ready("This server has as many connections as it can take.");
    }
    healthz(state).await
}
