//! A bus that loses, doubles, delays and reorders what the nodes tell each other, and cuts nodes off.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use fastrand::Rng;
use server::bus::{Bus, BusMessage, Received, Subscription};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::sleep,
};

/// How late a message may be, in milliseconds: later than any hub waits for it.
const LATE_MS_MAX: u64 = 2_000;

/// What the nodes share.
pub(crate) struct SimBus(Mutex<State>);

struct State {
    rng: Rng,
    /// One message in so many is lost, doubled or late; none for 0.
    faults: u64,
    /// Of nodes that can neither be heard nor hear.
    cut: BTreeSet<u64>,
    ends: BTreeMap<u64, UnboundedSender<Received>>,
    joined: u64,
    is_shared: bool,
}

impl SimBus {
    pub(crate) fn new(seed: u64, nodes: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            rng: Rng::with_seed(seed),
            faults: 0,
            cut: BTreeSet::new(),
            ends: BTreeMap::new(),
            joined: 0,
            is_shared: nodes > 1,
        })))
    }

    pub(crate) fn fails(&self, one_in: u64) {
        self.state().faults = one_in;
    }

    /// Cuts a node off, or lets it back in.
    pub(crate) fn cut(&self, node: u64, is_cut: bool) {
        let mut state = self.state();
        if is_cut {
            state.cut.insert(node);
        } else {
            state.cut.remove(&node);
        }
    }

    /// One more node.
    pub(crate) fn join(self: &Arc<Self>) -> End {
        let mut state = self.state();
        state.joined += 1;
        End { bus: Arc::clone(self), node: state.joined }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn one_in_faults(&mut self) -> bool {
        self.faults > 0 && self.rng.u64(0..self.faults) == 0
    }
}

/// One node's end.
pub(crate) struct End {
    bus: Arc<SimBus>,
    pub(crate) node: u64,
}

impl Drop for End {
    fn drop(&mut self) {
        self.bus.state().ends.remove(&self.node);
    }
}

impl Bus for End {
    fn publish(&self, message: BusMessage) {
        let mut state = self.bus.state();
        let ends: Vec<_> = state.ends.iter().map(|(node, end)| (*node, end.clone())).collect();
        for (node, end) in ends {
            if node == self.node || state.cut.contains(&node) || state.cut.contains(&self.node) {
                continue;
            }
            if state.one_in_faults() {
                // Some buses notice that they have lost something.
                if state.rng.bool() {
                    send(end, Received::Missed, 1);
                }
                continue;
            }
            if state.one_in_faults() {
                let late = state.rng.u64(1..LATE_MS_MAX);
                send(end.clone(), Received::Message(message.clone()), late);
            }
            let late = if state.one_in_faults() { state.rng.u64(1..LATE_MS_MAX) } else { 2 };
            send(end, Received::Message(message.clone()), late);
        }
    }

    fn subscribe(&self) -> Box<dyn Subscription> {
        let (end, messages) = unbounded_channel();
        self.bus.state().ends.insert(self.node, end);
        Box::new(Messages(messages))
    }

    fn is_shared(&self) -> bool {
        self.bus.state().is_shared
    }
}

fn send(end: UnboundedSender<Received>, message: Received, in_ms: u64) {
    tokio::spawn(async move {
        sleep(Duration::from_millis(in_ms)).await;
        // A node that is gone hears nothing.
        let _ = end.send(message);
    });
}

struct Messages(UnboundedReceiver<Received>);

#[async_trait]
impl Subscription for Messages {
    async fn recv(&mut self) -> Option<Received> {
        self.0.recv().await
    }
}
