//! Who was put out of a room receives nothing of it any more (threat 4): no event, no head, nothing of who is there,
//! writes or reads, at no node, and none of it later, where they were behind. Raw frames.

use protocol::{
    Command, RoomId, Seq, StreamId,
    messages::{DeleteMessage, EditMessage},
    presence::SetPresence,
    rooms::{History, RenameRoom, SetTopic, Visibility},
    typing::SetTyping,
};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::support::{
    Client, Nodes, TestServer,
    socket::{GENERAL, RawSocket, Socket, add, client_id, post, react, read_up_to, remove, unlimited},
};

/// What bob is not to read.
const SECRET: &str = "not for bob";

/// Messages after the removal.
const MESSAGES: usize = 100;

/// A connection of bob's, and every text that came over it.
struct Device {
    socket: RawSocket,
    frames: Vec<Value>,
    commands: u64,
}

impl Device {
    fn new(socket: RawSocket) -> Self {
        Self { socket, frames: Vec::new(), commands: 0 }
    }

    /// Reads on until a frame is like this.
    async fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) {
        if self.frames.iter().any(&is_wanted) {
            return;
        }
        loop {
            let frame = self.socket.any_json().await;
            let is_last = is_wanted(&frame);
            self.frames.push(frame);
            if is_last {
                return;
            }
        }
    }

    /// Has a command carried out, and returns where what came of it stands.
    async fn command(&mut self, command: &Value) -> Seq {
        self.commands += 1;
        let id = self.commands;
        self.socket.command(id, command).await;
        self.until(|frame| frame["id"] == id).await;
        let answer = self.frames.iter().find(|frame| frame["id"] == id).expect("it came");
        assert_eq!(answer["type"], "ack", "{command}: {answer}");
        Seq(answer["done"]["seq"].as_u64().unwrap_or_default())
    }

    /// Follows a stream from its beginning.
    async fn follow(&mut self, stream: StreamId) {
        self.command(&json!({ "type": "subscribe", "stream": stream, "after": { "epoch": 0, "seq": 0 } })).await;
    }

    /// Waits for all that was to come before now.
    async fn settle(&mut self) {
        self.command(&json!({ "type": "unsubscribe", "stream": "room:999" })).await;
    }

    /// What came of a room, with its place among the frames, and where the room ended.
    fn of_room(&self, room: RoomId) -> (Vec<(usize, &Value)>, usize) {
        let ended = self.frames.iter().position(is_ended(room)).expect("the room has ended");
        let numbered = self.frames.iter().enumerate();
        // One's own inbox says that one was put out.
        let numbered = numbered.filter(|(_, frame)| !frame["stream"].as_str().unwrap_or_default().starts_with("inbox"));
        (numbered.filter(|(_, frame)| names(frame, room)).collect(), ended)
    }
}

