//! The opening handshake (§4.2): what a request has to say, and what is answered to one that does not.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Client, TestServer};

/// The example of §1.2.
const HEADERS: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

struct Answer {
    status: u16,
    head: String,
}

/// Asks for the echo, with a header in place of the usual one, or without it.
async fn asks(client: &Client, line: &str, header: Option<(&str, Option<&str>)>) -> Answer {
    let host = client.base.strip_prefix("http://").unwrap();
    let mut request = format!("{line}\r\nHost: {host}\r\nOrigin: {}\r\n", client.base);
    let is_replaced = |name: &str| header.is_some_and(|(replaced, _)| replaced.eq_ignore_ascii_case(name));
    let usual = HEADERS.iter().filter(|(name, _)| !is_replaced(name)).map(|(name, value)| (*name, *value));
    let other = header.and_then(|(name, value)| Some((name, value?)));
    for (name, value) in usual.chain(other) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head }
}

const GET: &str = "GET /ws/echo HTTP/1.1";

#[tokio::test]
async fn a_request_is_let_in_however_it_is_written() {
    let server = TestServer::start().await;
    let visitor = server.visitor();

    for (name, value) in [
        ("Connection", "keep-alive, Upgrade"),
        ("CONNECTION", "UPGRADE"),
        ("upgrade", "WebSocket"),
        // §4.2.2: what is not spoken here is passed over, and not agreed to.
        ("Sec-WebSocket-Protocol", "chat, superchat"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ] {
        let answer = asks(&visitor, GET, Some((name, Some(value)))).await;

        assert_eq!(answer.status, 101, "{name}: {value}");
        // §1.3, in small letters.
        assert!(answer.head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{name}: {value}");
        assert!(answer.head.contains("\r\nupgrade: websocket\r\n"), "{name}: {value}");
        assert!(answer.head.contains("\r\nconnection: upgrade\r\n"), "{name}: {value}");
        assert!(!answer.head.contains("sec-websocket-protocol"), "{name}: {value}");
        assert!(!answer.head.contains("sec-websocket-extensions"), "{name}: {value}");
    }
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_refused() {
    let server = TestServer::start().await;
    let visitor = server.visitor();

    // §4.2.1: which of the parts is missing, or is not as it has to be.
    for (name, value) in [
        ("Connection", None),
        ("Connection", Some("keep-alive")),
        ("Upgrade", None),
        ("Upgrade", Some("h2c")),
        ("Sec-WebSocket-Key", None),
        ("Sec-WebSocket-Key", Some("")),
        ("Sec-WebSocket-Key", Some("no base64 at all")),
        ("Sec-WebSocket-Key", Some("AAAAAAAAAAAAAAAAAAAA")),
        ("Sec-WebSocket-Key", Some("AAAAAAAAAAAAAAAAAAAAAAA=")),
    ] {
        assert_eq!(asks(&visitor, GET, Some((name, value))).await.status, 400, "{name}: {value:?}");
    }
    assert_eq!(asks(&visitor, "POST /ws/echo HTTP/1.1", None).await.status, 405);
    assert_eq!(asks(&visitor, "GET /ws/echo HTTP/1.0", None).await.status, 426, "HTTP is 1.1 at least");
}

#[tokio::test]
async fn another_version_is_told_the_one_that_is_spoken() {
    let server = TestServer::start().await;
    let visitor = server.visitor();

    // §4.2.2, and §4.4.
    for version in [None, Some("8"), Some("12"), Some("14"), Some("13, 8"), Some("")] {
        let answer = asks(&visitor, GET, Some(("Sec-WebSocket-Version", version))).await;

        assert_eq!(answer.status, 426, "{version:?}");
        assert!(answer.head.contains("\r\nsec-websocket-version: 13\r\n"), "{version:?}");
        assert!(answer.head.contains("\r\nupgrade: websocket\r\n"), "{version:?}");
    }
}
