//! A socket does not outlive its session, and is told when the server stops.

use std::time::Duration;

use protocol::UnixMs;
use tokio::time::Instant;

use crate::support::{Nodes, PASSWORD, TestServer, socket::GENERAL};

/// What threat 3 allows.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn logging_out_closes_the_sockets_of_that_session_only() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let mut other = server.visitor();
    assert_eq!(other.post_form("/login", &[("username", "ada"), ("password", PASSWORD)]).await.status, 303);
    let (mut here, mut here_too, mut there) = (ada.connect().await, ada.connect().await, other.connect().await);

    let started = Instant::now();
    ada.post_form("/logout", &[]).await;

    assert_eq!(here.closed().await.0, 1008);
    assert_eq!(here_too.closed().await.0, 1008);
    assert!(started.elapsed() < AT_ONCE);
    there.say(GENERAL, "the other session goes on").await;
}

#[tokio::test]
async fn disabling_an_account_closes_its_sockets() {
    let server = TestServer::start().await;
    let (_ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut socket = bob.connect().await;

    let started = Instant::now();
    server.app.store.set_disabled(socket.me, Some(UnixMs(1))).await.unwrap();

    assert_eq!(socket.closed().await.0, 1008);
    assert!(started.elapsed() < AT_ONCE);
    assert_eq!(bob.open(bob.upgrade("/ws")).await.err(), Some(401));
}

#[tokio::test]
async fn logging_out_at_one_node_closes_the_sockets_at_another() {
    let nodes = Nodes::start(2).await;
    let mut ada = nodes.visitor(0);
    ada.post_form("/signup", &[("username", "ada"), ("password", PASSWORD)]).await;
    let mut socket = nodes.at(1, &ada).connect().await;

    let started = Instant::now();
    ada.post_form("/logout", &[]).await;

    assert_eq!(socket.closed().await.0, 1008);
    assert!(started.elapsed() < AT_ONCE);
    drop(socket);
    nodes.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_says_when_to_come_back() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut first, mut second) = (ada.connect().await, bob.connect().await);

    let stopping = tokio::task::spawn_blocking(move || drop(server));

    let (a, b) = tokio::join!(first.closed(), second.closed());
    let hint = |(code, reason): (u16, String)| {
        assert_eq!(code, 1012);
        reason.strip_prefix("retry_after_ms=").unwrap().parse::<u64>().unwrap()
    };
    let (a, b) = (hint(a), hint(b));
    assert!((500..=5_000).contains(&a) && (500..=5_000).contains(&b));
    assert_ne!(a, b, "not all come back at once");
    drop((first, second));
    stopping.await.unwrap();
}
