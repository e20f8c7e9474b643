//! `GET /ws` and `GET /api/v1/connect`: the way in, and the reason why there is none.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use protocol::{ErrorCode, SUBPROTOCOL, limits::FRAME_BYTES_MAX};

use super::{Sockets, connection::Connection, echo};
use crate::{
    auth::address::ClientAddress,
    error::ApiError,
    state::AppState,
    store::{
        Actor,
        accounts::{Role, Session},
    },
};

/// Bytes read at once. Commands are small, connections are many.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Bytes gathered before they are written without being asked to.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/ws", get(open)).route("/ws/echo", get(echo::open)).route("/api/v1/connect", get(connect))
}

/// Whether a socket would be let in: what a browser does not tell a page about a socket that failed.
async fn connect(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    session: Session,
) -> Result<StatusCode, ApiError> {
    refuse_when_stopping(&app.sockets)?;
    app.sockets.admission.check(session.user.id, from).map_err(|no_place| no_place.answer(&app.sockets.random))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn open(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    session: Session,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = bounded(upgrade.map_err(no_handshake)?, &app.sockets);
    let upgrade = agree_on_protocol(upgrade)?;
    admit(app, from, session, upgrade)
}

fn admit(app: AppState, from: IpAddr, session: Session, upgrade: WebSocketUpgrade) -> Result<Response, ApiError> {
    let sockets = Arc::clone(&app.sockets);
    refuse_when_stopping(&sockets)?;
    let place = sockets.admission.admit(session.user.id, from).map_err(|no_place| no_place.answer(&sockets.random))?;
    // Counted from here on, also while the upgrade is under way.
    let guard = app.sessions.attach(&session);
    let running = app.tasks.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let actor = Actor { is_owner: session.role == Role::Owner, user: session.user };
        Connection::new(sockets, actor, guard, socket).run().await;
        drop((place, running));
    }))
}

fn refuse_when_stopping(sockets: &Sockets) -> Result<(), ApiError> {
    if sockets.stopping.is_cancelled() {
        return Err(super::admission::NoPlace::Server.answer(&sockets.random));
    }
    Ok(())
}

/// With bounds on what is read and on what waits to be written: the defaults are megabytes a connection.
pub(super) fn bounded(upgrade: WebSocketUpgrade, sockets: &Sockets) -> WebSocketUpgrade {
    // Room for the largest frame beyond the buffer, however low the limit was set.
    let least = WRITE_BUFFER_BYTES + FRAME_BYTES_MAX;
    let waiting = usize::try_from(sockets.limits.socket_waiting_bytes).unwrap_or(usize::MAX);
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(waiting.max(least))
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
}

/// A client that names protocols has to name ours; one that names none is taken to speak it.
fn agree_on_protocol(mut upgrade: WebSocketUpgrade) -> Result<WebSocketUpgrade, ApiError> {
    let ours = HeaderValue::from_static(SUBPROTOCOL);
    let is_offered = upgrade.requested_protocols().any(|protocol| *protocol == ours);
    let is_silent = upgrade.requested_protocols().next().is_none();
    if is_offered {
        upgrade.set_selected_protocol(ours);
    } else if !is_silent {
        let message = format!("This server speaks the subprotocol {SUBPROTOCOL}. Offer it, or none.");
        return Err(ApiError::from(ErrorCode::Unsupported).message(message));
    }
    Ok(upgrade)
}

/// A request for a socket that is no WebSocket handshake (RFC 6455 §4.2.1).
pub(super) fn no_handshake(rejection: WebSocketUpgradeRejection) -> ApiError {
    let status = rejection.into_response().status();
    ApiError::from(ErrorCode::Malformed)
        .status(status)
        .message("This address takes WebSocket connections (RFC 6455) only.")
}
