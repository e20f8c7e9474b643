//! Heads of the user's rooms, and read cursors on the user's other devices.

use protocol::{
    Command, Done, ErrorCode, ReadCursor, RoomId, Seq, ServerFrame,
    frame::RoomHead,
    messages::DeleteMessage,
    rooms::{History, Visibility},
};

use crate::support::{
    TestServer,
    socket::{GENERAL, Socket, add, client_id, read_up_to, unlimited},
};

/// The next head of a room that is at or after `seq`.
async fn head(socket: &mut Socket, room: RoomId, seq: Seq) -> RoomHead {
    socket
        .wait(|frame| match frame {
            ServerFrame::Heads { rooms } => {
                rooms.iter().find(|head| head.room == room && head.head.seq >= seq).cloned()
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn every_room_is_told_once_after_connecting() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut writer = ada.connect().await;
    let room = writer.create("back room", Visibility::Private, History::Everything).await;
    let last = writer.say(room, "hi").await;

    let mut socket = ada.connect().await;

    let general = head(&mut socket, GENERAL, Seq(1)).await;
    assert!(general.recount, "whatever happened before is unknown here");
    let mut again = ada.connect().await;
    let own = head(&mut again, room, last).await;
    assert_eq!((own.head.seq, own.messages, own.recount), (last, 1, true));
}

#[tokio::test]
async fn posts_of_others_are_counted_and_everything_else_asks_for_a_recount() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    head(&mut bob, GENERAL, Seq(1)).await;
    head(&mut ada, GENERAL, Seq(1)).await;

    let first = ada.say(GENERAL, "one").await;
    let second = ada.say(GENERAL, "two").await;
    let told = head(&mut bob, GENERAL, second).await;
    assert_eq!((told.messages, told.recount), (2, false));
    assert!(head(&mut ada, GENERAL, second).await.recount, "one's own posts are not unread");

    let delete = DeleteMessage { client_id: client_id(), room: GENERAL, message: first };
    let deleted = ada.append(Command::DeleteMessage(delete)).await;
    let told = head(&mut bob, GENERAL, deleted).await;
    assert_eq!((told.messages, told.recount), (2, true));
}

#[tokio::test]
async fn heads_are_told_at_most_twice_a_second() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    head(&mut bob, GENERAL, Seq(1)).await;
    bob.kept();

    let started = tokio::time::Instant::now();
    let mut last = Seq(0);
    for n in 0..200 {
        last = ada.say(GENERAL, &format!("{n}")).await;
    }
    let told = head(&mut bob, GENERAL, last).await;

    assert_eq!((told.messages, told.recount), (200, false));
    let frames = 1 + bob.kept().iter().filter(|frame| matches!(frame, ServerFrame::Heads { .. })).count();
    let most = started.elapsed().as_millis() / 500 + 2;
    assert!(frames as u128 <= most, "{frames} frames in {:?}", started.elapsed());
}

#[tokio::test]
async fn a_room_that_one_is_added_to_is_watched_from_then_on() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    head(&mut bob, GENERAL, Seq(1)).await;
    let room = ada.create("back room", Visibility::Private, History::Everything).await;
    ada.say(room, "before bob").await;

    let joined = ada.append(add(room, "bob")).await;
    let told = head(&mut bob, room, joined).await;
    assert_eq!((told.messages, told.recount), (1, true));

    let said = ada.say(room, "to bob").await;
    let told = head(&mut bob, room, said).await;
    assert_eq!((told.messages, told.recount), (2, false));
}

#[tokio::test]
async fn a_read_cursor_is_told_to_the_users_other_devices() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut here, mut there, mut other) = (ada.connect().await, ada.connect().await, bob.connect().await);
    let first = here.say(GENERAL, "one").await;
    let second = here.say(GENERAL, "two").await;
    // The first one tells where the user was when the device connected.
    let cursor = |frame: &ServerFrame| match frame {
        ServerFrame::Cursor { room, cursor } if cursor.seq >= first => Some((*room, *cursor)),
        _ => None,
    };

    assert_eq!(here.ask(read_up_to(GENERAL, 0, second.0)).await, Ok(Done::Unchanged));
    assert_eq!(there.wait(cursor).await, (GENERAL, ReadCursor { version: 0, seq: second }));

    // An older place in the same version changes nothing; a newer version does.
    here.ask(read_up_to(GENERAL, 0, first.0)).await.unwrap();
    assert_eq!(there.wait(cursor).await.1, ReadCursor { version: 0, seq: second });
    here.ask(read_up_to(GENERAL, 1, first.0)).await.unwrap();
    assert_eq!(there.wait(cursor).await.1, ReadCursor { version: 1, seq: first });

    other.settle().await;
    here.settle().await;
    assert!(!other.kept().iter().any(|frame| cursor(frame).is_some()), "nobody else's business");
    assert!(!here.kept().iter().any(|frame| cursor(frame).is_some()), "it knows already");
}

#[tokio::test]
async fn a_read_cursor_needs_a_room_that_one_is_in() {
    let server = TestServer::with(unlimited).await;
    let (ada, eve) = (server.user("ada").await, server.user("eve").await);
    let (mut ada, mut eve) = (ada.connect().await, eve.connect().await);
    let hidden = ada.create("back room", Visibility::Private, History::Everything).await;

    assert_eq!(eve.ask(read_up_to(hidden, 0, 1)).await, Err(ErrorCode::NotFound));
}
