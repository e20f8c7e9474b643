//! What goes over the network where frames of ours and answers of the library meet, and what is kept for who is idle.

use futures::future::poll_fn;
use protocol::limits::FRAME_BYTES_MAX;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tungstenite::error::ProtocolError;

use super::{
    super::{upgrade::Socket, wire::Wire},
    *,
};

/// A ping with a mask of zeros, and the answer to it.
const PING: &[u8] = &[0x89, 0x84, 0, 0, 0, 0, b'p', b'i', b'n', b'g'];
const PONG: &[u8] = &[0x8a, 4, b'p', b'i', b'n', b'g'];
/// The same for closing.
const CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 3, 0xe8];
const CLOSED: &[u8] = &[0x88, 2, 3, 0xe8];

fn pair(between: usize) -> (Wire<DuplexStream>, DuplexStream) {
    let (server, peer) = duplex(between);
    (Wire::new(server, &[]), peer)
}

/// Polls what the socket has to write and to read once, as a connection does.
async fn look(wire: &mut Wire<DuplexStream>) -> (bool, Option<Message>) {
    poll_fn(|cx| {
        let is_written = wire.poll_flush_unpin(cx).map(Result::unwrap).is_ready();
        let read = match wire.poll_next_unpin(cx) {
            Poll::Ready(message) => message.map(Result::unwrap),
            Poll::Pending => None,
        };
        Poll::Ready((is_written, read))
    })
    .await
}

