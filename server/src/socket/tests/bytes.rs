//! A peer that takes bytes, as many as it wants, from a connection that speaks the real protocol: what waits, and what
//! counts as progress.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex};

use super::{super::wire::Wire, *};
use protocol::{Record, StreamId};

use crate::hub::fake::text;

/// The server's end of a connection that counts what it writes.
struct Counted {
    io: DuplexStream,
    bytes: Arc<Bytes>,
}

#[derive(Default)]
struct Bytes(AtomicU64);

impl Written for Bytes {
    fn written(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = written {
            self.bytes.0.fetch_add(bytes as u64, Ordering::SeqCst);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A connection of which the peer's end is a pipe of bytes.
struct Peer {
    server: Server,
    pipe: DuplexStream,
    bytes: Arc<Bytes>,
    running: JoinHandle<()>,
}

impl Peer {
    /// Follows the room; what lies between both ends holds so many bytes.
    async fn new(between: usize) -> Self {
        Self::without(between, Without::NOTHING).await
    }

    async fn without(between: usize, without: Without) -> Self {
        let server = Server::without(Arc::default(), without);
        let (io, pipe) = duplex(between);
        let bytes = Arc::new(Bytes::default());
        let counted = Counted { io, bytes: Arc::clone(&bytes) };
        let running = server.serve(Wire::new(counted, &[]), Some(bytes.clone()));
        let mut peer = Self { server, pipe, bytes, running };
        peer.say(r#"{"id":1,"command":{"type":"subscribe","stream":"room:1","after":{"epoch":1,"seq":0}}}"#).await;
        while !peer.take(1_024).await.contains("live") {}
        peer
    }

    /// Sends a short text frame, masked with nothing.
    async fn say(&mut self, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126, "it has a short head");
        self.pipe.write_all(&[0x81, 0x80 | length, 0, 0, 0, 0]).await.unwrap();
        self.pipe.write_all(text.as_bytes()).await.unwrap();
    }

    /// Takes what there is, up to so many bytes.
    async fn take(&mut self, bytes_max: usize) -> String {
        let mut taken = vec![0; bytes_max];
        let count = timeout(Duration::from_secs(600), self.pipe.read(&mut taken)).await.expect("something comes");
        taken.truncate(count.unwrap());
        String::from_utf8_lossy(&taken).into_owned()
    }

    fn commit(&self, seqs: std::ops::RangeInclusive<u64>, bytes: usize) {
        let records: Vec<_> = seqs.map(|seq| text(seq, &"x".repeat(bytes))).collect();
        self.server.store.keep(&records);
        self.server.hub.committed(&records);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_a_byte_a_second_is_kept() {
    let mut peer = Peer::new(64).await;
    peer.commit(1..=100, 1_000);

    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        peer.take(1).await;
        assert!(!peer.running.is_finished());
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_byte_for_15_seconds_is_dropped() {
    let mut peer = Peer::new(64).await;
    peer.commit(1..=100, 1_000);
    for _ in 0..60 {
        sleep(Duration::from_secs(1)).await;
        peer.take(1).await;
    }

    let started = Instant::now();
    timeout(Duration::from_secs(600), peer.running).await.expect("it ends").unwrap();

    let took = started.elapsed();
    assert!(took > PROGRESS_MAX - Duration::from_millis(1_500) && took <= PROGRESS_MAX, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_half_open_connection_is_given_up_although_the_system_takes_what_is_written() {
    // Nobody is there any more, and the system keeps what it cannot send.
    let peer = Peer::new(1024 * 1024).await;
    let started = Instant::now();
    let committing = async {
        for seq in 1.. {
            peer.commit(seq..=seq, 1_000);
            sleep(Duration::from_secs(1)).await;
        }
    };

    tokio::select! {
        () = committing => {}
        () = async { while peer.server.sessions.count() > 0 { sleep(Duration::from_millis(100)).await; } } => {}
    }

    let took = started.elapsed();
    assert!(took <= SILENCE_MAX + Duration::from_secs(3), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_is_given_no_more_than_there_is_room_for_and_later_all_of_it() {
    takes_nothing(Without::NOTHING).await;
}

#[cfg(feature = "failpoints")]
#[tokio::test(start_paused = true)]
async fn an_outbox_that_takes_everything_is_noticed() {
    crate::sabotage::fails(takes_nothing(Without::OUTBOX), "comes from the store").await;
}

async fn takes_nothing(without: Without) {
    let mut peer = Peer::without(1_024, without).await;
    // The first event says which incarnation of the log it is.
    peer.commit(1..=1, 10);
    sleep(Duration::from_secs(1)).await;
    let (before, reads) = (peer.bytes.written(), peer.server.store.reads());
    // More than a ring holds, and far more than there is room for.
    for first in (2..=200).step_by(20) {
        peer.commit(first..=200.min(first + 19), 9_000);
        sleep(Duration::from_secs(1)).await;
    }
    assert!(peer.bytes.written() - before <= 2 * 1_024, "what lies between both ends");

    // It takes up again, a bit at a time, while more happens.
    let mut taken = String::new();
    let mut next = 201;
    while !taken.contains("\"seq\":300,") {
        taken.push_str(&peer.take(16 * 1_024).await);
        if next <= 300 {
            peer.commit(next..=next, 10);
            next += 1;
        }
    }

    let seqs: Vec<u64> = taken
        .split("\"seq\":")
        .skip(1)
        .filter(|rest| rest.contains("message_posted"))
        .map(|rest| rest.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(seqs, (1..=300).collect::<Vec<_>>());
    assert!(peer.server.store.reads() > reads, "what nobody kept for them comes from the store");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_under_way_ends_although_its_peer_takes_nothing() {
    let mut peer = Peer::new(1_024).await;
    let inbox = StreamId::Inbox(user(1).id);
    peer.server.store.keep(&[Arc::new(Record { stream: inbox, ..(*message(1)).clone() })]);
    let hold = peer.server.store.hold_page(inbox);
    peer.say(r#"{"id":2,"command":{"type":"subscribe","stream":"inbox:1","after":{"epoch":1,"seq":0}}}"#).await;
    hold.reached().await;
    peer.commit(1..=100, 9_000);
    sleep(Duration::from_secs(1)).await;

    hold.release();
    sleep(Duration::from_secs(1)).await;

    assert!(!peer.running.is_finished());
    assert_eq!(peer.server.sockets.replays.free(), 4, "nobody waits for who takes nothing");
}
