//! One connection: a task that reads commands, carries them out in order, and writes what the hub has.
//!
//! Nothing here queues events. The hub says which streams have something new; what is taken from their rings is
//! written at once, a bounded piece at a time, and only then more is taken. A command that waits for the disk
//! does not hold up events, and a peer that does not read holds up only itself.

use std::{
    collections::VecDeque,
    future::{pending, poll_fn, ready},
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::{Message, Utf8Bytes};
use futures::{Sink, SinkExt as _, Stream, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use protocol::{
    ClientFrame, RoomId, ServerFrame, encode,
    frame::StreamHead,
    limits::{HEARTBEAT_INTERVAL_MS, SERVER_SILENCE_MS_MAX},
};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    Sockets,
    commands::Context,
    delivery::Chore,
    ending::Ending,
    intake::{COMMANDS_WAITING_MAX, Running, finished},
    presence::Lane,
    rooms::Rooms,
    subscription::Subscription,
};
use crate::{
    auth::connected::SessionGuard,
    hub::{Bells, Registration, RoomNews},
    serve::ANSWER_MAX,
    store::Actor,
};

/// How long a peer may take nothing of what is written to it.
pub(super) const PROGRESS_MAX: Duration = Duration::from_secs(15);

/// How long a peer may take to answer a close frame.
const CLOSING_MAX: Duration = Duration::from_secs(2);

const SILENCE_MAX: Duration = Duration::from_millis(SERVER_SILENCE_MS_MAX);
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(HEARTBEAT_INTERVAL_MS);

/// See the module. `S` is the WebSocket; tests bring another one.
pub(super) struct Connection<S> {
    pub(super) sockets: Arc<Sockets>,
    pub(super) registration: Arc<Registration>,
    pub(super) actor: Actor,
    session: SessionGuard,
    socket: S,

    pub(super) waiting: VecDeque<ClientFrame>,
    pub(super) running: Option<Running>,

    /// As many as `SUBSCRIPTIONS_MAX`, mostly one to three.
    pub(super) subscriptions: Vec<Subscription>,
    /// Counts subscriptions, to tell old ones from new ones.
    pub(super) generation: u64,
    /// Rings may have something that was not taken yet.
    pub(super) is_fresh: bool,
    pub(super) rooms: Rooms,
    pub(super) lane: Lane,
    /// Reads of the store that are under way; at most two a subscription, and one a joined room.
    pub(super) chores: FuturesUnordered<BoxFuture<'static, Chore>>,

    pub(super) heard_at: Instant,
    next_heartbeat: Instant,
    /// When the connection is closed because the server stops.
    restart_at: Option<Instant>,
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
            subscriptions: Vec::new(),
            generation: 0,
            is_fresh: false,
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
                () = self.sockets.drain.leaving().cancelled(), if self.restart_at.is_none() => self.restart_soon(),
                () = at(self.restart_at) => return Err(self.leave().await),
                heard = self.socket.next(), if self.waiting.len() < COMMANDS_WAITING_MAX => self.hear(heard).await?,
                outcome = finished(&mut self.running), if self.running.is_some() => self.finish(outcome).await?,
                Some(chore) = self.chores.next() => self.after(chore).await?,
                rung = poll_fn(|cx| self.registration.follower().poll_rung(cx)) => self.look(rung).await?,
                () = ready(()), if self.is_fresh => self.deliver().await?,
                () = at(heads_due) => self.tell_heads().await?,
                () = sleep_until(self.next_heartbeat) => self.beat().await?,
                () = sleep_until(self.heard_at + SILENCE_MAX) => return Err(Ending::silent()),
            }
        }
    }

    /// An answer comes after the events that were committed before it, where their streams are followed.
    pub(super) async fn tell_what_happened(&mut self) -> Result<(), Ending> {
        self.take_news().await?;
        self.deliver().await
    }

    async fn look(&mut self, rung: Bells) -> Result<(), Ending> {
        self.is_fresh |= rung.has(Bells::STREAMS);
        if rung.has(Bells::NEWS) { self.take_news().await } else { Ok(()) }
    }

    async fn take_news(&mut self) -> Result<(), Ending> {
        let news = self.registration.follower().take();
        for (room, happened) in news.rooms {
            self.rooms.mark(room, happened);
        }
        let cursors = news.cursors.into_iter();
        let cursors = cursors.map(|(room, cursor)| frame(&ServerFrame::Cursor { room, cursor }));
        let mut frames: Vec<_> = news.viewing.map(|shown| frame(&ServerFrame::Viewing { shown })).into_iter().collect();
        frames.extend(cursors);
        frames.extend(news.seen.into_iter().map(|(room, up_to)| frame(&ServerFrame::Seen { room, up_to })));
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
        self.deliver().await?;
        let mut heads: Vec<_> = self
            .subscriptions
            .iter()
            .map(|subscription| StreamHead { stream: subscription.stream(), head: subscription.cursor })
            .collect();
        heads.sort_unstable_by_key(|head| head.stream);
        let heartbeat = ServerFrame::Heartbeat { now: self.sockets.clock.now(), heads };
        self.write([Message::Ping(Default::default()), Message::Text(frame(&heartbeat))]).await
    }

    /// Goes on until it is this one's turn: not all are told at once.
    fn restart_soon(&mut self) {
        self.restart_at = Some(Instant::now() + self.sockets.drain.turn());
    }

    /// Answers what is being carried out, after what happened before it. What waits was not begun: its client sends it
    /// to the next server.
    async fn leave(&mut self) -> Ending {
        if self.running.is_some()
            && let Ok(outcome) = timeout(ANSWER_MAX, finished(&mut self.running)).await
            && let Err(ending) = self.finish(outcome).await
        {
            return ending;
        }
        match self.tell_what_happened().await {
            Ok(()) => Ending::restart(self.sockets.drain.retry(&self.sockets.random).as_millis()),
            Err(ending) => ending,
        }
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
