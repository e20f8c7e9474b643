//! What one does with messages: answering, reacting, naming people, reading what they said before; and what of it
//! reaches whom.

use protocol::{
    Command, Done, ErrorCode, Event, Quoted, RoomId, Seq, ServerFrame, StreamId,
    edits::Edits,
    limits::{EMOJI_BYTES_MAX, MENTIONS_MAX, REACTION_EMOJI_MAX, REACTIONS_MAX},
    messages::{DeleteMessage, EditMessage},
    rooms::{History, Visibility},
};

use crate::support::{
    TestServer,
    socket::{GENERAL, NOTHING, Socket, add, answer, client_id, post, react, remove, seqs, unlimited, unreact},
};

const GENERAL_STREAM: StreamId = StreamId::Room(GENERAL);

fn edit(room: RoomId, message: Seq, text: &str) -> Command {
    Command::EditMessage(EditMessage { client_id: client_id(), room, message, text: text.to_owned() })
}

fn delete(room: RoomId, message: Seq) -> Command {
    Command::DeleteMessage(DeleteMessage { client_id: client_id(), room, message })
}

/// What the next message of a stream quotes.
async fn quoted(socket: &mut Socket, stream: StreamId) -> Quoted {
    match socket.event(stream).await.event {
        Event::MessagePosted(posted) => posted.quote.unwrap().content,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_quotes_and_deleting_takes_the_quote_along() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut ada = ada.connect().await;
    let start = ada.follow(GENERAL_STREAM).await;
    let message = ada.say(GENERAL, "a secret").await;

    ada.append(answer(GENERAL, message, "tell me more")).await;

    ada.event(GENERAL_STREAM).await;
    let Quoted::Text { author, excerpt } = quoted(&mut ada, GENERAL_STREAM).await else { panic!("it has a text") };
    assert_eq!((author.name.as_str(), excerpt.as_str()), ("ada", "a secret"));
    ada.append(delete(GENERAL, message)).await;
    // From the ring, from the store, and as a snapshot.
    let frames = bob.connect().await.subscribe(GENERAL_STREAM, start).await;
    assert!(!protocol::encode(&frames).contains("secret"), "{frames:?}");
    assert!(protocol::encode(&frames).contains(r#""content":{"type":"deleted"}"#), "{frames:?}");
    let snapshot = bob.get("/api/v1/rooms/1?at=end").await.body;
    assert!(!snapshot.contains("secret") && snapshot.contains(r#""content":{"type":"deleted"}"#), "{snapshot}");
    assert!(!bob.get("/rooms/1").await.body.contains("secret"));
}

#[tokio::test]
async fn what_is_gone_or_elsewhere_cannot_be_answered() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let message = ada.say(GENERAL, "gone soon").await;
    let other = ada.create("back room", Visibility::Private, History::Everything).await;
    let elsewhere = ada.say(other, "one").await;
    let far = ada.say(other, "two").await;
    ada.append(delete(GENERAL, message)).await;

    for (room, message) in [(GENERAL, message), (GENERAL, Seq(999)), (other, Seq(1)), (GENERAL, Seq(1))] {
        let id = ada.send(answer(room, message, "yes")).await;
        let refusal = ada.answer(id).await.unwrap_err();
        assert_eq!(refusal.code, ErrorCode::NotFound);
        assert!(refusal.message.contains("not there any more"), "{}", refusal.message);
    }
    assert!(elsewhere < far);
    ada.append(answer(other, far, "yes")).await;
}

#[tokio::test]
async fn where_some_came_too_late_a_quote_tells_nothing() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob_socket) = (ada.connect().await, bob.connect().await);
    let room = ada.create("den", Visibility::Private, History::SinceJoining).await;
    let stream = StreamId::Room(room);
    let old = ada.say(room, "an old secret").await;
    let answered = ada.append(answer(room, old, "among old friends")).await;
    ada.append(add(room, "bob")).await;
    ada.follow(stream).await;
    bob_socket.follow(stream).await;

    // Nobody else is told what not everyone may read, and he cannot ask for it himself.
    ada.append(answer(room, old, "remember?")).await;
    assert_eq!(quoted(&mut bob_socket, stream).await, Quoted::Hidden);
    assert_eq!(quoted(&mut ada, stream).await, Quoted::Hidden);
    for (message, command) in [(old, "react"), (answered, "answer")] {
        let command = if command == "react" { react(room, message, "👍") } else { answer(room, message, "so?") };
        assert_eq!(bob_socket.ask(command).await, Err(ErrorCode::NotFound));
    }
    ada.append(edit(room, old, "a new secret")).await;
    ada.append(delete(room, old)).await;
    let snapshot = bob.get(&format!("/api/v1/rooms/{room}?at=end")).await.body;
    assert!(!snapshot.contains("secret") && snapshot.contains(r#""content":{"type":"hidden"}"#), "{snapshot}");
    // The edit and the deletion reach him as places only.
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(bob_socket.of_stream(stream).await);
    }
    assert!(matches!(told.as_slice(), [ServerFrame::Withheld { .. }, ServerFrame::Withheld { .. }]), "{told:?}");
    // What everyone may read is quoted again.
    let new = ada.say(room, "for all").await;
    ada.append(answer(room, new, "indeed")).await;
    while !matches!(bob_socket.of_stream(stream).await, ServerFrame::Event(said) if said.seq == new) {}
    assert!(matches!(quoted(&mut bob_socket, stream).await, Quoted::Text { .. }));
}

#[tokio::test]
async fn reactions_reach_members_who_may_see_the_message_and_nobody_else() {
    let server = TestServer::with(unlimited).await;
    let mut sockets = Vec::new();
    for name in ["ada", "bob", "eve", "cleo"] {
        sockets.push(server.user(name).await.connect().await);
    }
    let [mut ada, mut bob, mut eve, mut cleo]: [Socket; 4] = sockets.try_into().ok().unwrap();
    let room = ada.create("den", Visibility::Private, History::SinceJoining).await;
    let stream = StreamId::Room(room);
    let message = ada.say(room, "before bob").await;
    for name in ["bob", "cleo"] {
        ada.append(add(room, name)).await;
    }
    let from = bob.follow(stream).await;
    ada.follow(stream).await;
    cleo.follow(stream).await;
    ada.append(remove(room, "cleo")).await;
    cleo.settle().await;
    cleo.kept();
    let refused = eve.subscribe(stream, NOTHING).await;
    assert!(
        matches!(refused.as_slice(), [ServerFrame::Error(body)] if body.code == ErrorCode::NotFound),
        "{refused:?}"
    );

    let added = ada.append(react(room, message, "👍")).await;
    let removed = ada.append(unreact(room, message, "👍")).await;

    let withheld = |seq| ServerFrame::Withheld { stream, epoch: from.epoch, seq };
    bob.event(stream).await;
    assert_eq!([bob.of_stream(stream).await, bob.of_stream(stream).await], [withheld(added), withheld(removed)]);
    ada.event(stream).await;
    assert!(matches!(ada.event(stream).await.event, Event::ReactionAdded(_)));
    assert!(matches!(ada.event(stream).await.event, Event::ReactionRemoved(_)));
    eve.settle().await;
    cleo.settle().await;
    assert!(seqs(&eve.kept()).is_empty(), "who is not in the room hears nothing");
    assert!(seqs(&cleo.kept()).is_empty(), "nor who was removed");
}

#[tokio::test]
async fn a_reaction_is_there_once_and_only_its_owner_takes_it_back() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob_socket) = (ada.connect().await, bob.connect().await);
    let message = ada.say(GENERAL, "lunch").await;
    let reaction = react(GENERAL, message, "🎉");

    let first = ada.append(reaction.clone()).await;

    assert_eq!(ada.append(reaction).await, first, "a retry has the first answer");
    assert_eq!(ada.ask(react(GENERAL, message, "🎉")).await, Ok(Done::Unchanged));
    assert_eq!(bob_socket.ask(unreact(GENERAL, message, "🎉")).await, Ok(Done::Unchanged), "it is not his");
    bob_socket.append(react(GENERAL, message, "🎉")).await;
    let snapshot = bob.get("/api/v1/rooms/1?at=end").await.body;
    assert!(
        snapshot.contains(r#"{"emoji":"🎉","user":{"id":1,"name":"ada"}},{"emoji":"🎉","user":{"id":2"#),
        "{snapshot}"
    );
    ada.append(unreact(GENERAL, message, "🎉")).await;
    ada.append(delete(GENERAL, message)).await;
    let snapshot = bob.get("/api/v1/rooms/1?at=end").await.body;
    assert!(!snapshot.contains("🎉"), "deleting takes them along: {snapshot}");
    assert_eq!(bob_socket.ask(react(GENERAL, message, "👍")).await, Err(ErrorCode::NotFound));
}

#[tokio::test]
async fn a_reaction_is_an_emoji_and_a_message_has_only_so_many() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let message = ada.say(GENERAL, "lunch").await;

    for text in ["", "ok", "👍👍", "<b>", "1"] {
        assert_eq!(ada.ask(react(GENERAL, message, text)).await, Err(ErrorCode::Invalid), "{text}");
    }
    let long = "👍".repeat(EMOJI_BYTES_MAX / 4 + 1);
    assert_eq!(ada.ask(react(GENERAL, message, &long)).await, Err(ErrorCode::TooLarge));
    // Four people with a skin tone each.
    let family = "👨🏽\u{200d}👩🏽\u{200d}👧🏽\u{200d}👦🏽";
    let reacted = ada.append(react(GENERAL, message, family)).await;
    assert!(reacted > message);
    ada.append(unreact(GENERAL, message, family)).await;
    for n in 0..REACTION_EMOJI_MAX {
        let emoji = char::from_u32(0x1f600 + n).unwrap().to_string();
        ada.append(react(GENERAL, message, &emoji)).await;
    }
    assert_eq!(ada.ask(react(GENERAL, message, "🎉")).await, Err(ErrorCode::TooLarge));
    let mut bob = server.user("bob").await.connect().await;
    bob.append(react(GENERAL, message, "😀")).await;
}

#[tokio::test]
async fn the_newest_hundred_earlier_texts_are_told_and_no_more() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    let message = socket.say(GENERAL, "text 0").await;
    let earlier = async || {
        let answer = ada.get(&format!("/api/v1/rooms/1/messages/{message}/edits")).await;
        let edits: Edits = serde_json::from_str(&answer.body).unwrap();
        (edits.earlier.len(), edits.earlier[0].text.clone())
    };

    for n in 1..=100 {
        socket.append(edit(GENERAL, message, &format!("text {n}"))).await;
    }
    assert_eq!(earlier().await, (100, "text 0".to_owned()));
    socket.append(edit(GENERAL, message, "text 101")).await;

    assert_eq!(earlier().await, (100, "text 1".to_owned()));
}

