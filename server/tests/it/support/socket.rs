//! The other end of a WebSocket: one that speaks the protocol, and one that sends any bytes.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures::{SinkExt as _, StreamExt as _};
use protocol::{
    ClientFrame, ClientId, Command, CommandId, Done, Epoch, ErrorBody, ErrorCode, Position, Record, RoomId, Seq,
    ServerFrame, StreamId, UserId, Username,
    command::{SetReadCursor, Subscribe, Unsubscribe},
    encode,
    members::{AddMember, JoinRoom, LeaveRoom, RemoveMember},
    messages::PostMessage,
    reactions::{AddReaction, RemoveReaction},
    rooms::{CreateRoom, History, Visibility},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _, http::Request},
};

use super::Client;

/// The room that everyone is in.
pub(crate) const GENERAL: RoomId = RoomId(1);

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that speaks the protocol. Frames that nobody waited for are kept.
pub(crate) struct Socket {
    ws: WebSocketStream<TcpStream>,
    kept: VecDeque<ServerFrame>,
    commands: u64,
    pub(crate) me: UserId,
}

/// A fresh id for a command.
pub(crate) fn client_id() -> ClientId {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    ClientId(uuid::Uuid::from_u128(u128::from(DRAWN.fetch_add(1, Ordering::Relaxed))))
}

/// Nothing is known of the stream yet.
pub(crate) const NOTHING: Position = Position { epoch: Epoch(0), seq: Seq(0) };

impl Client {
    /// The request that a page of ours opens its socket with.
    pub(crate) fn upgrade(&self, path: &str) -> Request<()> {
        let mut request = format!("ws{}{path}", self.base.strip_prefix("http").unwrap()).into_client_request().unwrap();
        request.headers_mut().insert("origin", self.base.parse().unwrap());
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        request
    }

    /// Opens a socket by hand; the status where it is refused.
    pub(crate) async fn open(&self, request: Request<()>) -> Result<WebSocketStream<TcpStream>, u16> {
        let stream = TcpStream::connect(self.base.strip_prefix("http://").unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match client_async(request, stream).await {
            Ok((ws, _)) => Ok(ws),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket and reads the first frame.
    pub(crate) async fn connect(&self) -> Socket {
        let ws = self.open(self.upgrade("/ws")).await.expect("the socket is let in");
        let mut socket = Socket { ws, kept: VecDeque::new(), commands: 0, me: UserId(0) };
        match socket.next().await {
            ServerFrame::Hello(hello) => socket.me = hello.user.id,
            other => panic!("the first frame is {other:?}"),
        }
        socket
    }
}

impl Socket {
    /// The next frame, from what was kept or from the wire.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        match self.kept.pop_front() {
            Some(frame) => frame,
            None => self.receive().await,
        }
    }

    /// The next frame from the wire.
    async fn receive(&mut self) -> ServerFrame {
        match self.message().await {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}")),
            Err(closed) => panic!("the server closed: {closed:?}"),
        }
    }

