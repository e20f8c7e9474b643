//! Raw frames against RFC 6455: what is broken is closed with its code, what is allowed works, and the server stays up.

use crate::support::{
    Client, TestServer,
    socket::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RawSocket, TEXT, unlimited},
};

const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;
const FRAME_BYTES_MAX: usize = protocol::limits::FRAME_BYTES_MAX;

/// A socket after its `hello`.
async fn open(client: &Client) -> RawSocket {
    let mut socket = RawSocket::open(client, "/ws").await;
    assert_eq!(socket.json().await["type"], "hello");
    socket
}

/// Sends frames to `/ws` and to `/ws/echo`; both have to close with this code.
async fn closes(client: &Client, what: &str, code: u16, frames: &[(u8, Vec<u8>)]) {
    for path in ["/ws", "/ws/echo"] {
        let mut socket = RawSocket::open(client, path).await;
        for (first, payload) in frames {
            socket.frame(*first, payload).await;
        }
        assert_eq!(socket.close_code().await, Some(code), "{what} at {path}");
        assert_eq!(socket.next().await, None, "{what} at {path}: the connection ends");
    }
}

#[tokio::test]
async fn a_frame_or_message_above_128_kib_closes_with_1009() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let half = vec![b'a'; FRAME_BYTES_MAX / 2];

    closes(&ada, "one text frame", 1009, &[(FIN | TEXT, vec![b'a'; FRAME_BYTES_MAX + 1])]).await;
    closes(&ada, "one binary frame", 1009, &[(FIN | BINARY, vec![0; FRAME_BYTES_MAX + 1])]).await;
    let fragments = [(TEXT, half.clone()), (CONTINUATION, half.clone()), (FIN | CONTINUATION, vec![b'a'])];
    closes(&ada, "three fragments", 1009, &fragments).await;

    // Exactly the limit is read, and is no command.
    let mut socket = open(&ada).await;
    socket.frame(FIN | TEXT, &vec![b'a'; FRAME_BYTES_MAX]).await;
    assert_eq!(socket.json().await["code"], "malformed");
    socket.frame(TEXT, &half).await;
    socket.frame(FIN | CONTINUATION, &half).await;
    assert_eq!(socket.json().await["code"], "malformed");
}

#[tokio::test]
async fn a_frame_that_only_claims_to_be_huge_closes_with_1009() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let mut socket = open(&ada).await;

    let mut claim = vec![FIN | BINARY, 0x80 | 127];
    claim.extend(u64::MAX.to_be_bytes());
    claim.extend([0; 4]);
    socket.bytes(&claim).await;

    assert_eq!(socket.close_code().await, Some(1009));
}

#[tokio::test]
async fn text_that_is_no_utf8_closes_with_1007() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;

    closes(&ada, "a lone continuation byte", 1007, &[(FIN | TEXT, vec![0x80])]).await;
    closes(&ada, "an overlong slash", 1007, &[(FIN | TEXT, vec![0xc0, 0xaf])]).await;
    closes(&ada, "a surrogate", 1007, &[(FIN | TEXT, vec![0xed, 0xa0, 0x80])]).await;
    closes(&ada, "above U+10FFFF", 1007, &[(FIN | TEXT, vec![0xf4, 0x90, 0x80, 0x80])]).await;
    closes(&ada, "cut off", 1007, &[(FIN | TEXT, vec![0xe2, 0x82])]).await;
    closes(&ada, "broken in the second fragment", 1007, &[(TEXT, vec![b'a']), (FIN | CONTINUATION, vec![0xff])]).await;
    closes(&ada, "cut off over fragments", 1007, &[(TEXT, vec![0xe2]), (FIN | CONTINUATION, vec![0x82])]).await;

    // A character that is cut in two by fragments is whole.
    let mut echo = RawSocket::open(&ada, "/ws/echo").await;
    echo.frame(TEXT, &[0xe2, 0x82]).await;
    echo.frame(FIN | CONTINUATION, &[0xac]).await;
    assert_eq!(echo.next().await.unwrap().payload, "€".as_bytes());
}