#[tokio::test]
async fn who_is_named_very_often_is_told_to_count_again() {
    let server = TestServer::with(unlimited).await;
    let (mut ada, mut bob) = (server.user("ada").await.connect().await, server.user("bob").await.connect().await);
    let general = |frame: &ServerFrame| match frame {
        ServerFrame::Heads { rooms } => rooms.iter().find(|head| head.room == GENERAL).cloned(),
        _ => None,
    };
    bob.wait(general).await;

    let mut last = ada.say(GENERAL, "@bob 0").await;
    let mut told = vec![bob.wait(general).await];
    let mut sent = Vec::new();
    for n in 1..=120 {
        sent.push(ada.send(post(GENERAL, &format!("@bob {n}"))).await);
    }
    for id in sent {
        if let Ok(Done::Appended { seq, .. }) = ada.answer(id).await {
            last = seq;
        }
    }
    while told[told.len() - 1].head.seq < last {
        told.push(bob.wait(general).await);
    }

    assert!(told.iter().all(|head| head.mentions.len() <= 32), "{told:?}");
    // On a slow day they come in small helpings, and then each of them is told.
    let one_by_one: usize = told.iter().map(|head| head.mentions.len()).sum();
    assert!(one_by_one == 121 || told.iter().any(|head| head.recount && head.mentions.is_empty()), "{told:?}");
}

