//! What goes between nodes (threat 34): a name that is a pattern elsewhere is no name here, and what a node claims that
//! the store does not have is shown to nobody.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use protocol::{
    Command, Epoch, ErrorCode, Event, Position, Record, RoomId, Seq, ServerFrame, StreamId, UnixMs, UserId, UserRef,
    Username,
    messages::MessagePosted,
    rooms::{History, Visibility},
    typing::SetTyping,
};
use serde_json::json;
use server::bus::{Bus as _, BusMessage};
use tokio::time::Instant;

use crate::support::{
    Nodes, TestServer,
    socket::{GENERAL, RawSocket, seqs, unlimited},
};

/// What could be the name of more than one, or of another one, to a bus that has subjects.
const NO_IDS: [&str; 26] = [
    "*", ">", "", ".", "**", "#", "+", "1.", ".1", "1.2", "1.*", "1.>", "*.1", ">.1", "1 ", " 1", "1 2", "+1", "-1",
    "01", "1e0", "0x1", "1:2", "1\u{0}", "1\r\n", "\u{ff11}",
];

/// The same for whole names of streams.
const NO_STREAMS: [&str; 12] =
    ["*", ">", "", "room", "room:", ":1", "room.1", "*:1", ">:1", "ROOM:1", "room:1:1", "object:1"];

/// Longer than any number, and longer than any buffer that somebody might have for one.
fn long_ids() -> [String; 3] {
    [(u128::from(u64::MAX) + 1).to_string(), "1".repeat(300), "1".repeat(100_000)]
}

fn no_ids() -> Vec<String> {
    NO_IDS.iter().map(ToString::to_string).chain(long_ids()).collect()
}

/// As it stands in the path of an address.
fn encoded(id: &str) -> String {
    id.bytes().fold(String::new(), |mut path, byte| {
        write!(path, "%{byte:02X}").unwrap();
        path
    })
}

#[tokio::test]
async fn a_pattern_names_no_stream_and_no_room() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let room = ada.create("back room", Visibility::Private, History::Everything).await;
    let eve = server.user("eve").await;
    let mut socket = RawSocket::open(&eve, "/ws").await;
    let streams = no_ids().into_iter().flat_map(|id| [format!("room:{id}"), format!("inbox:{id}")]);

    for stream in streams.chain(NO_STREAMS.map(str::to_owned)) {
        for command in [
            json!({ "type": "subscribe", "stream": stream, "after": { "epoch": 0, "seq": 0 } }),
            json!({ "type": "unsubscribe", "stream": stream }),
        ] {
            socket.command(7, &command).await;
            let answer = socket.answer().await;
            assert_eq!(
                (&answer["code"], &answer["id"]),
                (&json!("malformed"), &json!(7)),
                "{stream:.40}: {answer:.200}"
            );
        }
    }
    for id in no_ids() {
        for command in [
            json!({ "type": "set_presence", "away": false, "room": id }),
            json!({ "type": "set_typing", "room": id, "typing": true }),
            json!({ "type": "join_room", "client_id": uuid(), "room": id }),
            json!({ "type": "post_message", "client_id": uuid(), "room": id, "text": "to all" }),
            json!({ "type": "set_read_cursor", "room": id, "cursor": { "version": 0, "seq": 1 } }),
        ] {
            socket.command(7, &command).await;
            assert_eq!(socket.answer().await["code"], "malformed", "{id:.40}");
        }
        // What is a number all the same is one in an address.
        if id.len() < 1_000 && id.parse::<u64>().is_err() {
            for path in ["", "/history", "/messages/1/edits"] {
                let answer = eve.get(&format!("/api/v1/rooms/{}{path}", encoded(&id))).await;
                assert!([400, 404].contains(&answer.status), "{id}{path}: {answer:?}");
            }
            let answer = eve.get(&format!("/api/v1/rooms?ids={}", encoded(&id))).await;
            assert_eq!(answer.status, 400, "{id}: {answer:?}");
        }
    }

    // She follows nothing by it.
    ada.follow(StreamId::Room(room)).await;
    for room in [room, GENERAL] {
        ada.say(room, "not for eve").await;
        ada.ask(Command::SetTyping(SetTyping { room, typing: true })).await.unwrap();
    }
    socket.command(8, &json!({ "type": "unsubscribe", "stream": "room:999" })).await;
    loop {
        let frame = socket.any_json().await;
        if frame["type"] == "ack" {
            break;
        }
        // The ends of one's own rooms are told to everyone.
        let is_own = frame["type"] == "hello"
            || frame["type"] == "heads"
                && frame["rooms"].as_array().unwrap().iter().all(|head| head["room"] == GENERAL.0);
        assert!(is_own, "{frame}");
    }
}

