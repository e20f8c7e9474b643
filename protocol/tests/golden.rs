//! The wire as it is written down in `golden/v1`: one file per variant, read and written as it was.
//!
//! The files are frozen once released: files may be added, never changed. Nothing writes them; a test that misses
//! one says what to put there.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that meets the unexpected fails")]

use std::{collections::BTreeSet, fmt::Debug, fs, path::PathBuf};

use proptest::prelude::*;
use protocol::{
    ClientFrame, ClientId, Command, CommandId, CommandKind, Done, Epoch, ErrorBody, ErrorCode, Event, EventKind, Hello,
    Mentions, Position, PresenceState, Quote, Quoted, ReadCursor, Record, RoomId, RoomPresence, RoomTyping,
    SUBPROTOCOL, Seq, ServerFrame, Status, StreamId, UnixMs, UserId, UserPresence, UserProfile, UserRef, Username,
    command::{SetReadCursor, Subscribe, Unsubscribe},
    decode_client, encode,
    frame::{FrameKind, RoomHead, StreamHead, WireLimits, encode_event},
    json::{self, FromJson},
    members::{
        AddMember, JoinRoom, LeaveRoom, MemberAdded, MemberJoined, MemberLeft, MemberRemoved, RemoveMember, RoomJoined,
        RoomLeft,
    },
    messages::{DeleteMessage, EditMessage, MessageDeleted, MessageEdited, MessagePosted, PostMessage},
    mute::{MuteRoom, RoomMuted},
    presence::{SetPresence, SetViewing},
    reactions::{AddReaction, ReactionAdded, ReactionRemoved, RemoveReaction},
    rooms::{
        CreateRoom, DeleteRoom, History, RenameRoom, RoomCreated, RoomDeleted, RoomRef, RoomRenamed, RoomTransferred,
        SetTopic, TopicSet, TransferRoom, Visibility,
    },
    typing::SetTyping,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

const ROOM: RoomId = RoomId(12);
const NOW: UnixMs = UnixMs(1_790_000_000_123);

fn client_id() -> ClientId {
    ClientId::new(NOW, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
}

fn user(id: u64, name: &str) -> UserRef {
    UserRef { id: UserId(id), name: username(name) }
}

fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn head() -> Position {
    Position { epoch: Epoch(1), seq: Seq(42) }
}

/// A command of each kind; `None` for what only a newer client sends.
fn sample_command(kind: CommandKind) -> Option<Command> {
    let client_id = client_id();
    let room = ROOM;
    let command = match kind {
        CommandKind::Subscribe => Command::Subscribe(Subscribe { stream: StreamId::Room(room), after: head() }),
        CommandKind::Unsubscribe => Command::Unsubscribe(Unsubscribe { stream: StreamId::Inbox(UserId(7)) }),
        CommandKind::SetReadCursor => {
            Command::SetReadCursor(SetReadCursor { room, cursor: ReadCursor { version: 2, seq: Seq(40) } })
        }
        CommandKind::SetPresence => Command::SetPresence(SetPresence { away: false, room: Some(room) }),
        CommandKind::SetTyping => Command::SetTyping(SetTyping { room, typing: true }),
        CommandKind::SetViewing => Command::SetViewing(SetViewing { shown: false }),
        CommandKind::PostMessage => {
            Command::PostMessage(PostMessage::new(client_id, room, "Grüße \u{1f44b}\nzweite Zeile".to_owned()))
        }
        CommandKind::EditMessage => {
            Command::EditMessage(EditMessage { client_id, room, message: Seq(40), text: "Hello, all".to_owned() })
        }
        CommandKind::DeleteMessage => Command::DeleteMessage(DeleteMessage { client_id, room, message: Seq(40) }),
        CommandKind::AddReaction => {
            Command::AddReaction(AddReaction { client_id, room, message: Seq(40), emoji: "\u{1f44d}".to_owned() })
        }
        CommandKind::RemoveReaction => {
            Command::RemoveReaction(RemoveReaction { client_id, room, message: Seq(40), emoji: "\u{1f44d}".to_owned() })
        }
        CommandKind::CreateRoom => Command::CreateRoom(CreateRoom {
            client_id,
            name: "Über uns".to_owned(),
            visibility: Visibility::Private,
            history: History::SinceJoining,
        }),
        CommandKind::RenameRoom => Command::RenameRoom(RenameRoom { client_id, room, name: "News".to_owned() }),
        CommandKind::SetTopic => Command::SetTopic(SetTopic { client_id, room, topic: "What is new".to_owned() }),
        CommandKind::TransferRoom => Command::TransferRoom(TransferRoom { client_id, room, username: username("bob") }),
        CommandKind::DeleteRoom => Command::DeleteRoom(DeleteRoom { client_id, room }),
        CommandKind::JoinRoom => Command::JoinRoom(JoinRoom { client_id, room }),
        CommandKind::LeaveRoom => Command::LeaveRoom(LeaveRoom { client_id, room }),
        CommandKind::MuteRoom => Command::MuteRoom(MuteRoom { client_id, room, muted: true }),
        CommandKind::AddMember => Command::AddMember(AddMember { client_id, room, username: username("bob") }),
        CommandKind::RemoveMember => Command::RemoveMember(RemoveMember { client_id, room, username: username("bob") }),
        CommandKind::Unknown => return None,
    };
    Some(command)
}

/// An event of each kind; `None` for what only a newer server sends.
fn sample_event(kind: EventKind) -> Option<Event> {
    let bob = user(8, "bob");
    let event = match kind {
        EventKind::RoomCreated => Event::RoomCreated(RoomCreated {
            name: "Über uns".to_owned(),
            visibility: Visibility::Public,
            history: History::Everything,
            everyone: false,
        }),
        EventKind::RoomRenamed => Event::RoomRenamed(RoomRenamed { name: "News".to_owned() }),
        EventKind::TopicSet => Event::TopicSet(TopicSet { topic: "What is new".to_owned() }),
        EventKind::RoomTransferred => Event::RoomTransferred(RoomTransferred { user: bob }),
        EventKind::RoomDeleted => Event::RoomDeleted(RoomDeleted {}),
        EventKind::MemberJoined => Event::MemberJoined(MemberJoined {}),
        EventKind::MemberLeft => Event::MemberLeft(MemberLeft {}),
        EventKind::MemberAdded => Event::MemberAdded(MemberAdded { user: bob }),
        EventKind::MemberRemoved => Event::MemberRemoved(MemberRemoved { user: bob }),
        EventKind::MessagePosted => Event::MessagePosted(MessagePosted::new(31, "Hello".to_owned())),
        EventKind::MessageEdited => Event::MessageEdited(MessageEdited::new(Seq(40), "Hello, all".to_owned())),
        EventKind::MessageDeleted => Event::MessageDeleted(MessageDeleted { message: Seq(40) }),
        EventKind::ReactionAdded => {
            Event::ReactionAdded(ReactionAdded { message: Seq(40), emoji: "\u{1f44d}".to_owned() })
        }
        EventKind::ReactionRemoved => {
            Event::ReactionRemoved(ReactionRemoved { message: Seq(40), emoji: "\u{1f44d}".to_owned() })
        }
        EventKind::RoomJoined => Event::RoomJoined(RoomJoined {
            room: RoomRef { id: ROOM, name: "Über uns".to_owned(), visibility: Visibility::Private },
        }),
        EventKind::RoomLeft => Event::RoomLeft(RoomLeft { room: ROOM }),
        EventKind::RoomMuted => Event::RoomMuted(RoomMuted { room: ROOM, muted: true }),
        EventKind::Unknown => return None,
    };
    Some(event)
}

fn record(event: Event) -> Record {
    let stream = match EventKind::from(&event) {
        EventKind::RoomJoined | EventKind::RoomLeft | EventKind::RoomMuted => StreamId::Inbox(UserId(7)),
        EventKind::RoomCreated
        | EventKind::RoomRenamed
        | EventKind::TopicSet
        | EventKind::RoomTransferred
        | EventKind::RoomDeleted
        | EventKind::MemberJoined
        | EventKind::MemberLeft
        | EventKind::MemberAdded
        | EventKind::MemberRemoved
        | EventKind::MessagePosted
        | EventKind::MessageEdited
        | EventKind::MessageDeleted
        | EventKind::ReactionAdded
        | EventKind::ReactionRemoved
        | EventKind::Unknown => StreamId::Room(ROOM),
    };
    // What follows from another event has none.
    let follows = matches!(event, Event::RoomJoined(_) | Event::RoomLeft(_));
    let client_id = (!follows).then(client_id);
    Record { stream, epoch: Epoch(1), seq: Seq(42), at: NOW, actor: user(7, "ada"), client_id, event }
}

/// A frame of each kind; `None` for what only a newer server sends.
fn sample_frame(kind: FrameKind) -> Option<ServerFrame> {
    let stream = StreamId::Room(ROOM);
    let frame = match kind {
        FrameKind::Hello => ServerFrame::Hello(Hello {
            versions: vec![SUBPROTOCOL.to_owned()],
            build: "0.1.0+5f3a9c".to_owned(),
            now: NOW,
            user: user(7, "ada"),
            heartbeat_interval_ms: 25_000,
            limits: WireLimits {
                message_chars: 10_000,
                message_bytes: 40_000,
                frame_bytes: 131_072,
                subscriptions: 128,
            },
        }),
        FrameKind::Ack => ServerFrame::Ack { id: CommandId(3), done: sample_dones()[0].1 },
        FrameKind::Error => ServerFrame::Error(ErrorBody::new(ErrorCode::NotFound).answering(CommandId(3))),
        FrameKind::Event => ServerFrame::Event(record(sample_event(EventKind::MessagePosted).unwrap())),
        FrameKind::Withheld => ServerFrame::Withheld { stream, epoch: Epoch(1), seq: Seq(41) },
        FrameKind::Live => ServerFrame::Live { stream, head: head() },
        FrameKind::Reset => ServerFrame::Reset { stream, head: head() },
        FrameKind::Ended => ServerFrame::Ended { stream },
        FrameKind::Heads => ServerFrame::Heads {
            rooms: vec![
                RoomHead { room: ROOM, head: head(), messages: 31, recount: false, mentions: Vec::new() },
                RoomHead { room: RoomId(13), head: head(), messages: 5, recount: true, mentions: Vec::new() },
            ],
        },
        FrameKind::Cursor => ServerFrame::Cursor { room: ROOM, cursor: ReadCursor { version: 2, seq: Seq(40) } },
        FrameKind::Seen => ServerFrame::Seen { room: ROOM, up_to: Seq(40) },
        FrameKind::Presence => ServerFrame::Presence(presence_changed()),
        FrameKind::Typing => {
            ServerFrame::Typing(RoomTyping { room: ROOM, users: vec![user(7, "ada"), user(8, "bob")] })
        }
        FrameKind::Viewing => ServerFrame::Viewing { shown: false },
        FrameKind::Heartbeat => ServerFrame::Heartbeat { now: NOW, heads: vec![StreamHead { stream, head: head() }] },
        FrameKind::Unknown => return None,
    };
    Some(frame)
}

fn presence_changed() -> RoomPresence {
    let of = |id, state| UserPresence { user: UserId(id), state, here: false, last_seen: None };
    RoomPresence {
        room: ROOM,
        whole: false,
        users: vec![
            UserPresence { here: true, ..of(7, PresenceState::Online) },
            UserPresence { last_seen: Some(NOW), ..of(8, PresenceState::Offline) },
        ],
        profiles: Vec::new(),
        online: 3,
        away: 1,
        listed_to: None,
    }
}

/// What no variant's sample shows: the optional fields.
fn special_frames() -> Vec<(&'static str, ServerFrame)> {
    let away = UserPresence { user: UserId(7), state: PresenceState::Away, here: false, last_seen: None };
    let whole = RoomPresence { whole: true, users: vec![away], listed_to: Some(UserId(230)), ..presence_changed() };
    let says = |user, until| UserProfile {
        user: UserId(user),
        name: None,
        status: Some(Status { emoji: "🌴".to_owned(), text: "On holiday".to_owned(), until }),
    };
    let silent = UserProfile { user: UserId(9), name: None, status: None };
    let called = UserProfile { name: Some("Ada Lovelace".to_owned()), ..says(7, None) };
    let profiles = RoomPresence { profiles: vec![says(7, Some(NOW)), says(8, None), silent], ..presence_changed() };
    let names = RoomPresence { profiles: vec![called], ..presence_changed() };
    let named = RoomHead { room: ROOM, head: head(), messages: 31, recount: false, mentions: vec![Seq(41), Seq(42)] };
    vec![
        ("presence.whole", ServerFrame::Presence(whole)),
        ("presence.profiles", ServerFrame::Presence(profiles)),
        ("presence.names", ServerFrame::Presence(names)),
        ("heads.mentions", ServerFrame::Heads { rooms: vec![named] }),
    ]
}

fn special_commands() -> Vec<(&'static str, Command)> {
    let post = PostMessage::new(client_id(), ROOM, "Yes".to_owned());
    vec![
        ("set_presence.away", Command::SetPresence(SetPresence { away: true, room: None })),
        ("post_message.reply", Command::PostMessage(PostMessage { reply_to: Some(Seq(40)), ..post })),
    ]
}

fn sample_dones() -> Vec<(&'static str, Done)> {
    let dones = [Done::Appended { stream: StreamId::Room(ROOM), epoch: Epoch(1), seq: Seq(42) }, Done::Unchanged];
    // Another variant does not compile here, and then wants to be in the list above.
    dones
        .map(|done| match done {
            Done::Appended { .. } => ("appended", done),
            Done::Unchanged => ("unchanged", done),
        })
        .into()
}

/// What no variant's sample shows: the optional fields.
fn special_events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "message_posted.redacted",
            Event::MessagePosted(MessagePosted { redacted: true, ..MessagePosted::new(31, String::new()) }),
        ),
        (
            "message_edited.redacted",
            Event::MessageEdited(MessageEdited { redacted: true, ..MessageEdited::new(Seq(40), String::new()) }),
        ),
        ("message_posted.reply", reply(Quote::of(Seq(40), user(8, "bob"), "Lunch?\nI am hungry."))),
        ("message_posted.reply.deleted", reply(Quote { message: Seq(40), content: Quoted::Deleted })),
        ("message_posted.reply.hidden", reply(Quote::hidden(Seq(40)))),
        ("message_posted.markup", Event::MessagePosted(MessagePosted::new(31, EVERY_MARKUP.to_owned()))),
        (
            "message_posted.mentions",
            Event::MessagePosted(MessagePosted {
                mentions: mentions(),
                ..MessagePosted::new(31, "@bob, @room!".to_owned())
            }),
        ),
        (
            "message_edited.mentions",
            Event::MessageEdited(MessageEdited {
                mentions: mentions(),
                ..MessageEdited::new(Seq(40), "@bob, @room!".to_owned())
            }),
        ),
        ("message_edited.excerpt", Event::MessageEdited(MessageEdited::new(Seq(40), "**Lunch** at `noon`".to_owned()))),
    ]
}

