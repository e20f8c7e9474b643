//! Too much at once: of one user, of many in one room, of one address.

use std::time::Duration;

use protocol::{
    ErrorBody, ErrorCode, RoomId, StreamId,
    rooms::{History, Visibility},
};
use reqwest::Method;

use crate::support::{
    Client, TestServer, send,
    socket::{GENERAL, Socket, join, post},
};

/// Posts at once, and what came of it.
async fn say_all(socket: &mut Socket, room: RoomId, count: usize) -> (usize, Vec<ErrorBody>) {
    let mut sent = Vec::new();
    for number in 0..count {
        sent.push(socket.send(post(room, &format!("{number}"))).await);
    }
    let mut refused = Vec::new();
    for id in sent {
        refused.extend(socket.answer(id).await.err());
    }
    (count - refused.len(), refused)
}

#[tokio::test]
async fn a_room_takes_so_many_messages_at_once_whoever_they_are_of() {
    let server = TestServer::with(|config| config.limits.room_posts_burst = 30).await;
    let (mut ada, mut bob) = (server.user("ada").await.connect().await, server.user("bob").await.connect().await);
    let elsewhere = ada.create("elsewhere", Visibility::Public, History::Everything).await;
    bob.append(join(elsewhere)).await;
    // What one is in is known a moment after one is connected.
    ada.follow(StreamId::Room(GENERAL)).await;
    bob.follow(StreamId::Room(GENERAL)).await;

    assert_eq!(say_all(&mut ada, GENERAL, 20).await.0, 20);
    let (stored, refused) = say_all(&mut bob, GENERAL, 11).await;

    assert_eq!(stored, 10);
    assert_eq!((refused[0].code, refused[0].retry_after_ms), (ErrorCode::RateLimited, Some(20)));
    assert_eq!(say_all(&mut bob, elsewhere, 1).await.0, 1, "another room is not concerned");
    server.advance(Duration::from_secs(1));
    assert_eq!(say_all(&mut bob, GENERAL, 1).await.0, 1);
}

#[tokio::test]
async fn who_is_refused_takes_nothing_from_the_room() {
    let server = TestServer::with(|config| config.limits.room_posts_burst = 40).await;
    let (mut ada, mut bob) = (server.user("ada").await.connect().await, server.user("bob").await.connect().await);
    ada.follow(StreamId::Room(GENERAL)).await;
    bob.follow(StreamId::Room(GENERAL)).await;

    assert_eq!(say_all(&mut ada, GENERAL, 200).await.0, 20);

    assert_eq!(say_all(&mut bob, GENERAL, 20).await.0, 20);
}

#[tokio::test]
async fn who_is_not_in_a_room_takes_nothing_from_it_and_learns_nothing_of_it() {
    let server = TestServer::with(|config| config.limits.room_posts_burst = 20).await;
    let (mut ada, mut eve) = (server.user("ada").await.connect().await, server.user("eve").await.connect().await);
    let room = ada.create("secret", Visibility::Private, History::Everything).await;
    ada.follow(StreamId::Room(room)).await;
    eve.follow(StreamId::Room(GENERAL)).await;

    let (_, refused) = say_all(&mut eve, room, 19).await;
    assert!(refused.iter().all(|body| body.code == ErrorCode::NotFound), "{refused:?}");
    assert_eq!(say_all(&mut ada, room, 20).await.0, 20);

    // There the room's bucket is empty, and eve still has a token.
    assert_eq!(eve.ask(post(room, "?")).await, Err(ErrorCode::NotFound));
}

async fn sign_up_page(client: &Client, forwarded_for: &str) -> (u16, String) {
    let answer = send(client.request(Method::GET, "/signup").header("x-forwarded-for", forwarded_for)).await;
    (answer.status, answer.header("retry-after").to_owned())
}

#[tokio::test]
async fn an_address_asks_so_many_times_at_once_whatever_it_says_of_where_it_is() {
    let server = TestServer::with(|config| {
        (config.limits.requests_burst, config.limits.requests_per_second) = (5, 1);
        config.limits.sockets_per_address = 1;
    })
    .await;
    let visitor = server.visitor();
    for number in 0..5 {
        assert_eq!(sign_up_page(&visitor, &format!("203.0.113.{number}")).await.0, 200);
    }

    assert_eq!(sign_up_page(&visitor, "203.0.113.5").await, (429, "1".to_owned()));
    let refused = visitor.get("/api/v1/connect").await.refused(429, "rate_limited");
    assert_eq!(refused.json()["retry_after_ms"], 1_000);
    assert_eq!(visitor.open(visitor.upgrade("/ws")).await.err(), Some(429), "handshakes too");
    assert_eq!(visitor.get("/healthz").await.status, 200, "who watches over the server may ask");

    server.advance(Duration::from_secs(1));
    assert_eq!(sign_up_page(&visitor, "203.0.113.5").await.0, 200);
    assert_eq!(sign_up_page(&visitor, "203.0.113.5").await.0, 429);
}

#[tokio::test]
async fn behind_a_trusted_proxy_addresses_have_buckets_of_their_own() {
    let server = TestServer::with(|config| {
        (config.limits.requests_burst, config.limits.sockets_per_address) = (2, 1);
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let visitor = server.visitor();

    for _ in 0..2 {
        assert_eq!(sign_up_page(&visitor, "198.51.100.1, 203.0.113.1").await.0, 200);
    }

    assert_eq!(sign_up_page(&visitor, "198.51.100.2, 203.0.113.1").await.0, 429);
    assert_eq!(sign_up_page(&visitor, "198.51.100.2, 203.0.113.2").await.0, 200);
}
