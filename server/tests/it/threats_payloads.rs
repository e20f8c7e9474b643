//! Payloads that make no sense (threat 23): the golden commands cut off, bent in each of their places, and mutated. Each
//! frame is answered once, with a typed error unless it is a command all the same, and the connection goes on.

use std::{fs, panic::AssertUnwindSafe, path::Path};

use fastrand::Rng;
use futures::FutureExt as _;
use protocol::{ErrorCode, ServerFrame, decode_client, encode};
use serde_json::{Value, json};

use crate::support::{
    TestServer,
    socket::{BINARY, FIN, GENERAL, RawSocket, TEXT, unlimited},
};

/// Mutated frames: enough to come by each kind of damage at each kind of command, and a second of time.
const MUTATIONS: u64 = 2_000;

/// The connection that all of it is sent over.
struct Probe(RawSocket);

impl Probe {
    async fn open(server: &TestServer) -> Self {
        Self(RawSocket::open(&server.user("bob").await, "/ws").await)
    }

    /// Sends a frame. The code of its refusal; none where it was a command, and was carried out.
    async fn send(&mut self, opcode: u8, payload: &[u8]) -> Option<ErrorCode> {
        self.0.frame(FIN | opcode, payload).await;
        let answer = AssertUnwindSafe(self.0.answer()).catch_unwind().await;
        let sent = || String::from_utf8_lossy(payload).into_owned();
        let answer = answer.unwrap_or_else(|_| panic!("{} is not answered", sent()));
        match serde_json::from_value(answer).unwrap() {
            ServerFrame::Ack { .. } => None,
            ServerFrame::Error(body) => {
                assert!(body.message.len() > 10, "no words for {}", sent());
                let is_fault = [ErrorCode::Internal, ErrorCode::Unavailable, ErrorCode::Busy].contains(&body.code);
                assert!(!is_fault, "{body:?} for {}", sent());
                Some(body.code)
            }
            other => panic!("{other:?}"),
        }
    }

    async fn refuses(&mut self, text: &str) {
        assert_eq!(self.send(TEXT, text.as_bytes()).await, Some(ErrorCode::Malformed), "{text}");
    }

    /// Nothing was answered twice, and what one may do here one still may.
    async fn still_works(mut self) {
        let id = 1_000_000;
        let create = json!({ "type": "create_room", "client_id": "01a0c450-6c7b-7102-8304-0506070809ff", "name": "after",
            "visibility": "private", "history": "everything" });
        self.0.command(id, &create).await;
        let answer = self.0.answer().await;
        assert_eq!((&answer["type"], answer["id"].as_u64()), (&json!("ack"), Some(id)), "{answer}");
    }
}

/// The golden commands as a client sends them, one of each.
fn golden() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/golden/v1");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("command.")).collect();
    files.sort();
    let commands: Vec<_> =
        files.iter().map(|path| encode(&decode_client(&fs::read_to_string(path).unwrap()).unwrap())).collect();
    assert!(commands.len() > 20, "{files:?}");
    commands
}

/// Where something stands in a frame, and what it is.
fn places(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    if !path.is_empty() {
        found.push((path.to_owned(), value.clone()));
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        places(inner, &format!("{path}/{key}"), found);
    }
}

fn places_of(text: &str) -> (Value, Vec<(String, Value)>) {
    let (frame, mut found) = (serde_json::from_str(text).unwrap(), Vec::new());
    places(&frame, "", &mut found);
    (frame, found)
}

/// A frame with something else in one place, written as it is: it need be no JSON.
fn with(frame: &Value, place: &str, written: &str) -> String {
    let mut frame = frame.clone();
    *frame.pointer_mut(place).unwrap() = json!("@@");
    frame.to_string().replacen("\"@@\"", written, 1)
}

#[tokio::test]
async fn a_command_that_is_cut_off_at_any_byte_is_refused() {
    let server = TestServer::with(unlimited).await;
    let mut probe = Probe::open(&server).await;

    for text in golden() {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            probe.refuses(&text[..end]).await;
        }
    }

    probe.still_works().await;
}

#[tokio::test]
async fn no_binary_frame_is_a_command() {
    let server = TestServer::with(unlimited).await;
    let mut probe = Probe::open(&server).await;
    let commands = golden();

    let first = commands[0].as_bytes();
    for bytes in (0..first.len()).map(|end| &first[..end]).chain(commands.iter().map(String::as_bytes)) {
        assert_eq!(probe.send(BINARY, bytes).await, Some(ErrorCode::Unsupported), "{bytes:?}");
    }

    probe.still_works().await;
}

