//! Giving rooms away and deleting them, over sockets and in the page.

use protocol::{
    Command, ErrorCode, Event, RoomId, ServerFrame, StreamId, Username,
    command::Subscribe,
    rooms::{DeleteRoom, History, RenameRoom, TransferRoom, Visibility},
};

use crate::support::{
    TestServer,
    socket::{GENERAL, NOTHING, Socket, add, answer, client_id, react, remove, stream_of, unlimited},
};

fn transfer(room: RoomId, to: &str) -> Command {
    Command::TransferRoom(TransferRoom { client_id: client_id(), room, username: Username::parse(to).unwrap() })
}

fn delete(room: RoomId) -> Command {
    Command::DeleteRoom(DeleteRoom { client_id: client_id(), room })
}

fn rename(room: RoomId, name: &str) -> Command {
    Command::RenameRoom(RenameRoom { client_id: client_id(), room, name: name.to_owned() })
}

/// A private room of bob's, which cid is in.
async fn den(bob: &mut Socket) -> RoomId {
    let room = bob.create("den", Visibility::Private, History::Everything).await;
    bob.append(add(room, "cid")).await;
    room
}

#[tokio::test]
async fn a_room_that_was_given_away_is_kept_by_the_other() {
    let server = TestServer::with(unlimited).await;
    server.user("ada").await;
    let (mut bob, mut cid) = (server.user("bob").await.connect().await, server.user("cid").await.connect().await);
    server.user("eve").await;
    let room = den(&mut bob).await;

    assert_eq!(bob.ask(transfer(room, "eve")).await, Err(ErrorCode::Invalid), "she is not in it");
    assert_eq!(bob.ask(transfer(room, "nobody")).await, Err(ErrorCode::NotFound));
    bob.append(transfer(room, "CID")).await;

    assert_eq!(bob.ask(rename(room, "mine")).await, Err(ErrorCode::Forbidden));
    assert_eq!(bob.ask(transfer(room, "bob")).await, Err(ErrorCode::Forbidden));
    cid.append(rename(room, "his")).await;
    assert_eq!(cid.ask(transfer(room, "cid")).await, Ok(protocol::Done::Unchanged));
}

#[tokio::test]
async fn a_room_is_not_given_to_an_account_that_is_disabled() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await;
    let bob_at_home = server.user("bob").await;
    let mut bob = bob_at_home.connect().await;
    server.user("cid").await;
    let room = den(&mut bob).await;
    let cid = server.account("cid").await.user.id;
    assert_eq!(ada.post_form(&format!("/settings/members/{cid}/disable"), &[]).await.status, 303);

    let id = bob.send(transfer(room, "cid")).await;
    let refused = bob.answer(id).await.unwrap_err();

    assert_eq!(refused.code, ErrorCode::Invalid);
    assert!(refused.message.contains("is disabled"), "{}", refused.message);
    bob.append(rename(room, "still mine")).await;
    // Nor is it brought in.
    bob.append(remove(room, "cid")).await;
    let id = bob.send(add(room, "cid")).await;
    let refused = bob.answer(id).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Invalid);
    assert!(refused.message.contains("is disabled"), "{}", refused.message);
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_all_at_once() {
    let server = TestServer::with(unlimited).await;
    server.user("ada").await;
    let (bob_at_home, cid_at_home) = (server.user("bob").await, server.user("cid").await);
    let (mut bob, mut cid) = (bob_at_home.connect().await, cid_at_home.connect().await);
    let room = den(&mut bob).await;
    let stream = StreamId::Room(room);
    bob.say(room, "secret plans").await;
    cid.follow(stream).await;
    cid.follow(StreamId::Inbox(cid.me)).await;
    let command = delete(room);

    let deleted = bob.append(command.clone()).await;

    let event = cid.event(stream).await;
    assert_eq!((event.seq, matches!(event.event, Event::RoomDeleted(_))), (deleted, true));
    assert_eq!(cid.of_stream(stream).await, ServerFrame::Ended { stream });
    let left = cid.event(StreamId::Inbox(cid.me)).await;
    assert!(matches!(&left.event, Event::RoomLeft(left) if left.room == room), "{left:?}");
    cid.settle().await;
    assert!(!cid.kept().iter().any(|frame| stream_of(frame) == Some(stream)), "nothing comes after the end");

    assert_eq!(bob.append(command).await, deleted, "a retry gets the first answer");
    let missing = RoomId(room.0 + 7);
    for (client, socket) in [(&bob_at_home, &mut bob), (&cid_at_home, &mut cid)] {
        let subscribe = |room| Command::Subscribe(Subscribe { stream: StreamId::Room(room), after: NOTHING });
        let (one, other) = (socket.send(subscribe(room)).await, socket.send(subscribe(missing)).await);
        let (one, other) = (socket.answer(one).await.unwrap_err(), socket.answer(other).await.unwrap_err());
        assert_eq!((one.code, one.message), (other.code, other.message));
        client.get(&format!("/api/v1/rooms/{room}")).await.refused(404, "not_found");
        client.get(&format!("/api/v1/rooms/{room}/history?before=9")).await.refused(404, "not_found");
        assert!(!client.get("/api/v1/inbox").await.body.contains("den"));
        assert_eq!(socket.ask(rename(room, "again")).await, Err(ErrorCode::NotFound));
        assert_eq!(socket.ask(delete(room)).await, Err(ErrorCode::NotFound));
    }
}

