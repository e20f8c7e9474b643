//! tokio-websockets on the bare socket.

use std::sync::Arc;

use anyhow::Result;
use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_websockets::{Config, Limits, ServerBuilder, WebSocketStream};

use super::{Layer, MESSAGE_BYTES_MAX, room::Entry};

pub(super) fn open(stream: TcpStream) -> WebSocketStream<TcpStream> {
    ServerBuilder::new()
        .limits(Limits::default().max_payload_len(Some(MESSAGE_BYTES_MAX)))
        // Written when asked to, all together.
        .config(Config::default().flush_threshold(usize::MAX))
        .serve(stream)
}

impl Layer for WebSocketStream<TcpStream> {
    async fn receive(&mut self) -> Result<Option<String>> {
        loop {
            match self.next().await.transpose()? {
                Some(message) if message.is_close() => return Ok(None),
                Some(message) => {
                    if let Some(text) = message.as_text() {
                        return Ok(Some(text.to_owned()));
                    }
                }
                None => return Ok(None),
            }
        }
    }

    async fn send(&mut self, entries: &[Arc<Entry>]) -> Result<()> {
        for entry in entries {
            self.feed(entry.tokio_websockets.clone()).await?;
        }
        Ok(self.flush().await?)
    }
}
