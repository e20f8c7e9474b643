//! One WebSocket, from opening to closing; reports everything as inputs.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use protocol::SUBPROTOCOL;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{
    self, Message,
    client::IntoClientRequest as _,
    http::{HeaderValue, header},
    protocol::WebSocketConfig,
};

use super::driver::Request;
use crate::{CONNECT_MS_MAX, ConnectionId, Input};

/// Frames that may wait to be written; more of them mean that the peer does not read.
pub(super) const FRAMES_MAX: usize = 1_024;

/// Bytes read at once, which are taken for as long as the socket is open: the library's own 128 KiB are much for a program
/// with thousands of sockets. What is larger is given its room when it comes.
const READ_BYTES: usize = 4 * 1024;

/// Opens a socket, passes frames in both directions, and says how it ended. Ends also when `frames` does.
pub(super) async fn run(
    connection: ConnectionId,
    base: String,
    token: String,
    frames: mpsc::Receiver<String>,
    inputs: mpsc::Sender<Request>,
) {
    let code = talk(connection, &base, &token, frames, &inputs).await.unwrap_or(None);
    // The driver may be gone; then nobody wants to know.
    let _ = inputs.send(Request::Input(Input::Closed { connection, code })).await;
}

async fn talk(
    connection: ConnectionId,
    base: &str,
    token: &str,
    mut frames: mpsc::Receiver<String>,
    inputs: &mpsc::Sender<Request>,
) -> Result<Option<u16>, tungstenite::Error> {
    let address = format!("{}/ws", base.replacen("http", "ws", 1));
    let mut request = address.into_client_request()?;
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(tungstenite::http::Error::from)?;
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
    // Without Nagle's delay: a frame that follows another one would wait until that is acknowledged.
    let opening = tokio_tungstenite::connect_async_with_config(request, Some(config), true);
    let opened = tokio::time::timeout(Duration::from_millis(CONNECT_MS_MAX), opening).await;
    let Ok(Ok((socket, _))) = opened else { return Ok(None) };
    let tell = async |input| inputs.send(Request::Input(input)).await.is_ok();
    if !tell(Input::Opened(connection)).await {
        return Ok(None);
    }
    let (mut sink, mut stream) = socket.split();
    let mut is_writable = true;
    loop {
        tokio::select! {
            frame = frames.recv(), if is_writable => match frame {
                // Why it does not take anything any more may be waiting to be read.
                Some(text) => is_writable = sink.send(Message::text(text)).await.is_ok(),
                None => {
                    sink.close().await?;
                    return Ok(None);
                }
            },
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if !tell(Input::Frame { connection, text: text.as_str().to_owned() }).await {
                        return Ok(None);
                    }
                }
                Some(Ok(Message::Close(None))) => return Ok(None),
                Some(Ok(Message::Close(Some(frame)))) => {
                    let reason = frame.reason.as_str().to_owned();
                    tell(Input::CloseReason { connection, reason }).await;
                    return Ok(Some(frame.code.into()));
                }
                // Pings are answered by the library; there are no binary frames in this version.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Err(source)) => return Err(source),
                None => return Ok(None),
            },
        }
    }
}