fn reply(quote: Quote) -> Event {
    Event::MessagePosted(MessagePosted { quote: Some(quote), ..MessagePosted::new(31, "Yes".to_owned()) })
}

/// Has every kind of node.
const EVERY_MARKUP: &str = "# Plan\n\n> *so* **much** ~~less~~ `x`\nand [more](https://example.org/)\n\n- one\n\n3. three\n\n---\n\n\
    ```rust\nfn\n```\n\n```\nplain\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |";

fn mentions() -> Mentions {
    Mentions { users: vec![user(8, "bob")], everyone: true }
}

fn special_errors() -> Vec<(&'static str, ErrorBody)> {
    let limited = ErrorBody { retry_after_ms: Some(1_500), ..ErrorBody::new(ErrorCode::RateLimited) };
    let internal = ErrorBody { correlation: Some("01K5N4Q2".to_owned()), ..ErrorBody::new(ErrorCode::Internal) };
    vec![
        ("rate_limited.retry_after", limited.answering(CommandId(3))),
        ("internal.correlation", internal.answering(CommandId(3))),
    ]
}

fn commands() -> Vec<(String, ClientFrame)> {
    let samples = CommandKind::iter().filter_map(|kind| Some((kind, sample_command(kind)?)));
    samples
        .map(|(kind, command)| {
            assert_eq!(CommandKind::from(&command), kind, "a sample of the wrong kind");
            (<&str>::from(kind), command)
        })
        .chain(special_commands())
        .map(|(name, command)| (format!("command.{name}"), ClientFrame { id: CommandId(3), command }))
        .collect()
}

