//! A device: the real engine, its storage, its clock, and a journal of what its user wanted.

use std::collections::{BTreeMap, VecDeque};

use client::{Connection, ConnectionId, Engine, Input, Instant, Intent, OutboxEntry, Output, Start};
use protocol::{ClientId, Command, Done, ErrorBody, InboxSnapshot, RoomId, RoomSnapshot, UserRef};

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
    pub(crate) opening: Option<ConnectionId>,
    pub(crate) socket: Option<(ConnectionId, u64)>,
    pub(crate) wake_at: Option<Instant>,
    pub(crate) journal: Vec<Wanted>,
    pub(crate) shown: Vec<RoomId>,
}

impl Device {
    pub(crate) fn new(user: UserRef, seed: u64, inbox: InboxSnapshot) -> Self {
        let engine = Engine::new(start(&user, seed, inbox, Vec::new(), Some(Vec::new())));
        Self {
            user,
            engine,
            page: 0,
            offset_ms: 0,
            stored: BTreeMap::new(),
            writes: VecDeque::new(),
            opening: None,
            socket: None,
            wake_at: None,
            journal: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// The page is loaded again: all is gone but what the storage has. The outbox is read a moment later.
    pub(crate) fn reload(&mut self, seed: u64, inbox: InboxSnapshot, rooms: Vec<RoomSnapshot>) {
        self.page += 1;
        self.writes.clear();
        self.opening = None;
        self.socket = None;
        self.wake_at = None;
        self.shown = rooms.iter().map(|room| room.info.id).collect();
        // What was never written down is lost with the page; nobody was told that it was kept.
        let stored = &self.stored;
        self.journal.retain(|wanted| wanted.answer.is_some() || stored.contains_key(&wanted.client_id));
        self.engine = Engine::new(start(&self.user, seed, inbox, rooms, None));
    }

    pub(crate) fn step(&mut self, input: Input, world_ms: u64) -> Vec<Output> {
        if let Input::Intent(Intent::Do(command)) = &input {
            let client_id = command.client_id().unwrap();
            self.journal.push(Wanted { client_id, command: command.clone(), answer: None });
        }
        let outputs = self.engine.step(input, Instant(world_ms + self.offset_ms));
        for output in &outputs {
            if let Output::Answered { client_id, result } = output
                && let Some(wanted) = self.journal.iter_mut().find(|wanted| wanted.client_id == *client_id)
            {
                wanted.answer = Some(result.clone());
            }
        }
        outputs
    }

    /// The oldest write reaches the storage.
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

fn start(
    me: &UserRef,
    seed: u64,
    inbox: InboxSnapshot,
    rooms: Vec<RoomSnapshot>,
    outbox: Option<Vec<OutboxEntry>>,
) -> Start {
    let (me, inbox, presence) = (me.clone(), Some(inbox), Vec::new());
    Start { me, seed, inbox, rooms, presence, shows_viewing: true, outbox, reloaded_for: Some("model".to_owned()) }
}
