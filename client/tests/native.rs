//! The native transport against a server that says what the test wants.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that meets the unexpected fails")]

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use client::{
    Connection,
    native::{Client, Error, Options, Session},
};
use protocol::{
    Command, Done, Epoch, ErrorBody, ErrorCode, Event, Hello, HistoryPage, InboxSnapshot, Position, ReadCursor, Record,
    RoomId, RoomInfo, RoomSnapshot, RoomSummary, SUBPROTOCOL, Seq, ServerFrame, StreamId, UnixMs, UserId, UserRef,
    Username, close, decode_client, encode,
    frame::WireLimits,
    messages::MessagePosted,
    rooms::{History, RoomCreated, RoomRef, Visibility},
};
use tokio::{net::TcpListener, sync::broadcast, task::AbortHandle};

const ROOM: RoomId = RoomId(1);
const TOKEN: &str = "secret";

fn ada() -> UserRef {
    UserRef { id: UserId(1), name: Username::parse("ada").unwrap() }
}

/// What the server keeps: one room.
#[derive(Debug)]
struct Kept {
    log: Mutex<Vec<Record>>,
    bus: broadcast::Sender<Record>,
    /// Closes that are still to come: a new connection meets one before it is served.
    closes: Mutex<Vec<u16>>,
}

struct Server {
    base: String,
    kept: Arc<Kept>,
    task: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start() -> Self {
        let kept = Arc::new(Kept { log: Mutex::default(), bus: broadcast::channel(64).0, closes: Mutex::default() });
        let router = Router::new()
            .route("/api/v1/sessions", post(log_in))
            .route("/api/v1/connect", get(connect))
            .route("/api/v1/inbox", get(inbox))
            .route("/api/v1/rooms/{id}", get(room))
            .route("/ws", get(upgrade))
            .with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }).abort_handle();
        Self { base, kept, task }
    }

    async fn ada(&self) -> Client {
        Client::log_in(&self.base, "ada", "correct horse").await.unwrap()
    }
}

fn is_logged_in(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"))
}

async fn log_in(Json(body): Json<serde_json::Value>) -> Response {
    if body["username"] == "ada" && body["password"] == "correct horse" {
        Json(Session { token: TOKEN.to_owned(), user: ada() }).into_response()
    } else {
        (StatusCode::UNAUTHORIZED, Json(ErrorBody::new(ErrorCode::WrongLogin))).into_response()
    }
}

async fn connect(headers: HeaderMap) -> StatusCode {
    if is_logged_in(&headers) { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED }
}

fn head(kept: &Kept) -> Position {
    Position { epoch: Epoch(1), seq: Seq(kept.log.lock().unwrap().len() as u64) }
}

async fn inbox(State(kept): State<Arc<Kept>>, headers: HeaderMap) -> Response {
    if !is_logged_in(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(ErrorBody::new(ErrorCode::Unauthorized))).into_response();
    }
    let summary = RoomSummary {
        room: RoomRef { id: ROOM, name: "general".to_owned(), visibility: Visibility::Public },
        head: head(&kept),
        messages: head(&kept).seq.0,
        cursor: ReadCursor::default(),
        since: Seq(1),
        unread: 0,
        mentions: 0,
        muted: false,
    };
    let position = Position { epoch: Epoch(1), seq: Seq(1) };
    Json(InboxSnapshot { position, rooms: vec![summary] }).into_response()
}

async fn room(State(kept): State<Arc<Kept>>) -> Json<RoomSnapshot> {
    let as_of = head(&kept).seq;
    Json(RoomSnapshot {
        info: RoomInfo::created(
            ROOM,
            ada(),
            &RoomCreated {
                name: "general".to_owned(),
                visibility: Visibility::Public,
                history: History::Everything,
                everyone: true,
            },
        ),
        epoch: Epoch(1),
        members: Vec::new(),
        member_count: 0,
        // What was said before is of no interest here.
        window: HistoryPage { as_of, before: None, after: None, entries: Vec::new(), at_start: false, at_end: true },
        cursor: ReadCursor::default(),
        first_unread: None,
        unread: 0,
        mentions: 0,
    })
}

