//! One connection: a task that reads commands, carries them out in order, and writes what the hub has.
//!
//! Nothing here queues events: what the hub has stays there until there is room for it in the [`Outbox`], which is
//! bounded in bytes and written as the peer takes it. Everything goes on beside that: a command that waits for the disk
//! does not hold up events, and a peer that does not read holds up only itself. What the connection waits for is looked at in
//! one place ([`Connection::poll_event`]); its times are kept by the [`Wheel`](super::wheel::Wheel).

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{
    FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _, future::BoxFuture, stream::FuturesUnordered,
};
use protocol::{ClientFrame, RoomId, ServerFrame, encode, frame::StreamHead};
use tokio::time::timeout;
use tungstenite::{Message, Utf8Bytes};

use super::{
    Sockets, commands,
    delivery::Chore,
    ending::Ending,
    intake::{COMMANDS_WAITING_MAX, Running},
    news::Piece,
    outbox::{Outbox, Written},
    presence::Lane,
    rooms::Rooms,
    subscription::Subscription,
    wheel::Place,
};
use crate::{
    auth::connected::SessionGuard,
    hub::{Bells, Registration, RoomNews},
    serve::ANSWER_MAX,
    store::Actor,
};

/// How long a peer may take to answer a close frame.
const CLOSING_MAX: Duration = Duration::from_secs(2);

/// See the module. `S` is the WebSocket; tests bring another one.
pub(super) struct Connection<S> {
    pub(super) sockets: Arc<Sockets>,
    pub(super) registration: Arc<Registration>,
    pub(super) actor: Actor,
    socket: S,
    pub(super) outbox: Outbox,
    pub(super) place: Place,
    /// Bytes that may wait for the peer before nothing more is read from it.
    waiting_bytes_max: usize,

    pub(super) waiting: VecDeque<ClientFrame>,
    pub(super) running: Option<Running>,
    /// What the failpoints look for in commands whose answers wait; empty without them.
    pub(super) answered: Vec<String>,

    /// As many as `SUBSCRIPTIONS_MAX`, mostly one to three.
    pub(super) subscriptions: Vec<Subscription>,
    /// Which of them is looked at first: each in its turn.
    pub(super) turn: usize,
    /// Counts subscriptions, to tell old ones from new ones.
    pub(super) generation: u64,
    pub(super) rooms: Rooms,
    pub(super) lane: Lane,
    /// Taken from the mailbox and not told yet, the next one last.
    pub(super) pieces: Vec<Piece>,
    /// There may be something in the mailbox.
    pub(super) has_mail: bool,
    /// Reads of the store that are under way; at most two a subscription, and one a joined room. None mostly.
    chores: Option<Chores>,
    /// Dropped last: the session has a socket until then.
    _session: SessionGuard,
}

type Chores = FuturesUnordered<BoxFuture<'static, Chore>>;

/// What a connection has waited for.
enum Event<E> {
    Heard(Option<Result<Message, E>>),
    Chore(Chore),
    /// Something else can go on: there is room for more, a command is done, or heads are due.
    Ready,
}

/// What was not to be told any more.
struct SessionEnded;

