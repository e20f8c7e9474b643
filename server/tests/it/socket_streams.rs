//! Following a stream: all that is missing, in order, once; or a reset.

use std::sync::atomic::{AtomicBool, Ordering};

use protocol::{Command, RoomId};
use protocol::{
    Done, Epoch, ErrorCode, Event, Position, Seq, ServerFrame, StreamId, UserId,
    command::{Subscribe, Unsubscribe},
    limits::SUBSCRIPTIONS_MAX,
    messages::{DeleteMessage, EditMessage},
};

use crate::support::{
    TestServer,
    socket::{GENERAL, NOTHING, Socket, client_id, post, seqs, unlimited},
};

const STREAM: StreamId = StreamId::Room(GENERAL);

#[tokio::test]
async fn all_missing_events_come_in_order_and_then_live() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut writer = ada.connect().await;
    let mut last = Seq(0);
    // More than fits one page of the replay.
    for n in 0..250 {
        last = writer.say(GENERAL, &format!("{n}")).await;
    }

    let mut reader = ada.connect().await;
    let frames = reader.subscribe(STREAM, NOTHING).await;

    assert_eq!(seqs(&frames), (1..=last.0).collect::<Vec<_>>());
    let Some(ServerFrame::Live { stream, head }) = frames.last() else { panic!("{frames:?}") };
    assert_eq!((*stream, head.seq), (STREAM, last));
    assert_eq!(frames.len() as u64, last.0 + 1);

    let half = Position { seq: Seq(last.0 / 2), ..*head };
    let frames = ada.connect().await.subscribe(STREAM, half).await;
    assert_eq!(seqs(&frames), (half.seq.0 + 1..=last.0).collect::<Vec<_>>());

    let next = writer.say(GENERAL, "live").await;
    assert_eq!(reader.event(STREAM).await.seq, next);
}

#[tokio::test]
async fn the_acknowledgement_comes_before_the_events() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    ada.say(GENERAL, "before").await;
    ada.kept();

    let id = ada.send(Command::Subscribe(Subscribe { stream: STREAM, after: NOTHING })).await;

    loop {
        match ada.next().await {
            ServerFrame::Ack { id: acknowledged, done } => {
                assert_eq!((acknowledged, done), (id, Done::Unchanged));
                break;
            }
            // Told when it suits: that the room has grown, and how far its author has read.
            ServerFrame::Heads { .. } | ServerFrame::Cursor { .. } => {}
            other => panic!("{other:?} came first"),
        }
    }
}

#[tokio::test]
async fn while_many_write_nobody_who_subscribes_misses_or_doubles_anything() {
    let server = TestServer::with(|config| {
        unlimited(config);
        config.limits.sockets_per_user = 100;
    })
    .await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let is_over = AtomicBool::new(false);

    let write = async {
        let mut writers = Vec::new();
        for n in 0..8 {
            writers.push(if n % 2 == 0 { ada.connect().await } else { bob.connect().await });
        }
        let writing = writers.iter_mut().map(async |writer: &mut Socket| {
            for n in 0..60 {
                writer.say(GENERAL, &format!("{n}")).await;
            }
        });
        futures::future::join_all(writing).await;
        is_over.store(true, Ordering::SeqCst);
        writers
    };
    let read = async {
        let mut readers = Vec::new();
        while !is_over.load(Ordering::SeqCst) || readers.len() < 10 {
            let mut reader = bob.connect().await;
            let frames = reader.subscribe(STREAM, NOTHING).await;
            readers.push((reader, frames));
            if readers.len() >= 40 {
                break;
            }
        }
        readers
    };
    let (mut writers, readers) = tokio::join!(write, read);

    let end = writers[0].say(GENERAL, "the end").await;
    assert!(end.0 > 480);
    for (mut reader, mut frames) in readers {
        while seqs(&frames).last() != Some(&end.0) {
            frames.push(reader.of_stream(STREAM).await);
        }
        assert_eq!(seqs(&frames), (1..=end.0).collect::<Vec<_>>());
        let lives = frames.iter().filter(|frame| matches!(frame, ServerFrame::Live { .. })).count();
        assert_eq!(lives, 1);
    }
}