async fn upgrade(State(kept): State<Arc<Kept>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !is_logged_in(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    upgrade.protocols([SUBPROTOCOL]).on_upgrade(move |socket| serve(kept, socket))
}

async fn serve(kept: Arc<Kept>, mut socket: WebSocket) {
    let mut events = kept.bus.subscribe();
    let hello = Hello {
        versions: vec![SUBPROTOCOL.to_owned()],
        build: "test".to_owned(),
        now: UnixMs(0),
        user: ada(),
        heartbeat_interval_ms: 25_000,
        limits: WireLimits { message_chars: 1, message_bytes: 1, frame_bytes: 1, subscriptions: 1 },
    };
    say(&mut socket, &ServerFrame::Hello(hello)).await;
    let closing = kept.closes.lock().unwrap().pop();
    if let Some(code) = closing {
        let frame = axum::extract::ws::CloseFrame { code, reason: "".into() };
        let _ = socket.send(Message::Close(Some(frame))).await;
        return;
    }
    loop {
        tokio::select! {
            event = events.recv() => say(&mut socket, &ServerFrame::Event(event.unwrap())).await,
            message = socket.recv() => {
                let Some(Ok(Message::Text(text))) = message else { return };
                for frame in answer(&kept, &text) {
                    say(&mut socket, &frame).await;
                }
            }
        }
    }
}

async fn say(socket: &mut WebSocket, frame: &ServerFrame) {
    // The client may be gone; the next read notices.
    let _ = socket.send(Message::text(encode(frame))).await;
}

fn answer(kept: &Kept, text: &str) -> Vec<ServerFrame> {
    let frame = decode_client(text).unwrap();
    let id = frame.id;
    match frame.command {
        Command::Subscribe(subscribe) => {
            let head = match subscribe.stream {
                StreamId::Room(_) => head(kept),
                StreamId::Inbox(_) => subscribe.after,
            };
            let log = kept.log.lock().unwrap();
            let missing =
                log.iter().filter(|record| subscribe.stream == record.stream && record.seq > subscribe.after.seq);
            let mut frames = vec![ServerFrame::Ack { id, done: Done::Unchanged }];
            frames.extend(missing.cloned().map(ServerFrame::Event));
            frames.push(ServerFrame::Live { stream: subscribe.stream, head });
            frames
        }
        Command::PostMessage(post) if post.text == "forbidden" => {
            vec![ServerFrame::Error(ErrorBody::new(ErrorCode::Forbidden).answering(id))]
        }
        Command::PostMessage(post) => {
            let mut log = kept.log.lock().unwrap();
            let seq = Seq(log.len() as u64 + 1);
            let stream = StreamId::Room(ROOM);
            let posted = MessagePosted::new(seq.0, post.text);
            let record = Record {
                stream,
                epoch: Epoch(1),
                seq,
                at: UnixMs(0),
                actor: ada(),
                client_id: Some(post.client_id),
                event: Event::MessagePosted(posted),
            };
            log.push(record.clone());
            kept.bus.send(record).unwrap();
            vec![ServerFrame::Ack { id, done: Done::Appended { stream, epoch: Epoch(1), seq } }]
        }
        _ => vec![ServerFrame::Ack { id, done: Done::Unchanged }],
    }
}

#[tokio::test]
async fn what_one_says_the_other_sees() {
    let server = Server::start().await;
    let ada = server.ada().await;
    let bob = server.ada().await;
    let room = ada.finds_room("general").await.unwrap();
    bob.opens(room).await.unwrap();

    let seq = ada.say(room, "hi").await.unwrap();

    assert_eq!(bob.sees(room, "hi").await.unwrap().seq, Some(seq));
    assert!(ada.outbox().is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_an_error_in_words() {
    let server = Server::start().await;

    let error = Client::log_in(&server.base, "ada", "wrong").await.unwrap_err();

    assert!(matches!(&error, Error::Refused(body) if body.code == ErrorCode::WrongLogin), "{error}");
}

#[tokio::test]
async fn a_refusal_comes_back_to_who_asked() {
    let server = Server::start().await;
    let ada = server.ada().await;

    let error = ada.say(ROOM, "forbidden").await.unwrap_err();

    assert!(matches!(error, Error::Refused(body) if body.code == ErrorCode::Forbidden));
    assert_eq!(ada.outbox().len(), 1);
}

#[tokio::test]
async fn a_closed_connection_is_opened_again() {
    let server = Server::start().await;
    server.kept.closes.lock().unwrap().extend([close::RESTART, close::GOING_AWAY]);

    let ada = server.ada().await;

    ada.say(ROOM, "after two tries").await.unwrap();
    assert!(server.kept.closes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_ended_session_is_noticed_by_the_probe() {
    let server = Server::start().await;
    let session = Session { token: "ended".to_owned(), user: ada() };

    let client = Client::start(&server.base, session, Options::default());

    client.is_logged_out().await.unwrap();
}

#[tokio::test]
async fn an_ended_session_is_noticed_by_the_close_code() {
    let server = Server::start().await;
    server.kept.closes.lock().unwrap().push(close::SESSION_ENDED);

    let ada = server.ada().await;

    ada.is_logged_out().await.unwrap();
}

#[tokio::test]
async fn what_was_left_is_taken_over_by_the_next_client() {
    let server = Server::start().await;
    let session = Session { token: TOKEN.to_owned(), user: ada() };
    let options = Options { outbox: Vec::new(), ..Options::default() };
    let away = Client::start("http://127.0.0.1:1", session.clone(), options);
    away.queues(ROOM, "later").await.unwrap();
    let left =
        away.until("it in the outbox", |engine| (engine.unsent() == 1).then_some(())).await.map(|()| away.outbox());
    drop(away);

    let ada = Client::start(&server.base, session, Options { outbox: left.unwrap(), ..Options::default() });
    ada.until("it to be sent", |engine| (engine.unsent() == 0).then_some(())).await.unwrap();

    assert_eq!(server.kept.log.lock().unwrap().len(), 1);
    ada.is_online().await.unwrap();
    assert_eq!(ada.view(|engine| engine.connection()), Connection::Online);
}

#[tokio::test]
async fn waiting_in_vain_says_for_what() {
    let server = Server::start().await;
    let session = Session { token: TOKEN.to_owned(), user: ada() };
    let patience = std::time::Duration::from_millis(20);
    let ada = Client::start(&server.base, session, Options { outbox: Vec::new(), patience });

    let error = ada.sees(ROOM, "nothing").await.unwrap_err();

    assert!(error.to_string().contains("\"nothing\" in room 1"), "{error}");
}
