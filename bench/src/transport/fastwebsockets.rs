//! fastwebsockets on the bare socket. Its reading cannot be given up half way, so a task of its own reads.

use std::sync::Arc;

use anyhow::Result;
use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocketError, WebSocketWrite, after_handshake_split};
use tokio::{
    net::{TcpStream, tcp::OwnedWriteHalf},
    sync::mpsc,
};

use super::{Layer, MESSAGE_BYTES_MAX, room::Entry};

/// Texts that may wait for the socket's loop.
const WAITING_MAX: usize = 4;

pub(super) struct Fast {
    texts: mpsc::Receiver<String>,
    write: WebSocketWrite<OwnedWriteHalf>,
}

pub(super) fn open(stream: TcpStream) -> Fast {
    let (read, write) = stream.into_split();
    let (mut read, write) = after_handshake_split(read, write, Role::Server);
    read.set_max_message_size(MESSAGE_BYTES_MAX);
    let (texts, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        // What it would have to answer is left out: nobody pings here.
        let mut answer = |_: Frame<'_>| std::future::ready(Ok::<(), WebSocketError>(()));
        while let Ok(frame) = read.read_frame(&mut answer).await {
            match frame.opcode {
                OpCode::Text => {
                    let text = String::from_utf8_lossy(&frame.payload).into_owned();
                    if texts.send(text).await.is_err() {
                        return;
                    }
                }
                OpCode::Close => return,
                OpCode::Binary | OpCode::Ping | OpCode::Pong | OpCode::Continuation => {}
            }
        }
    });
    Fast { texts: receiver, write }
}

impl Layer for Fast {
    async fn receive(&mut self) -> Result<Option<String>> {
        Ok(self.texts.recv().await)
    }

    async fn send(&mut self, entries: &[Arc<Entry>]) -> Result<()> {
        for entry in entries {
            self.write.write_frame(Frame::text(Payload::Borrowed(&entry.text))).await?;
        }
        Ok(self.write.flush().await?)
    }
}
