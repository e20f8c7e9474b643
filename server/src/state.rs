//! What every request and every socket shares.

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    assets::Assets,
    auth::{connected::ConnectedSessions, password::Passwords, throttle::Throttle},
    bus::{Bus, LocalBus},
    clock::{Clock, Randomness},
    config::Config,
    hub::Hub,
    rates::Rates,
    sabotage::Without,
    serve::Drain,
    socket::{self, Sockets},
    store::{Store, StoreError, StreamStore, sqlite::SqliteStore},
};

/// The state of one running server. Handlers take it as `State<AppState>`.
pub struct App {
    /// The settings, as the operator gave them.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Random bytes.
    pub random: Randomness,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// The built front end.
    pub assets: Assets,
    /// Hashes passwords off the async threads, a bounded number at a time.
    pub passwords: Passwords,
    /// How often one user may do something.
    pub rates: Arc<Rates>,
    /// Counts failed log-ins and sign-ups.
    pub throttle: Throttle,
    /// Fan-out to the sockets.
    pub hub: Arc<Hub>,
    /// The sockets.
    pub sockets: Arc<Sockets>,
    /// The sessions that have sockets, and how they learn that they have ended.
    pub sessions: ConnectedSessions,
    /// How the server leaves.
    pub drain: Arc<Drain>,
    /// Connections and sockets run here: they end first.
    pub connections: TaskTracker,
    /// The tasks behind them run here, so that stopping can wait for them.
    pub tasks: TaskTracker,
    /// Cancelled when no connection needs those any more.
    pub stopping: CancellationToken,
}

/// How handlers hold the state.
pub type AppState = Arc<App>;

impl App {
    /// Opens the data directory and makes the state of a server that runs on it.
    ///
    /// # Errors
    /// The database cannot be opened or brought to this version's schema.
    pub async fn open(config: Config, clock: Clock, random: Randomness) -> Result<AppState, StoreError> {
        Self::open_on(config, clock, random, Arc::new(LocalBus::alone())).await
    }

    /// The same for one of several nodes, which reaches the others over `bus`.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_on(
        config: Config,
        clock: Clock,
        random: Randomness,
        bus: Arc<dyn Bus>,
    ) -> Result<AppState, StoreError> {
        Self::open_without(config, clock, random, bus, Without::from_environment()).await
    }

    /// The same, with something taken away, so that a test sees what it is for.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_without(
        config: Config,
        clock: Clock,
        random: Randomness,
        bus: Arc<dyn Bus>,
        without: Without,
    ) -> Result<AppState, StoreError> {
        let (hub, hub_task) = Hub::without(bus, &config.limits, clock.clone(), &random, without);
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open_without(&config.data, hub.clone(), &config.limits, without).await?);
        let streams: Arc<dyn StreamStore> = store.clone();
        let (sessions, stopping, tasks) = (ConnectedSessions::default(), CancellationToken::new(), TaskTracker::new());
        let rates = Arc::new(Rates::new(clock.clone(), &config.limits));
        tasks.spawn(hub_task.run(streams.clone(), sessions.clone(), stopping.clone()));
        tasks.spawn(Arc::clone(hub.presence()).run(store.clone(), stopping.clone()));
        let drain = Arc::<Drain>::default();
        let assets = Assets::load();
        let sockets = Sockets::new(socket::Shared {
            hub: hub.clone(),
            streams,
            people: store.clone(),
            rates: rates.clone(),
            clock: clock.clone(),
            random: random.clone(),
            limits: config.limits.clone(),
            build: assets.build().to_owned(),
            drain: drain.clone(),
            progress_max: config.timeouts.progress,
            without,
        });
        let sockets = Arc::new(sockets);
        tasks.spawn(Arc::clone(&sockets).keep_time(stopping.clone()));
        Ok(Arc::new(Self {
            assets,
            passwords: Passwords::new(random.clone(), &config.limits),
            rates,
            hub,
            sockets,
            throttle: Throttle::new(clock.clone(), &config.limits),
            sessions,
            drain,
            connections: TaskTracker::new(),
            tasks,
            stopping,
            store,
            config,
            clock,
            random,
        }))
    }
}
