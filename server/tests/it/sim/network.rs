//! A connection between a device and a node: bytes in both directions, in pieces, slowly, in order – until it breaks, or
//! breaks and tells nobody.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use fastrand::Rng;
use futures::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::AbortHandle,
    time::sleep,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};
use tungstenite::Message;

/// Bytes that each end's system takes before who writes has to wait.
const BUFFER_BYTES: usize = 8 * 1024;
/// Bytes that go in one piece at most.
const PIECE_BYTES_MAX: usize = 4 * 1024;
/// The same for who reads slowly.
const SLOW_PIECE_BYTES_MAX: usize = 48;

/// What a device hears from its connection.
#[derive(Debug)]
pub(crate) enum Heard {
    Frame(String),
    Closed { code: Option<u16>, reason: String },
}

/// How it goes on a connection; both directions look at it.
#[derive(Debug, Default)]
struct Line {
    latency_ms: AtomicU64,
    is_dead: AtomicBool,
    is_slow: AtomicBool,
}

/// A device's connection. Dropped, the device has hung up.
pub(crate) struct Link {
    line: Arc<Line>,
    pumps: [AbortHandle; 2],
    peer: AbortHandle,
    to_server: UnboundedSender<String>,
}

impl Link {
    /// Opens one, and the server's end of it. What the device hears goes to `hear`.
    pub(crate) fn open(
        rng: &mut Rng,
        latency_ms: u64,
        hear: impl Fn(Heard) + Send + Sync + 'static,
    ) -> (Self, DuplexStream) {
        let (server, near_server) = duplex(BUFFER_BYTES);
        let (device, near_device) = duplex(BUFFER_BYTES);
        let line = Arc::<Line>::default();
        line.latency_ms.store(latency_ms, Relaxed);
        let (server_read, server_write) = split(near_server);
        let (device_read, device_write) = split(near_device);
        let up = tokio::spawn(pump(device_read, server_write, Arc::clone(&line), rng.fork(), false));
        let down = tokio::spawn(pump(server_read, device_write, Arc::clone(&line), rng.fork(), true));
        let (to_server, said) = unbounded_channel();
        let peer = tokio::spawn(speak(device, said, hear)).abort_handle();
        (Self { line, pumps: [up.abort_handle(), down.abort_handle()], peer, to_server }, server)
    }

    pub(crate) fn say(&self, text: String) {
        // Who has heard that it is closed says nothing more.
        let _ = self.to_server.send(text);
    }

    pub(crate) fn calm(&self, latency_ms: u64) {
        self.line.latency_ms.store(latency_ms, Relaxed);
        self.line.is_slow.store(false, Relaxed);
    }

    /// From now on every byte vanishes, and nobody notices.
    pub(crate) fn goes_silent(&self) {
        self.line.is_dead.store(true, Relaxed);
    }

    /// From now on the device takes little at a time.
    pub(crate) fn is_slow(&self) {
        self.line.is_slow.store(true, Relaxed);
    }

    /// It breaks; both ends notice.
    pub(crate) fn cut(&self) {
        self.pumps.iter().for_each(AbortHandle::abort);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.peer.abort();
    }
}

/// Carries bytes in one direction.
async fn pump(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    line: Arc<Line>,
    mut rng: Rng,
    is_down: bool,
) {
    let mut bytes = [0; PIECE_BYTES_MAX];
    loop {
        let is_slow = is_down && line.is_slow.load(Relaxed);
        let piece = rng.usize(1..=if is_slow { SLOW_PIECE_BYTES_MAX } else { PIECE_BYTES_MAX });
        let read = from.read(&mut bytes[..piece]).await.unwrap_or(0);
        sleep(Duration::from_millis(rng.u64(1..=line.latency_ms.load(Relaxed)))).await;
        if line.is_dead.load(Relaxed) {
            std::future::pending::<()>().await;
        }
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            let _ = to.shutdown().await;
            return;
        }
    }
}

/// The device's end: frames in both directions, with the WebSocket of another library.
async fn speak(stream: DuplexStream, mut said: UnboundedReceiver<String>, hear: impl Fn(Heard) + Send + Sync) {
    let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let (mut to_server, mut from_server) = socket.split();
    let say = async {
        while let Some(text) = said.recv().await {
            if to_server.send(Message::text(text)).await.is_err() {
                break;
            }
        }
        std::future::pending().await
    };
    let listen = async {
        let mut closed = Heard::Closed { code: None, reason: String::new() };
        while let Some(Ok(message)) = from_server.next().await {
            match message {
                Message::Text(text) => hear(Heard::Frame(text.to_string())),
                Message::Close(Some(frame)) => {
                    closed = Heard::Closed { code: Some(frame.code.into()), reason: frame.reason.to_string() };
                }
                _ => {}
            }
        }
        hear(closed);
    };
    tokio::select! {
        biased;
        () = listen => {}
        () = say => {}
    }
}
