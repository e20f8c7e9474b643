//! `GET /ws` and `GET /api/v1/connect`: the way in, and the reason why there is none.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension, Router,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use protocol::{ErrorCode, SUBPROTOCOL, limits::FRAME_BYTES_MAX};

use super::{Sockets, admission::NoPlace, connection::Connection, echo};
use crate::{
    auth::{address::ClientAddress, extract::session_of},
    error::ApiError,
    serve::Line,
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

/// Bytes of the key with which a client asks (RFC 6455 §4.1).
const KEY_BYTES: usize = 16;

pub(crate) fn routes() -> Router<AppState> {
    let sockets = Router::new().route("/ws", get(open)).route("/ws/echo", get(echo::open));
    sockets.layer(map_response(with_version)).route("/api/v1/connect", get(connect))
}

/// Whether a socket would be let in: what a browser does not tell a page about a socket that failed.
async fn connect(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    session: Session,
) -> Result<StatusCode, ApiError> {
    refuse_when_leaving(&app.sockets)?;
    app.sockets.admission.check(session.user.id, from).map_err(|no_place| no_place.answer(&app.sockets.random))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn open(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    Extension(line): Extension<Arc<Line>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let session = look_up(&app, from, &line, &headers).await?;
    let upgrade = bounded(handshake(&headers, upgrade)?, &app.sockets);
    let upgrade = agree_on_protocol(upgrade)?;
    admit(app, from, line, session, upgrade)
}

/// The session of who asks for a socket. Who has none is counted for as long as the connection is open: a browser hangs
/// up, what tries tokens does not.
async fn look_up(app: &AppState, from: IpAddr, line: &Line, headers: &HeaderMap) -> Result<Session, ApiError> {
    let sockets = &app.sockets;
    let refused = |no_place: NoPlace| no_place.answer(&sockets.random);
    let _turn = sockets.turns.wait().await.map_err(refused)?;
    if let Some(session) = session_of(app, headers).await? {
        line.let_go();
        return Ok(session);
    }
    if !line.is_counted() {
        // Of a proxy's connection only until this is answered: anybody's requests come after it.
        line.keep(sockets.admission.admit_anonymous(from).map_err(refused)?);
    }
    Err(ErrorCode::Unauthorized.into())
}

fn admit(
    app: AppState,
    from: IpAddr,
    line: Arc<Line>,
    session: Session,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    let sockets = Arc::clone(&app.sockets);
    refuse_when_leaving(&sockets)?;
    let place = sockets.admission.admit(session.user.id, from).map_err(|no_place| no_place.answer(&sockets.random))?;
    // Counted from here on, also while the upgrade is under way.
    let guard = app.sessions.attach(&session);
    let running = app.connections.token();
    line.becomes_socket();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let actor = Actor { is_owner: session.role == Role::Owner, user: session.user };
        let over = sockets.drain.over().clone();
        let connection = Connection::new(sockets, actor, guard, socket, Some(line));
        // It ends by itself when the server leaves; one that does not is given up.
        let _ = over.run_until_cancelled(connection.run()).await;
        drop((place, running));
    }))
}

fn refuse_when_leaving(sockets: &Sockets) -> Result<(), ApiError> {
    if sockets.drain.leaving().is_cancelled() {
        return Err(NoPlace::Server.answer(&sockets.random));
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

/// Takes a request for what it says that it is: a WebSocket handshake (RFC 6455 §4.2.1).
pub(super) fn handshake(
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<WebSocketUpgrade, ApiError> {
    let upgrade = upgrade.map_err(no_handshake)?;
    // The library takes any key; the RFC wants one of 16 bytes.
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| BASE64_STANDARD.decode(key).ok());
    match key {
        Some(key) if key.len() == KEY_BYTES => Ok(upgrade),
        Some(_) | None => Err(refused(StatusCode::BAD_REQUEST)),
    }
}

/// One of another version is told which one is spoken here (§4.2.2); see [`with_version`].
fn no_handshake(rejection: WebSocketUpgradeRejection) -> ApiError {
    let is_other_version = matches!(rejection, WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_));
    refused(if is_other_version { StatusCode::UPGRADE_REQUIRED } else { rejection.into_response().status() })
}

fn refused(status: StatusCode) -> ApiError {
    ApiError::from(ErrorCode::Malformed)
        .status(status)
        .message("This address takes WebSocket connections (RFC 6455) only.")
}

async fn with_version(mut response: Response) -> Response {
    if response.status() == StatusCode::UPGRADE_REQUIRED {
        let headers = response.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    response
}
