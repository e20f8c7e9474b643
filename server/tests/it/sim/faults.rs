//! What befalls the world: connections that break, nodes that die, leave or are cut off, pages that are loaded again.

use client::Input;

use super::{
    network::Link,
    node::Node,
    reading::Windows,
    wire::Wrong,
    world::{FAIR, Happening, Told, World},
};

impl World {
    fn link_of(&self, device: usize) -> Option<&Link> {
        let (_, socket) = self.devices[device].socket?;
        self.sockets.get(&socket).map(|socket| &socket.link)
    }

    /// The connection of a device breaks; both ends notice.
    pub(crate) fn cut(&self, device: usize) {
        if let Some(link) = self.link_of(device) {
            link.cut();
        }
    }

    /// The connection of a device breaks, and nobody notices.
    pub(crate) fn go_silent(&self, device: usize) {
        if let Some(link) = self.link_of(device) {
            link.goes_silent();
        }
    }

    /// A device takes little at a time of what is sent to it.
    pub(crate) fn go_slow(&self, device: usize) {
        if let Some(link) = self.link_of(device) {
            link.is_slow();
        }
    }

    /// A node dies, and with it what it has not synced. Its machine may be gone, too: then nobody hears of it.
    pub(crate) fn crash(&mut self, place: usize, is_silent: bool, down_ms: u64) {
        let place = place % self.places.len();
        self.look_for_panics();
        if let Some(node) = self.places[place].node.take() {
            for socket in self.sockets.values().filter(|socket| is_silent && socket.node == place) {
                socket.link.goes_silent();
            }
            drop(node);
            self.disk.crash();
            self.later(down_ms, Happening::NodeUp(place));
        }
    }

    /// A task of a node that panics takes nobody with it, so nobody would notice.
    pub(crate) fn look_for_panics(&mut self) {
        let mut nodes = self.places.iter_mut().filter_map(|place| place.node.as_mut());
        if nodes.any(Node::has_panicked) {
            self.wrong.get_or_insert("a task of a node panicked".to_owned());
        }
    }

    /// A node is told to leave, and comes back.
    pub(crate) fn restart(&mut self, place: usize) {
        let place = place % self.places.len();
        let run = self.places[place].run;
        if let Some(node) = self.places[place].node.as_ref().filter(|node| !node.is_leaving()) {
            let (left, tell) = (node.leave(), self.tell.clone());
            tokio::spawn(async move {
                left.await;
                let _ = tell.send(Told::Left { node: place, run });
            });
        }
    }

    /// A node is cut off from the bus for a while.
    pub(crate) fn isolate(&mut self, place: usize, ms: u64) {
        let place = place % self.places.len();
        if let Some(on_bus) = self.places[place].node.as_ref().map(|node| node.on_bus) {
            self.bus.cut(on_bus, true);
            self.later(ms, Happening::NodeHeals { on_bus });
        }
    }

    /// The wall clock is set.
    pub(crate) fn set_clock(&self, by_days: i64) {
        self.clock.set_by(by_days * 86_400_000);
    }

    /// The page of a device is loaded again, with the rooms that it shows.
    pub(crate) fn reload(&mut self, index: usize) {
        self.hang_up(index);
        let tables = self.tables();
        let device = &mut self.devices[index];
        let (user, at) = (device.user.id, server::store::WindowAt::Unread);
        let rooms = device.shown.iter().filter_map(|room| tables.snapshot(user, *room, at, Windows::SMALL)).collect();
        let seed = self.rng.u64(..);
        device.reload(seed, tables.inbox(user), rooms);
        let page = device.page;
        self.give(index, Input::Tick);
        let latency = self.latency();
        self.later(latency, Happening::Restored { device: index, page });
    }

    /// A device sleeps: its clock goes on, its timers do not.
    pub(crate) fn sleep(&mut self, index: usize, ms: u64) {
        self.devices[index].offset_ms += ms;
        self.give(index, Input::Wake);
        // The timer that was set fires late.
        if let Some(at) = self.devices[index].wake_at {
            let page = self.devices[index].page;
            self.later(1, Happening::Tick { device: index, page, at });
        }
    }

    /// The storm is over. What is lost is found again, within the time in which both ends notice that nobody is there.
    pub(crate) async fn clears_up(&mut self) {
        self.weather = FAIR;
        self.disk.wears(FAIR.wear);
        self.bus.fails(0);
        for socket in self.sockets.values() {
            socket.link.calm(FAIR.latency_ms);
        }
        self.run_for(100_000).await;
    }

    /// Everybody goes; then nothing is left of them.
    pub(crate) async fn all_go(&mut self) -> Result<(), Wrong> {
        self.sockets.clear();
        for device in &mut self.devices {
            // What is meant for its page happens no more.
            device.page += 1;
        }
        self.run_for(3_000).await;
        for (number, place) in self.places.iter().enumerate() {
            let node = place.node.as_ref().ok_or("a node has not come back")?;
            let (followed, bytes) = (node.hub.streams_count(), node.hub.ring_bytes());
            if (followed, bytes) != (0, 0) {
                return Err(format!("node {number} keeps {followed} streams and {bytes} bytes for nobody"));
            }
        }
        Ok(())
    }
}
