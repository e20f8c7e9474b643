//! An engine on the bench: its inputs by hand, its outputs laid out.

use client::{
    Answer, ConnectionId, Engine, Fetch, FetchFailure, FetchId, Input, Instant, Intent, Line, OutboxEntry, Output,
    RoomView, Start,
};
use protocol::{
    Body, ClientFrame, ClientId, Command, CommandId, CommandKind, Done, Entry, EntryKind, Epoch, ErrorBody, ErrorCode,
    Event, Hello, HistoryPage, InboxSnapshot, Position, ReadCursor, Record, RoomId, RoomInfo, RoomSnapshot,
    RoomSummary, SUBPROTOCOL, Seq, ServerFrame, StreamId, UnixMs, UserId, UserRef, Username, decode_client, encode,
    frame::WireLimits,
    members::Member,
    messages::{MessagePosted, PostMessage},
    rooms::{History, RoomCreated, RoomRef, Visibility},
};

pub(crate) const ROOM: RoomId = RoomId(1);
pub(crate) const OTHER: RoomId = RoomId(2);
pub(crate) const INBOX: StreamId = StreamId::Inbox(UserId(1));

pub(crate) fn person(id: u64) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

pub(crate) fn id(n: u8) -> ClientId {
    ClientId::new(UnixMs(1_700_000_000_000 + i64::from(n)), &[n; 10])
}

pub(crate) fn at(seq: u64) -> Position {
    Position { epoch: Epoch(1), seq: Seq(seq) }
}

/// A line of a room: every event is a message of user 2 in these tests, so its ordinal is its number.
pub(crate) fn entry(seq: u64) -> Entry {
    let body = Body::text(format!("text {seq}"));
    let kind = EntryKind::Message { client_id: None, ordinal: seq, body, quote: None, reactions: Vec::new() };
    Entry { seq: Seq(seq), at: UnixMs(0), actor: person(2), kind }
}

/// The lines from one number to another of a room that has `head` of them.
pub(crate) fn page(first: u64, last: u64, head: u64) -> HistoryPage {
    HistoryPage {
        as_of: Seq(head),
        before: None,
        after: None,
        entries: (first..=last).map(entry).collect(),
        at_start: first <= 1,
        at_end: last >= head,
    }
}

pub(crate) fn room_snapshot(room: RoomId, window: HistoryPage) -> RoomSnapshot {
    RoomSnapshot {
        info: RoomInfo::created(
            room,
            person(2),
            &RoomCreated {
                name: format!("room {room}"),
                visibility: Visibility::Public,
                history: History::Everything,
                everyone: false,
            },
        ),
        epoch: Epoch(1),
        members: [1, 2].map(|user| Member { user: person(user), since: Seq(1) }).into(),
        member_count: 2,
        window,
        cursor: ReadCursor { version: 0, seq: Seq(10) },
        first_unread: None,
        unread: 0,
        mentions: 0,
    }
}

pub(crate) fn summary(room: RoomId, head: u64, unread: u32) -> RoomSummary {
    RoomSummary {
        room: RoomRef { id: room, name: format!("room {room}"), visibility: Visibility::Public },
        head: at(head),
        messages: head,
        cursor: ReadCursor { version: 0, seq: Seq(head - u64::from(unread)) },
        since: Seq(1),
        unread,
        mentions: 0,
        muted: false,
    }
}

/// Two rooms with ten messages each, all read; the first one is open.
pub(crate) fn start() -> Start {
    Start {
        me: person(1),
        seed: 7,
        inbox: Some(InboxSnapshot { position: at(2), rooms: vec![summary(ROOM, 10, 0), summary(OTHER, 10, 0)] }),
        rooms: vec![room_snapshot(ROOM, page(1, 10, 10))],
        presence: Vec::new(),
        shows_viewing: true,
        outbox: Some(Vec::new()),
        reloaded_for: None,
    }
}

pub(crate) fn post(n: u8, room: RoomId, text: &str) -> Command {
    Command::PostMessage(PostMessage::new(id(n), room, text.to_owned()))
}

pub(crate) fn event(stream: StreamId, seq: u64, actor: u64, client_id: Option<ClientId>, event: Event) -> ServerFrame {
    ServerFrame::Event(Record {
        stream,
        epoch: Epoch(1),
        seq: Seq(seq),
        at: UnixMs(0),
        actor: person(actor),
        client_id,
        event,
    })
}

pub(crate) fn posted(room: RoomId, seq: u64, actor: u64, client_id: Option<ClientId>, text: &str) -> ServerFrame {
    let posted = MessagePosted::new(seq, text.to_owned());
    event(StreamId::Room(room), seq, actor, client_id, Event::MessagePosted(posted))
}

/// An engine, its clock, and what it asked for and nobody has looked at yet.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) now: u64,
    pub(crate) outputs: Vec<Output>,
    /// Answers every `Save` at once.
    pub(crate) saves: bool,
    wake_at: Option<u64>,
}

impl Bench {
    pub(crate) fn new(start: Start) -> Self {
        Self { engine: Engine::new(start), now: 1_000_000, outputs: Vec::new(), saves: true, wake_at: None }
    }

