//! What is read over HTTP: snapshots and pages, each "as of" an event. Changes go over the socket.

mod edits;
mod rooms;

pub(crate) use rooms::{authorize_read, directory_at};

use axum::{Router, routing::get};

use crate::state::AppState;

/// The addresses under `/api/v1` that concern rooms.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/inbox", get(rooms::inbox))
        .route("/api/v1/directory", get(rooms::directory))
        .route("/api/v1/rooms", get(rooms::summaries))
        .route("/api/v1/rooms/{room}", get(rooms::room))
        .route("/api/v1/rooms/{room}/history", get(rooms::history))
        .route("/api/v1/rooms/{room}/candidates", get(rooms::candidates))
        .route("/api/v1/rooms/{room}/messages/{message}/edits", get(edits::edits))
}