#[tokio::test]
async fn who_is_behind_a_tiny_ring_reads_the_store_and_misses_nothing() {
    let server = TestServer::with(|config| {
        unlimited(config);
        config.limits.ring_bytes = 1;
    })
    .await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    let from = bob.follow(STREAM).await;

    let mut sent = Vec::new();
    for n in 0..300 {
        sent.push(ada.send(post(GENERAL, &format!("{n}"))).await);
    }
    for id in sent {
        ada.answer(id).await.unwrap();
    }

    for n in 1..=300 {
        assert_eq!(bob.event(STREAM).await.seq, Seq(from.seq.0 + n));
    }
    assert!(server.app.hub.ring_bytes() <= 1);
}

#[tokio::test]
async fn a_place_that_does_not_lead_to_the_end_is_answered_by_reset() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let head = ada.follow(STREAM).await;

    let beyond = ada.subscribe(STREAM, Position { seq: head.seq.next(), ..head }).await;
    assert_eq!(beyond, [ServerFrame::Reset { stream: STREAM, head }]);
    let other_log = ada.subscribe(STREAM, Position { epoch: Epoch(head.epoch.0 + 1), ..head }).await;
    assert_eq!(other_log, [ServerFrame::Reset { stream: STREAM, head }]);

    // After a reset the stream is not followed: the snapshot comes first.
    ada.say(GENERAL, "unseen").await;
    ada.settle().await;
    assert!(seqs(&ada.kept()).is_empty());
}

#[tokio::test]
async fn who_misses_more_than_a_thousand_events_is_told_to_reset() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let start = ada.follow(STREAM).await;
    let mut sent = Vec::new();
    for n in 0..1_001 {
        sent.push(ada.send(post(GENERAL, &format!("{n}"))).await);
    }
    for id in sent {
        ada.answer(id).await.unwrap();
    }

    ada.ask(Command::Unsubscribe(Unsubscribe { stream: STREAM })).await.unwrap();
    ada.kept();
    let frames = ada.subscribe(STREAM, start).await;
    assert!(matches!(frames.as_slice(), [ServerFrame::Reset { head, .. }] if head.seq.0 == start.seq.0 + 1_001));
    ada.kept();
    let frames = ada.subscribe(STREAM, Position { seq: start.seq.next(), ..start }).await;
    assert_eq!(frames.len(), 1_001, "a thousand events and `live`");
}

#[tokio::test]
async fn following_again_goes_on_from_the_other_place() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    ada.subscribe(STREAM, NOTHING).await;
    let last = ada.say(GENERAL, "one").await;
    ada.settle().await;
    ada.kept();

    let frames = ada.subscribe(STREAM, NOTHING).await;

    assert_eq!(seqs(&frames), (1..=last.0).collect::<Vec<_>>());
    let next = ada.say(GENERAL, "two").await;
    ada.settle().await;
    assert_eq!(seqs(&ada.kept()), [next.0], "once, not twice");
}

#[tokio::test]
async fn who_unsubscribes_receives_nothing_more() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    ada.follow(STREAM).await;

    ada.ask(Command::Unsubscribe(Unsubscribe { stream: STREAM })).await.unwrap();
    ada.say(GENERAL, "unheard").await;
    ada.settle().await;

    assert!(seqs(&ada.kept()).is_empty());
}