#[tokio::test]
async fn broken_framing_closes_with_1002() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let close = |payload: &[u8]| [(FIN | CLOSE, payload.to_vec())];

    for (what, first) in [
        ("reserved bit 1", FIN | RSV1 | TEXT),
        ("reserved bit 2", FIN | RSV2 | TEXT),
        ("reserved bit 3", FIN | RSV3 | BINARY),
        ("a reserved bit on a ping", FIN | RSV1 | PING),
        ("opcode 3", FIN | 0x3),
        ("opcode 7", FIN | 0x7),
        ("opcode 11", FIN | 0xb),
        ("opcode 15", FIN | 0xf),
        ("a continuation of nothing", FIN | CONTINUATION),
        ("a fragmented ping", PING),
        ("a fragmented pong", PONG),
        ("a fragmented close", CLOSE),
    ] {
        closes(&ada, what, 1002, &[(first, vec![b'a'])]).await;
    }
    closes(&ada, "a ping of 126 bytes", 1002, &[(FIN | PING, vec![0; 126])]).await;
    closes(&ada, "a message inside a message", 1002, &[(TEXT, vec![b'a']), (FIN | TEXT, vec![b'b'])]).await;
    closes(&ada, "a close of one byte", 1002, &close(&[3])).await;
    closes(&ada, "close code 999", 1002, &close(&999_u16.to_be_bytes())).await;
    closes(&ada, "close code 1005", 1002, &close(&1005_u16.to_be_bytes())).await;
    closes(&ada, "close code 1006", 1002, &close(&1006_u16.to_be_bytes())).await;
}

#[tokio::test]
async fn a_frame_that_is_not_masked_closes_with_1002() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    for path in ["/ws", "/ws/echo"] {
        let mut socket = RawSocket::open(&ada, path).await;
        socket.unmasked(FIN | TEXT, b"{}").await;
        assert_eq!(socket.close_code().await, Some(1002), "{path}");
    }
}

#[tokio::test]
async fn pings_are_answered_also_between_fragments() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = open(&ada).await;

    socket.frame(FIN | PING, b"one").await;
    let pong = socket.control().await.unwrap();
    assert_eq!((pong.first, pong.payload.as_slice()), (FIN | PONG, b"one".as_slice()));

    socket.frame(TEXT, b"{\"id\":1,\"command\":{\"type\":").await;
    socket.frame(FIN | PING, &[7; 125]).await;
    let pong = socket.control().await.unwrap();
    assert_eq!((pong.first, pong.payload.len()), (FIN | PONG, 125));
    socket.frame(FIN | PONG, b"nobody asked").await;
    socket.frame(FIN | CONTINUATION, b"\"unsubscribe\",\"stream\":\"room:9\"}}").await;

    assert_eq!(socket.json().await["type"], "ack");
}

#[tokio::test]
async fn a_close_is_answered_and_ends_the_connection() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    for (payload, code) in [(vec![], None), (vec![3, 232], Some(1000)), (vec![0x0f, 0xa0], Some(4000))] {
        let mut socket = open(&ada).await;
        socket.frame(FIN | CLOSE, &payload).await;
        assert_eq!(socket.close_code().await, code);
        assert_eq!(socket.next().await, None);
    }
    closes(&ada, "a reason that is no UTF-8", 1007, &[(FIN | CLOSE, vec![3, 232, 0xff])]).await;
}

#[tokio::test]
async fn one_byte_at_a_time_is_still_a_frame() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let mut socket = open(&ada).await;

    let text = br#"{"id":4,"command":{"type":"unsubscribe","stream":"room:9"}}"#;
    let mut bytes = vec![FIN | TEXT, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    bytes.extend(text);
    for byte in bytes {
        socket.bytes(&[byte]).await;
    }

    let answer = socket.json().await;
    assert_eq!((answer["type"].as_str(), answer["id"].as_u64()), (Some("ack"), Some(4)));
}