    /// The next text, or the close code and its reason.
    async fn message(&mut self) -> Result<String, (u16, String)> {
        loop {
            let message = timeout(PATIENCE, self.ws.next()).await.expect("something comes");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(Some(close)))) => return Err((close.code.into(), close.reason.to_string())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Reads on until the server closes. Returns the close code and its reason.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(closed) = self.message().await {
                return closed;
            }
        }
    }

    /// Reads on until the connection has ended.
    pub(crate) async fn gone(&mut self) {
        while let Some(Ok(_)) = timeout(PATIENCE, self.ws.next()).await.expect("it ends") {}
    }

    /// Closes, and waits until the server has closed too.
    pub(crate) async fn gone_away(mut self) {
        self.raw(Message::Close(None)).await;
        self.gone().await;
    }

    /// The first frame that `pick` wants; others are kept, in order.
    pub(crate) async fn wait<T>(&mut self, mut pick: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        if let Some((index, found)) = self.kept.iter().enumerate().find_map(|(i, frame)| Some((i, pick(frame)?))) {
            self.kept.remove(index);
            return found;
        }
        loop {
            let frame = self.receive().await;
            match pick(&frame) {
                Some(found) => return found,
                None => self.kept.push_back(frame),
            }
        }
    }

    /// Forgets what was kept, and returns it.
    pub(crate) fn kept(&mut self) -> Vec<ServerFrame> {
        self.kept.drain(..).collect()
    }

    /// Sends a message as it is.
    pub(crate) async fn raw(&mut self, message: Message) {
        self.ws.send(message).await.unwrap();
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.raw(Message::text(text)).await;
    }

    /// Sends a command without waiting.
    pub(crate) async fn send(&mut self, command: Command) -> CommandId {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.text(&encode(&ClientFrame { id, command })).await;
        id
    }

    /// Waits for the answer to a command.
    pub(crate) async fn answer(&mut self, command: CommandId) -> Result<Done, ErrorBody> {
        self.wait(|frame| match frame {
            ServerFrame::Ack { id, done } if *id == command => Some(Ok(*done)),
            ServerFrame::Error(body) if body.id == Some(command) => Some(Err(body.clone())),
            _ => None,
        })
        .await
    }

    /// Sends a command and waits for the answer.
    pub(crate) async fn ask(&mut self, command: Command) -> Result<Done, ErrorCode> {
        let id = self.send(command).await;
        self.answer(id).await.map_err(|body| body.code)
    }

    pub(crate) async fn say(&mut self, room: RoomId, text: &str) -> Seq {
        self.append(post(room, text)).await
    }

    /// Carries out a command that appends, and returns where.
    pub(crate) async fn append(&mut self, command: Command) -> Seq {
        match self.ask(command).await {
            Ok(Done::Appended { seq, .. }) => seq,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn create(&mut self, name: &str, visibility: Visibility, history: History) -> RoomId {
        let create = CreateRoom { client_id: client_id(), name: name.to_owned(), visibility, history };
        match self.ask(Command::CreateRoom(create)).await {
            Ok(Done::Appended { stream: StreamId::Room(room), .. }) => room,
            other => panic!("{other:?}"),
        }
    }

    /// Follows a stream and returns what came up to `live`, `reset` or the refusal, without the acknowledgement.
    pub(crate) async fn subscribe(&mut self, stream: StreamId, after: Position) -> Vec<ServerFrame> {
        let id = self.send(Command::Subscribe(Subscribe { stream, after })).await;
        if let Err(body) = self.answer(id).await {
            return vec![ServerFrame::Error(body)];
        }
        let mut frames = Vec::new();
        loop {
            let frame = self.of_stream(stream).await;
            let is_last = matches!(frame, ServerFrame::Live { .. } | ServerFrame::Reset { .. });
            frames.push(frame);
            if is_last {
                return frames;
            }
        }
    }

    /// Follows a stream from its end.
    pub(crate) async fn follow(&mut self, stream: StreamId) -> Position {
        let head = match self.subscribe(stream, Position { epoch: Epoch(0), seq: Seq(u64::MAX >> 12) }).await.pop() {
            Some(ServerFrame::Reset { head, .. }) => head,
            other => panic!("{other:?}"),
        };
        match self.subscribe(stream, head).await.pop() {
            Some(ServerFrame::Live { head, .. }) => head,
            other => panic!("{other:?}"),
        }
    }

    /// The next frame that is about a followed stream.
    pub(crate) async fn of_stream(&mut self, of: StreamId) -> ServerFrame {
        self.wait(|frame| (stream_of(frame) == Some(of)).then(|| frame.clone())).await
    }

    /// The next event of a stream.
    pub(crate) async fn event(&mut self, of: StreamId) -> Record {
        match self.of_stream(of).await {
            ServerFrame::Event(record) => record,
            other => panic!("{other:?} is no event"),
        }
    }

    /// Waits until the server has read all that was sent to it.
    pub(crate) async fn heard(&mut self) {
        self.raw(Message::Ping("?".into())).await;
        loop {
            match timeout(PATIENCE, self.ws.next()).await.expect("a pong comes") {
                Some(Ok(Message::Pong(_))) => return,
                Some(Ok(Message::Text(text))) => self.kept.push_back(serde_json::from_str(&text).unwrap()),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits until all that was sent to the server has been answered, and so all before it has arrived.
    pub(crate) async fn settle(&mut self) {
        let nothing = Unsubscribe { stream: StreamId::Room(RoomId(u64::MAX >> 12)) };
        self.ask(Command::Unsubscribe(nothing)).await.unwrap();
    }
}

/// The stream that a frame is about.
pub(crate) fn stream_of(frame: &ServerFrame) -> Option<StreamId> {
    match frame {
        ServerFrame::Event(record) => Some(record.stream),
        ServerFrame::Withheld { stream, .. }
        | ServerFrame::Live { stream, .. }
        | ServerFrame::Reset { stream, .. }
        | ServerFrame::Ended { stream } => Some(*stream),
        _ => None,
    }
}

/// The places of the events among frames.
pub(crate) fn seqs(frames: &[ServerFrame]) -> Vec<u64> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            ServerFrame::Event(record) => Some(record.seq.0),
            ServerFrame::Withheld { seq, .. } => Some(seq.0),
            _ => None,
        })
        .collect()
}

pub(crate) fn post(room: RoomId, text: &str) -> Command {
    Command::PostMessage(PostMessage::new(client_id(), room, text.to_owned()))
}

/// Answers a message.
pub(crate) fn answer(room: RoomId, message: Seq, text: &str) -> Command {
    let post = PostMessage::new(client_id(), room, text.to_owned());
    Command::PostMessage(PostMessage { reply_to: Some(message), ..post })
}

/// Puts an emoji under a message.
pub(crate) fn react(room: RoomId, message: Seq, emoji: &str) -> Command {
    Command::AddReaction(AddReaction { client_id: client_id(), room, message, emoji: emoji.to_owned() })
}

/// Takes it back.
pub(crate) fn unreact(room: RoomId, message: Seq, emoji: &str) -> Command {
    Command::RemoveReaction(RemoveReaction { client_id: client_id(), room, message, emoji: emoji.to_owned() })
}

pub(crate) fn add(room: RoomId, name: &str) -> Command {
    Command::AddMember(AddMember { client_id: client_id(), room, username: Username::parse(name).unwrap() })
}

pub(crate) fn remove(room: RoomId, name: &str) -> Command {
    Command::RemoveMember(RemoveMember { client_id: client_id(), room, username: Username::parse(name).unwrap() })
}

pub(crate) fn join(room: RoomId) -> Command {
    Command::JoinRoom(JoinRoom { client_id: client_id(), room })
}

pub(crate) fn leave(room: RoomId) -> Command {
    Command::LeaveRoom(LeaveRoom { client_id: client_id(), room })
}

pub(crate) fn read_up_to(room: RoomId, version: u64, seq: u64) -> Command {
    Command::SetReadCursor(SetReadCursor { room, cursor: protocol::ReadCursor { version, seq: Seq(seq) } })
}

/// Lets a test write as fast as it likes: its clock stands, and buckets never fill again.
pub(crate) fn unlimited(config: &mut server::Config) {
    let limits = &mut config.limits;
    (limits.posts_burst, limits.writes_burst, limits.reads_burst) = (1_000_000, 1_000_000, 1_000_000);
}

/// A connection that sends any bytes after the handshake.
pub(crate) struct RawSocket(TcpStream);

/// Opcodes of RFC 6455 §5.2.
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;
/// The last frame of a message.
pub(crate) const FIN: u8 = 0x80;

/// A frame as it stands on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawFrame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl RawFrame {
    /// The code of a close frame.
    pub(crate) fn close_code(&self) -> Option<u16> {
        let is_close = self.first & 0x0f == CLOSE && self.payload.len() >= 2;
        is_close.then(|| u16::from_be_bytes([self.payload[0], self.payload[1]]))
    }
}

