//! Many who knock at once, each with a long head of a request: what a server takes of them shows which limits it has.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Result, bail};
use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How many knock; a server with files and memory answers all of them, also where they come from one address.
const KNOCKS: usize = 300;
/// Bytes of a head, of which a server takes 64 KiB.
const HEAD_BYTES: usize = 60 * 1024;
/// How long one of them waits.
const PATIENCE: Duration = Duration::from_secs(5);
const ANSWER: &[u8] = b"HTTP/1.1 200 ";

/// Has them all be there at the same time, and ask for `/healthz`. How many were let in and not answered, or not with 200: shown
/// out at the door, refused, or left when the server died.
///
/// # Errors
/// Nobody was let in: no server listens there. Or somebody was kept waiting.
pub(crate) async fn turned_away(server: SocketAddr) -> Result<usize> {
    let begun: Vec<TcpStream> = join_all((0..KNOCKS).map(|_| begin(server))).await.into_iter().flatten().collect();
    if begun.is_empty() {
        bail!("no server listens");
    }
    let answers = join_all(begun.into_iter().map(end)).await.into_iter().collect::<Result<Vec<_>, _>>();
    let Ok(answers) = answers else { bail!("somebody who knocked was neither answered nor turned away") };
    Ok(answers.iter().filter(|(is_answered, _)| !is_answered).count())
}

/// Knocks, with all of a head but its end.
async fn begin(server: SocketAddr) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    let head = format!("GET /healthz HTTP/1.1\r\nHost: {server}\r\nX-Words: {}\r\n", "w".repeat(HEAD_BYTES));
    // Whoever is turned away by now learns it when they read.
    let _ = timeout(PATIENCE, stream.write_all(head.as_bytes())).await;
    Some(stream)
}

/// Asks. Whether the answer was yes; the place is held until all know theirs.
async fn end(mut stream: TcpStream) -> Result<(bool, TcpStream)> {
    let mut answer = [0; ANSWER.len()];
    let asks = async {
        stream.write_all(b"\r\n").await?;
        stream.read_exact(&mut answer).await
    };
    let is_answered = timeout(PATIENCE, asks).await?.is_ok() && answer == ANSWER;
    Ok((is_answered, stream))
}