fn events() -> Vec<(String, Record)> {
    let samples = EventKind::iter().filter_map(|kind| Some((kind, sample_event(kind)?)));
    let plain = samples.map(|(kind, event)| {
        assert_eq!(EventKind::from(&event), kind, "a sample of the wrong kind");
        (<&str>::from(kind), event)
    });
    plain.chain(special_events()).map(|(name, event)| (format!("event.{name}"), record(event))).collect()
}

fn frames() -> Vec<(String, ServerFrame)> {
    let samples = FrameKind::iter().filter_map(|kind| Some((kind, sample_frame(kind)?)));
    samples
        .map(|(kind, frame)| {
            assert_eq!(FrameKind::from(&frame), kind, "a sample of the wrong kind");
            (<&str>::from(kind), frame)
        })
        .chain(special_frames())
        .map(|(name, frame)| (format!("frame.{name}"), frame))
        .collect()
}

fn dones() -> Vec<(String, Done)> {
    sample_dones().into_iter().map(|(name, done)| (format!("done.{name}"), done)).collect()
}

fn errors() -> Vec<(String, ErrorBody)> {
    let plain = ErrorCode::iter().map(|code| (<&str>::from(code), ErrorBody::new(code)));
    plain.chain(special_errors()).map(|(name, body)| (format!("error.{name}"), body)).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

/// The text of a golden file, or what to put there.
fn golden<T: Serialize>(name: &str, sample: &T) -> Result<String, String> {
    let path = folder().join(format!("{name}.json"));
    fs::read_to_string(&path).map_err(|_| {
        let text = serde_json::to_string_pretty(sample).unwrap();
        format!("protocol/tests/golden/v1/{name}.json is missing. Put there:\n{text}\n")
    })
}

fn check<T: Serialize + DeserializeOwned + FromJson + PartialEq + Debug>(samples: &[(String, T)]) {
    let missing: Vec<String> = samples.iter().filter_map(|(name, sample)| golden(name, sample).err()).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    for (name, sample) in samples {
        let text = golden(name, sample).unwrap();
        let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name} cannot be read: {error}"));
        assert_eq!(&read, sample, "{name} means something else now");
        let written: Value = serde_json::from_str(&encode(sample)).unwrap();
        let frozen: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(written, frozen, "{name} is written in another way now");
        assert_eq!(json::read(&text).as_ref(), Some(sample), "clients read {name} as something else");
        for (place, damaged) in damaged(&frozen) {
            let by_serde: Option<T> = serde_json::from_value(damaged.clone()).ok();
            assert_eq!(T::from_json(&damaged), by_serde, "{name} without {place}: {damaged}");
        }
    }
}

