//! `/ws/echo`: the same back, within bounds.

use crate::support::{
    TestServer,
    socket::{BINARY, CLOSE, FIN, PING, PONG, RawSocket, TEXT},
};

#[tokio::test]
async fn text_and_bytes_come_back_unchanged_without_an_account() {
    let server = TestServer::start().await;
    let mut echo = RawSocket::open(&server.visitor(), "/ws/echo").await;

    for (first, payload) in
        [(FIN | TEXT, "grüße".as_bytes().to_vec()), (FIN | BINARY, vec![0, 255, 7]), (FIN | TEXT, vec![])]
    {
        echo.frame(first, &payload).await;
        let frame = echo.next().await.unwrap();
        assert_eq!((frame.first, frame.payload), (first, payload));
    }
    echo.frame(FIN | PING, b"?").await;
    assert_eq!(echo.next().await.unwrap().first, FIN | PONG);
    echo.frame(FIN | CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(echo.close_code().await, Some(1000));
}

#[tokio::test]
async fn an_address_has_ten_of_them() {
    let server = TestServer::start().await;
    let visitor = server.visitor();
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(visitor.open(visitor.upgrade("/ws/echo")).await.expect("one of ten"));
    }

    assert_eq!(visitor.open(visitor.upgrade("/ws/echo")).await.err(), Some(429));
}

#[tokio::test]
async fn a_page_of_another_site_gets_no_echo_with_our_cookie() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    let mut request = ada.upgrade("/ws/echo");
    request.headers_mut().insert("origin", "https://evil.test".parse().unwrap());

    assert_eq!(ada.open(request).await.err(), Some(403));
}

#[tokio::test]
async fn more_than_a_mebibyte_a_second_does_not_come_back() {
    let server = TestServer::start().await;
    let mut echo = RawSocket::open(&server.visitor(), "/ws/echo").await;
    let piece = vec![7; 128 * 1024];

    let started = tokio::time::Instant::now();
    for _ in 0..12 {
        echo.frame(FIN | BINARY, &piece).await;
        assert_eq!(echo.next().await.unwrap().payload.len(), piece.len());
    }

    // Twelve eighths of a mebibyte: the last one is sent when the eleven before are paid for.
    assert!(started.elapsed() >= std::time::Duration::from_millis(1_300), "{:?}", started.elapsed());
}
