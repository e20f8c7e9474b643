//! A device: an engine, its storage, its clock, and a journal of what its user wanted.

use std::collections::{BTreeMap, VecDeque};

use client::{Connection, Engine, Faults, Input, Instant, Intent, OutboxEntry, Output, Start};
use protocol::{ClientId, Command, Done, ErrorBody, InboxSnapshot, RoomId, RoomSnapshot, UserId, UserRef, Username};

use crate::server::Socket;

pub(crate) fn person(id: u64) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

/// What the storage is asked for, in order.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Save(OutboxEntry),
    Remove(ClientId),
}

/// What a user wanted, in order.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) client_id: ClientId,
    pub(crate) command: Command,
    pub(crate) answer: Option<Result<Done, ErrorBody>>,
}

/// One device of a user.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) user: UserRef,
    pub(crate) engine: Engine,
    /// Grows with every reload: what was meant for the page before counts no more.
    pub(crate) page: u64,
    /// The monotonic clock is ahead of the world's by this.
    pub(crate) offset_ms: u64,
    pub(crate) stored: BTreeMap<ClientId, OutboxEntry>,
    pub(crate) writes: VecDeque<Write>,
    /// The connection that is being opened: asking for the next one, or closing it, ends it.
    pub(crate) opening: Option<client::ConnectionId>,
    pub(crate) socket: Option<(client::ConnectionId, Socket)>,
    pub(crate) wake_at: Option<Instant>,
    pub(crate) journal: Vec<Wanted>,
    pub(crate) shown: Vec<RoomId>,
    /// Requests since the page was loaded.
    pub(crate) fetches: u32,
}

impl Device {
    pub(crate) fn new(user: UserRef, seed: u64, inbox: InboxSnapshot, faults: Faults) -> Self {
        let start = Start {
            me: user.clone(),
            seed,
            inbox: Some(inbox),
            rooms: Vec::new(),
            presence: Vec::new(),
            shows_viewing: true,
            outbox: Some(Vec::new()),
            reloaded_for: None,
        };
        Self {
            user,
            engine: Engine::with_faults(start, faults),
            page: 0,
            offset_ms: 0,
            stored: BTreeMap::new(),
            writes: VecDeque::new(),
            opening: None,
            socket: None,
            wake_at: None,
            journal: Vec::new(),
            shown: Vec::new(),
            fetches: 0,
        }
    }

    /// The page is loaded again: all is gone but what the storage has. The outbox is read a moment later.
    pub(crate) fn reload(&mut self, seed: u64, inbox: InboxSnapshot, rooms: Vec<RoomSnapshot>, faults: Faults) {
        self.page += 1;
        self.writes.clear();
        self.opening = None;
        self.socket = None;
        self.wake_at = None;
        self.fetches = 0;
        self.shown = rooms.iter().map(|room| room.info.id).collect();
        // What was never written down is lost with the page; nobody was told that it was kept.
        let stored = &self.stored;
        self.journal.retain(|wanted| wanted.answer.is_some() || stored.contains_key(&wanted.client_id));
        let start = Start {
            me: self.user.clone(),
            seed,
            inbox: Some(inbox),
            rooms,
            presence: Vec::new(),
            shows_viewing: true,
            outbox: None,
            reloaded_for: Some("model".to_owned()),
        };
        self.engine = Engine::with_faults(start, faults);
    }

    pub(crate) fn now(&self, world_ms: u64) -> Instant {
        Instant(world_ms + self.offset_ms)
    }

    pub(crate) fn step(&mut self, input: Input, world_ms: u64) -> Vec<Output> {
        if let Input::Intent(Intent::Do(command)) = &input {
            let client_id = command.client_id().unwrap();
            self.journal.push(Wanted { client_id, command: command.clone(), answer: None });
        }
        let outputs = self.engine.step(input, self.now(world_ms));
        for output in &outputs {
            if let Output::Answered { client_id, result } = output
                && let Some(wanted) = self.journal.iter_mut().find(|wanted| wanted.client_id == *client_id)
            {
                wanted.answer = Some(result.clone());
            }
        }
        outputs
    }

    /// The oldest write reaches the disk.
    pub(crate) fn write(&mut self) -> Option<ClientId> {
        match self.writes.pop_front()? {
            Write::Save(entry) => {
                let client_id = entry.client_id();
                self.stored.insert(client_id, entry);
                Some(client_id)
            }
            Write::Remove(client_id) => {
                self.stored.remove(&client_id);
                None
            }
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.engine.connection() == Connection::Online
    }
}