#[tokio::test]
async fn of_a_deleted_room_nothing_is_left_in_its_log() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    let room = socket.create("secret den", Visibility::Public, History::Everything).await;
    for text in ["secret one", "secret two", "secret for @ada and @room"] {
        socket.say(room, text).await;
    }
    let said = socket.say(room, "secret question").await;
    socket.append(answer(room, said, "secret answer")).await;
    socket.append(react(room, said, "👍")).await;

    let last = socket.append(delete(room)).await;

    let stream = StreamId::Room(room);
    let log = server.ask(move |app| async move { app.store.replay(stream, protocol::Seq(0), 99).await }).await.unwrap();
    assert_eq!(log.last().map(|record| record.seq), Some(last), "the places stay");
    assert!(log.iter().all(|record| matches!(record.event, Event::RoomDeleted(_))), "{log:?}");
    let again = socket.create("SECRET den", Visibility::Public, History::Everything).await;
    assert_ne!(again, room, "its name is free, its number is not used again");
}

#[tokio::test]
async fn nobody_deletes_the_room_that_everyone_is_in() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await.connect().await;

    assert_eq!(ada.ask(delete(GENERAL)).await, Err(ErrorCode::Forbidden));

    ada.say(GENERAL, "still here").await;
}

#[tokio::test]
async fn the_page_of_a_room_renames_gives_away_and_deletes_it() {
    let server = TestServer::with(unlimited).await;
    server.user("ada").await;
    let (mut bob, mut cid) = (server.user("bob").await, server.user("cid").await);
    let (mut keeper, mut member) = (bob.connect().await, cid.connect().await);
    let room = den(&mut keeper).await;
    member.follow(StreamId::Room(room)).await;
    let path = format!("/settings/rooms/{room}");

    let renamed = bob.post_form(&format!("{path}/rename"), &[("name", " lair ")]).await;
    assert_eq!(renamed.header("location"), format!("{path}?done=renamed"));
    let event = member.event(StreamId::Room(room)).await.event;
    assert!(matches!(&event, Event::RoomRenamed(renamed) if renamed.name == "lair"), "{event:?}");
    let slip = bob.post_form(&format!("{path}/delete"), &[("name", "den")]).await;
    assert!(slip.status == 422 && slip.body.contains("Nothing was deleted"), "{slip:?}");
    let stranger = bob.post_form(&format!("{path}/transfer"), &[("username", "ada")]).await;
    assert!(stranger.status == 422 && stranger.body.contains("Add them first."), "{stranger:?}");

    let given = bob.post_form(&format!("{path}/transfer"), &[("username", "cid")]).await;
    assert_eq!(given.header("location"), "/settings?done=given");
    assert_eq!(bob.get(&path).await.status, 403);
    assert_eq!(bob.post_form(&format!("{path}/delete"), &[("name", "lair")]).await.status, 403);
    assert!(cid.get(&path).await.body.contains("cid keeps the room"));
    let deleted = cid.post_form(&format!("{path}/delete"), &[("name", "lair")]).await;
    assert_eq!(deleted.header("location"), "/settings?done=deleted");
    assert_eq!(cid.get(&path).await.status, 404);
}

#[tokio::test]
async fn the_page_of_a_room_is_for_who_keeps_it_and_of_others_there_is_none() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await;
    let bob = server.user("bob").await;
    let (cid, mut eve) = (server.user("cid").await, server.user("eve").await);
    let room = den(&mut bob.connect().await).await;
    let form = [("rename", [("name", "mine")]), ("transfer", [("username", "eve")]), ("delete", [("name", "den")])];

    for id in [room, RoomId(room.0 + 7)] {
        let path = format!("/settings/rooms/{id}");
        assert_eq!(eve.get(&path).await.status, 404);
        assert_eq!(ada.get(&path).await.status, 404, "not even the owner, who is not in it");
        for (action, fields) in form {
            for client in [&mut eve, &mut ada] {
                assert_eq!(client.post_form(&format!("{path}/{action}"), &fields).await.status, 404, "{action}");
            }
        }
    }
    assert_eq!(cid.get(&format!("/settings/rooms/{room}")).await.status, 403);
    assert_eq!(bob.get(&format!("/settings/rooms/{room}")).await.status, 200);
    let general = ada.get("/settings/rooms/1").await.body;
    assert!(general.contains("nobody can delete it") && !general.contains("Delete room\""), "{general}");
}