/// The document once without each of its fields, and once with each of them being something else.
fn damaged(json: &Value) -> Vec<(String, Value)> {
    let Value::Object(object) = json else { return Vec::new() };
    let mut all = Vec::new();
    for (name, value) in object {
        let with = |other: Option<Value>| {
            let mut object = object.clone();
            object.remove(name);
            object.extend(other.map(|other| (name.clone(), other)));
            Value::Object(object)
        };
        all.push((name.clone(), with(None)));
        for other in [Value::Null, json!(-1), json!(1.5), json!("no such word"), json!(true)] {
            all.push((name.clone(), with(Some(other))));
        }
        all.extend(damaged(value).into_iter().map(|(place, inner)| (format!("{name}.{place}"), with(Some(inner)))));
        if let Value::Array(items) = value {
            for inner in items.iter().flat_map(damaged) {
                all.push((format!("{name}[].{}", inner.0), with(Some(Value::Array(vec![inner.1])))));
            }
        }
    }
    all
}

#[test]
fn commands_are_on_the_wire_as_they_were() {
    check(&commands());
}

#[test]
fn events_are_on_the_wire_as_they_were() {
    check(&events());
}

#[test]
fn frames_are_on_the_wire_as_they_were() {
    check(&frames());
}

#[test]
fn answers_are_on_the_wire_as_they_were() {
    check(&dones());
    check(&errors());
}

