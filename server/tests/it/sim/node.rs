//! One node: the server's hub, presence and sockets on a store of its own; what is left out is HTTP.

use std::sync::Arc;

use client::{Answer, At, Fetch, FetchFailure, Page};
use protocol::{ErrorCode, UserId, UserRef};
use server::{
    auth::connected::ConnectedSessions,
    clock::{Clock, Randomness},
    hub::Hub,
    limits::Limits,
    rates::Rates,
    sabotage::Without,
    serve::{Drain, Timeouts},
    socket::{Shared, Sockets},
    store::{
        PageAt, StreamStore, WindowAt,
        accounts::{Role, Session, SessionId},
    },
};
use tokio::{io::DuplexStream, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{bus::SimBus, disk::Disk, reading::Windows, store::SimStore};

/// Bytes of a ring: a few events, so that who is slow falls behind it.
const RING_BYTES: u64 = 3_000;

/// See the module. Dropped, it has died: whatever it was doing is not done.
pub(crate) struct Node {
    pub(crate) on_bus: u64,
    pub(crate) store: Arc<SimStore>,
    pub(crate) hub: Arc<Hub>,
    sockets: Arc<Sockets>,
    sessions: ConnectedSessions,
    drain: Arc<Drain>,
    stopping: CancellationToken,
    connections: TaskTracker,
    tasks: JoinSet<()>,
}

impl Node {
    pub(crate) fn start(disk: &Arc<Disk>, bus: &Arc<SimBus>, clock: &Clock, seed: u64, without: Without) -> Self {
        let (end, random) = (bus.join(), Randomness::seeded(seed));
        // Nobody is refused for asking too often: that is another test's.
        let limits = Limits {
            posts_burst: 100_000,
            writes_burst: 100_000,
            reads_burst: 100_000,
            room_posts_burst: 100_000,
            ring_bytes: RING_BYTES,
            ..Limits::default()
        };
        let on_bus = end.node;
        let (hub, hub_task) = Hub::without(Arc::new(end), &limits, clock.clone(), &random, without);
        let (store, writing) = SimStore::open(disk, hub.clone(), Windows::SMALL);
        let store = Arc::new(store);
        let (sessions, stopping) = (ConnectedSessions::default(), CancellationToken::new());
        let drain = Arc::<Drain>::default();
        let sockets = Arc::new(Sockets::new(Shared {
            hub: hub.clone(),
            streams: store.clone(),
            people: store.clone(),
            rates: Arc::new(Rates::new(clock.clone(), &limits)),
            clock: clock.clone(),
            random,
            limits,
            build: "model".to_owned(),
            drain: drain.clone(),
            progress_max: Timeouts::default().progress,
            without,
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(writing);
        tasks.spawn(hub_task.run(store.clone(), sessions.clone(), stopping.clone()));
        tasks.spawn(Arc::clone(hub.presence()).run(store.clone(), stopping.clone()));
        tasks.spawn(Arc::clone(&sockets).keep_time(stopping.clone()));
        let connections = TaskTracker::new();
        Self { on_bus, store, hub, sockets, sessions, drain, stopping, connections, tasks }
    }

    /// Takes a device in.
    pub(crate) fn serve(&mut self, user: &UserRef, device: usize, stream: DuplexStream) {
        let id = SessionId(device as u64 + 1);
        let session = Session { id, user: user.clone(), role: Role::Member, seen_at: protocol::UnixMs(0) };
        let connection = Arc::clone(&self.sockets).serve(&session, &self.sessions, stream);
        self.tasks.spawn(self.connections.track_future(connection));
    }

    /// Whether one of its tasks has panicked.
    pub(crate) fn has_panicked(&mut self) -> bool {
        let mut has_panicked = false;
        while let Some(ended) = self.tasks.try_join_next() {
            has_panicked |= ended.is_err_and(|error| error.is_panic());
        }
        has_panicked
    }

    /// Leaves as a server does that is told to; ends when all connections have.
    pub(crate) fn leave(&self) -> impl Future<Output = ()> + Send + 'static {
        let (connections, stopping, store) = (self.connections.clone(), self.stopping.clone(), Arc::clone(&self.store));
        self.drain.leave(connections.len() as u64);
        connections.close();
        async move {
            connections.wait().await;
            stopping.cancel();
            store.closing.cancel();
        }
    }

    pub(crate) fn is_leaving(&self) -> bool {
        !self.drain.is_ready()
    }
}

/// What a client is answered over HTTP.
pub(crate) async fn answer(store: &SimStore, user: UserId, request: &Fetch) -> Result<Answer, FetchFailure> {
    let none = || FetchFailure(Some(ErrorCode::NotFound.into()));
    match request {
        Fetch::Inbox => store.inbox(user).await.map(Answer::Inbox).map_err(|_| FetchFailure(None)),
        Fetch::Room { room, at } => {
            let snapshot = store.room(user, *room, place(*at)).await.map_err(|_| FetchFailure(None))?;
            snapshot.map(|room| Answer::Room(Box::new(room))).ok_or_else(none)
        }
        Fetch::History { room, page, .. } => {
            let at = match page {
                Page::Before(seq) => PageAt::Before(*seq),
                Page::After(seq) => PageAt::After(*seq),
            };
            let lines = u32::try_from(Windows::SMALL.lines).unwrap();
            let page = store.history(user, *room, at, lines).await.map_err(|_| FetchFailure(None))?;
            page.map(Answer::History).ok_or_else(none)
        }
        Fetch::Summaries(rooms) => {
            store.summaries(user, rooms).await.map(Answer::Summaries).map_err(|_| FetchFailure(None))
        }
    }
}

pub(crate) fn place(at: At) -> WindowAt {
    match at {
        At::Unread => WindowAt::Unread,
        At::End => WindowAt::End,
        At::Line(seq) => WindowAt::Line(seq),
    }
}