    /// Connected, greeted, and all subscriptions live.
    pub(crate) fn online() -> Self {
        let mut bench = Self::new(start());
        bench.connects();
        bench.goes_live(ROOM, 10);
        bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });
        bench.frame(&ServerFrame::Heads { rooms: Vec::new() });
        bench.outputs.clear();
        bench
    }

    pub(crate) fn give(&mut self, input: Input) {
        let outputs = self.engine.step(input, Instant(self.now));
        let saved: Vec<ClientId> = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Save(entry) => Some(entry.client_id()),
                _ => None,
            })
            .collect();
        for output in &outputs {
            if let Output::WakeAt(at) = output {
                self.wake_at = Some(at.0);
            }
        }
        self.outputs.extend(outputs);
        if self.saves {
            saved.into_iter().for_each(|client_id| self.give(Input::Saved(client_id)));
        }
    }

    pub(crate) fn intent(&mut self, intent: Intent) {
        self.give(Input::Intent(intent));
    }

    pub(crate) fn wants(&mut self, command: Command) {
        self.intent(Intent::Do(command));
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        let connects = self.outputs.iter().rev().find_map(|output| match output {
            Output::Connect(connection) => Some(*connection),
            _ => None,
        });
        connects.unwrap_or(ConnectionId(1))
    }

    /// Opens the connection that was asked for; the server greets.
    pub(crate) fn connects(&mut self) {
        self.give(Input::Tick);
        let connection = self.connection();
        self.give(Input::Opened(connection));
        self.frame_of(connection, &hello(1));
    }

    pub(crate) fn frame(&mut self, frame: &ServerFrame) {
        self.frame_of(self.connection(), frame);
    }

    pub(crate) fn frame_of(&mut self, connection: ConnectionId, frame: &ServerFrame) {
        self.give(Input::Frame { connection, text: encode(frame) });
    }

    pub(crate) fn goes_live(&mut self, room: RoomId, head: u64) {
        self.frame(&ServerFrame::Live { stream: StreamId::Room(room), head: at(head) });
    }

    pub(crate) fn closes(&mut self, code: u16) {
        self.give(Input::Closed { connection: self.connection(), code: Some(code) });
    }

    /// Lets time pass, waking the engine when it asked for it.
    pub(crate) fn passes(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.wake_at.filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.wake_at = None;
            self.give(Input::Tick);
        }
        self.now = end;
    }

    pub(crate) fn wake_at(&self) -> Option<u64> {
        self.wake_at
    }

    /// The commands sent since last asked.
    pub(crate) fn sent(&mut self) -> Vec<ClientFrame> {
        let mut sent = Vec::new();
        self.outputs.retain(|output| match output {
            Output::Send { text, .. } => {
                sent.push(decode_client(text).unwrap());
                false
            }
            _ => true,
        });
        sent
    }

    pub(crate) fn sent_of(&mut self, kind: CommandKind) -> Vec<Command> {
        self.sent()
            .into_iter()
            .map(|frame| frame.command)
            .filter(|command| CommandKind::from(command) == kind)
            .collect()
    }

    /// Where streams were subscribed to since last asked.
    pub(crate) fn subscribed(&mut self) -> Vec<(StreamId, u64)> {
        self.sent()
            .into_iter()
            .filter_map(|frame| match frame.command {
                Command::Subscribe(subscribe) => Some((subscribe.stream, subscribe.after.seq.0)),
                _ => None,
            })
            .collect()
    }

    /// The texts posted since last asked, with the numbers of the commands.
    pub(crate) fn texts_sent(&mut self) -> Vec<(CommandId, String)> {
        self.sent()
            .into_iter()
            .filter_map(|frame| match frame.command {
                Command::PostMessage(post) => Some((frame.id, post.text)),
                _ => None,
            })
            .collect()
    }

    /// What was asked for over HTTP since last asked.
    pub(crate) fn fetched(&mut self) -> Vec<(FetchId, Fetch)> {
        let mut fetched = Vec::new();
        self.outputs.retain(|output| match output {
            Output::Fetch { id, request } => {
                fetched.push((*id, request.clone()));
                false
            }
            _ => true,
        });
        fetched
    }

    pub(crate) fn answers(&mut self, id: FetchId, result: Result<Answer, FetchFailure>) {
        self.give(Input::Fetched { id, result });
    }

    pub(crate) fn acks(&mut self, id: CommandId, seq: u64) {
        let done = Done::Appended { stream: StreamId::Room(ROOM), epoch: Epoch(1), seq: Seq(seq) };
        self.frame(&ServerFrame::Ack { id, done });
    }

    pub(crate) fn refuses(&mut self, id: CommandId, code: ErrorCode, retry_after_ms: Option<u64>) {
        let error = ErrorBody { retry_after_ms, ..ErrorBody::new(code) };
        self.frame(&ServerFrame::Error(error.answering(id)));
    }

    pub(crate) fn room(&self) -> RoomView {
        self.engine.room(ROOM).unwrap()
    }

    pub(crate) fn last_line(&self) -> Line {
        self.room().lines.pop().unwrap()
    }

    pub(crate) fn unread(&self, room: RoomId) -> u32 {
        self.engine.rooms().into_iter().find(|summary| summary.room.id == room).unwrap().unread
    }

    pub(crate) fn saved(&self) -> Vec<&OutboxEntry> {
        let saves = self.outputs.iter().filter_map(|output| match output {
            Output::Save(entry) => Some(entry),
            _ => None,
        });
        saves.collect()
    }

    pub(crate) fn has(&self, output: &Output) -> bool {
        self.outputs.contains(output)
    }
}

pub(crate) fn hello(user: u64) -> ServerFrame {
    ServerFrame::Hello(Hello {
        versions: vec![SUBPROTOCOL.to_owned()],
        build: "build 2".to_owned(),
        now: UnixMs(0),
        user: person(user),
        heartbeat_interval_ms: 25_000,
        limits: WireLimits { message_chars: 10_000, message_bytes: 40_000, frame_bytes: 131_072, subscriptions: 128 },
    })
}
