//! `GET /ws/echo`: sends back what it is sent, for measuring latency and for conformance suites.

use std::{sync::Arc, time::Duration};

use axum::{Extension, extract::State, response::Response};
use futures::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tungstenite::Message;

use super::{ending::Ending, upgrade::Handshake, wire::Wire};
use crate::{auth::address::ClientAddress, error::ApiError, serve::Line, state::AppState};

/// How long one socket is served.
pub(super) const ECHO_MAX: Duration = Duration::from_mins(5);

/// Bytes a second that one socket gets back.
const BYTES_PER_SECOND_MAX: u64 = 1024 * 1024;

/// How long a peer may take nothing, or say nothing.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(75);

/// How long a peer may take to answer a close frame.
const CLOSING_MAX: Duration = Duration::from_secs(2);

pub(super) async fn open(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    Extension(line): Extension<Arc<Line>>,
    handshake: Handshake,
) -> Result<Response, ApiError> {
    let sockets = &app.sockets;
    let place = sockets.admission.admit_echo(from).map_err(|no_place| no_place.answer(&sockets.random))?;
    line.becomes_socket();
    let (running, drain) = (app.connections.token(), Arc::clone(&app.drain));
    Ok(handshake.accept(move |mut socket| async move {
        let _ = drain.over().run_until_cancelled(serve(&mut socket, drain.leaving())).await;
        drop((place, running));
    }))
}

pub(super) async fn serve<T>(socket: &mut Wire<T>, leaving: &CancellationToken)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    // Wherever it is: also where the peer takes nothing, or has to wait.
    let ending = leaving.run_until_cancelled(echo(socket)).await.unwrap_or_else(|| Ending::restart(0));
    let _ = timeout(CLOSING_MAX, close(socket, &ending)).await;
}

async fn echo<T: AsyncRead + AsyncWrite + Unpin>(socket: &mut Wire<T>) -> Ending {
    let until = Instant::now() + ECHO_MAX;
    // When what was sent back so far is paid for at the allowed rate.
    let mut paid = Instant::now();
    loop {
        let message = match timeout_at(until.min(Instant::now() + IDLE_MAX), socket.next()).await {
            Err(_) => return Ending::time_is_up(),
            Ok(None) => return Ending::Gone,
            Ok(Some(Err(error))) => return error.into(),
            Ok(Some(Ok(message))) => message,
        };
        let bytes = match &message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
            // The library answers pings.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            Message::Close(_) => return Ending::Gone,
        };
        match timeout_at(until.min(Instant::now() + IDLE_MAX), socket.send(message)).await {
            Err(_) => return Ending::Stalled,
            Ok(Err(error)) => return error.into(),
            Ok(Ok(())) => {}
        }
        let cost = Duration::from_nanos(bytes as u64 * 1_000_000_000 / BYTES_PER_SECOND_MAX);
        paid = paid.max(Instant::now()) + cost;
        sleep_until(paid.min(until)).await;
    }
}

async fn close<T: AsyncRead + AsyncWrite + Unpin>(socket: &mut Wire<T>, ending: &Ending) {
    if let Some(message) = ending.message() {
        if socket.send(message).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    } else {
        let _ = socket.close().await;
    }
}
