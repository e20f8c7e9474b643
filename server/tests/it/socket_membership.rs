//! Who is put out receives nothing more, and who came later does not see what was before.

use protocol::{
    Command, Epoch, ErrorCode, Event, Position, RoomId, Seq, ServerFrame, StreamId, Username,
    command::Subscribe,
    messages::{DeleteMessage, EditMessage},
    mute::MuteRoom,
    rooms::{DeleteRoom, History, RenameRoom, SetTopic, TransferRoom, Visibility},
};

use crate::support::{
    TestServer,
    socket::{NOTHING, Socket, add, client_id, leave, react, remove, seqs, stream_of, unlimited, unreact},
};

async fn private_room(ada: &mut Socket, history: History, members: &[&str]) -> (RoomId, StreamId) {
    let room = ada.create("back room", Visibility::Private, history).await;
    for member in members {
        ada.append(add(room, member)).await;
    }
    (room, StreamId::Room(room))
}

#[tokio::test]
async fn who_was_removed_receives_nothing_of_what_follows() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob_1, mut bob_2) = (ada.connect().await, bob.connect().await, bob.connect().await);
    let (room, stream) = private_room(&mut ada, History::Everything, &["bob"]).await;
    bob_1.follow(stream).await;
    bob_2.follow(stream).await;

    let removed = ada.append(remove(room, "bob")).await;
    for n in 0..100 {
        ada.say(room, &format!("about bob {n}")).await;
    }

    for bob in [&mut bob_1, &mut bob_2] {
        let event = bob.event(stream).await;
        assert_eq!(event.seq, removed, "the removal itself is told");
        assert!(matches!(event.event, Event::MemberRemoved(_)));
        assert_eq!(bob.of_stream(stream).await, ServerFrame::Ended { stream });
        bob.settle().await;
        let after: Vec<_> = bob.kept().into_iter().filter(|frame| stream_of(frame) == Some(stream)).collect();
        assert!(after.is_empty(), "{after:?}");
        let again = Command::Subscribe(Subscribe { stream, after: NOTHING });
        assert_eq!(bob.ask(again).await, Err(ErrorCode::NotFound));
    }
}

#[tokio::test]
async fn who_was_removed_hears_no_heads_of_the_room() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    let (room, _) = private_room(&mut ada, History::Everything, &["bob"]).await;
    let heads_of = |room: RoomId| {
        move |frame: &ServerFrame| match frame {
            ServerFrame::Heads { rooms } => rooms.iter().find(|head| head.room == room).map(|head| head.head.seq),
            _ => None,
        }
    };
    bob.wait(heads_of(room)).await;

    ada.append(remove(room, "bob")).await;
    // Bob learns of it by his inbox; what is marked from then on concerns other rooms.
    let inbox = StreamId::Inbox(bob.me);
    while !matches!(bob.subscribe(inbox, NOTHING).await.iter().rev().nth(1), Some(ServerFrame::Event(record)) if matches!(record.event, Event::RoomLeft(_)))
    {
    }
    bob.kept();
    let secret = ada.say(room, "about bob").await;
    let general = ada.say(crate::support::socket::GENERAL, "to all").await;

    bob.wait(|frame| heads_of(crate::support::socket::GENERAL)(frame).filter(|seq| *seq >= general)).await;
    let leaked = bob.kept().iter().filter_map(heads_of(room)).any(|seq| seq >= secret);
    assert!(!leaked);
}

#[tokio::test]
async fn leaving_ends_the_subscription_and_coming_back_resumes() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    let (room, stream) = private_room(&mut ada, History::Everything, &["bob"]).await;
    let from = bob.follow(stream).await;

    let left = bob.append(leave(room)).await;
    assert_eq!(bob.event(stream).await.seq, left);
    assert_eq!(bob.of_stream(stream).await, ServerFrame::Ended { stream });
    ada.say(room, "while bob is away").await;
    let back = ada.append(add(room, "bob")).await;

    // Where everything may be read, his own leaving lies behind him: it ends nothing.
    let frames = bob.subscribe(stream, from).await;
    assert_eq!(seqs(&frames), (from.seq.0 + 1..=back.0).collect::<Vec<_>>());
    assert!(matches!(frames.last(), Some(ServerFrame::Live { .. })));
    let next = ada.say(room, "welcome back").await;
    assert_eq!(bob.event(stream).await.seq, next);
}

