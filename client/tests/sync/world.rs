//! The world between devices and server: a queue of what happens when, with a network that is slow, cut off, and
//! never in the same order twice. Everything follows from a seed.

use std::collections::{BTreeMap, BTreeSet};

use client::{Answer, ConnectionId, Faults, Fetch, FetchFailure, FetchId, Input, Instant, Output, Probe};
use fastrand::Rng;
use protocol::{ClientFrame, ClientId, Record, RoomId, ServerFrame, StreamId, UnixMs, close, codec::encode};

use crate::{
    device::{Device, Write, person},
    server::{Sent, Server, Socket},
};

/// Protections that are taken away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Broken {
    pub(crate) no_dedupe: bool,
    pub(crate) no_splice: bool,
    pub(crate) no_gap_check: bool,
}

/// How bad things are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) latency_ms: u64,
    /// One event in so many is dropped by the bus, doubled, or late; none for 0.
    pub(crate) bus_loss: u64,
    /// One command in so many is answered `busy`, one request in so many fails; none for 0.
    pub(crate) failures: u64,
    /// Whether heartbeats say where the streams end.
    pub(crate) tells_heads: bool,
}

const STORM: Weather = Weather { latency_ms: 400, bus_loss: 6, failures: 12, tells_heads: true };
const FAIR: Weather = Weather { latency_ms: 100, bus_loss: 0, failures: 0, tells_heads: true };
/// Nothing gets lost, so nothing may need a heartbeat to be found.
const CALM: Weather = Weather { latency_ms: 300, bus_loss: 0, failures: 0, tells_heads: false };

/// What happens at some moment. What belongs to a page, socket or run of the server that is gone happens no more.
#[derive(Debug)]
enum Happening {
    Open { device: usize, page: u64, connection: ConnectionId },
    ToServer { socket: Socket, text: String },
    ToDevice { socket: Socket, text: String },
    Closed { device: usize, page: u64, connection: ConnectionId, code: Option<u16> },
    Probe { device: usize, page: u64, connection: ConnectionId },
    Ask { device: usize, page: u64, id: FetchId, request: Fetch },
    Answer { device: usize, page: u64, id: FetchId, result: Box<Result<Answer, FetchFailure>> },
    Written { device: usize, page: u64 },
    Restored { device: usize, page: u64 },
    Tick { device: usize, page: u64, at: Instant },
    Commit { run: u64 },
    Bus { run: u64, record: Box<Record> },
    Replay { run: u64, socket: Socket, stream: StreamId },
    Heartbeat,
    Heads,
    ServerUp,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now_ms: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    order: u64,
    pub(crate) rng: Rng,
    pub(crate) server: Server,
    is_up: bool,
    run: u64,
    pub(crate) devices: Vec<Device>,
    sockets: BTreeMap<Socket, (usize, u64, ConnectionId)>,
    /// Frames of these vanish: nobody has noticed that the peer is gone.
    dead: BTreeSet<Socket>,
    last_socket: Socket,
    /// When the last frame of a socket arrives, in each direction: frames do not overtake.
    last_up: BTreeMap<Socket, u64>,
    last_down: BTreeMap<Socket, u64>,
    pub(crate) weather: Weather,
    pub(crate) broken: Broken,
    last_id: u64,
}

impl World {
    /// Two devices of one person and one each of two others.
    pub(crate) fn new(seed: u64, broken: Broken) -> Self {
        let mut server = Server::default();
        server.no_splice = broken.no_splice;
        server.tables.no_dedupe = broken.no_dedupe;
        server.tables.epoch = protocol::Epoch(1);
        let mut world = Self {
            now_ms: 1_000,
            queue: BTreeMap::new(),
            order: 0,
            rng: Rng::with_seed(seed),
            server,
            is_up: true,
            run: 0,
            devices: Vec::new(),
            sockets: BTreeMap::new(),
            dead: BTreeSet::new(),
            last_socket: 0,
            last_up: BTreeMap::new(),
            last_down: BTreeMap::new(),
            weather: STORM,
            broken,
            last_id: 0,
        };
        world.furnish();
        for user in [1, 1, 2, 3] {
            let inbox = world.server.tables.inbox(person(user).id);
            let seed = world.rng.u64(..);
            world.devices.push(Device::new(person(user), seed, inbox, world.faults()));
        }
        for device in 0..world.devices.len() {
            world.give(device, Input::Tick);
        }
        world.later(25_000, Happening::Heartbeat);
        world.later(500, Happening::Heads);
        world
    }

