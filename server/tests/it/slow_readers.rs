//! Who stops reading (threat 24), on raw sockets: they are dropped once nothing of what waits for them has been taken for so long, they cost
//! no more than may wait, and nobody else notices.

use std::time::Duration;

use protocol::{Position, Seq, StreamId};
use server::{limits::Limits, sabotage::Without};
use tokio::{
    net::TcpSocket,
    time::{Instant, interval},
};

use crate::support::{
    Client, Process, Start, TestServer,
    socket::{FIN, GENERAL, RawSocket, TEXT, post, unlimited},
};

const STREAM: StreamId = StreamId::Room(GENERAL);

/// The time without progress, divided by so much that a test can wait for it.
const PROGRESS_MAX: Duration = Duration::from_secs(3);

/// Follows the room from there, and takes nothing any more. What lies between here and the server is little.
async fn stops_reading(client: &Client, from: Position) -> RawSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let stream = socket.connect(client.base.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
    let mut slow = RawSocket::open_on(stream, client, "/ws").await;
    let after = format!(r#"{{"epoch":{},"seq":{}}}"#, from.epoch.0, from.seq.0);
    let follow = format!(r#"{{"id":1,"command":{{"type":"subscribe","stream":"room:1","after":{after}}}}}"#);
    slow.frame(FIN | TEXT, follow.as_bytes()).await;
    while slow.json().await["type"] != "live" {}
    slow
}

/// The numbers of the room's events that were on their way, and their bytes.
async fn left_of(mut slow: RawSocket) -> (Vec<u64>, usize) {
    let (mut seqs, mut bytes) = (Vec::new(), 0);
    while let Some(frame) = slow.next().await {
        bytes += frame.payload.len();
        let json: serde_json::Value = serde_json::from_slice(&frame.payload).unwrap_or_default();
        if json["type"] == "event" {
            seqs.push(json["seq"].as_u64().unwrap());
        }
    }
    (seqs, bytes)
}

#[tokio::test]
async fn who_stops_reading_is_dropped_and_the_others_get_everything_in_order() {
    const TIMES: u64 = 20;
    const AT_ONCE: u64 = 250;
    let server = TestServer::with(|config| {
        unlimited(config);
        config.timeouts.progress = PROGRESS_MAX;
    })
    .await;
    server.user("ada").await;
    let (bob, eve) = (server.user("bob").await, server.user("eve").await);
    let mut reader = bob.connect().await;
    let from = reader.follow(STREAM).await;
    let mut slow = Vec::new();
    for _ in 0..5 {
        slow.push(stops_reading(&eve, from).await);
    }
    assert_eq!(server.app.sockets.count(), 6);

    // Several times what a ring holds, and far more than the system takes for who does not read.
    let mut last = from.seq;
    for _ in 0..TIMES {
        server.says_at_once("ada", GENERAL, (0..AT_ONCE).map(|n| format!("{n} {}", "x".repeat(1_000)))).await;
        for _ in 0..AT_ONCE {
            last = last.next();
            assert_eq!(reader.event(STREAM).await.seq, last, "each, and in order");
        }
        let bytes = server.app.hub.ring_bytes() as u64;
        assert!(bytes <= Limits::default().ring_bytes, "{bytes} bytes are kept for who does not read");
    }

    let written = Instant::now();
    let mut looks = interval(Duration::from_millis(50));
    while server.app.sockets.count() > 1 {
        looks.tick().await;
        assert!(written.elapsed() < PROGRESS_MAX + Duration::from_secs(5), "who takes nothing is kept");
    }
    for slow in slow {
        let (seqs, bytes) = left_of(slow).await;
        assert!(seqs.iter().copied().eq(from.seq.0 + 1..=from.seq.0 + seqs.len() as u64), "without a hole: {seqs:?}");
        assert!(bytes < 512 * 1024, "{bytes} bytes were given to who took none");
    }
    // Who was there all the time still is.
    server.says_at_once("ada", GENERAL, std::iter::once("the end".to_owned())).await;
    assert_eq!(reader.event(STREAM).await.seq, last.next());
}

/// `failpoints`: what the server is without.
async fn stays_small(failpoints: &str) {
    const POSTS: u64 = 300;
    /// Bytes of each.
    const BYTES: u64 = 40_000;
    let directory = tempfile::tempdir().unwrap();
    let server = Process::start(directory.path(), Start { failpoints, ..Start::default() });
    let (ada, eve) = (server.user("ada").await, server.user("eve").await);
    let (mut writer, from) = (ada.connect().await, ada.connect().await.follow(STREAM).await);
    let text = "😀".repeat(10_000);
    let mut say = async |count: u64| {
        let mut sent = Vec::new();
        for _ in 0..count {
            sent.push(writer.send(post(GENERAL, &text)).await);
            if sent.len() > 16 {
                writer.answer(sent.remove(0)).await.unwrap();
            }
        }
        for id in sent {
            writer.answer(id).await.unwrap();
        }
        writer.kept();
    };
    // What the database and the allocator keep for themselves.
    say(100).await;
    let slow = stops_reading(&eve, Position { seq: Seq(from.seq.0 + 100), ..from }).await;
    let before = server.memory_bytes();

    // At any time: on a busy machine they may be dropped before the end, and what was kept is given back.
    let mut grown = 0;
    for _ in 0..10 {
        say(POSTS / 10).await;
        grown = grown.max(server.memory_bytes().saturating_sub(before));
    }

    assert!(grown < POSTS * BYTES * 3 / 4, "of {} bytes that were said {grown} are kept in memory", POSTS * BYTES);
    drop(slow);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_not_kept_in_memory_for_who_does_not_read() {
    stays_small("").await;
}

#[cfg(all(target_os = "linux", feature = "failpoints"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_everything_for_who_does_not_read_is_noticed() {
    server::sabotage::fails(stays_small("without=outbox"), "are kept in memory").await;
}

/// `without`: what the server is without.
async fn falls_behind(without: Without) {
    const EVENTS: u64 = 600;
    let server = TestServer::without(without, |config| {
        unlimited(config);
        // A few of them: what is committed at once is more than the ring holds, so that everybody is behind it.
        config.limits.ring_bytes = 4_000;
    })
    .await;
    server.user("ada").await;
    let mut reader = server.user("bob").await.connect().await;
    let from = reader.follow(STREAM).await;

    server.says_at_once("ada", GENERAL, (0..EVENTS).map(|n| format!("{n}"))).await;

    for n in 1..=EVENTS {
        assert_eq!(reader.event(STREAM).await.seq, Seq(from.seq.0 + n), "without a hole");
    }
}

#[tokio::test]
async fn who_is_behind_the_ring_of_a_busy_room_misses_nothing() {
    falls_behind(Without::NOTHING).await;
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn a_server_that_does_not_notice_who_is_behind_is_noticed() {
    server::sabotage::fails(falls_behind(Without::LAG), "without a hole").await;
}