/// All that comes until a socket has written all that it has.
async fn taken(wire: &mut Wire<DuplexStream>, peer: &mut DuplexStream) -> Vec<u8> {
    let mut taken = Vec::new();
    loop {
        let (is_written, _) = look(wire).await;
        let mut piece = [0; 7];
        match timeout(Duration::from_millis(1), peer.read(&mut piece)).await {
            Ok(count) => taken.extend_from_slice(&piece[..count.unwrap()]),
            Err(_) if is_written => return taken,
            Err(_) => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_frame_says_how_long_it_is() {
    for (length, head) in [
        (0, vec![0x81, 0]),
        (125, vec![0x81, 125]),
        (126, vec![0x81, 126, 0, 126]),
        (0xffff, vec![0x81, 126, 0xff, 0xff]),
        (0x1_0000, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let (mut wire, mut peer) = pair(2 * FRAME_BYTES_MAX);
        let text = "x".repeat(length);

        wire.send(Message::text(text.clone())).await.unwrap();

        let mut sent = vec![0; head.len() + length];
        peer.read_exact(&mut sent).await.unwrap();
        assert_eq!(sent, [head, text.into_bytes()].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_ping_waits_for_the_end_of_a_frame() {
    let (mut wire, mut peer) = pair(16);
    for text in ["a".repeat(40), "b".repeat(40)] {
        wire.start_send_unpin(Message::text(text)).unwrap();
    }
    assert_eq!(look(&mut wire).await, (false, None), "it is in the middle of the first");
    peer.write_all(PING).await.unwrap();
    assert!(matches!(look(&mut wire).await, (false, Some(Message::Ping(_)))));

    // There is room for the answer, and it is the first that could be written.
    let mut begun = [0; 7];
    peer.read_exact(&mut begun).await.unwrap();
    assert!(poll_fn(|cx| Poll::Ready(wire.poll_next_unpin(cx).is_pending())).await);
    let taken = [begun.to_vec(), taken(&mut wire, &mut peer).await].concat();

    let (first, second) = ([&[0x81, 40], &[b'a'; 40][..]].concat(), [&[0x81, 40], &[b'b'; 40][..]].concat());
    let in_between = [&first, PONG, &second].concat();
    let after_all = [&first, &second[..], PONG].concat();
    assert!(taken == in_between || taken == after_all, "{}", String::from_utf8_lossy(&taken));
}

#[tokio::test(start_paused = true)]
async fn a_frame_waits_for_the_end_of_an_answer_to_a_ping() {
    let (mut wire, mut peer) = pair(4);
    for piece in PING.chunks(2) {
        peer.write_all(piece).await.unwrap();
        look(&mut wire).await;
    }
    // The ping was read; with this, a part of the answer is written.
    look(&mut wire).await;
    look(&mut wire).await;

    wire.start_send_unpin(Message::text("hello")).unwrap();
    let taken = taken(&mut wire, &mut peer).await;

    assert_eq!(taken, [PONG, &[0x81, 5], b"hello"].concat());
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_before_a_close_frame_and_nothing_after_it() {
    let (mut wire, mut peer) = pair(16);
    wire.start_send_unpin(Message::text("x".repeat(100))).unwrap();
    wire.start_send_unpin(Message::Close(None)).unwrap();

    let refused = wire.start_send_unpin(Message::text("more")).unwrap_err();

    assert!(matches!(refused, WsError::Protocol(ProtocolError::SendAfterClosing)));
    let taken = taken(&mut wire, &mut peer).await;
    assert_eq!(taken, [&[0x81, 100], &[b'x'; 100][..], &[0x88, 0]].concat());
}

#[tokio::test(start_paused = true)]
async fn who_closes_gets_the_frame_that_was_begun_and_the_answer_and_nothing_else() {
    let (mut wire, mut peer) = pair(16);
    for text in ["a".repeat(40), "b".repeat(40)] {
        wire.start_send_unpin(Message::text(text)).unwrap();
    }
    assert_eq!(look(&mut wire).await, (false, None));
    peer.write_all(CLOSE).await.unwrap();
    assert!(matches!(look(&mut wire).await, (false, Some(Message::Close(_)))));
    assert!(wire.start_send_unpin(Message::text("more")).is_err());

    let taken = taken(&mut wire, &mut peer).await;

    assert_eq!(taken, [&[0x81, 40], &[b'a'; 40][..], CLOSED].concat());
    assert!(wire.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_ping_goes_before_a_close_frame() {
    let (mut wire, mut peer) = pair(1_024);
    peer.write_all(PING).await.unwrap();
    assert!(matches!(wire.next().await, Some(Ok(Message::Ping(_)))));

    wire.start_send_unpin(Message::Close(None)).unwrap();

    assert_eq!(taken(&mut wire, &mut peer).await, [PONG, &[0x88, 0]].concat());
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_a_refused_frame_is_taken_and_thrown_away_until_the_peer_hangs_up() {
    let (mut wire, mut peer) = pair(4 * 1_024);
    // Without a mask.
    peer.write_all(b"\x81\x02hi").await.unwrap();
    peer.write_all(&[b'x'; 4_000]).await.unwrap();
    assert!(matches!(wire.next().await, Some(Err(WsError::Protocol(_)))));

    let more = [b'x'; 8_000];
    let written = async {
        peer.write_all(&more).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        drop(peer);
    };
    let both = async { tokio::join!(wire.next(), written) };
    let (end, ()) = timeout(Duration::from_secs(60), both).await.expect("it is taken");

    assert!(end.is_none());
}

#[tokio::test(start_paused = true)]
async fn pongs_that_nobody_takes_are_bounded() {
    let (mut wire, mut peer) = pair(1_024);
    wire.start_send_unpin(Message::text("x".repeat(2_000))).unwrap();
    for _ in 0..10_000 {
        peer.write_all(PING).await.unwrap();
        look(&mut wire).await;
    }

    let taken = taken(&mut wire, &mut peer).await;

    assert!(taken.len() < 2_000 + 8 * 1_024, "{}", taken.len());
}

/// Each connection holds these, and little beyond them: what grows here grows ten thousand times.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_small() {
    let server = Server::without(Arc::default(), Without::NOTHING);
    let (io, _peer) = duplex(1_024);
    let session = Session { id: SessionId(1), user: user(1), role: Role::Member, seen_at: protocol::UnixMs(0) };
    let actor = Actor { user: user(1), is_owner: false };
    let guard = server.sessions.attach(&session);
    let connection = Connection::new(server.sockets.clone(), actor, guard, Box::new(Wire::new(io, &[])), None);

    assert!(size_of::<Connection<Socket>>() <= 640, "{}", size_of::<Connection<Socket>>());
    let running = connection.run();
    assert!(size_of_val(&running) <= 128, "{}", size_of_val(&running));
}
