//! `GET /ws` and `GET /api/v1/connect`: the way in, and the reason why there is none.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::Response,
    routing::get,
};
use protocol::ErrorCode;

use super::{Sockets, admission::NoPlace, connection::Connection, echo, upgrade::Handshake};
use crate::{
    auth::{address::ClientAddress, extract::session_of},
    error::ApiError,
    serve::Line,
    state::AppState,
    store::{Actor, accounts::Session},
};

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
    handshake: Result<Handshake, ApiError>,
) -> Result<Response, ApiError> {
    let session = look_up(&app, from, &line, &headers).await?;
    let mut handshake = handshake?;
    handshake.agree_on_protocol()?;
    admit(app, from, line, session, handshake)
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
    handshake: Handshake,
) -> Result<Response, ApiError> {
    let sockets = Arc::clone(&app.sockets);
    refuse_when_leaving(&sockets)?;
    let place = sockets.admission.admit(session.user.id, from).map_err(|no_place| no_place.answer(&sockets.random))?;
    // Counted from here on, also while the upgrade is under way.
    let guard = app.sessions.attach(&session);
    let running = app.connections.token();
    line.becomes_socket();
    Ok(handshake.accept(move |socket| {
        let actor = Actor::from(&session);
        let connection = Connection::new(sockets, actor, guard, socket, Some(line));
        async move {
            connection.run().await;
            drop((place, running));
        }
    }))
}

fn refuse_when_leaving(sockets: &Sockets) -> Result<(), ApiError> {
    if sockets.drain.leaving().is_cancelled() {
        return Err(NoPlace::Server.answer(&sockets.random));
    }
    Ok(())
}

async fn with_version(mut response: Response) -> Response {
    if response.status() == StatusCode::UPGRADE_REQUIRED {
        let headers = response.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    response
}