    /// Two rooms that exist from the beginning; everyone is in the first, in the second its creator alone.
    fn furnish(&mut self) {
        use protocol::{
            Command,
            members::JoinRoom,
            rooms::{CreateRoom, History, Visibility},
        };
        for (name, members) in [("general", &[2, 3][..]), ("other", &[])] {
            let create = Command::CreateRoom(CreateRoom {
                client_id: self.client_id(),
                name: name.to_owned(),
                visibility: Visibility::Public,
                history: History::Everything,
            });
            let at = UnixMs(0);
            self.server.tables.execute(&person(1), &create, at);
            let room = RoomId(self.server.tables.rooms.len() as u64);
            for member in members {
                let join = Command::JoinRoom(JoinRoom { client_id: self.client_id(), room });
                self.server.tables.execute(&person(*member), &join, at);
            }
        }
    }

    pub(crate) fn client_id(&mut self) -> ClientId {
        self.last_id += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.last_id.to_be_bytes());
        let wall = self.server.clock_ms + i64::try_from(self.now_ms).unwrap();
        ClientId::new(UnixMs(1_700_000_000_000 + wall), &random)
    }

    fn faults(&self) -> Faults {
        Faults { no_gap_check: self.broken.no_gap_check }
    }

    fn at(&mut self, at_ms: u64, happening: Happening) {
        self.order += 1;
        self.queue.insert((at_ms, self.order), happening);
    }

    fn later(&mut self, in_ms: u64, happening: Happening) {
        self.at(self.now_ms + in_ms, happening);
    }

    fn latency(&mut self) -> u64 {
        self.rng.u64(1..=self.weather.latency_ms)
    }

    fn one_in(&mut self, n: u64) -> bool {
        n > 0 && self.rng.u64(0..n) == 0
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            self.now_ms = entry.key().0;
            let happening = entry.remove();
            self.happen(happening);
        }
        self.now_ms = end;
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Open { device, page, connection } if self.is_page(device, page) => {
                if self.devices[device].opening.take_if(|opening| *opening == connection).is_none() {
                    return;
                }
                if self.is_up {
                    self.last_socket += 1;
                    let socket = self.last_socket;
                    self.sockets.insert(socket, (device, page, connection));
                    self.devices[device].socket = Some((connection, socket));
                    let user = self.devices[device].user.clone();
                    self.give(device, Input::Opened(connection));
                    let sent = self.server.connect(socket, user);
                    self.send(sent);
                } else {
                    self.give(device, Input::Closed { connection, code: None });
                }
            }
            Happening::ToServer { socket, text } => self.server_hears(socket, &text),
            Happening::ToDevice { socket, text } => {
                if let Some((device, page, connection)) = self.sockets.get(&socket).copied()
                    && !self.dead.contains(&socket)
                    && self.is_page(device, page)
                {
                    self.give(device, Input::Frame { connection, text });
                }
            }
            Happening::Closed { device, page, connection, code } if self.is_page(device, page) => {
                self.give(device, Input::Closed { connection, code });
            }
            Happening::Probe { device, page, connection } if self.is_page(device, page) => {
                let probe = if self.is_up { Probe::Ready } else { Probe::Unreachable };
                self.give(device, Input::Probed { connection, probe });
            }
            Happening::Ask { device, page, id, request } if self.is_page(device, page) => {
                let fails = !self.is_up || self.one_in(self.weather.failures);
                let user = self.devices[device].user.id;
                let result = if fails { Err(FetchFailure(None)) } else { self.server.tables.answer(user, &request) };
                let latency = self.latency();
                self.later(latency, Happening::Answer { device, page, id, result: Box::new(result) });
            }
            Happening::Answer { device, page, id, result } if self.is_page(device, page) => {
                self.give(device, Input::Fetched { id, result: *result });
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
            Happening::Commit { run } if run == self.run => {
                let (records, answers) = self.server.commit();
                for record in records {
                    self.publish(record);
                }
                self.send(answers);
            }
            Happening::Bus { run, record } if run == self.run => {
                let sent = self.server.deliver(&record);
                self.send(sent);
            }
            Happening::Replay { run, socket, stream } if run == self.run => {
                let sent = self.server.replay(socket, stream);
                self.send(sent);
            }
            Happening::Heartbeat => {
                let sent = self.server.heartbeat(self.weather.tells_heads);
                self.send(sent);
                self.later(25_000, Happening::Heartbeat);
            }
            Happening::Heads => {
                let sent = self.server.flush_heads();
                self.send(sent);
                self.later(500, Happening::Heads);
            }
            Happening::ServerUp => self.is_up = true,
            // Of a page, or a run of the server, that is gone.
            Happening::Open { .. }
            | Happening::Closed { .. }
            | Happening::Probe { .. }
            | Happening::Ask { .. }
            | Happening::Answer { .. }
            | Happening::Written { .. }
            | Happening::Restored { .. }
            | Happening::Tick { .. }
            | Happening::Commit { .. }
            | Happening::Bus { .. }
            | Happening::Replay { .. } => {}
        }
    }

    fn is_page(&self, device: usize, page: u64) -> bool {
        self.devices[device].page == page
    }

    fn server_hears(&mut self, socket: Socket, text: &str) {
        if self.dead.contains(&socket) || !self.server.connections.contains_key(&socket) {
            return;
        }
        let frame: ClientFrame = protocol::decode_client(text).expect("engines send what the protocol allows");
        let is_busy = self.one_in(self.weather.failures);
        let (sent, replay) = self.server.receive(socket, frame, is_busy);
        self.send(sent);
        let run = self.run;
        if let Some(stream) = replay {
            let latency = self.latency();
            self.later(latency, Happening::Replay { run, socket, stream });
        }
        let latency = self.latency() / 8;
        self.later(latency, Happening::Commit { run });
    }

    /// Puts an event on the bus, which may lose it, double it, or be late with it.
    fn publish(&mut self, record: Record) {
        let run = self.run;
        if self.one_in(self.weather.bus_loss) {
            return;
        }
        if self.one_in(self.weather.bus_loss) {
            let late = self.rng.u64(1..2_000);
            self.later(late, Happening::Bus { run, record: Box::new(record.clone()) });
        }
        let delay = if self.one_in(self.weather.bus_loss) { self.rng.u64(1..2_000) } else { 1 };
        self.later(delay, Happening::Bus { run, record: Box::new(record) });
    }

    fn send(&mut self, sent: Sent) {
        for (socket, frame) in sent {
            self.send_frame(socket, &frame);
        }
    }

    fn send_frame(&mut self, socket: Socket, frame: &ServerFrame) {
        let at = self.now_ms + self.latency();
        let last = self.last_down.entry(socket).or_default();
        *last = at.max(*last);
        let at = *last;
        self.at(at, Happening::ToDevice { socket, text: encode(frame) });
    }

    /// Gives a device an input and carries out what it asks for.
    pub(crate) fn give(&mut self, index: usize, input: Input) {
        let outputs = self.devices[index].step(input, self.now_ms);
        let page = self.devices[index].page;
        for output in outputs {
            self.carry_out(index, page, output);
        }
    }

    fn carry_out(&mut self, index: usize, page: u64, output: Output) {
        let latency = self.latency();
        let device = index;
        match output {
            Output::Connect(connection) => {
                self.hang_up(index);
                self.devices[index].opening = Some(connection);
                self.later(latency, Happening::Open { device, page, connection });
            }
            Output::Close(_) => self.hang_up(index),
            Output::Send { connection, text } => {
                if let Some((_, socket)) = self.devices[index].socket.filter(|(current, _)| *current == connection) {
                    let last = self.last_up.entry(socket).or_default();
                    *last = (self.now_ms + latency).max(*last);
                    let at = *last;
                    self.at(at, Happening::ToServer { socket, text });
                }
            }
            Output::Probe(connection) => self.later(latency, Happening::Probe { device, page, connection }),
            Output::Fetch { id, request } => {
                self.devices[index].fetches += 1;
                self.later(latency, Happening::Ask { device, page, id, request });
            }
            Output::Save(entry) => {
                self.devices[index].writes.push_back(Write::Save(entry));
                self.later(1 + latency / 20, Happening::Written { device, page });
            }
            Output::Remove(client_id) => {
                self.devices[index].writes.push_back(Write::Remove(client_id));
                self.later(1 + latency / 20, Happening::Written { device, page });
            }
            Output::WakeAt(at) => {
                self.devices[index].wake_at = Some(at);
                let at_ms = at.0.saturating_sub(self.devices[index].offset_ms).max(self.now_ms);
                self.at(at_ms, Happening::Tick { device, page, at });
            }
            Output::Reload { build } => panic!("nothing is newer than the engine here, yet it reloads for {build}"),
            Output::LoggedOut => panic!("nobody has ended the session"),
            Output::Changed(_) | Output::Answered { .. } => {}
        }
    }

    /// The device's side of its connection is gone; the server notices.
    fn hang_up(&mut self, index: usize) {
        self.devices[index].opening = None;
        if let Some((_, socket)) = self.devices[index].socket.take() {
            self.server.connections.remove(&socket);
            self.sockets.remove(&socket);
        }
    }

    /// The connection of a device breaks; both ends notice.
    pub(crate) fn cut(&mut self, index: usize) {
        let page = self.devices[index].page;
        if let Some((connection, _)) = self.devices[index].socket {
            self.hang_up(index);
            let latency = self.latency();
            self.later(latency, Happening::Closed { device: index, page, connection, code: None });
        }
    }

    /// The connection of a device breaks, and nobody notices.
    pub(crate) fn go_silent(&mut self, index: usize) {
        if let Some((_, socket)) = self.devices[index].socket {
            self.dead.insert(socket);
            self.server.connections.remove(&socket);
        }
    }

    /// The server dies and comes back.
    pub(crate) fn crash(&mut self, after_commit: bool, down_ms: u64) {
        self.run += 1;
        self.is_up = false;
        for socket in self.server.crash(after_commit) {
            if let Some((device, page, connection)) = self.sockets.remove(&socket) {
                let latency = self.latency();
                let code = Some(close::RESTART);
                self.later(latency, Happening::Closed { device, page, connection, code });
            }
        }
        self.later(down_ms, Happening::ServerUp);
    }

    /// The page of a device is loaded again, with the rooms that it shows.
    pub(crate) fn reload(&mut self, index: usize) {
        self.hang_up(index);
        let device = &self.devices[index];
        let tables = &self.server.tables;
        let user = device.user.id;
        let rooms = device.shown.iter().filter_map(|room| tables.room(user, *room, client::At::Unread)).collect();
        let inbox = tables.inbox(user);
        let (seed, faults) = (self.rng.u64(..), self.faults());
        self.devices[index].reload(seed, inbox, rooms, faults);
        let page = self.devices[index].page;
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

    /// The storm is over; everything that was lost is found again.
    pub(crate) fn clears_up(&mut self) {
        self.weather = FAIR;
        self.run_for(180_000);
    }

    /// From here on nothing is lost, and no heartbeat helps.
    pub(crate) fn is_calm(&mut self) {
        self.weather = CALM;
        self.run_for(5_000);
    }
}