#[tokio::test]
async fn one_socket_follows_at_most_128_streams() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let mut rooms = vec![GENERAL];
    while rooms.len() <= SUBSCRIPTIONS_MAX {
        let name = format!("room {}", rooms.len());
        rooms.push(ada.create(&name, protocol::rooms::Visibility::Private, Default::default()).await);
    }
    let follow = |room: RoomId| Command::Subscribe(Subscribe { stream: StreamId::Room(room), after: NOTHING });
    for room in &rooms[..SUBSCRIPTIONS_MAX] {
        assert_eq!(ada.ask(follow(*room)).await, Ok(Done::Unchanged));
    }

    assert_eq!(ada.ask(follow(rooms[SUBSCRIPTIONS_MAX])).await, Err(ErrorCode::TooLarge));
    assert_eq!(ada.ask(follow(rooms[3])).await, Ok(Done::Unchanged), "again is not one more");
    ada.ask(Command::Unsubscribe(Unsubscribe { stream: StreamId::Room(rooms[3]) })).await.unwrap();
    assert_eq!(ada.ask(follow(rooms[SUBSCRIPTIONS_MAX])).await, Ok(Done::Unchanged));
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_is_told_once() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let (mut first, mut second) = (ada.connect().await, ada.connect().await);
    first.follow(STREAM).await;
    let command = post(GENERAL, "once");

    let seq = first.append(command.clone()).await;
    let again = second.append(command.clone()).await;
    let next = first.say(GENERAL, "after").await;

    assert_eq!(again, seq);
    assert_eq!(first.event(STREAM).await.seq, seq);
    assert_eq!(first.event(STREAM).await.seq, next);
    let Command::PostMessage(mut other) = command else { unreachable!() };
    other.text = "something else".to_owned();
    assert_eq!(first.ask(Command::PostMessage(other)).await, Err(ErrorCode::Conflict));
}

#[tokio::test]
async fn a_deleted_text_is_gone_for_who_comes_later() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let (mut writer, mut reader) = (ada.connect().await, ada.connect().await);
    let start = reader.follow(STREAM).await;
    let message = writer.say(GENERAL, "a secret").await;
    let edit = EditMessage { client_id: client_id(), room: GENERAL, message, text: "another secret".to_owned() };
    writer.append(Command::EditMessage(edit)).await;

    let delete = DeleteMessage { client_id: client_id(), room: GENERAL, message };
    writer.append(Command::DeleteMessage(delete)).await;

    // Whatever was told to those who were there, what is sent from now on is without the text.
    let frames = ada.connect().await.subscribe(STREAM, start).await;
    assert_eq!(frames.len(), 4);
    assert!(!protocol::encode(&frames).contains("secret"), "{frames:?}");
    drop(reader);
}

#[tokio::test]
async fn commands_are_carried_out_in_the_order_in_which_they_came() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    ada.follow(STREAM).await;

    // More than wait for their turn: the rest waits in the connection.
    let mut sent = Vec::new();
    for n in 0..200 {
        sent.push(ada.send(post(GENERAL, &n.to_string())).await);
    }
    for id in sent {
        ada.answer(id).await.unwrap();
    }

    for n in 0..200 {
        match ada.event(STREAM).await.event {
            Event::MessagePosted(posted) => assert_eq!(posted.text, n.to_string()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_inbox_is_its_users_own() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    server.user("bob").await;

    let own = ada.subscribe(StreamId::Inbox(ada.me), NOTHING).await;
    assert!(matches!(own.last(), Some(ServerFrame::Live { .. })), "{own:?}");
    for other in [UserId(2), UserId(77)] {
        let follow = Command::Subscribe(Subscribe { stream: StreamId::Inbox(other), after: NOTHING });
        assert_eq!(ada.ask(follow).await, Err(ErrorCode::NotFound));
    }
}

#[tokio::test]
async fn nothing_is_kept_for_streams_that_nobody_follows() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    socket.follow(STREAM).await;
    socket.say(GENERAL, "kept").await;
    assert!(server.app.hub.ring_bytes() > 0);

    socket.gone_away().await;
    while server.app.sockets.count() > 0 {
        tokio::task::yield_now().await;
    }

    assert_eq!((server.app.hub.ring_bytes(), server.app.hub.streams_count()), (0, 0));
}
