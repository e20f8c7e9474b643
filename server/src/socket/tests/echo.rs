//! How long an echo is served. The rest is in `server/tests/it/socket_echo.rs`, over the network.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::{
    super::{
        echo::{ECHO_MAX, IDLE_MAX, serve},
        wire::Wire,
    },
    *,
};

/// A text of one letter with a mask of zeros, and its echo.
const SAID: &[u8] = &[0x81, 0x81, 0, 0, 0, 0, b'x'];
const ECHO: &[u8] = &[0x81, 1, b'x'];
/// How the last frame begins: 1001, going away.
const CLOSE: [u8; 4] = [0x88, 2 + REASON, 0x03, 0xe9];
const REASON: u8 = "The time for this connection is over.".len() as u8;

/// An echo, and its peer.
fn open() -> (JoinHandle<()>, DuplexStream) {
    let (server, peer) = duplex(1_024);
    let serving = tokio::spawn(async move {
        serve(&mut Wire::new(server, &[]), &CancellationToken::new()).await;
    });
    (serving, peer)
}

async fn says(peer: &mut DuplexStream) {
    peer.write_all(SAID).await.unwrap();
    let mut echo = [0; ECHO.len()];
    peer.read_exact(&mut echo).await.unwrap();
    assert_eq!(echo, ECHO);
}

/// The end, and how long it was until then.
async fn ends(serving: JoinHandle<()>, mut peer: DuplexStream, since: Instant) -> Duration {
    let mut close = [0; CLOSE.len()];
    peer.read_exact(&mut close).await.unwrap();
    assert_eq!(close, CLOSE);
    let lived = since.elapsed();
    drop(peer);
    serving.await.unwrap();
    lived
}

#[tokio::test(start_paused = true)]
async fn an_echo_is_served_for_five_minutes() {
    let (serving, mut peer) = open();
    let start = Instant::now();

    while start.elapsed() + Duration::from_mins(1) <= ECHO_MAX {
        says(&mut peer).await;
        sleep(Duration::from_mins(1)).await;
    }

    assert_eq!(ends(serving, peer, start).await.as_secs(), ECHO_MAX.as_secs());
}

#[tokio::test(start_paused = true)]
async fn an_echo_ends_for_who_says_nothing_for_75_seconds() {
    let (serving, mut peer) = open();
    sleep(IDLE_MAX - Duration::from_secs(1)).await;
    says(&mut peer).await;

    let silent = Instant::now();

    assert_eq!(ends(serving, peer, silent).await.as_secs(), IDLE_MAX.as_secs());
}
