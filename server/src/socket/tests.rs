//! One connection with paused time and a peer in memory: heartbeats, silence, stalls, and what waits.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test names what it waits for; everything else is one case")]

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Sink, SinkExt as _, Stream, StreamExt as _, channel::mpsc};
use protocol::{
    Position, Seq, ServerFrame, close,
    limits::{HEARTBEAT_INTERVAL_MS, SERVER_SILENCE_MS_MAX},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tungstenite::{Message, error::Error as WsError};

use super::{
    ARRIVALS_MAX, Shared, Sockets, connection::Connection, intake::COMMANDS_WAITING_MAX, outbox::Written,
    wheel::PROGRESS_MAX,
};
use crate::{
    auth::connected::{ConnectedSessions, SessionsRevoked},
    bus::Network,
    clock::{Clock, Randomness},
    hub::{
        Hub,
        fake::{FakeStore, STREAM, message, removal, user},
    },
    limits::Limits,
    rates::Rates,
    sabotage::Without,
    store::{
        Actor, Sink as _,
        accounts::{Role, Session, SessionId},
    },
};

const SILENCE_MAX: Duration = Duration::from_millis(SERVER_SILENCE_MS_MAX);

mod bytes;
mod echo;
mod lane;
mod leaving;
mod removed_parts;
mod waiting;
mod wire;

/// The server's end of a connection in memory.
struct Pipe {
    from_peer: mpsc::UnboundedReceiver<Message>,
    to_peer: mpsc::Sender<Message>,
}

impl Stream for Pipe {
    type Item = Result<Message, WsError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.from_peer.poll_next_unpin(cx).map(|message| message.map(Ok))
    }
}

impl Sink<Message> for Pipe {
    type Error = WsError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        self.to_peer.poll_ready_unpin(cx).map_err(broken)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WsError> {
        self.to_peer.start_send_unpin(message).map_err(broken)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        self.to_peer.poll_flush_unpin(cx).map_err(broken)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        self.to_peer.poll_close_unpin(cx).map_err(broken)
    }
}

/// The peer is not there any more.
fn broken(_: mpsc::SendError) -> WsError {
    WsError::ConnectionClosed
}

/// The frame in a message, if it is one.
fn read(message: &Message) -> Option<ServerFrame> {
    if let Message::Text(text) = message { Some(serde_json::from_str(text).unwrap()) } else { None }
}

/// What connections run on.
struct Server {
    hub: Arc<Hub>,
    store: Arc<FakeStore>,
    network: Network,
    sockets: Arc<Sockets>,
    sessions: ConnectedSessions,
    stopping: CancellationToken,
}

impl Server {
    fn without(store: Arc<FakeStore>, without: Without) -> Self {
        Self::with(store, Limits::default(), without)
    }

    /// The buckets are never empty.
    fn with(store: Arc<FakeStore>, limits: Limits, without: Without) -> Self {
        let network = Network::default();
        let limits = Limits { posts_burst: 10_000, reads_burst: 10_000, ..limits };
        let (clock, random) = (Clock::manual(protocol::UnixMs(0)), Randomness::seeded(1));
        let (hub, task) = Hub::without(Arc::new(network.join()), &limits, clock, &random, without);
        let (stopping, sessions) = (CancellationToken::new(), ConnectedSessions::default());
        tokio::spawn(task.run(store.clone(), sessions.clone(), stopping.clone()));
        let clock = Clock::manual(protocol::UnixMs(0));
        let sockets = Arc::new(Sockets::new(Shared {
            hub: hub.clone(),
            streams: store.clone(),
            people: store.clone(),
            rates: Arc::new(Rates::new(clock.clone(), &limits)),
            clock,
            random: Randomness::seeded(1),
            limits,
            build: "test".to_owned(),
            drain: Arc::default(),
            progress_max: PROGRESS_MAX,
            without,
        }));
        tokio::spawn(Arc::clone(&sockets).keep_time(stopping.clone()));
        Self { hub, store, network, sockets, sessions, stopping }
    }

    /// Runs a connection of `user1`.
    fn serve<S>(&self, socket: S, written: Option<Arc<dyn Written>>) -> JoinHandle<()>
    where
        S: Stream<Item = Result<Message, WsError>> + Sink<Message, Error = WsError> + Unpin + Send + 'static,
    {
        let session = Session { id: SessionId(1), user: user(1), role: Role::Member, seen_at: protocol::UnixMs(0) };
        let actor = Actor { user: user(1), is_owner: false };
        let connection = Connection::new(self.sockets.clone(), actor, self.sessions.attach(&session), socket, written);
        tokio::spawn(connection.run())
    }
}

/// A running connection and the peer's end of it.
struct Bench {
    hub: Arc<Hub>,
    store: Arc<FakeStore>,
    network: Network,
    sockets: Arc<Sockets>,
    sessions: ConnectedSessions,
    stopping: CancellationToken,
    to_server: mpsc::UnboundedSender<Message>,
    from_server: mpsc::Receiver<Message>,
    running: JoinHandle<()>,
}

