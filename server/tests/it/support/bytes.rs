//! A connection of bytes: HTTP written by hand, as slowly as a test likes.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{MissedTickBehavior, interval, timeout},
};

use super::TestServer;

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bytes {
    stream: TcpStream,
    host: String,
}

impl Bytes {
    pub(crate) async fn to(server: &TestServer) -> Self {
        Self { stream: TcpStream::connect(server.address).await.unwrap(), host: server.address.to_string() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// What stands before a form that our own page sends.
    pub(crate) fn form_head(&self, path: &str, length: usize) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n",
            self.host
        )
    }

    /// A handshake without a session, with more headers.
    pub(crate) fn handshake(&self, path: &str, headers: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n",
            self.host
        )
    }

    /// Whether the server answers here; not, where it has ended the connection.
    pub(crate) async fn is_answered(&mut self) -> bool {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.stream.write_all(request.as_bytes()).await.is_ok() && self.any().await.is_some()
    }

    /// The status of an answer, of which everything is read.
    pub(crate) async fn status(&mut self) -> u16 {
        self.answer().await.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// The head of an answer in small letters. Its body is read too.
    pub(crate) async fn answer(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, self.stream.read_u8()).await.expect("an answer comes").unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length =
            head.split_once("content-length: ").map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
        self.stream.read_exact(&mut vec![0; length]).await.unwrap();
        head
    }

    /// A byte, whatever it is; none at the end.
    pub(crate) async fn any(&mut self) -> Option<u8> {
        self.stream.read_u8().await.ok()
    }

    /// What comes until the server has ended the connection in order, that is, without a reset.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.expect("it ends").unwrap();
        rest
    }

    /// Sends a byte at each beat until something comes from the server, or the end.
    pub(crate) async fn drip(&mut self, beat: Duration, bytes: impl Iterator<Item = u8>) {
        let mut beats = interval(beat);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for byte in bytes {
            let mut seen = [0];
            tokio::select! {
                biased;
                _ = self.stream.peek(&mut seen) => return,
                _ = beats.tick() => {}
            }
            if self.stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
        panic!("the server took all of it");
    }
}
