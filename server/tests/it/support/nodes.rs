//! Several nodes of one Parlor: one database, one bus, an address each.

use std::{net::SocketAddr, sync::Arc};

use protocol::UnixMs;
use server::{
    App, Config,
    bus::{LocalBus, Network},
    clock::{Clock, Randomness},
    run_app,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::{Client, PASSWORD, socket::unlimited};

/// Nodes that run until they are stopped.
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    network: Network,
    _directory: TempDir,
}

struct Node {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Nodes {
    /// That many, with buckets that are never empty.
    pub(crate) async fn start(count: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let network = Network::default();
        let mut nodes = Vec::new();
        for number in 0..count {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let mut config = Config { listen: address, data: directory.path().to_owned(), ..Config::default() };
            unlimited(&mut config);
            let clock = Clock::manual(UnixMs(1_767_225_600_000));
            let bus = Arc::new(network.join());
            let app = App::open_on(config, clock, Randomness::seeded(number), bus).await.unwrap();
            let (stop, stopped) = oneshot::channel::<()>();
            let running = run_app(listener, app, async { _ = stopped.await });
            let task = tokio::spawn(async { running.await.unwrap() });
            nodes.push(Node { address, stop, task });
        }
        Self { nodes, network, _directory: directory }
    }

    /// Somebody at one of the nodes, without a cookie.
    pub(crate) fn visitor(&self, node: usize) -> Client {
        Client::new(self.nodes[node].address)
    }

    /// Somebody who has just signed up at a node.
    pub(crate) async fn user(&self, node: usize, name: &str) -> Client {
        let mut client = self.visitor(node);
        let answer = client.post_form("/signup", &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{name} could not sign up: {}", answer.body);
        client
    }

    /// One more node as far as the others hear, which has no store.
    pub(crate) fn impostor(&self) -> LocalBus {
        self.network.join()
    }

    /// Somebody who is logged in, at another node.
    pub(crate) fn at(&self, node: usize, client: &Client) -> Client {
        Client { cookie: client.cookie.clone(), ..self.visitor(node) }
    }

    /// Stops all of them.
    pub(crate) async fn stop(self) {
        for node in self.nodes {
            _ = node.stop.send(());
            node.task.await.unwrap();
        }
    }
}
