//! tokio-tungstenite on the bare socket, tuned as behind axum.

use std::sync::Arc;

use anyhow::Result;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{Layer, MESSAGE_BYTES_MAX, READ_BYTES, room::Entry};

pub(super) fn open(stream: TcpStream) -> WebSocketStream<TcpStream> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(8 * 1024)
        .max_write_buffer_size(2 * MESSAGE_BYTES_MAX)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).now_or_never().expect("nothing to wait for")
}

impl Layer for WebSocketStream<TcpStream> {
    async fn receive(&mut self) -> Result<Option<String>> {
        loop {
            match self.next().await.transpose()? {
                Some(Message::Text(text)) => return Ok(Some(text.as_str().to_owned())),
                Some(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_)) => {}
                Some(Message::Close(_)) | None => return Ok(None),
            }
        }
    }

    async fn send(&mut self, entries: &[Arc<Entry>]) -> Result<()> {
        for entry in entries {
            self.feed(Message::Text(entry.tungstenite.clone())).await?;
        }
        Ok(self.flush().await?)
    }
}