#[tokio::test]
async fn names_in_code_and_in_quotes_call_nobody() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    server.user("bob").await;
    ada.follow(GENERAL_STREAM).await;

    for (text, is_named) in
        [("`@bob`", false), ("```\n@bob @room\n```", false), ("> @bob\n\nwhat?", false), ("`x` and **@bob**", true)]
    {
        ada.append(post(GENERAL, text)).await;
        let Event::MessagePosted(posted) = ada.event(GENERAL_STREAM).await.event else { panic!("it was posted") };
        assert_eq!(!posted.mentions.is_empty(), is_named, "{text}");
    }
}

#[tokio::test]
async fn a_quote_shows_words_and_no_signs() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    let message = socket.say(GENERAL, "**Lunch** at `noon`").await;
    socket.follow(GENERAL_STREAM).await;
    let excerpt_of = |quoted: Quoted| match quoted {
        Quoted::Text { excerpt, .. } => excerpt,
        other => panic!("{other:?}"),
    };

    socket.append(answer(GENERAL, message, "yes")).await;
    assert_eq!(excerpt_of(quoted(&mut socket, GENERAL_STREAM).await), "Lunch at noon");
    socket.append(edit(GENERAL, message, "_Dinner_")).await;
    let Event::MessageEdited(edited) = socket.event(GENERAL_STREAM).await.event else { panic!("it was edited") };
    assert_eq!(edited.excerpt.as_deref(), Some("Dinner"));
    let shown = ada.get("/api/v1/rooms/1?at=end").await.body;
    assert!(shown.contains(r#""excerpt":"Dinner""#), "{shown}");

    socket.append(edit(GENERAL, message, "Supper")).await;
    assert!(ada.get("/api/v1/rooms/1?at=end").await.body.contains(r#""excerpt":"Supper""#));
    socket.append(delete(GENERAL, message)).await;
    let frames = protocol::encode(&socket.subscribe(GENERAL_STREAM, NOTHING).await);
    assert!(!frames.contains("Dinner") && !frames.contains("Lunch"), "{frames}");
}

#[tokio::test]
async fn a_message_has_as_many_reactions_as_the_limit_and_no_more() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let message = ada.say(GENERAL, "lunch").await;
    let emoji = |n: u32| char::from_u32(0x1f600 + n % REACTION_EMOJI_MAX).unwrap().to_string();
    let people = REACTIONS_MAX.div_ceil(REACTION_EMOJI_MAX);
    for person in 0..people {
        let mut socket = server.user(&format!("user{person}")).await.connect().await;
        for n in 0..REACTION_EMOJI_MAX {
            socket.append(react(GENERAL, message, &emoji(n))).await;
        }
    }
    assert_eq!(people * REACTION_EMOJI_MAX, REACTIONS_MAX);

    let id = ada.send(react(GENERAL, message, &emoji(0))).await;

    let refusal = ada.answer(id).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::TooLarge);
    assert!(refusal.message.contains("has 500 reactions already"), "{}", refusal.message);
}

#[test]
fn the_limits_are_the_documented_ones() {
    assert_eq!((EMOJI_BYTES_MAX, REACTION_EMOJI_MAX, REACTIONS_MAX, MENTIONS_MAX), (64, 20, 500, 50));
}

#[tokio::test]
async fn members_are_named_and_nobody_else_and_the_head_says_so() {
    let server = TestServer::with(unlimited).await;
    let mut sockets = Vec::new();
    for name in ["ada", "bob", "eve"] {
        sockets.push(server.user(name).await.connect().await);
    }
    let [mut ada, mut bob, _eve]: [Socket; 3] = sockets.try_into().ok().unwrap();
    let room = ada.create("den", Visibility::Private, History::Everything).await;
    ada.append(add(room, "bob")).await;
    ada.follow(StreamId::Room(room)).await;

    let named = ada.append(post(room, "@BOB and @eve, lunch?")).await;

    let Event::MessagePosted(posted) = ada.event(StreamId::Room(room)).await.event else { panic!("it was posted") };
    let names: Vec<&str> = posted.mentions.users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!((names.as_slice(), posted.mentions.everyone), (["bob"].as_slice(), false));
    let told = bob
        .wait(|frame| match frame {
            ServerFrame::Heads { rooms } => {
                rooms.iter().find(|head| head.room == room && head.head.seq >= named).cloned()
            }
            _ => None,
        })
        .await;
    assert!(told.recount || told.mentions == [named], "{told:?}");
    // A name that is edited in is told as well.
    let plain = ada.append(post(room, "hello")).await;
    ada.append(edit(room, plain, "hello @bob")).await;
    ada.event(StreamId::Room(room)).await;
    let Event::MessageEdited(edited) = ada.event(StreamId::Room(room)).await.event else { panic!("it was edited") };
    assert_eq!(edited.mentions.users.len(), 1);
}

#[tokio::test]
async fn a_message_names_fifty_people_and_no_more() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    for n in 0..MENTIONS_MAX {
        server.user(&format!("m{n}")).await;
    }
    let names: String = (0..MENTIONS_MAX).map(|n| format!("@m{n} ")).collect();

    ada.append(post(GENERAL, &names)).await;

    assert_eq!(ada.ask(post(GENERAL, &format!("{names} @ada"))).await, Err(ErrorCode::TooLarge));
    ada.append(post(GENERAL, "@room is for more")).await;
}