impl Bench {
    /// With a peer that has taken `hello`.
    async fn new() -> Self {
        Self::on(Arc::default()).await
    }

    async fn on(store: Arc<FakeStore>) -> Self {
        Self::without(store, Without::NOTHING).await
    }

    async fn without(store: Arc<FakeStore>, without: Without) -> Self {
        Self::at(Server::without(store, without)).await
    }

    async fn at(server: Server) -> Self {
        let (to_server, from_peer) = mpsc::unbounded();
        let (to_peer, from_server) = mpsc::channel(0);
        let running = server.serve(Pipe { from_peer, to_peer }, None);
        let Server { hub, store, network, sockets, sessions, stopping } = server;
        let mut bench = Self { hub, store, network, sockets, sessions, stopping, to_server, from_server, running };
        assert!(matches!(bench.frame().await, ServerFrame::Hello(_)));
        bench
    }

    async fn any_message(&mut self) -> Message {
        timeout(Duration::from_secs(600), self.from_server.next()).await.expect("something comes").expect("it is open")
    }

    async fn message(&mut self) -> Message {
        loop {
            let message = self.any_message().await;
            // Comes once, whenever the store has been asked.
            if !matches!(read(&message), Some(ServerFrame::Viewing { .. })) {
                return message;
            }
        }
    }

    async fn frame(&mut self) -> ServerFrame {
        loop {
            if let Some(frame) = read(&self.message().await) {
                return frame;
            }
        }
    }

    /// Reads on until the server closes.
    async fn close_code(&mut self) -> u16 {
        let closed = async {
            loop {
                if let Message::Close(Some(close)) = self.message().await {
                    return close.code.into();
                }
            }
        };
        timeout(Duration::from_secs(600), closed).await.expect("it closes")
    }

    fn send(&self, text: &str) {
        self.to_server.unbounded_send(Message::text(text)).unwrap();
    }

