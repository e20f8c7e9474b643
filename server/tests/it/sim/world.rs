//! The world: nodes on one disk and one bus, devices, and the connections between them, in a time that passes only where
//! all wait for it. Everything follows from a seed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use client::{Answer, ConnectionId, Fetch, FetchFailure, FetchId, Input, Instant, Output, Probe};
use fastrand::Rng;
use protocol::{ClientId, ServerFrame, UnixMs, UserRef, Username};
use server::{clock::Clock, sabotage::Without};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{self, sleep, sleep_until},
};

use super::{
    bus::SimBus,
    device::{Device, Write},
    disk::{Disk, Wear},
    network::{Heard, Link},
    node::{Node, answer},
    tables::Tables,
    wire::{Wire, Wrong},
};

/// How bad things are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// How long what is sent is under way, in milliseconds at most.
    pub(super) latency_ms: u64,
    pub(super) wear: Wear,
    /// One message of the bus in so many is lost, doubled or late; none for 0.
    bus_faults: u64,
}

const STORM: Weather = Weather { latency_ms: 250, wear: Wear { read_ms: 8, sync_ms: 60, failures: 60 }, bus_faults: 6 };
pub(super) const FAIR: Weather =
    Weather { latency_ms: 40, wear: Wear { read_ms: 4, sync_ms: 20, failures: 0 }, bus_faults: 0 };

/// What happens at some moment. What belongs to a page that is gone happens no more.
#[derive(Debug)]
pub(super) enum Happening {
    Open { device: usize, page: u64, connection: ConnectionId },
    Probe { device: usize, page: u64, connection: ConnectionId },
    Written { device: usize, page: u64 },
    Restored { device: usize, page: u64 },
    Tick { device: usize, page: u64, at: Instant },
    NodeUp(usize),
    NodeHeals { on_bus: u64 },
}

/// What the world is told by the tasks in it.
#[derive(Debug)]
pub(super) enum Told {
    Heard { socket: u64, heard: Heard },
    Answer { device: usize, page: u64, id: FetchId, result: Box<Result<Answer, FetchFailure>> },
    Left { node: usize, run: u64 },
}

pub(super) struct Socket {
    device: usize,
    page: u64,
    connection: ConnectionId,
    pub(super) node: usize,
    pub(super) link: Link,
    wire: Wire,
}

/// A place for a node, which may be down.
pub(super) struct Place {
    pub(super) node: Option<Node>,
    pub(super) run: u64,
}

/// Everything.
pub(crate) struct World {
    began: time::Instant,
    pub(crate) now_ms: u64,
    pub(super) clock: Clock,
    queue: BTreeMap<(u64, u64), Happening>,
    order: u64,
    pub(crate) rng: Rng,
    pub(super) weather: Weather,
    without: Without,
    pub(crate) disk: Arc<Disk>,
    pub(super) bus: Arc<SimBus>,
    pub(super) places: Vec<Place>,
    pub(crate) devices: Vec<Device>,
    pub(super) sockets: BTreeMap<u64, Socket>,
    last_socket: u64,
    pub(super) tell: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
    last_id: u64,
    /// The first thing that was wrong on a wire.
    pub(crate) wrong: Option<Wrong>,
    pub(crate) trace: Trace,
}

/// What every device has heard, as one number; and in words, to look into it.
pub(crate) struct Trace {
    pub(crate) hash: u64,
    is_printed: bool,
}

impl Trace {
    #[expect(clippy::print_stderr, reason = "who asks for one story wants to read it")]
    fn note(&mut self, at_ms: u64, what: &str, text: &str) {
        // FNV-1a, 64 bits.
        for byte in at_ms.to_le_bytes().iter().chain(what.as_bytes()).chain(text.as_bytes()) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.is_printed {
            eprintln!("{at_ms:>8} {what} {text}");
        }
    }
}

pub(crate) fn person(id: u64) -> Username {
    Username::parse(&format!("user{id}")).unwrap()
}

impl World {
    /// Two devices of one person and one each of two others, on some nodes.
    pub(crate) fn new(seed: u64, tables: Tables, nodes: usize, without: Without, is_printed: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (tell, told) = unbounded_channel();
        let disk = Disk::new(tables, rng.u64(..), STORM.wear, without);
        let bus = SimBus::new(rng.u64(..), nodes);
        bus.fails(STORM.bus_faults);
        let mut world = Self {
            began: time::Instant::now(),
            now_ms: 0,
            clock: Clock::manual(UnixMs(1_700_000_000_000)),
            queue: BTreeMap::new(),
            order: 0,
            rng,
            weather: STORM,
            without,
            disk,
            bus,
            places: Vec::new(),
            devices: Vec::new(),
            sockets: BTreeMap::new(),
            last_socket: 0,
            tell,
            told,
            last_id: 0,
            wrong: None,
            trace: Trace { hash: 0xcbf2_9ce4_8422_2325, is_printed },
        };
        for place in 0..nodes {
            world.places.push(Place { node: None, run: 0 });
            world.start_node(place);
        }
        let tables = world.tables();
        for user in [1, 1, 2, 3] {
            let user = tables.users[&protocol::UserId(user)].clone();
            let (inbox, seed) = (tables.inbox(user.id), world.rng.u64(..));
            world.devices.push(Device::new(user, seed, inbox));
        }
        for device in 0..world.devices.len() {
            world.give(device, Input::Tick);
        }
        world
    }

