//! axum, as Parlor uses it.

use std::sync::Arc;

use anyhow::Result;
use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
    routing::get,
    serve::ListenerExt as _,
};
use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;

use super::{
    Layer, MESSAGE_BYTES_MAX, READ_BYTES,
    room::{Entry, Room},
    talk,
};

/// Bytes gathered before they are written without being asked to.
const WRITE_BYTES: usize = 8 * 1024;

pub(super) async fn serve(listener: TcpListener, room: Arc<Room>) -> Result<()> {
    let router = Router::new().route("/ws", get(open)).with_state(room);
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    Ok(axum::serve(listener, router).await?)
}

async fn open(State(room): State<Arc<Room>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(["parlor.v1"])
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(WRITE_BYTES)
        .max_write_buffer_size(2 * MESSAGE_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(|socket| async { _ = talk(socket, room).await })
}

impl Layer for WebSocket {
    async fn receive(&mut self) -> Result<Option<String>> {
        loop {
            match self.next().await.transpose()? {
                Some(Message::Text(text)) => return Ok(Some(text.as_str().to_owned())),
                Some(Message::Ping(_) | Message::Pong(_) | Message::Binary(_)) => {}
                Some(Message::Close(_)) | None => return Ok(None),
            }
        }
    }

    async fn send(&mut self, entries: &[Arc<Entry>]) -> Result<()> {
        for entry in entries {
            self.feed(Message::Text(entry.axum.clone())).await?;
        }
        Ok(self.flush().await?)
    }
}
