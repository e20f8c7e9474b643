//! How much may wait for a peer that says more than it takes.

use protocol::{Record, RoomId, StreamId};

use super::*;
use crate::{
    hub::{Registration, RoomNews},
    socket::rooms::{HEADS_ROOMS_MAX, Rooms},
};

/// Says what is no command, again and again, and takes none of the answers. Returns how many were read, where so many bytes may
/// wait, given those of an answer.
async fn read_of_nonsense(waiting_bytes: impl Fn(usize) -> usize) -> usize {
    const SAID: usize = 1_000;
    // The bytes of an answer do not depend on the limit.
    let mut answered = Bench::new().await;
    answered.send("nonsense");
    let answer = loop {
        let message = answered.message().await;
        if let (Some(ServerFrame::Error(_)), Message::Text(text)) = (read(&message), &message) {
            break size_of::<Message>() + text.len();
        }
    };
    let limits = Limits { socket_waiting_bytes: waiting_bytes(answer) as u64, ..Limits::default() };
    let mut bench = Bench::at(Server::with(Arc::default(), limits, Without::NOTHING)).await;
    // What comes by itself.
    while timeout(Duration::from_secs(1), bench.from_server.next()).await.is_ok() {}

    for _ in 0..SAID {
        bench.send("nonsense");
    }
    sleep(Duration::from_secs(1)).await;

    let read = SAID - bench.unread();
    // Nothing is lost: the rest is read when the answers are taken.
    for _ in 0..SAID {
        while !matches!(bench.frame().await, ServerFrame::Error(_)) {}
    }
    assert_eq!(bench.unread(), 0);
    read
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_answers_is_read_until_the_limit_waits_and_no_further() {
    // One more is on its way to the peer, and does not wait any more.
    assert_eq!(read_of_nonsense(|answer| 10 * answer).await, 10 + 1);
    assert_eq!(read_of_nonsense(|answer| 10 * answer + 1).await, 11 + 1);
}

/// How many rooms each frame of heads names, where something has happened in so many.
async fn told_of(count: usize) -> Vec<usize> {
    let server = Server::without(Arc::default(), Without::NOTHING);
    let registration = Registration::new(&server.hub, user(1).id);
    let mut rooms = Rooms::new();
    for room in (1..=count as u64).map(RoomId) {
        registration.watch(room);
        server.hub.committed(&[Arc::new(Record { stream: StreamId::Room(room), ..(*message(1)).clone() })]);
        rooms.mark(room, RoomNews::recount());
    }
    let frames = std::iter::from_fn(|| rooms.take(&registration));
    frames
        .map(|frame| if let ServerFrame::Heads { rooms } = frame { rooms.len() } else { panic!("{frame:?}") })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_heads_of_so_many_rooms_are_one_frame_and_of_one_more_are_two() {
    assert_eq!(told_of(HEADS_ROOMS_MAX).await, [HEADS_ROOMS_MAX]);
    assert_eq!(told_of(HEADS_ROOMS_MAX + 1).await, [HEADS_ROOMS_MAX, 1]);
}