    /// Whether there are several nodes.
    pub(crate) fn is_shared(&self) -> bool {
        self.places.len() > 1
    }

    /// What is on disk.
    pub(crate) fn tables(&self) -> Arc<Tables> {
        self.disk.synced()
    }

    pub(crate) fn client_id(&mut self) -> ClientId {
        self.last_id += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.last_id.to_be_bytes());
        ClientId::new(self.clock.now(), &random)
    }

    fn at(&mut self, at_ms: u64, happening: Happening) {
        self.order += 1;
        self.queue.insert((at_ms, self.order), happening);
    }

    pub(super) fn later(&mut self, in_ms: u64, happening: Happening) {
        self.at(self.now_ms + in_ms, happening);
    }

    pub(super) fn latency(&mut self) -> u64 {
        self.rng.u64(1..=self.weather.latency_ms)
    }

    /// Lets time pass, until something is wrong.
    pub(crate) async fn run_for(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while self.wrong.is_none() {
            let next = self.queue.first_key_value().map_or(end, |((at, _), _)| (*at).min(end));
            let due = self.began + Duration::from_millis(next);
            let told = tokio::select! {
                biased;
                told = self.told.recv() => told,
                () = sleep_until(due) => None,
            };
            self.look_at_the_clock();
            match told {
                Some(told) => self.hear(told),
                None => match self.queue.first_entry().filter(|entry| entry.key().0 <= self.now_ms.min(end)) {
                    Some(entry) => {
                        let happening = entry.remove();
                        self.happen(happening);
                    }
                    None if self.now_ms >= end => return,
                    None => {}
                },
            }
        }
    }

    fn look_at_the_clock(&mut self) {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        self.clock.advance(Duration::from_millis(now_ms - self.now_ms));
        self.now_ms = now_ms;
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Heard { socket, heard } => self.device_hears(socket, heard),
            Told::Answer { device, page, id, result } => {
                if self.is_page(device, page) {
                    self.trace.note(self.now_ms, "answer", &format!("{device} {id:?} {result:?}"));
                    self.give(device, Input::Fetched { id, result: *result });
                }
            }
            Told::Left { node, run } => {
                self.look_for_panics();
                if self.places[node].run == run {
                    self.places[node].node = None;
                    let down_ms = self.rng.u64(0..2_000);
                    self.later(down_ms, Happening::NodeUp(node));
                }
            }
        }
    }

    fn device_hears(&mut self, socket: u64, heard: Heard) {
        let tables = self.tables();
        let Some(found) = self.sockets.get_mut(&socket) else { return };
        let Socket { device, page, connection, .. } = *found;
        match heard {
            Heard::Frame(text) => {
                let frame: ServerFrame = serde_json::from_str(&text).expect("the server says what clients can read");
                self.trace.note(self.now_ms, "frame", &format!("{socket} {text}"));
                if let Err(wrong) = found.wire.hears(&frame, &tables) {
                    self.wrong.get_or_insert(format!("at {} ms, device {device}: {wrong}", self.now_ms));
                }
                if self.is_page(device, page) {
                    self.give(device, Input::Frame { connection, text });
                }
            }
            Heard::Closed { code, reason } => {
                self.trace.note(self.now_ms, "closed", &format!("{socket} {code:?} {reason}"));
                self.sockets.remove(&socket);
                if self.is_page(device, page) {
                    if self.devices[device].socket == Some((connection, socket)) {
                        self.devices[device].socket = None;
                    }
                    if !reason.is_empty() {
                        self.give(device, Input::CloseReason { connection, reason });
                    }
                    self.give(device, Input::Closed { connection, code });
                }
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        self.trace.note(self.now_ms, "happens", &format!("{happening:?}"));
        match happening {
            Happening::Open { device, page, connection } if self.is_page(device, page) => {
                if self.devices[device].opening.take_if(|opening| *opening == connection).is_some() {
                    self.open(device, connection);
                }
            }
            Happening::Probe { device, page, connection } if self.is_page(device, page) => {
                let probe = if self.some_node().is_some() { Probe::Ready } else { Probe::Unreachable };
                self.give(device, Input::Probed { connection, probe });
            }
            Happening::Written { device, page } if self.is_page(device, page) => {
                if let Some(client_id) = self.devices[device].write() {
                    self.give(device, Input::Saved(client_id));
                }
            }
            Happening::Restored { device, page } if self.is_page(device, page) => {
                let stored = self.devices[device].stored.values().cloned().collect();
                self.give(device, Input::Restored(stored));
            }
            Happening::Tick { device, page, at } if self.is_page(device, page) => {
                if self.devices[device].wake_at == Some(at) {
                    self.devices[device].wake_at = None;
                    self.give(device, Input::Tick);
                }
            }
            Happening::NodeUp(place) => self.start_node(place),
            Happening::NodeHeals { on_bus } => self.bus.cut(on_bus, false),
            // Of a page that is gone.
            Happening::Open { .. }
            | Happening::Probe { .. }
            | Happening::Written { .. }
            | Happening::Restored { .. }
            | Happening::Tick { .. } => {}
        }
    }

    fn is_page(&self, device: usize, page: u64) -> bool {
        self.devices[device].page == page
    }

    fn start_node(&mut self, place: usize) {
        let seed = self.rng.u64(..);
        let place = &mut self.places[place];
        if place.node.is_none() {
            place.run += 1;
            place.node = Some(Node::start(&self.disk, &self.bus, &self.clock, seed, self.without));
        }
    }

    /// A node that takes connections, any of them.
    fn some_node(&mut self) -> Option<usize> {
        let up = |place: &Place| place.node.as_ref().is_some_and(|node| !node.is_leaving());
        let up: Vec<usize> = (0..self.places.len()).filter(|place| up(&self.places[*place])).collect();
        (!up.is_empty()).then(|| up[self.rng.usize(0..up.len())])
    }

    fn open(&mut self, device: usize, connection: ConnectionId) {
        let Some(place) = self.some_node() else {
            return self.give(device, Input::Closed { connection, code: None });
        };
        self.last_socket += 1;
        let (socket, tell) = (self.last_socket, self.tell.clone());
        let hear = move |heard| _ = tell.send(Told::Heard { socket, heard });
        let (link, stream) = Link::open(&mut self.rng, self.weather.latency_ms, hear);
        let user: UserRef = self.devices[device].user.clone();
        let node = self.places[place].node.as_mut().expect("it is up");
        node.serve(&user, device, stream);
        let page = self.devices[device].page;
        let wire = Wire::new(user);
        self.sockets.insert(socket, Socket { device, page, connection, node: place, link, wire });
        self.devices[device].socket = Some((connection, socket));
        self.give(device, Input::Opened(connection));
    }

    /// Gives a device an input and carries out what it asks for.
    pub(crate) fn give(&mut self, index: usize, input: Input) {
        let outputs = self.devices[index].step(input, self.now_ms);
        let page = self.devices[index].page;
        for output in outputs {
            self.carry_out(index, page, output);
        }
    }

    fn carry_out(&mut self, device: usize, page: u64, output: Output) {
        match output {
            Output::Connect(connection) => {
                self.hang_up(device);
                self.devices[device].opening = Some(connection);
                let latency = self.latency();
                self.later(latency, Happening::Open { device, page, connection });
            }
            Output::Close(_) => self.hang_up(device),
            Output::Send { connection, text } => {
                if let Some((_, socket)) = self.devices[device].socket.filter(|(current, _)| *current == connection)
                    && let Some(socket) = self.sockets.get_mut(&socket)
                {
                    socket.wire.says(&text);
                    socket.link.say(text);
                }
            }
            Output::Probe(connection) => {
                let latency = self.latency();
                self.later(latency, Happening::Probe { device, page, connection });
            }
            Output::Fetch { id, request } => self.fetch(device, page, id, request),
            Output::Save(entry) => self.store(device, page, Write::Save(entry)),
            Output::Remove(client_id) => self.store(device, page, Write::Remove(client_id)),
            Output::WakeAt(at) => {
                self.devices[device].wake_at = Some(at);
                let at_ms = at.0.saturating_sub(self.devices[device].offset_ms).max(self.now_ms);
                self.at(at_ms, Happening::Tick { device, page, at });
            }
            Output::Reload { build } => panic!("nothing is newer than the engine here, yet it reloads for {build}"),
            Output::LoggedOut => panic!("nobody has ended the session"),
            Output::Changed(_) | Output::Answered { .. } => {}
        }
    }

    fn store(&mut self, device: usize, page: u64, write: Write) {
        self.devices[device].writes.push_back(write);
        let takes_ms = 1 + self.latency() / 20;
        self.later(takes_ms, Happening::Written { device, page });
    }

    fn fetch(&mut self, device: usize, page: u64, id: FetchId, request: Fetch) {
        let place = self.some_node();
        let store = place.and_then(|place| self.places[place].node.as_ref()).map(|node| Arc::clone(&node.store));
        let (there, back) = (self.latency(), self.latency());
        let (user, tell) = (self.devices[device].user.id, self.tell.clone());
        tokio::spawn(async move {
            sleep(Duration::from_millis(there)).await;
            let result = match store {
                Some(store) => answer(&store, user, &request).await,
                None => Err(FetchFailure(None)),
            };
            sleep(Duration::from_millis(back)).await;
            let _ = tell.send(Told::Answer { device, page, id, result: Box::new(result) });
        });
    }

    pub(super) fn hang_up(&mut self, device: usize) {
        self.devices[device].opening = None;
        if let Some((_, socket)) = self.devices[device].socket.take() {
            self.sockets.remove(&socket);
        }
    }
}