#[tokio::test]
async fn in_a_room_without_history_a_later_member_starts_at_joining() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    let (room, stream) = private_room(&mut ada, History::SinceJoining, &[]).await;
    ada.say(room, "before bob").await;

    let joined = ada.append(add(room, "bob")).await;
    let frames = bob.subscribe(stream, NOTHING).await;

    let [ServerFrame::Reset { head, .. }] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!(head.seq, joined);
    let before = protocol::Position { seq: Seq(joined.0 - 2), ..*head };
    assert!(matches!(bob.subscribe(stream, before).await.as_slice(), [ServerFrame::Reset { .. }]));
    let at = protocol::Position { seq: Seq(joined.0 - 1), ..*head };
    assert_eq!(seqs(&bob.subscribe(stream, at).await), [joined.0]);
}

#[tokio::test]
async fn changes_of_messages_from_before_joining_are_withheld() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    let (room, stream) = private_room(&mut ada, History::SinceJoining, &[]).await;
    let old = ada.say(room, "an old secret").await;
    let older = ada.say(room, "another one").await;
    ada.append(add(room, "bob")).await;
    let from = bob.follow(stream).await;
    ada.follow(stream).await;

    let edit = EditMessage { client_id: client_id(), room, message: old, text: "a new secret".to_owned() };
    let edited = ada.append(Command::EditMessage(edit)).await;
    let delete = DeleteMessage { client_id: client_id(), room, message: older };
    let deleted = ada.append(Command::DeleteMessage(delete)).await;
    let said = ada.say(room, "for bob too").await;
    let edit = EditMessage { client_id: client_id(), room, message: said, text: "for bob as well".to_owned() };
    let seen = ada.append(Command::EditMessage(edit)).await;

    let withheld = |seq| ServerFrame::Withheld { stream, epoch: from.epoch, seq };
    let live = [bob.of_stream(stream).await, bob.of_stream(stream).await];
    assert_eq!(live, [withheld(edited), withheld(deleted)]);
    assert_eq!(bob.event(stream).await.seq, said);
    assert_eq!(bob.event(stream).await.seq, seen);
    let replayed = bob.subscribe(stream, from).await;
    assert_eq!(replayed[..2], [withheld(edited), withheld(deleted)]);
    assert_eq!(seqs(&replayed), [edited.0, deleted.0, said.0, seen.0]);
    // Who was there before sees all of it.
    for seq in [edited, deleted, said, seen] {
        assert_eq!(ada.event(stream).await.seq, seq);
    }
}

#[tokio::test]
async fn a_room_that_may_not_be_seen_answers_as_one_that_does_not_exist() {
    let server = TestServer::with(unlimited).await;
    let (ada, eve) = (server.user("ada").await, server.user("eve").await);
    let (mut ada, mut eve) = (ada.connect().await, eve.connect().await);
    let (room, _) = private_room(&mut ada, History::Everything, &[]).await;
    let message = ada.say(room, "secret").await;

    let after = |room, epoch, seq| {
        let after = Position { epoch: Epoch(epoch), seq };
        Command::Subscribe(Subscribe { stream: StreamId::Room(room), after })
    };
    let of = |room| {
        let (name, ada) = (|| "other".to_owned(), Username::parse("ada").unwrap());
        [
            after(room, 0, Seq(0)),
            after(room, 1, message),
            after(room, 1, Seq(message.0 + 1)),
            after(room, 2, message),
            crate::support::socket::post(room, "hi"),
            Command::EditMessage(EditMessage { client_id: client_id(), room, message, text: name() }),
            Command::DeleteMessage(DeleteMessage { client_id: client_id(), room, message }),
            react(room, message, "👍"),
            unreact(room, message, "👍"),
            Command::MuteRoom(MuteRoom { client_id: client_id(), room, muted: true }),
            Command::SetTopic(SetTopic { client_id: client_id(), room, topic: name() }),
            Command::RenameRoom(RenameRoom { client_id: client_id(), room, name: name() }),
            Command::TransferRoom(TransferRoom { client_id: client_id(), room, username: ada }),
            Command::DeleteRoom(DeleteRoom { client_id: client_id(), room }),
            crate::support::socket::join(room),
            leave(room),
            add(room, "eve"),
            remove(room, "ada"),
            crate::support::socket::read_up_to(room, 0, 1),
        ]
    };
    for (hidden, missing) in of(room).into_iter().zip(of(RoomId(999))) {
        let hidden = eve.send(hidden).await;
        let missing = eve.send(missing).await;
        let hidden = protocol::ErrorBody { id: None, ..eve.answer(hidden).await.unwrap_err() };
        let missing = protocol::ErrorBody { id: None, ..eve.answer(missing).await.unwrap_err() };
        assert_eq!(protocol::encode(&hidden), protocol::encode(&missing));
        assert_eq!(hidden.code, ErrorCode::NotFound);
    }
}