#[test]
fn every_golden_file_has_its_sample() {
    let names = |names: Vec<String>| names.into_iter().map(|name| format!("{name}.json"));
    let samples: BTreeSet<String> = names(commands().into_iter().map(|(name, _)| name).collect())
        .chain(names(events().into_iter().map(|(name, _)| name).collect()))
        .chain(names(frames().into_iter().map(|(name, _)| name).collect()))
        .chain(names(dones().into_iter().map(|(name, _)| name).collect()))
        .chain(names(errors().into_iter().map(|(name, _)| name).collect()))
        .collect();

    let files: BTreeSet<String> =
        fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();

    assert_eq!(files, samples, "what was once on the wire has to be understood for ever");
}

#[test]
fn commands_refuse_fields_that_they_do_not_have() {
    for (name, frame) in commands() {
        for place in ["", "/command"] {
            let mut value = serde_json::to_value(&frame).unwrap();
            value.pointer_mut(place).unwrap()["role"] = json!("admin");

            let error = decode_client(&value.to_string()).expect_err(&name);

            assert_eq!(error.0.code, ErrorCode::Malformed, "{name}");
            assert!(error.0.message.contains("role"), "{name}: {}", error.0.message);
        }
    }
}

#[test]
fn commands_refuse_fields_inside_of_what_they_carry() {
    for (kind, place) in [(CommandKind::Subscribe, "after"), (CommandKind::SetReadCursor, "cursor")] {
        let frame = ClientFrame { id: CommandId(3), command: sample_command(kind).unwrap() };
        let mut value = serde_json::to_value(&frame).unwrap();
        value["command"][place]["role"] = json!("admin");

        assert_eq!(decode_client(&value.to_string()).unwrap_err().0.code, ErrorCode::Malformed);
    }
}

