//! One connection: a task that reads commands, carries them out in order, and writes what the hub has.
//!
//! Nothing here queues events. The hub says which streams have something new; what is taken from their rings is
//! written at once, a bounded piece at a time, and only then more is taken. A command that waits for the disk
//! does not hold up events, and a peer that does not read holds up only itself.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    future::{pending, ready},
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::{Message, Utf8Bytes};
use futures::{
    FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _, future::BoxFuture, stream::FuturesUnordered,
};
use protocol::{
    ClientFrame, Command, CommandId, Done, ErrorBody, ErrorCode, RoomId, ServerFrame, StreamId,
    command::Cost,
    decode_client, encode,
    frame::StreamHead,
    limits::{HEARTBEAT_INTERVAL_MS, SERVER_SILENCE_MS_MAX, SUBSCRIPTIONS_MAX},
};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    Sockets,
    admission::spread,
    commands::{Context, Outcome, carry_out},
    delivery::Chore,
    ending::Ending,
    presence::Lane,
    rooms::Rooms,
    subscription::Subscription,
};
use crate::{
    auth::connected::SessionGuard,
    failpoint::{self, Point},
    hub::{Registration, RoomNews},
    store::Actor,
};

/// Commands of one connection that wait for their turn. With so many, nothing more is read.
pub(super) const COMMANDS_WAITING_MAX: usize = 32;

/// How long a peer may take nothing of what is written to it.
pub(super) const PROGRESS_MAX: Duration = Duration::from_secs(15);

/// How long a peer may take to answer a close frame.
const CLOSING_MAX: Duration = Duration::from_secs(2);

/// Restarting, the server closes its sockets spread over this time.
const RESTART_SPREAD_MS: (u64, u64) = (0, 1_000);

/// And tells each to come back after another time.
const RESTART_RETRY_MS: (u64, u64) = (500, 5_000);

const SILENCE_MAX: Duration = Duration::from_millis(SERVER_SILENCE_MS_MAX);
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(HEARTBEAT_INTERVAL_MS);

/// See the module. `S` is the WebSocket; tests bring another one.
pub(super) struct Connection<S> {
    pub(super) sockets: Arc<Sockets>,
    pub(super) registration: Arc<Registration>,
    pub(super) actor: Actor,
    session: SessionGuard,
    socket: S,

    waiting: VecDeque<ClientFrame>,
    running: Option<Running>,

    pub(super) subscriptions: HashMap<StreamId, Subscription>,
    /// Counts subscriptions, to tell old ones from new ones.
    pub(super) generation: u64,
    /// Streams whose rings may have something that was not taken yet.
    pub(super) fresh: HashSet<StreamId>,
    pub(super) rooms: Rooms,
    pub(super) lane: Lane,
    /// Reads of the store that are under way; at most two a subscription, and one a joined room.
    pub(super) chores: FuturesUnordered<BoxFuture<'static, Chore>>,

    heard_at: Instant,
    next_heartbeat: Instant,
    /// When the connection is closed because the server stops.
    restart_at: Option<Instant>,
}

/// A command that is being carried out.
struct Running {
    outcome: BoxFuture<'static, Outcome>,
    /// What the failpoints look for; empty without them.
    text: String,
}