impl<S, E> Connection<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin + Send,
    E: Into<Ending>,
{
    /// `written` counts what goes to the network below `socket`.
    pub(super) fn new(
        sockets: Arc<Sockets>,
        actor: Actor,
        mut session: SessionGuard,
        socket: S,
        written: Option<Arc<dyn Written>>,
    ) -> Box<Self> {
        let registration = Arc::new(Registration::new(&sockets.hub, actor.user.id));
        let outbox = Outbox::new(written, sockets.without);
        session.rings(registration.follower());
        Box::new(Self {
            place: sockets.wheel.enter(registration.follower()),
            waiting_bytes_max: usize::try_from(sockets.limits.socket_waiting_bytes).unwrap_or(usize::MAX),
            registration,
            sockets,
            actor,
            socket,
            outbox,
            waiting: VecDeque::new(),
            running: None,
            answered: Vec::new(),
            subscriptions: Vec::new(),
            turn: 0,
            generation: 0,
            rooms: Rooms::new(),
            lane: Lane::default(),
            pieces: Vec::new(),
            has_mail: false,
            chores: None,
            _session: session,
        })
    }

    /// Runs until the connection is over. The future is small, and what the connection has is there once: an `async fn`
    /// keeps what is moved through it in several places.
    pub(super) async fn run(mut self: Box<Self>) {
        let Err(ending) = self.serve().await;
        let over = self.sockets.drain.over().clone();
        // Apart: what only its end takes is not there for all its life. One that does not come to it is given up.
        let _ = Box::pin(over.run_until_cancelled_owned(self.take_leave(ending))).await;
    }

    async fn take_leave(mut self: Box<Self>, mut ending: Ending) {
        if ending.is_restart() && self.leave().await.is_err() {
            ending = Ending::session_ended();
        }
        if ending == Ending::session_ended() {
            self.registration.log_out();
            // Nothing more for who has no session any more.
            self.outbox.clear();
        }
        tracing::debug!(user = %self.actor.user.id, ?ending, "connection ended");
        let reads = finish_reads(self.running.take(), self.chores.take());
        let _ = tokio::join!(timeout(CLOSING_MAX, self.close(ending)), timeout(CLOSING_MAX, reads));
    }

    async fn serve(&mut self) -> Result<Infallible, Ending> {
        let hello = self.sockets.hello(self.actor.user.clone());
        self.answer(&ServerFrame::Hello(hello));
        self.load_rooms();
        loop {
            if self.outbox.room() > 0 {
                self.finish();
            }
            self.start_next();
            self.fill();
            match poll_fn(|cx| self.poll_event(cx)).await? {
                Event::Heard(heard) => self.hear(heard)?,
                Event::Chore(chore) => self.after(chore)?,
                Event::Ready => {}
            }
        }
    }

    /// Answers what is being carried out, after what happened before it. What waits was not begun: its client sends it to
    /// the next server.
    ///
    /// # Errors
    /// The session has ended meanwhile.
    async fn leave(&mut self) -> Result<(), SessionEnded> {
        if let Some(running) = self.running.as_mut().filter(|running| running.is_done.is_none())
            && let Ok(outcome) = timeout(ANSWER_MAX, &mut running.outcome).await
        {
            running.is_done = Some(Box::new(outcome));
        }
        if self.registration.follower().rung().has(Bells::SESSION_ENDED) {
            return Err(SessionEnded);
        }
        self.finish();
        self.has_mail = true;
        self.fill();
        Ok(())
    }

    /// What there is to do next. Whatever is under way goes on, also when nothing of what comes of it can be written.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event<E>, Ending>> {
        while let Poll::Ready(bells) = self.registration.follower().poll_rung(cx) {
            self.rung(bells)?;
            // Here, so that what an event takes is one pass.
            self.fill();
        }
        let had_room = self.outbox.room() > 0;
        if self.outbox.poll_write(&mut self.socket, &self.place, cx)?.is_ready() {
            self.has_answered();
        }
        let has_room = self.outbox.room() > 0;
        let mut is_ready = has_room && !had_room;
        if let Some(running) = self.running.as_mut().filter(|running| running.is_done.is_none())
            && let Poll::Ready(outcome) = running.outcome.poll_unpin(cx)
        {
            running.is_done = Some(Box::new(outcome));
            return Poll::Ready(Ok(Event::Ready));
        }
        if let Some(chores) = &mut self.chores {
            match chores.poll_next_unpin(cx) {
                Poll::Ready(Some(chore)) => return Poll::Ready(Ok(Event::Chore(chore))),
                Poll::Ready(None) => self.chores = None,
                Poll::Pending => {}
            }
        }
        is_ready |= has_room && self.rooms.poll_due(cx).is_ready();
        if self.waiting.len() < COMMANDS_WAITING_MAX
            && self.outbox.bytes() < self.waiting_bytes_max
            && let Poll::Ready(heard) = self.socket.poll_next_unpin(cx)
        {
            return Poll::Ready(Ok(Event::Heard(heard)));
        }
        if is_ready { Poll::Ready(Ok(Event::Ready)) } else { Poll::Pending }
    }

    fn rung(&mut self, bells: Bells) -> Result<(), Ending> {
        if bells.has(Bells::SESSION_ENDED) {
            return Err(Ending::session_ended());
        }
        if bells.has(Bells::LEAVING) {
            return Err(Ending::restart(self.sockets.drain.retry(&self.sockets.random).as_millis()));
        }
        if bells.has(Bells::STALLED) {
            return Err(Ending::Stalled);
        }
        if bells.has(Bells::SILENT) {
            return Err(Ending::silent());
        }
        if bells.has(Bells::BEAT) {
            self.beat();
        }
        // Streams and mail are looked at before anything is waited for again.
        self.has_mail |= bells.has(Bells::NEWS);
        Ok(())
    }

    /// Takes as much of what the hub has as there is room for.
    pub(super) fn fill(&mut self) {
        self.tell_news();
        self.deliver();
        self.tell_heads();
    }

    /// Says that the server is there, and where the followed streams end.
    fn beat(&mut self) {
        // The heads are those of what was sent: what there is room for of what is still in a ring goes first.
        self.fill();
        let mut heads: Vec<_> = self
            .subscriptions
            .iter()
            .map(|subscription| StreamHead { stream: subscription.stream(), head: subscription.cursor })
            .collect();
        heads.sort_unstable_by_key(|head| head.stream);
        let heartbeat = ServerFrame::Heartbeat { now: self.sockets.clock.now(), heads };
        self.outbox.push(Message::Ping(Default::default()));
        self.answer(&heartbeat);
    }

    /// Begins a read of the store.
    pub(super) fn begin_chore(&mut self, chore: impl Future<Output = Chore> + Send + 'static) {
        self.chores.get_or_insert_default().push(chore.boxed());
    }

    pub(super) fn context(&self) -> commands::Context {
        commands::Context {
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

    pub(super) fn answer(&mut self, answer: &ServerFrame) {
        self.outbox.push(Message::Text(frame(answer)));
    }

    /// Says why, after what was to be said before, then waits for the peer to hang up: hanging up first could cost it
    /// the reason.
    async fn close(&mut self, ending: Ending) {
        if let Some(message) = ending.message() {
            self.outbox.push(message);
            if poll_fn(|cx| self.outbox.poll_write(&mut self.socket, &self.place, cx)).await.is_ok() {
                self.has_answered();
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        } else if ending == Ending::Gone {
            // Sends the answer to a close frame, if there was one.
            let _ = self.socket.close().await;
        }
    }
}

/// Lets what was begun end by itself: a database connection that is dropped half-way has to be thrown away.
async fn finish_reads(running: Option<Running>, chores: Option<Chores>) {
    if let Some(running) = running.filter(|running| running.is_done.is_none()) {
        running.outcome.await;
    }
    let mut chores = chores.unwrap_or_default();
    while chores.next().await.is_some() {}
}

/// One encoded frame.
pub(super) fn frame(frame: &ServerFrame) -> Utf8Bytes {
    encode(frame).into()
}