#[test]
fn events_and_frames_accept_fields_of_tomorrow() {
    for (name, record) in events() {
        let mut value = serde_json::to_value(&record).unwrap();
        for place in ["", "/actor", "/event"] {
            value.pointer_mut(place).unwrap()["tomorrow"] = json!({ "deep": [1] });
        }
        assert_eq!(serde_json::from_value::<Record>(value).unwrap(), record, "{name}");
    }
    for (name, frame) in frames() {
        let mut value = serde_json::to_value(&frame).unwrap();
        value["tomorrow"] = json!({ "deep": [1] });
        assert_eq!(serde_json::from_value::<ServerFrame>(value).unwrap(), frame, "{name}");
    }
}

#[test]
fn types_of_tomorrow_are_unknown_and_no_error() {
    let event: Event = serde_json::from_value(json!({ "type": "poll_opened", "question": "?" })).unwrap();
    let frame: ServerFrame = serde_json::from_value(json!({ "type": "knocking", "users": [7] })).unwrap();
    let command = decode_client(&json!({ "id": 9, "command": { "type": "open_poll", "question": "?" } }).to_string());

    assert_eq!(event, Event::Unknown);
    assert_eq!(frame, ServerFrame::Unknown);
    let error = command.unwrap_err().0;
    assert_eq!((error.code, error.id), (ErrorCode::Unsupported, Some(CommandId(9))));
}