impl RawSocket {
    pub(crate) async fn open(client: &Client, path: &str) -> Self {
        let host = client.base.strip_prefix("http://").unwrap();
        Self::open_on(TcpStream::connect(host).await.unwrap(), client, path).await
    }

    pub(crate) async fn open_on(mut stream: TcpStream, client: &Client, path: &str) -> Self {
        let host = client.base.strip_prefix("http://").unwrap();
        let cookie = client.cookie.as_deref().unwrap_or_default();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {base}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            base = client.base
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // The example of RFC 6455 §1.3.
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        Self(stream)
    }

    /// Sends a masked frame. `first` is its first byte: flags and opcode.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.bytes(&Self::masked(first, payload)).await;
    }

    /// Sends a frame that is not masked.
    pub(crate) async fn unmasked(&mut self, first: u8, payload: &[u8]) {
        self.bytes(&Self::plain(first, payload)).await;
    }

    /// A masked frame as it is written.
    pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = header(first, payload.len(), 0x80);
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    /// A frame that is not masked, as it is written.
    pub(crate) fn plain(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = header(first, payload.len(), 0);
        bytes.extend(payload);
        bytes
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        // The server may have closed already; what it said is read afterwards.
        let _ = self.0.write_all(bytes).await;
    }

    /// The next frame; none when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<RawFrame> {
        timeout(PATIENCE, self.read()).await.expect("something comes")
    }

    async fn read(&mut self) -> Option<RawFrame> {
        let first = self.0.read_u8().await.ok()?;
        let length = match self.0.read_u8().await.ok()? {
            126 => usize::from(self.0.read_u16().await.ok()?),
            127 => usize::try_from(self.0.read_u64().await.ok()?).unwrap(),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(RawFrame { first, payload })
    }

    /// The next text, as JSON; what comes when it likes is passed over, as they come when they like.
    pub(crate) async fn json(&mut self) -> serde_json::Value {
        loop {
            let json = self.any_json().await;
            let passing = ["heads", "cursor", "seen", "presence", "typing", "viewing"];
            if !passing.iter().any(|kind| json["type"] == **kind) {
                return json;
            }
        }
    }

    /// The next text, as JSON, whatever it is.
    pub(crate) async fn any_json(&mut self) -> serde_json::Value {
        let frame = self.next().await.expect("the connection is open");
        assert_eq!(frame.first, FIN | TEXT, "{frame:?}");
        serde_json::from_slice(&frame.payload).unwrap()
    }

    /// Sends a command that was written by hand.
    pub(crate) async fn command(&mut self, id: u64, command: &serde_json::Value) {
        let frame = serde_json::json!({ "id": id, "command": command });
        self.frame(FIN | TEXT, frame.to_string().as_bytes()).await;
    }

    /// The next answer to a command, or to what is none.
    pub(crate) async fn answer(&mut self) -> serde_json::Value {
        loop {
            let json = self.json().await;
            if json["type"] == "ack" || json["type"] == "error" {
                return json;
            }
        }
    }

    /// The first frame that is no text.
    pub(crate) async fn control(&mut self) -> Option<RawFrame> {
        loop {
            let frame = self.next().await?;
            if frame.first != FIN | TEXT {
                return Some(frame);
            }
        }
    }

    /// The code that the server closes with; none where the connection just ends.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            let frame = self.next().await?;
            if frame.first & 0x0f == CLOSE {
                return frame.close_code();
            }
        }
    }
}

fn header(first: u8, length: usize, mask: u8) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(mask | u8::try_from(length).unwrap()),
        126..=65_535 => {
            bytes.push(mask | 126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes
}