fn uuid() -> String {
    crate::support::socket::client_id().to_string()
}

const STREAM: StreamId = StreamId::Room(GENERAL);

/// What no log has.
const FORGED: &str = "said by nobody";

fn forged(stream: StreamId, position: Position) -> BusMessage {
    let record = Record {
        stream,
        epoch: position.epoch,
        seq: position.seq,
        at: UnixMs(0),
        actor: UserRef { id: UserId(1), name: Username::parse("ada").unwrap() },
        client_id: None,
        event: Event::MessagePosted(MessagePosted::new(1, FORGED.to_owned())),
    };
    BusMessage::Committed(Arc::from([Arc::new(record)]))
}

#[tokio::test]
async fn what_a_node_claims_and_the_store_does_not_have_is_shown_to_nobody() {
    let nodes = Nodes::start(2).await;
    let (mut ada, mut bob) = (nodes.user(0, "ada").await.connect().await, nodes.user(1, "bob").await.connect().await);
    let from = ada.follow(STREAM).await;
    bob.follow(STREAM).await;
    let impostor = nodes.impostor();
    let at = |seq: u64| Position { seq: Seq(seq), ..from };

    // Another text in a place that is taken, one far ahead of the log, one of a log before this one, one of a room that is
    // not there, and one of an inbox.
    impostor.publish(forged(STREAM, from));
    impostor.publish(forged(STREAM, at(from.seq.0 + 1_000_000_000)));
    impostor.publish(forged(STREAM, Position { epoch: Epoch(from.epoch.0 - 1), seq: from.seq.next() }));
    impostor.publish(forged(StreamId::Room(RoomId(999)), at(1)));
    impostor.publish(forged(StreamId::Inbox(bob.me), at(1_000_000_000)));

    // Long enough that the nodes have looked for what is missing, and found nothing.
    let (started, mut said) = (Instant::now(), Vec::new());
    while said.len() < 20 || started.elapsed() < Duration::from_millis(500) {
        said.push(ada.say(GENERAL, "said by ada").await.0);
        for reader in [&mut ada, &mut bob] {
            let event = reader.event(STREAM).await;
            assert_eq!(Some(&event.seq.0), said.last(), "each in its turn");
            assert!(matches!(&event.event, Event::MessagePosted(posted) if posted.text == "said by ada"), "{event:?}");
        }
    }

    assert_eq!(said, (from.seq.0 + 1..=from.seq.0 + said.len() as u64).collect::<Vec<_>>());
    for reader in [&mut ada, &mut bob] {
        reader.settle().await;
        let kept: Vec<ServerFrame> = reader.kept();
        assert_eq!(seqs(&kept), Vec::<u64>::new());
        assert!(!kept.iter().any(|frame| protocol::encode(frame).contains(FORGED)), "{kept:?}");
    }
    let nowhere = protocol::command::Subscribe { stream: StreamId::Room(RoomId(999)), after: at(0) };
    assert_eq!(bob.ask(Command::Subscribe(nowhere)).await, Err(ErrorCode::NotFound));
    drop((ada, bob, impostor));
    nodes.stop().await;
}