#[test]
fn a_deeply_nested_frame_is_malformed() {
    for depth in [100, 127, 128, 129, 10_000, 60_000] {
        let nested = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        for text in [nested.clone(), format!(r#"{{"id":1,"command":{nested}}}"#), "{\"id\":".repeat(depth)] {
            assert_eq!(decode_client(&text).unwrap_err().0.code, ErrorCode::Malformed);
        }
    }
}

/// Any JSON, of the kinds that a hurried client sends.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let key = prop_oneof![Just("id".to_owned()), Just("type".to_owned()), Just("room".to_owned()), ".{0,5}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_makes_the_decoder_panic(text in ".{0,200}") {
        let _ = decode_client(&text);
    }

    #[test]
    fn a_truncated_command_is_malformed(index in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()) {
        let commands = commands();
        let text = encode(&commands[index.index(commands.len())].1);
        let mut end = cut.index(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }

        prop_assert_eq!(decode_client(&text[..end]).unwrap_err().0.code, ErrorCode::Malformed);
    }

    #[test]
    fn a_value_of_a_wrong_type_is_an_error_with_the_commands_number(
        index in any::<prop::sample::Index>(),
        field in any::<prop::sample::Index>(),
        wrong in any_json(),
    ) {
        let commands = commands();
        let frame = &commands[index.index(commands.len())].1;
        let mut value = serde_json::to_value(frame).unwrap();
        let fields: Vec<String> = value["command"].as_object().unwrap().keys().cloned().collect();
        value["command"][&fields[field.index(fields.len())]] = wrong;

        if let Err(error) = decode_client(&value.to_string()) {
            prop_assert_eq!(error.0.id, Some(CommandId(3)));
            prop_assert!(!error.0.message.is_empty());
        }
    }

    #[test]
    fn no_json_makes_the_decoder_panic(value in any_json()) {
        let _ = decode_client(&value.to_string());
        let _ = decode_client(&json!({ "id": 3, "command": value }).to_string());
    }
}

#[test]
fn a_golden_file_has_every_kind_of_markup() {
    fn kinds<'a>(value: &'a serde_json::Value, found: &mut BTreeSet<&'a str>) {
        for node in value.as_array().into_iter().flatten() {
            found.extend(node["type"].as_str());
            kinds(&node["children"], found);
        }
    }
    let file: serde_json::Value =
        serde_json::from_str(include_str!("golden/v1/event.message_posted.markup.json")).unwrap();
    let mut found = BTreeSet::new();
    kinds(&file["event"]["markup"], &mut found);

    let of_text = ["break", "code", "emphasis", "link", "strikethrough", "strong", "text"];
    let of_blocks = ["code_block", "heading", "item", "list", "paragraph", "quote", "rule"];
    let of_tables = ["cell", "head", "row", "table"];
    assert_eq!(found, of_text.into_iter().chain(of_blocks).chain(of_tables).collect());
}

#[test]
fn an_event_that_is_kept_is_sent_as_one_that_is_given_away() {
    for event in EventKind::iter().filter_map(sample_event) {
        let record = record(event);

        assert_eq!(encode_event(&record), encode(&ServerFrame::Event(record)));
    }
}