impl<S, E> Connection<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin + Send,
    E: Into<Ending>,
{
    pub(super) fn new(sockets: Arc<Sockets>, actor: Actor, session: SessionGuard, socket: S) -> Self {
        Self {
            registration: Arc::new(Registration::new(&sockets.hub, actor.user.id)),
            sockets,
            actor,
            session,
            socket,
            waiting: VecDeque::new(),
            running: None,
            subscriptions: HashMap::new(),
            generation: 0,
            fresh: HashSet::new(),
            rooms: Rooms::new(),
            lane: Lane::default(),
            chores: FuturesUnordered::new(),
            heard_at: Instant::now(),
            next_heartbeat: Instant::now() + HEARTBEAT_INTERVAL,
            restart_at: None,
        }
    }

    /// Runs until the connection is over.
    pub(super) async fn run(mut self) {
        let Err(ending) = self.serve().await;
        if ending == Ending::session_ended() {
            self.registration.log_out();
        }
        tracing::debug!(user = %self.actor.user.id, ?ending, "connection ended");
        let _ = timeout(CLOSING_MAX, self.close(ending)).await;
        let _ = timeout(CLOSING_MAX, self.finish_reads()).await;
    }

    /// Lets what was begun end by itself: a database connection that is dropped half-way has to be thrown away.
    async fn finish_reads(&mut self) {
        if let Some(running) = &mut self.running {
            (&mut running.outcome).await;
        }
        while self.chores.next().await.is_some() {}
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, Ending> {
        let hello = self.sockets.hello(self.actor.user.clone());
        self.send([frame(&ServerFrame::Hello(hello))]).await?;
        self.load_rooms();
        loop {
            self.start_next().await?;
            let heads_due = self.rooms.due();
            tokio::select! {
                () = self.session.ended() => return Err(Ending::session_ended()),
                () = self.sockets.stopping.cancelled(), if self.restart_at.is_none() => self.restart_soon(),
                () = at(self.restart_at) => return Err(self.restart()),
                heard = self.socket.next(), if self.waiting.len() < COMMANDS_WAITING_MAX => self.hear(heard).await?,
                outcome = finished(&mut self.running), if self.running.is_some() => self.finish(outcome).await?,
                Some(chore) = self.chores.next() => self.after(chore).await?,
                () = self.registration.follower().woken() => self.take_news().await?,
                () = ready(()), if !self.fresh.is_empty() => self.deliver().await?,
                () = at(heads_due) => self.tell_heads().await?,
                () = sleep_until(self.next_heartbeat) => self.beat().await?,
                () = sleep_until(self.heard_at + SILENCE_MAX) => return Err(Ending::silent()),
            }
        }
    }

    async fn hear(&mut self, heard: Option<Result<Message, E>>) -> Result<(), Ending> {
        let message = match heard {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(error.into()),
            None => return Err(Ending::Gone),
        };
        self.heard_at = Instant::now();
        match message {
            Message::Text(text) => match decode_client(&text) {
                Ok(frame) => self.command(frame).await,
                Err(error) => self.unreadable(error.0).await,
            },
            Message::Binary(_) => {
                let body = ErrorBody {
                    message: "This server takes no binary frames yet. Send text frames.".into(),
                    ..ErrorBody::new(ErrorCode::Unsupported)
                };
                self.unreadable(body).await
            }
            // The library answers pings.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(Ending::Gone),
        }
    }

    async fn command(&mut self, ClientFrame { id, command }: ClientFrame) -> Result<(), Ending> {
        if let Err(body) = self.sockets.rates.check(command.cost(), self.actor.user.id) {
            return self.answer(ServerFrame::Error(body.answering(id))).await;
        }
        self.waiting.push_back(ClientFrame { id, command });
        Ok(())
    }

    /// Answers a frame that is no command. They take from the same bucket as reads: answering costs too.
    async fn unreadable(&mut self, body: ErrorBody) -> Result<(), Ending> {
        let body = match self.sockets.rates.check(Cost::Read, self.actor.user.id) {
            Ok(()) => body,
            Err(limited) => ErrorBody { id: body.id, ..limited },
        };
        self.answer(ServerFrame::Error(body)).await
    }

    /// Starts the next command if none is running.
    async fn start_next(&mut self) -> Result<(), Ending> {
        while self.running.is_none()
            && let Some(ClientFrame { id, command }) = self.waiting.pop_front()
        {
            let text = if failpoint::ENABLED { encode(&command) } else { String::new() };
            if let Command::Unsubscribe(c) = &command {
                self.tell_what_happened().await?;
                self.drop_subscription(c.stream);
                self.acknowledge(id, text).await?;
                continue;
            }
            if self.lane_command(&command) {
                self.acknowledge(id, text).await?;
                continue;
            }
            if let Command::Subscribe(c) = &command {
                // Following again means from another place: the old one ends here.
                self.subscriptions.remove(&c.stream);
                if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
                    self.drop_subscription(c.stream);
                    self.answer(ServerFrame::Error(too_many_streams().answering(id))).await?;
                    continue;
                }
            }
            self.running = Some(Running { outcome: carry_out(self.context(), id, command).boxed(), text });
        }
        Ok(())
    }

    async fn finish(&mut self, outcome: Outcome) -> Result<(), Ending> {
        let text = self.running.take().map_or_else(String::new, |running| running.text);
        self.tell_what_happened().await?;
        match outcome {
            Outcome::Answer(answer) => {
                self.answer(answer).await?;
                failpoint::hit(Point::AfterAck, || text);
                Ok(())
            }
            Outcome::NotSubscribed { stream, answer } => {
                self.drop_subscription(stream);
                self.answer(answer).await
            }
            Outcome::Subscribed { id, stream, admitted } => {
                self.acknowledge(id, text).await?;
                self.begin(stream, admitted, true).await
            }
        }
    }

    async fn acknowledge(&mut self, id: CommandId, text: String) -> Result<(), Ending> {
        self.answer(ServerFrame::Ack { id, done: Done::Unchanged }).await?;
        failpoint::hit(Point::AfterAck, || text);
        Ok(())
    }

    /// An answer comes after the events that were committed before it, where their streams are followed.
    async fn tell_what_happened(&mut self) -> Result<(), Ending> {
        self.take_news().await?;
        self.deliver().await
    }

    async fn take_news(&mut self) -> Result<(), Ending> {
        let news = self.registration.follower().take();
        self.fresh.extend(news.streams);
        for (room, happened) in news.rooms {
            self.rooms.mark(room, happened);
        }
        let cursors = news.cursors.into_iter();
        let cursors = cursors.map(|(room, cursor)| frame(&ServerFrame::Cursor { room, cursor }));
        let mut frames: Vec<_> = news.viewing.map(|shown| frame(&ServerFrame::Viewing { shown })).into_iter().collect();
        frames.extend(cursors);
        frames.extend(self.lane_frames(&news.presence, &news.typing));
        self.send(frames).await
    }

    async fn tell_heads(&mut self) -> Result<(), Ending> {
        let frames: Vec<_> = self.rooms.take(&self.registration).iter().map(frame).collect();
        self.send(frames).await
    }

    /// Says that the server is there, and where the followed streams end.
    async fn beat(&mut self) -> Result<(), Ending> {
        self.next_heartbeat = Instant::now() + HEARTBEAT_INTERVAL;
        // The heads are those of what was sent: whatever is still in a ring goes first.
        for (stream, subscription) in &self.subscriptions {
            if self.registration.stream_head(*stream).is_some_and(|head| head.seq > subscription.cursor.seq) {
                self.fresh.insert(*stream);
            }
        }
        self.deliver().await?;
        let mut heads: Vec<_> = self
            .subscriptions
            .iter()
            .map(|(stream, subscription)| StreamHead { stream: *stream, head: subscription.cursor })
            .collect();
        heads.sort_unstable_by_key(|head| head.stream);
        let heartbeat = ServerFrame::Heartbeat { now: self.sockets.clock.now(), heads };
        self.write([Message::Ping(Default::default()), Message::Text(frame(&heartbeat))]).await
    }

    /// Goes on a little, another time for everyone: not all come to the next server at once.
    fn restart_soon(&mut self) {
        self.restart_at = Some(Instant::now() + spread(&self.sockets.random, RESTART_SPREAD_MS));
    }

    fn restart(&self) -> Ending {
        Ending::restart(spread(&self.sockets.random, RESTART_RETRY_MS).as_millis())
    }

    pub(super) fn context(&self) -> Context {
        Context {
            sockets: Arc::clone(&self.sockets),
            registration: Arc::clone(&self.registration),
            actor: self.actor.clone(),
        }
    }

    pub(super) fn mark_all(&mut self, rooms: &[RoomId]) {
        for room in rooms {
            self.rooms.mark(*room, RoomNews::recount());
        }
    }

    pub(super) async fn answer(&mut self, answer: ServerFrame) -> Result<(), Ending> {
        self.send([frame(&answer)]).await
    }

    pub(super) async fn send(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), Ending> {
        self.write(frames.into_iter().map(Message::Text)).await
    }

    /// Writes messages in one go. Each has to make progress; the session may end meanwhile.
    async fn write(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), Ending> {
        let socket = &mut self.socket;
        let mut is_written = false;
        for message in messages {
            is_written = true;
            tokio::select! {
                biased;
                () = self.session.ended() => return Err(Ending::session_ended()),
                fed = timeout(PROGRESS_MAX, socket.feed(message)) => stalled(fed)?,
            }
        }
        if is_written {
            tokio::select! {
                biased;
                () = self.session.ended() => return Err(Ending::session_ended()),
                flushed = timeout(PROGRESS_MAX, socket.flush()) => stalled(flushed)?,
            }
        }
        Ok(())
    }

    /// Says why, then waits for the peer to hang up: hanging up first could cost it the reason.
    async fn close(&mut self, ending: Ending) {
        if let Some(message) = ending.message() {
            if self.socket.send(message).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        } else if ending == Ending::Gone {
            // Sends the answer to a close frame, if there was one.
            let _ = self.socket.close().await;
        }
    }
}

/// One encoded frame.
pub(super) fn frame(frame: &ServerFrame) -> Utf8Bytes {
    encode(frame).into()
}

async fn finished(running: &mut Option<Running>) -> Outcome {
    match running {
        Some(running) => (&mut running.outcome).await,
        None => pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

fn stalled<E: Into<Ending>>(written: Result<Result<(), E>, tokio::time::error::Elapsed>) -> Result<(), Ending> {
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Ending::Stalled),
    }
}

fn too_many_streams() -> ErrorBody {
    ErrorBody {
        message: format!("One connection follows at most {SUBSCRIPTIONS_MAX} streams. Unsubscribe from one first.")
            .into(),
        ..ErrorBody::new(ErrorCode::TooLarge)
    }
}