    /// Follows the room from its beginning.
    async fn follow(&mut self) {
        self.send(r#"{"id":1,"command":{"type":"subscribe","stream":"room:1","after":{"epoch":1,"seq":0}}}"#);
        while !matches!(self.frame().await, ServerFrame::Live { .. }) {}
    }

    /// Commits a message and tells the hub.
    fn commit(&self, seq: u64) {
        self.store.keep(&[message(seq)]);
        self.hub.committed(&[message(seq)]);
    }

    /// Messages that the server has not read.
    fn unread(&self) -> usize {
        self.to_server.len()
    }

    async fn ended(self) -> Duration {
        let started = Instant::now();
        timeout(Duration::from_secs(600), self.running).await.expect("it ends").unwrap();
        assert_eq!(self.sessions.count(), 0);
        assert_eq!(self.hub.streams_count(), 0, "something is still followed");
        started.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_names_the_ends_of_what_was_sent() {
    let mut bench = Bench::new().await;
    bench.commit(1);
    bench.follow().await;
    bench.commit(2);
    let started = Instant::now();

    assert!(matches!(bench.frame().await, ServerFrame::Event(record) if record.seq == Seq(2)));
    assert!(matches!(bench.message().await, Message::Ping(_)));
    let ServerFrame::Heartbeat { heads, .. } = bench.frame().await else { panic!("a heartbeat comes with the ping") };

    let first = started.elapsed();
    assert!(first <= Duration::from_millis(HEARTBEAT_INTERVAL_MS) + Duration::from_secs(1), "{first:?}");
    let position = Position { epoch: protocol::Epoch(1), seq: Seq(2) };
    assert_eq!(heads, [protocol::frame::StreamHead { stream: STREAM, head: position }]);
    assert!(matches!(bench.message().await, Message::Ping(_)));
    let again = (started.elapsed() - first).as_millis();
    assert!(again.abs_diff(HEARTBEAT_INTERVAL_MS.into()) <= 1_000, "and again: {again}");
}

/// Who asks for the events after an end that lies behind the removal is not let in by what was read before it.
#[tokio::test(start_paused = true)]
async fn who_is_put_out_while_being_let_in_gets_nothing_later() {
    let mut bench = Bench::new().await;
    bench.commit(1);
    bench.store.remove_after_next_read(removal(2));

    bench.send(r#"{"id":1,"command":{"type":"subscribe","stream":"room:1","after":{"epoch":1,"seq":2}}}"#);
    let answer = bench.frame().await;
    bench.hub.committed(&[removal(2)]);
    bench.commit(3);

    assert!(matches!(answer, ServerFrame::Error(_)), "{answer:?}");
    loop {
        match bench.frame().await {
            // By then everything that was to be sent has been sent.
            ServerFrame::Heartbeat { heads, .. } => break assert_eq!(heads, []),
            ServerFrame::Event(record) => panic!("{record:?} was delivered"),
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_silent_for_75_seconds_is_given_up() {
    let mut bench = Bench::new().await;
    let started = Instant::now();

    assert_eq!(bench.close_code().await, close::GOING_AWAY);

    let took = started.elapsed();
    assert!(took > SILENCE_MAX - Duration::from_millis(1_500) && took <= SILENCE_MAX, "{took:?}");
    bench.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_is_kept() {
    let mut bench = Bench::new().await;
    let started = Instant::now();

    while started.elapsed() < Duration::from_secs(600) {
        match bench.message().await {
            Message::Ping(ping) => bench.to_server.unbounded_send(Message::Pong(ping)).unwrap(),
            Message::Close(close) => panic!("{close:?} after {:?}", started.elapsed()),
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_for_15_seconds_is_dropped() {
    let mut bench = Bench::new().await;
    bench.follow().await;

    for n in 1..=5_000 {
        bench.commit(n);
    }

    let took = bench.ended().await;
    assert!(took > PROGRESS_MAX - Duration::from_millis(1_500) && took <= PROGRESS_MAX, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_stops_following_while_it_waits_to_resume_is_not_made_to_follow_again() {
    let mut bench = Bench::new().await;
    bench.follow().await;
    let (sockets, mut line) = (Arc::clone(&bench.sockets), Vec::new());
    for _ in 0..ARRIVALS_MAX {
        line.push(sockets.arrive().await);
    }
    // More than the ring holds, and than waits for the peer.
    for n in 1..=5_000 {
        bench.commit(n);
    }
    while timeout(Duration::from_secs(1), bench.from_server.next()).await.is_ok() {}
    assert_eq!(bench.hub.streams_count(), 2, "the room and the inbox");

    bench.send(r#"{"id":2,"command":{"type":"unsubscribe","stream":"room:1"}}"#);
    while !matches!(bench.frame().await, ServerFrame::Ack { .. }) {}
    drop(line);
    sleep(Duration::from_millis(100)).await;

    assert_eq!(bench.hub.streams_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_slow_but_reads_gets_everything() {
    let mut bench = Bench::new().await;
    bench.follow().await;
    for n in 1..=50 {
        bench.commit(n);
    }

    let mut next = 1;
    while next <= 50 {
        sleep(PROGRESS_MAX - Duration::from_secs(2)).await;
        match bench.message().await {
            Message::Text(text) => {
                if let ServerFrame::Event(record) = serde_json::from_str(&text).unwrap() {
                    assert_eq!(record.seq, Seq(next));
                    next += 1;
                }
            }
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
        bench.to_server.unbounded_send(Message::Pong(Default::default())).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_while_the_peer_takes_nothing_is_over_at_once() {
    let mut bench = Bench::new().await;
    bench.follow().await;
    for n in 1..=500 {
        bench.commit(n);
    }
    sleep(Duration::from_secs(1)).await;

    bench.sessions.revoke(SessionsRevoked { user: user(1).id, except: None, only: None });

    let took = bench.ended().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_disk_stops_reading_commands_and_not_events() {
    let mut bench = Bench::new().await;
    bench.follow().await;
    let id = "00000000-0000-7000-8000-000000000001";
    let post = format!(r#"{{"id":2,"command":{{"type":"post_message","client_id":"{id}","room":1,"text":"x"}}}}"#);

    for _ in 0..100 {
        bench.send(&post);
    }
    sleep(Duration::from_secs(1)).await;
    bench.commit(1);

    assert!(matches!(bench.frame().await, ServerFrame::Event(record) if record.seq == Seq(1)));
    // It reads on once the peer has taken what was sent.
    sleep(Duration::from_secs(1)).await;
    // One is being carried out, 32 wait, and the rest was never read.
    assert_eq!(bench.unread(), 100 - 1 - COMMANDS_WAITING_MAX);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_arrive_at_once() {
    for (others, is_let_in) in [(ARRIVALS_MAX - 1, true), (ARRIVALS_MAX, false)] {
        let mut bench = Bench::new().await;
        sleep(Duration::from_secs(1)).await;
        let sockets = Arc::clone(&bench.sockets);
        let held = sockets.arrivals.acquire_many(u32::try_from(others).unwrap()).await.unwrap();

        let followed = timeout(Duration::from_secs(1), bench.follow()).await;

        assert_eq!(followed.is_ok(), is_let_in, "beside {others}");
        drop(held);
        while !is_let_in && !matches!(bench.frame().await, ServerFrame::Live { .. }) {}
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_with_1012() {
    let mut bench = Bench::new().await;

    bench.sockets.drain.leave(1);

    assert_eq!(bench.close_code().await, close::RESTART);
    bench.ended().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_have_is_never_stepped_over() {
    let mut bench = Bench::new().await;
    bench.commit(1);
    bench.follow().await;

    // Told, and not kept: whoever tells it is mistaken.
    bench.hub.committed(&[message(3)]);
    sleep(Duration::from_secs(1)).await;
    bench.commit(2);
    bench.commit(3);

    for seq in [2, 3] {
        assert!(
            matches!(bench.frame().await, ServerFrame::Event(record) if record.seq == Seq(seq)),
            "{seq} in its turn"
        );
    }
}