#[tokio::test]
async fn earlier_texts_are_for_who_may_read_the_message() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob, eve) = (server.user("ada").await, server.user("bob").await, server.user("eve").await);
    let mut socket = ada.connect().await;
    let room = socket.create("den", Visibility::Private, History::SinceJoining).await;
    let message = socket.say(room, "one").await;
    socket.append(react(room, message, "👍")).await;
    socket.append(edit(room, message, "two")).await;
    socket.append(edit(room, message, "three")).await;
    socket.append(add(room, "bob")).await;
    let path = format!("/api/v1/rooms/{room}/messages/{message}/edits");

    let edits: Edits = serde_json::from_str(&ada.get(&path).await.body).unwrap();
    let texts: Vec<&str> = edits.earlier.iter().map(|earlier| earlier.text.as_str()).collect();
    assert_eq!((edits.message, texts.as_slice()), (message, ["one", "two"].as_slice()));

    bob.get(&path).await.refused(404, "not_found");
    eve.get(&path).await.refused(404, "not_found");
    server.visitor().get(&path).await.refused(401, "unauthorized");
    for other in [Seq(1), Seq(999)] {
        ada.get(&format!("/api/v1/rooms/{room}/messages/{other}/edits")).await.refused(404, "not_found");
    }
    socket.append(delete(room, message)).await;
    ada.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn nobody_speaks_for_somebody_else() {
    let server = TestServer::with(unlimited).await;
    let (mut ada, mut bob) = (server.user("ada").await.connect().await, server.user("bob").await.connect().await);
    let message = ada.say(GENERAL, "lunch").await;
    let before = bob.subscribe(GENERAL_STREAM, NOTHING).await.len();

    for fields in [
        r#""type":"add_reaction","message":MESSAGE,"emoji":"👍","user_id":1"#,
        r#""type":"remove_reaction","message":MESSAGE,"emoji":"👍","user":{"id":1,"name":"ada"}"#,
        r#""type":"post_message","text":"hi","reply_to":MESSAGE,"quote":{"message":2,"content":{"type":"hidden"}}"#,
        r#""type":"post_message","text":"hi","mentions":{"everyone":true}"#,
        r#""type":"post_message","text":"hi","reply_to":-1"#,
        r#""type":"post_message","text":"hi","reply_to":"1"#,
    ] {
        let fields = fields.replace("MESSAGE", &message.to_string());
        bob.text(&format!(r#"{{"id":70,"command":{{"client_id":"{}","room":1,{fields}}}}}"#, client_id())).await;
        let refused = bob.wait(|frame| if let ServerFrame::Error(body) = frame { Some(body.code) } else { None }).await;
        assert_eq!(refused, ErrorCode::Malformed, "{fields}");
    }
    assert_eq!(bob.subscribe(GENERAL_STREAM, NOTHING).await.len(), before, "nothing has changed");
}