/// What no field takes, whatever its type, and what is no value at all.
const TAKEN_NOWHERE: [&str; 9] =
    ["-1", "1.5", "18446744073709551616", "1e999", "[]", "[1]", "{}", "\"\\ud800\"", "nul"];

#[tokio::test]
async fn a_value_of_another_type_is_refused_in_each_place() {
    let server = TestServer::with(unlimited).await;
    let mut probe = Probe::open(&server).await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let (nested, objects) = (deep(100), format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100)));
    let (deeper, unclosed) = (deep(10_000), "[".repeat(10_000));

    for text in golden() {
        let (frame, places) = places_of(&text);
        for (place, value) in places {
            let of_types = [
                ("true", value.is_boolean()),
                ("1", value.is_number()),
                ("\"x\"", value.is_string()),
                ("\"1\"", value.is_string()),
            ];
            let others = of_types.iter().filter(|(_, is_same)| !is_same).map(|(written, _)| *written);
            for written in others.chain(TAKEN_NOWHERE).chain([&*nested, &*objects, &*deeper, &*unclosed]) {
                probe.refuses(&with(&frame, &place, written)).await;
            }
            // Where a field may be missing it may be this as well.
            probe.send(TEXT, with(&frame, &place, "null").as_bytes()).await;
        }
    }

    probe.still_works().await;
}

#[tokio::test]
async fn a_field_that_nobody_knows_or_that_comes_twice_is_refused_wherever_it_stands() {
    let server = TestServer::with(unlimited).await;
    let mut probe = Probe::open(&server).await;

    for text in golden() {
        let (frame, mut places) = places_of(&text);
        for (place, value) in &places {
            let (before, field) = place.rsplit_once('/').unwrap();
            let object = frame.pointer(before).unwrap().to_string();
            let twice = object.replacen('{', &format!("{{\"{field}\":{value},"), 1);
            let text = if before.is_empty() { twice } else { with(&frame, before, &twice) };
            probe.refuses(&text).await;
        }
        places.push((String::new(), frame.clone()));
        for (place, value) in &mut places {
            let Some(fields) = value.as_object_mut() else { continue };
            fields.insert("unknown".to_owned(), json!(1));
            let written = value.to_string();
            let text = if place.is_empty() { written } else { with(&frame, place, &written) };
            probe.refuses(&text).await;
        }
    }

    probe.still_works().await;
}

/// Pieces that mean something to who reads JSON.
const TOKENS: [&str; 16] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "\"type\":\"x\",",
    "\"id\":9,",
    "\\u0000",
    "\\ud800",
    "1e9",
    "-",
    "\u{1b}",
];

/// Damages a command in one to three places.
fn mutated(rng: &mut Rng, commands: &[String]) -> Vec<u8> {
    let mut bytes = commands[rng.usize(..commands.len())].clone().into_bytes();
    for _ in 0..rng.usize(1..=3) {
        let (one, other) = (rng.usize(..=bytes.len()), rng.usize(..=bytes.len()));
        let range = one.min(other)..one.max(other);
        match rng.u8(..6) {
            0 => bytes.truncate(one),
            1 => drop(bytes.drain(range)),
            2 => {
                let again = bytes[range].to_vec();
                bytes.splice(one..one, again);
            }
            3 => drop(bytes.splice(one..one, TOKENS[rng.usize(..TOKENS.len())].bytes())),
            4 => bytes[..].iter_mut().skip(one).take(1).for_each(|byte| *byte = rng.u8(..)),
            _ => {
                let tail = commands[rng.usize(..commands.len())].as_bytes();
                bytes.truncate(one);
                bytes.extend(&tail[rng.usize(..=tail.len())..]);
            }
        }
    }
    bytes
}

#[tokio::test]
async fn mutated_commands_are_answered_once_each_and_hurt_nobody() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let mut probe = Probe::open(&server).await;
    let commands = golden();

    let mut refused = 0;
    for seed in 0..MUTATIONS {
        let mut rng = Rng::with_seed(seed);
        let bytes = mutated(&mut rng, &commands);
        // Every tenth is sent as bytes, which are no command, whatever they are.
        if seed % 10 == 0 {
            assert_eq!(probe.send(BINARY, &bytes).await, Some(ErrorCode::Unsupported), "{seed}");
        } else {
            // What is no UTF-8 ends the connection, which is another test's.
            let text = String::from_utf8_lossy(&bytes);
            refused += u64::from(probe.send(TEXT, text.as_bytes()).await.is_some());
        }
    }

    assert!(refused > MUTATIONS / 2, "{refused}: hardly anything was damaged");
    probe.still_works().await;
    ada.say(GENERAL, "in peace").await;
}
