//! Who is let in: origin, session, counts, subprotocol; and `GET /api/v1/connect`, which repeats the answer.

use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::{Client, TestServer, socket::Socket};

async fn with_origin(client: &Client, origin: Option<&str>) -> Option<u16> {
    let mut request = client.upgrade("/ws");
    request.headers_mut().remove("origin");
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    client.open(request).await.err()
}

#[tokio::test]
async fn a_page_of_another_site_opens_no_socket() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let own = ada.base.clone();
    let port = server.address.port();

    let look_alikes = [
        "https://evil.test".to_owned(),
        "null".to_owned(),
        format!("{own}.evil.test"),
        format!("http://127.0.0.1:{port}@evil.test"),
        "http://127.0.0.1".to_owned(),
        format!("http://127.0.0.2:{port}"),
    ];

    assert_eq!(with_origin(&ada, Some(&own)).await, None);
    assert_eq!(with_origin(&ada, None).await, Some(403), "a missing origin");
    for origin in look_alikes {
        assert_eq!(with_origin(&ada, Some(&origin)).await, Some(403), "{origin}");
    }
}

#[tokio::test]
async fn without_a_session_there_is_no_socket() {
    let server = TestServer::start().await;
    let mut stranger = server.visitor();

    assert_eq!(stranger.open(stranger.upgrade("/ws")).await.err(), Some(401));
    stranger.get("/ws").await.refused(401, "unauthorized");
    stranger.get("/api/v1/connect").await.refused(401, "unauthorized");

    stranger.cookie = Some("parlor_session=AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    assert_eq!(stranger.open(stranger.upgrade("/ws")).await.err(), Some(401));
}

#[tokio::test]
async fn a_program_opens_a_socket_with_its_token() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let token = ada.cookie.as_ref().unwrap().split_once('=').unwrap().1.to_owned();
    let program = server.visitor();

    let mut request = program.upgrade("/ws");
    request.headers_mut().remove("origin");
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());

    assert!(program.open(request).await.is_ok());
}

#[tokio::test]
async fn what_is_no_handshake_is_answered_in_words() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    ada.get("/ws").await.refused(400, "malformed");
    ada.get("/ws/echo").await.refused(400, "malformed");
}

#[tokio::test]
async fn the_eleventh_socket_of_a_user_is_refused() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut open: Vec<Socket> = Vec::new();
    for _ in 0..10 {
        assert_eq!(ada.get("/api/v1/connect").await.status, 204);
        open.push(ada.connect().await);
    }

    assert_eq!(ada.open(ada.upgrade("/ws")).await.err(), Some(429));
    let refused = ada.get("/api/v1/connect").await;
    assert_eq!(refused.header("retry-after"), "10");
    refused.refused(429, "too_many_connections");
    assert!(bob.open(bob.upgrade("/ws")).await.is_ok(), "others are not concerned");
}

#[tokio::test]
async fn sockets_of_an_address_and_of_the_server_are_counted() {
    let narrow = TestServer::with(|config| config.limits.sockets_per_address = 2).await;
    let (ada, bob) = (narrow.user("ada").await, narrow.user("bob").await);
    let _open = (ada.connect().await, bob.connect().await);
    assert_eq!(ada.open(ada.upgrade("/ws")).await.err(), Some(429));

    let full = TestServer::with(|config| config.limits.sockets = 1).await;
    let cleo = full.user("cleo").await;
    let _only = cleo.connect().await;
    assert_eq!(cleo.open(cleo.upgrade("/ws")).await.err(), Some(503));
    let refused = cleo.get("/api/v1/connect").await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((2..=10).contains(&wait), "{wait}");
    refused.refused(503, "busy");
}

#[tokio::test]
async fn a_place_is_free_again_after_a_socket_has_closed() {
    let server = TestServer::with(|config| config.limits.sockets_per_user = 1).await;
    let ada = server.user("ada").await;

    ada.connect().await.gone_away().await;

    while server.app.sockets.count() > 0 {
        tokio::task::yield_now().await;
    }
    ada.connect().await;
}

#[tokio::test]
async fn the_subprotocol_is_ours_or_not_named() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let offer = |protocols: &'static str| {
        let mut request = ada.upgrade("/ws");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocols));
        request
    };

    assert!(ada.open(ada.upgrade("/ws")).await.is_ok());
    assert!(ada.open(offer("soap, parlor.v1")).await.is_ok());
    assert_eq!(ada.open(offer("soap")).await.err(), Some(400));
    assert_eq!(ada.open(offer("parlor.v2")).await.err(), Some(400));
}
