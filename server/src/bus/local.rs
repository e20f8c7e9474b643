//! The bus inside one process: a server alone, or several in one test.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::{Bus, BusMessage, Received, Subscription};

/// Messages that a node may be behind before it misses some.
pub(super) const WAITING_MESSAGES_MAX: usize = 1_024;

/// What several nodes of one process share.
#[derive(Clone, Debug)]
pub struct Network {
    messages: broadcast::Sender<(u64, BusMessage)>,
    joined: Arc<AtomicU64>,
    nodes: Arc<AtomicUsize>,
}

impl Default for Network {
    fn default() -> Self {
        Self { messages: broadcast::Sender::new(WAITING_MESSAGES_MAX), joined: Arc::default(), nodes: Arc::default() }
    }
}

impl Network {
    /// One more node.
    #[must_use]
    pub fn join(&self) -> LocalBus {
        self.nodes.fetch_add(1, Ordering::SeqCst);
        LocalBus { node: self.joined.fetch_add(1, Ordering::SeqCst), network: self.clone() }
    }
}

/// One node's end.
#[derive(Debug)]
pub struct LocalBus {
    node: u64,
    network: Network,
}

impl LocalBus {
    /// The bus of a server that has no others.
    #[must_use]
    pub fn alone() -> Self {
        Network::default().join()
    }
}

impl Drop for LocalBus {
    fn drop(&mut self) {
        self.network.nodes.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Bus for LocalBus {
    fn publish(&self, message: BusMessage) {
        if self.is_shared() {
            // Nobody listening is no failure: the database has everything.
            let _ = self.network.messages.send((self.node, message));
        }
    }

    fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(LocalSubscription { node: self.node, messages: self.network.messages.subscribe() })
    }

    fn is_shared(&self) -> bool {
        self.network.nodes.load(Ordering::SeqCst) > 1
    }
}

struct LocalSubscription {
    node: u64,
    messages: broadcast::Receiver<(u64, BusMessage)>,
}

#[async_trait]
impl Subscription for LocalSubscription {
    async fn recv(&mut self) -> Option<Received> {
        loop {
            match self.messages.recv().await {
                Ok((from, _)) if from == self.node => {}
                Ok((_, message)) => return Some(Received::Message(message)),
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(Received::Missed),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bus::contract,
        presence::{NodeId, PresenceNews},
    };

    #[tokio::test]
    async fn the_local_bus_keeps_the_contract() {
        let network = Network::default();

        contract::holds(|| Arc::new(network.join())).await;
    }

    #[tokio::test]
    async fn what_another_network_says_is_not_heard() {
        let (ours, theirs) = (Network::default(), Network::default());
        let (ada, bob, eve) = (ours.join(), ours.join(), theirs.join());
        let _other = theirs.join();
        let mut at_bob = bob.subscribe();

        eve.publish(BusMessage::Presence(PresenceNews::Asked(NodeId(1))));
        ada.publish(BusMessage::Presence(PresenceNews::Asked(NodeId(2))));

        let first = BusMessage::Presence(PresenceNews::Asked(NodeId(2)));
        assert_eq!(at_bob.recv().await, Some(Received::Message(first)));
    }

    #[test]
    fn a_server_alone_looks_for_no_others() {
        assert!(!LocalBus::alone().is_shared());

        let network = Network::default();
        let (first, second) = (network.join(), network.join());
        assert!(first.is_shared() && second.is_shared());
        drop(second);
        assert!(!first.is_shared());
    }
}
