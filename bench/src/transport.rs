//! Servers that do nothing but carry: rooms in memory, and each of the WebSocket layers that Parlor could stand on.
//! At `/ws` is one room, and they speak as much of Parlor's protocol there as the load generator needs; at any other path is a
//! room of its own in which a text is all that is sent and received, as with the other peers.
//!
//! Whatever is not the layer is the same for all: the ring with a cursor for each socket, the task that rings, the
//! loop of a socket. Nobody is asked who they are, and nothing is stored.

mod axum;
mod fastwebsockets;
mod own;
mod room;
mod tokio_websockets;
mod tungstenite;

use std::{future::Future, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use room::{Entry, Follower, Room, Rooms};

/// Bytes of the longest message that is taken.
const MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// Bytes that are read at once.
const READ_BYTES: usize = 4 * 1024;
/// Bytes of the longest head of a request.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4_096;

/// A WebSocket layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerName {
    /// What Parlor uses: tungstenite behind axum, with its knobs.
    Axum,
    /// tokio-tungstenite on the bare socket.
    Tungstenite,
    /// tokio-websockets on the bare socket.
    TokioWebsockets,
    /// fastwebsockets on the bare socket.
    Fastwebsockets,
    /// Framing of our own: headers written once, a write of many frames, no copy for each socket.
    Own,
}

/// An open socket of some layer.
trait Layer: Send {
    /// The next text; nothing at the end. Waiting may be given up at any time.
    fn receive(&mut self) -> impl Future<Output = Result<Option<String>>> + Send;

    /// Sends all of these, and waits until they are written.
    fn send(&mut self, entries: &[Arc<Entry>]) -> impl Future<Output = Result<()>> + Send;
}

/// Serves until the process ends.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve(name: LayerName, address: SocketAddr) -> Result<()> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    match name {
        LayerName::Axum => axum::serve(listener, Room::open()).await,
        LayerName::Tungstenite => accept(listener, tungstenite::open).await,
        LayerName::TokioWebsockets => accept(listener, tokio_websockets::open).await,
        LayerName::Fastwebsockets => accept(listener, fastwebsockets::open).await,
        LayerName::Own => accept(listener, own::open).await,
    }
}

async fn accept<L: Layer + 'static>(
    listener: TcpListener,
    open: impl Fn(TcpStream) -> L + Copy + Send + 'static,
) -> Result<()> {
    let rooms = Arc::new(Rooms::default());
    loop {
        let (mut stream, _) = listener.accept().await?;
        let rooms = Arc::clone(&rooms);
        tokio::spawn(async move {
            stream.set_nodelay(true)?;
            let path = shake_hands(&mut stream).await?;
            talk(open(stream), rooms.at(&path)).await
        });
    }
}

/// Answers a request that is taken for a handshake. Its path.
async fn shake_hands(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() < HEAD_BYTES_MAX && stream.read_buf(&mut head).await? > 0, "no request");
    }
    let head = String::from_utf8(head)?;
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).context("no key")?;
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(head.split(' ').nth(1).context("no path")?.to_owned())
}

/// A socket's life.
async fn talk(mut layer: impl Layer, room: Arc<Room>) -> Result<()> {
    let mut follower = Follower::of(&room);
    let mut entries = Vec::new();
    if let Some(welcome) = follower.welcome() {
        layer.send(&[Arc::new(welcome)]).await?;
    }
    loop {
        tokio::select! {
            text = layer.receive() => {
                let Some(text) = text? else { return Ok(()) };
                if let Some(answer) = follower.hear(&text) {
                    layer.send(&[Arc::new(answer)]).await?;
                }
            }
            () = follower.rung() => loop {
                follower.take(&mut entries);
                if entries.is_empty() {
                    break;
                }
                layer.send(&entries).await?;
                entries.clear();
            },
        }
    }
}
