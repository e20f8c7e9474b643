//! Requests as thin as they can be: one connection that is kept, one request after the other, and an answer whose length is
//! known.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

/// Bytes of the longest head of an answer.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// A connection of somebody who has a session.
pub struct Http {
    stream: TcpStream,
    server: SocketAddr,
    token: String,
    read: Vec<u8>,
}

impl Http {
    /// Connects.
    ///
    /// # Errors
    /// The server does not listen.
    pub async fn connect(server: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, server, token: token.to_owned(), read: Vec::new() })
    }

    /// Asks for something: how long that took, to the last byte, and what was answered.
    ///
    /// # Errors
    /// The answer is anything else than 200.
    pub async fn get(&mut self, path: &str) -> Result<(Duration, &[u8])> {
        let Self { stream, server, token, read } = self;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n\r\n");
        read.clear();
        let started = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let end = loop {
            ensure!(stream.read_buf(read).await? > 0, "the server closed");
            if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(read.len() < HEAD_BYTES_MAX, "the server's answer has no end");
        };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).context("no length")?;
        let whole = end + length.trim().parse::<usize>()?;
        while read.len() < whole {
            ensure!(stream.read_buf(read).await? > 0, "the server closed in its answer");
        }
        let took = started.elapsed();
        ensure!(head.starts_with("http/1.1 200"), "{path}: {}", String::from_utf8_lossy(read));
        Ok((took, &read[end..whole]))
    }
}
