//! Frames that are no commands, or commands that make no sense: a typed error, and the connection goes on.

use protocol::{Done, ErrorCode, Event, StreamId};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    TestServer,
    socket::{GENERAL, Socket, client_id, post, read_up_to, unlimited},
};

/// Sends a text and returns the code and the command's number in the answer.
async fn refusal(socket: &mut Socket, text: &str) -> (ErrorCode, Option<u64>) {
    socket.text(text).await;
    socket
        .wait(|frame| match frame {
            protocol::ServerFrame::Error(body) => {
                assert!(body.message.len() > 10, "no words in {body:?}");
                Some((body.code, body.id.map(|id| id.0)))
            }
            protocol::ServerFrame::Ack { .. } => panic!("{text} was carried out"),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn what_is_no_command_is_answered_and_the_connection_goes_on() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let id = client_id();
    let post = |fields: &str| format!(r#"{{"id":7,"command":{{"type":"post_message","client_id":"{id}",{fields}}}}}"#);

    let malformed = [
        String::new(),
        "hello".to_owned(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "\"post_message\"".to_owned(),
        "[".repeat(100_000),
        format!("{}1{}", "[".repeat(500), "]".repeat(500)),
        r#"{"id":-1,"command":{"type":"unsubscribe","stream":"room:1"}}"#.to_owned(),
        r#"{"id":1.5,"command":{"type":"unsubscribe","stream":"room:1"}}"#.to_owned(),
        r#"{"command":{"type":"unsubscribe","stream":"room:1"}}"#.to_owned(),
        r#"{"id":1}"#.to_owned(),
        r#"{"id":1,"command":{"type":"unsubscribe","stream":"room:1"}}{}"#.to_owned(),
    ];
    for text in malformed {
        assert_eq!(refusal(&mut ada, &text).await.0, ErrorCode::Malformed, "{text:.80}");
    }

    let numbered = [
        r#"{"id":7,"command":{}}"#.to_owned(),
        r#"{"id":7,"command":null}"#.to_owned(),
        r#"{"id":7,"command":{"type":"unsubscribe"}}"#.to_owned(),
        r#"{"id":7,"command":{"type":"unsubscribe","stream":"room:01"}}"#.to_owned(),
        r#"{"id":7,"command":{"type":"unsubscribe","stream":"room:*"}}"#.to_owned(),
        r#"{"id":7,"command":{"type":"unsubscribe","stream":["room:1"]}}"#.to_owned(),
        post(r#""room":"1","text":"hi""#),
        post(r#""room":{"id":1},"text":"hi""#),
        post(r#""room":[1],"text":"hi""#),
        post(r#""room":-1,"text":"hi""#),
        post(r#""room":1,"text":["hi"]"#),
        post(r#""room":1"#),
        r#"{"id":7,"command":{"type":"post_message","client_id":"7","room":1,"text":"hi"}}"#.to_owned(),
    ];
    for text in numbered {
        assert_eq!(refusal(&mut ada, &text).await, (ErrorCode::Malformed, Some(7)), "{text}");
    }
    let newer = r#"{"id":8,"command":{"type":"fly_to_the_moon","with":"ada"}}"#;
    assert_eq!(refusal(&mut ada, newer).await, (ErrorCode::Unsupported, Some(8)));

    ada.raw(Message::binary(vec![1, 2, 3])).await;
    let binary = ada.wait(|frame| if let protocol::ServerFrame::Error(body) = frame { Some(body.code) } else { None });
    assert_eq!(binary.await, ErrorCode::Unsupported);

    let seq = ada.say(GENERAL, "still here").await;
    assert!(seq.0 > 0);
}

#[tokio::test]
async fn nobody_speaks_for_another() {
    let server = TestServer::with(unlimited).await;
    let (mut ada, mut bob) = (server.user("ada").await.connect().await, server.user("bob").await.connect().await);
    let from = ada.follow(StreamId::Room(GENERAL)).await;
    let spoofs = ["user_id", "actor", "author", "user", "seq", "at"];

    for field in spoofs {
        for value in [json!(1), json!({ "id": 1, "name": "ada" })] {
            let command = json!({ "type": "post_message", "client_id": client_id(), "room": 1, "text": "I am ada", field: value });
            let text = json!({ "id": 1, "command": command }).to_string();
            assert_eq!(refusal(&mut bob, &text).await.0, ErrorCode::Malformed, "{field}");
        }
        let text = json!({ "id": 1, field: 1, "command": post(GENERAL, "I am ada") }).to_string();
        assert_eq!(refusal(&mut bob, &text).await.0, ErrorCode::Malformed, "{field} outside");
    }

    bob.say(GENERAL, "I am bob").await;
    let event = ada.event(StreamId::Room(GENERAL)).await;
    assert_eq!(event.seq, from.seq.next(), "nothing of the spoofs was stored");
    assert_eq!(event.actor.name.as_str(), "bob");
}

#[tokio::test]
async fn fields_that_would_give_rights_are_refused() {
    let server = TestServer::with(unlimited).await;
    let mut bob = {
        server.user("ada").await;
        server.user("bob").await.connect().await
    };

    let commands = [
        json!({ "type": "create_room", "client_id": client_id(), "name": "x", "visibility": "public", "role": "admin" }),
        json!({ "type": "create_room", "client_id": client_id(), "name": "x", "visibility": "public", "creator": 1 }),
        json!({ "type": "join_room", "client_id": client_id(), "room": 1, "role": "owner" }),
        json!({ "type": "add_member", "client_id": client_id(), "room": 1, "username": "bob", "role": "admin" }),
        json!({ "type": "rename_room", "client_id": client_id(), "room": 1, "name": "x", "is_owner": true }),
        json!({ "type": "subscribe", "stream": "room:1", "after": { "epoch": 1, "seq": 0 }, "as": "ada" }),
        json!({ "type": "subscribe", "stream": "room:1", "after": { "epoch": 1, "seq": 0, "all": true } }),
        json!({ "type": "set_read_cursor", "room": 1, "cursor": { "version": 0, "seq": 1, "user": 1 } }),
    ];
    for command in commands {
        let text = json!({ "id": 3, "command": command }).to_string();
        assert_eq!(refusal(&mut bob, &text).await, (ErrorCode::Malformed, Some(3)), "{text}");
    }

    let rename =
        json!({ "id": 4, "command": { "type": "rename_room", "client_id": client_id(), "room": 1, "name": "mine" } });
    assert_eq!(refusal(&mut bob, &rename.to_string()).await.0, ErrorCode::Forbidden, "bob got rights");
}

#[tokio::test]
async fn numbers_at_the_edge_are_refused_in_words() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;

    for room in [0, 2, (1 << 53) - 1, 1 << 53, u64::MAX >> 1, u64::MAX] {
        for command in [
            json!({ "type": "post_message", "client_id": client_id(), "room": room, "text": "hi" }),
            json!({ "type": "join_room", "client_id": client_id(), "room": room }),
            json!({ "type": "delete_message", "client_id": client_id(), "room": room, "message": u64::MAX }),
            json!({ "type": "subscribe", "stream": format!("room:{room}"), "after": { "epoch": 0, "seq": u64::MAX } }),
            json!({ "type": "subscribe", "stream": format!("inbox:{room}"), "after": { "epoch": 0, "seq": 0 } }),
            json!({ "type": "set_read_cursor", "room": room, "cursor": { "version": 0, "seq": 1 } }),
        ] {
            let text = json!({ "id": 3, "command": command }).to_string();
            let (code, id) = refusal(&mut ada, &text).await;
            assert_eq!((code, id), (ErrorCode::NotFound, Some(3)), "{text}");
        }
    }
    let delete = json!({ "id": 3, "command": { "type": "delete_message", "client_id": client_id(), "room": 1, "message": u64::MAX } });
    assert_eq!(refusal(&mut ada, &delete.to_string()).await.0, ErrorCode::NotFound);
    assert_eq!(ada.ask(read_up_to(GENERAL, 0, u64::MAX)).await, Err(ErrorCode::Invalid));
    assert_eq!(ada.ask(read_up_to(GENERAL, u64::MAX, 1)).await, Err(ErrorCode::Invalid));
    assert_eq!(ada.ask(read_up_to(GENERAL, 0, (1 << 53) - 1)).await, Ok(Done::Unchanged));
}

#[tokio::test]
async fn a_text_of_the_longest_length_is_stored_and_one_more_is_not() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    ada.follow(StreamId::Room(GENERAL)).await;

    // Four bytes each, and escaped in JSON as far as possible.
    let longest = "\u{1F600}".repeat(10_000);
    ada.say(GENERAL, &longest).await;
    match ada.event(StreamId::Room(GENERAL)).await.event {
        Event::MessagePosted(posted) => assert_eq!(posted.text, longest),
        other => panic!("{other:?}"),
    }
    let escaped = "\u{1}".repeat(10_000);
    ada.say(GENERAL, &escaped).await;
    match ada.event(StreamId::Room(GENERAL)).await.event {
        Event::MessagePosted(posted) => assert_eq!(posted.text, escaped),
        other => panic!("{other:?}"),
    }

    assert_eq!(ada.ask(post(GENERAL, &"a".repeat(10_001))).await, Err(ErrorCode::TooLarge));
    assert_eq!(ada.ask(post(GENERAL, "  \n ")).await, Err(ErrorCode::Invalid));
}

#[tokio::test]
async fn who_is_too_fast_is_told_when_to_go_on_and_others_are_not_concerned() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada_1, mut ada_2, mut bob) = (ada.connect().await, ada.connect().await, bob.connect().await);

    let mut sent = Vec::new();
    for n in 0..200 {
        sent.push(ada_1.send(post(GENERAL, &format!("{n}"))).await);
    }
    let mut stored = 0;
    for id in sent {
        match ada_1.answer(id).await {
            Ok(_) => stored += 1,
            Err(body) => {
                assert_eq!(body.code, ErrorCode::RateLimited);
                assert!(body.retry_after_ms.is_some_and(|wait| wait > 0 && wait <= 1_000), "{body:?}");
            }
        }
    }

    assert_eq!(stored, 20, "the clock stands: the burst, and no more");
    assert_eq!(ada_2.ask(post(GENERAL, "elsewhere")).await, Err(ErrorCode::RateLimited), "the limit is the user's");
    assert!(bob.ask(post(GENERAL, "in peace")).await.is_ok());
    server.advance(std::time::Duration::from_secs(1));
    assert!(ada_1.ask(post(GENERAL, "later")).await.is_ok());
}

#[tokio::test]
async fn frames_that_are_no_commands_are_limited_too() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await.connect().await;

    for n in 0..200 {
        assert_eq!(refusal(&mut ada, "nonsense").await.0, ErrorCode::Malformed, "{n}");
    }

    assert_eq!(refusal(&mut ada, "nonsense").await.0, ErrorCode::RateLimited);
}
