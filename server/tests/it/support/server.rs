//! A server with a stopped clock, predictable tokens and a directory of its own.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, thread::JoinHandle, time::Duration};

use futures::future::join_all;
use protocol::{RoomId, UnixMs, UserId, Username};
use reqwest::header::HeaderMap;
use server::{
    App, AppState, Config,
    auth::{connected::SessionGuard, extract::session_of},
    bus::LocalBus,
    clock::{Clock, Randomness},
    run_app,
    sabotage::Without,
    store::{
        Actor,
        accounts::{Account, Session},
    },
};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    runtime::{Handle, Runtime},
    sync::oneshot,
};

use super::{Client, PASSWORD, socket::post};

/// 2026-01-01T00:00:00Z.
const START: UnixMs = UnixMs(1_767_225_600_000);

/// A running server. Dropping it stops it and asserts that it left nothing: no task, no socket, no file.
pub(crate) struct TestServer {
    /// The server's state. What asks the store goes through [`TestServer::ask`].
    pub(crate) app: AppState,
    runtime: Handle,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    directory: TempDir,
}

impl TestServer {
    /// With the default settings.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With changed settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::without(Without::NOTHING, change).await
    }

    /// With changed settings, and something taken away.
    pub(crate) async fn without(without: Without, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: directory.path().to_owned(),
            ..Config::default()
        };
        change(&mut config);

        // A runtime of its own: the server stops, and can be waited for, whatever the test's runtime does.
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, start) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind(config.listen).await.unwrap();
                config.listen = listener.local_addr().unwrap();
                let (clock, random, bus) = (Clock::manual(START), Randomness::seeded(7), Arc::new(LocalBus::alone()));
                let app = App::open_without(config, clock, random, bus, without).await.unwrap();
                started.send((Arc::clone(&app), Handle::current())).ok().unwrap();
                let shutdown = async { _ = stopped.await };
                run_app(listener, app, shutdown).await.unwrap();
            });
            // Blocking work that was started is finished; tasks that were forgotten show below.
            runtime.shutdown_timeout(Duration::from_secs(5));
        });
        let (app, runtime) = start.await.unwrap();
        Self { address: app.config.listen, app, runtime, stop: Some(stop), thread: Some(thread), directory }
    }

    /// Somebody without an account, whose browser has no cookie.
    pub(crate) fn visitor(&self) -> Client {
        Client::new(self.address)
    }

    /// Somebody who has just signed up.
    pub(crate) async fn user(&self, name: &str) -> Client {
        let mut client = self.visitor();
        let answer = client.post_form("/signup", &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{name} could not sign up: {}", answer.body);
        client
    }

    /// Asks the server's own state. It happens on the server's runtime: a database connection is given back on
    /// the runtime that used it, and the test's runtime stands still while the server is being stopped.
    pub(crate) async fn ask<T, F>(&self, question: impl FnOnce(AppState) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.spawn(question(Arc::clone(&self.app))).await.unwrap()
    }

    /// The account with this name.
    pub(crate) async fn account(&self, name: &str) -> Account {
        let name = Username::parse(name).unwrap();
        self.ask(|app| async move { app.store.account(&name).await }).await.unwrap().unwrap()
    }

    /// Lets somebody say all this as fast as the store takes it: no bucket is asked, and what comes together is one commit.
    pub(crate) async fn says_at_once(&self, name: &str, room: RoomId, texts: impl Iterator<Item = String>) {
        /// As many as a commit takes; the store's queue has room for several.
        const AT_ONCE: usize = 256;
        let actor = Actor { user: self.account(name).await.user, is_owner: false };
        let posts: Vec<_> = texts.map(|text| post(room, &text)).collect();
        self.ask(|app| async move {
            for posts in posts.chunks(AT_ONCE) {
                let stored = posts.iter().map(|post| app.store.execute(&actor, post.clone(), UnixMs(0)));
                assert!(join_all(stored).await.iter().all(Result::is_ok), "something was not stored");
            }
        })
        .await;
    }

    /// The session that a client has.
    pub(crate) async fn session(&self, client: &Client) -> Session {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", client.cookie.as_ref().expect("logged in").parse().unwrap());
        self.ask(|app| async move { session_of(&app, &headers).await }).await.unwrap().expect("logged in")
    }

    /// Stands for a socket: learns when the client's session has ended.
    pub(crate) async fn socket_of(&self, client: &Client) -> SessionGuard {
        self.app.sessions.attach(&self.session(client).await)
    }

    /// Moves the server's clock.
    pub(crate) fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
    }

    /// Where the server keeps its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// All accounts.
    pub(crate) async fn accounts(&self) -> Vec<Account> {
        self.ask(|app| async move { app.store.accounts(UserId(0), 1_000).await }).await.unwrap()
    }

    /// The names of all accounts.
    pub(crate) async fn names(&self) -> Vec<String> {
        self.accounts().await.into_iter().map(|account| account.user.name.to_string()).collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let stop = self.stop.take().expect("a server is dropped once");
        // It has ended already when it panicked; joining says so.
        _ = stop.send(());
        let joined = self.thread.take().expect("a server is dropped once").join();
        if std::thread::panicking() {
            return;
        }
        assert!(joined.is_ok(), "the server panicked");
        assert_eq!(self.app.connections.len(), 0, "connections are left");
        assert_eq!(self.app.tasks.len(), 0, "tasks are left");
        assert_eq!(self.app.sessions.count(), 0, "sockets are left");
        assert_eq!(Arc::strong_count(&self.app), 1, "something still holds the state");
        let mut files: Vec<_> =
            std::fs::read_dir(self.directory.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, ["parlor.db"], "files are left");
    }
}