/// Whether a room stands anywhere in a frame.
fn names(frame: &Value, room: RoomId) -> bool {
    match frame {
        Value::Object(fields) => {
            fields.get("room").is_some_and(|id| *id == room.0)
                || fields.get("stream").is_some_and(|stream| *stream == format!("room:{room}"))
                || fields.values().any(|value| names(value, room))
        }
        Value::Array(values) => values.iter().any(|value| names(value, room)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_ended(room: RoomId) -> impl Fn(&Value) -> bool {
    move |frame| frame["type"] == "ended" && frame["stream"] == format!("room:{room}")
}

fn is_of(kind: &'static str, room: RoomId) -> impl Fn(&Value) -> bool {
    move |frame| frame["type"] == kind && frame["room"] == room.0 && frame["users"] != json!([])
}

fn is_event(room: RoomId, seq: Seq) -> impl Fn(&Value) -> bool {
    move |frame| frame["type"] == "event" && frame["stream"] == format!("room:{room}") && frame["seq"] == seq.0
}

/// The end of a room that a frame tells of.
fn head(frame: &Value, room: RoomId) -> Option<Seq> {
    let rooms = frame["rooms"].as_array()?;
    let head = rooms.iter().find(|head| head["room"] == room.0)?;
    head["head"]["seq"].as_u64().map(Seq)
}

fn is_head(room: RoomId, least: Seq) -> impl Fn(&Value) -> bool {
    move |frame| head(frame, room).is_some_and(|seq| seq >= least)
}

fn looks_at(room: RoomId) -> Command {
    Command::SetPresence(SetPresence { away: false, room: Some(room) })
}

fn away() -> Command {
    Command::SetPresence(SetPresence { away: true, room: None })
}

fn typing(room: RoomId) -> Command {
    Command::SetTyping(SetTyping { room, typing: true })
}

/// A room that ada keeps and bob is in.
async fn room_with_bob(ada: &mut Socket) -> RoomId {
    let room = ada.create("back room", Visibility::Private, History::Everything).await;
    ada.append(add(room, "bob")).await;
    room
}

/// Everything that can be told of a room, on each of its lanes.
async fn all_that_happens(ada: &mut Socket, room: RoomId) {
    let mut sent = Vec::new();
    for number in 0..MESSAGES {
        sent.push(ada.send(post(room, &format!("{SECRET} {number}"))).await);
    }
    for id in sent {
        ada.answer(id).await.unwrap();
    }
    let message = ada.say(room, SECRET).await;
    let text = format!("{SECRET}, edited");
    ada.append(Command::EditMessage(EditMessage { client_id: client_id(), room, message, text })).await;
    ada.append(react(room, message, "👍")).await;
    ada.append(Command::SetTopic(SetTopic { client_id: client_id(), room, topic: SECRET.to_owned() })).await;
    ada.append(Command::RenameRoom(RenameRoom { client_id: client_id(), room, name: SECRET.to_owned() })).await;
    let last = ada.append(Command::DeleteMessage(DeleteMessage { client_id: client_id(), room, message })).await;
    ada.ask(read_up_to(room, 0, last.0)).await.unwrap();
    ada.ask(looks_at(room)).await.unwrap();
    ada.ask(typing(room)).await.unwrap();
}

#[tokio::test]
async fn who_was_removed_is_told_nothing_on_any_lane_at_any_node() {
    let nodes = Nodes::start(2).await;
    let (ada, bob) = (nodes.user(0, "ada").await, nodes.user(0, "bob").await);
    let mut ada = ada.connect().await;
    let room = room_with_bob(&mut ada).await;
    ada.follow(StreamId::Room(room)).await;
    let mut devices = Vec::new();
    for node in 0..2 {
        let mut device = Device::new(RawSocket::open(&nodes.at(node, &bob), "/ws").await);
        for stream in [room, GENERAL].map(StreamId::Room) {
            device.follow(stream).await;
        }
        device.command(&json!({ "type": "set_presence", "away": false, "room": room })).await;
        device.until(is_head(room, Seq(1))).await;
        devices.push(device);
    }
    let own = |text: &str| json!({ "type": "post_message", "client_id": client_id(), "room": room, "text": text });

    // Each lane works before.
    let read = devices[0].command(&own("one of bob's")).await;
    ada.ask(read_up_to(room, 0, read.0)).await.unwrap();
    let before = ada.say(room, "for bob too").await;
    ada.ask(looks_at(room)).await.unwrap();
    ada.ask(typing(room)).await.unwrap();
    for device in &mut devices {
        device.until(is_head(room, before)).await;
        device.until(is_event(room, before)).await;
        for kind in ["presence", "typing"] {
            device.until(is_of(kind, room)).await;
        }
        device.until(|frame| frame["type"] == "seen" && frame["room"] == room.0).await;
    }
    devices[0].command(&own("read by nobody until he is out")).await;
    for device in &mut devices {
        device.settle().await;
        device.frames.clear();
    }

    let removed = ada.append(remove(room, "bob")).await;
    all_that_happens(&mut ada, room).await;
    // What is told after it, of a room that bob is still in.
    let said = ada.say(GENERAL, "to all").await;
    ada.ask(typing(GENERAL)).await.unwrap();
    ada.ask(away()).await.unwrap();

    let me = ada.me.0;
    for device in &mut devices {
        device.until(is_event(GENERAL, said)).await;
        device.until(is_head(GENERAL, said)).await;
        device.until(is_of("typing", GENERAL)).await;
        let is_away = |user: &Value| user["user"] == me && user["state"] == "away";
        device
            .until(|frame| is_of("presence", GENERAL)(frame) && frame["users"].as_array().unwrap().iter().any(is_away))
            .await;
        device.until(is_ended(room)).await;
        device.settle().await;

        let (told, ended) = device.of_room(room);
        assert!(told.iter().any(|(_, frame)| is_event(room, removed)(frame)), "the removal itself is told");
        for (place, frame) in told {
            assert!(place <= ended, "after the end: {frame}");
            let seq = head(frame, room).or_else(|| frame["seq"].as_u64().map(Seq));
            assert!(seq.is_none_or(|seq| seq <= removed), "of what came after: {frame}");
            assert_ne!(frame["type"], "seen", "who read it read it afterwards: {frame}");
        }
        assert!(!device.frames.iter().any(|frame| frame.to_string().contains(SECRET)));
    }
    drop((ada, devices));
    nodes.stop().await;
}

/// A connection that takes little from the network while nobody reads it.
async fn slow(client: &Client) -> Device {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let address = client.base.strip_prefix("http://").unwrap().parse().unwrap();
    Device::new(RawSocket::open_on(socket.connect(address).await.unwrap(), client, "/ws").await)
}

#[tokio::test]
async fn who_was_removed_while_behind_is_told_nothing_of_what_came_after() {
    let server = TestServer::with(|config| {
        unlimited(config);
        config.limits.ring_bytes = 16 * 1024;
    })
    .await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut ada = ada.connect().await;
    let room = room_with_bob(&mut ada).await;
    let stream = StreamId::Room(room);
    // One is told of what happens, and stops reading before there is much; the other asks for all of it, and then stops.
    let mut live = slow(&bob).await;
    live.follow(stream).await;
    live.until(|frame| frame["type"] == "live").await;
    let (mut sent, long) = (Vec::new(), "word ".repeat(1_900));
    for _ in 0..60 {
        sent.push(ada.send(post(room, &long)).await);
    }
    for id in sent {
        ada.answer(id).await.unwrap();
    }
    let mut replaying = slow(&bob).await;
    replaying.follow(stream).await;
    replaying.until(is_event(room, Seq(1))).await;

    let removed = ada.append(remove(room, "bob")).await;
    all_that_happens(&mut ada, room).await;

    for device in [&mut live, &mut replaying] {
        device.until(is_ended(room)).await;
        device.settle().await;
        let (told, ended) = device.of_room(room);
        for (place, frame) in told {
            assert!(place <= ended, "after the end: {frame}");
            let seq = head(frame, room).or_else(|| frame["seq"].as_u64().map(Seq));
            assert!(seq.is_none_or(|seq| seq <= removed), "of what came after: {frame}");
        }
        assert!(!device.frames.iter().any(|frame| frame.to_string().contains(SECRET)));
    }
    // Where the store was asked again, it was for somebody who may not read there. The other one had a page before it.
    assert!(!live.frames.iter().any(is_event(room, removed)), "it was not behind");
}
