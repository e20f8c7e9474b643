//! What is due: asked after every input, so that nothing has to be remembered but the state.

use protocol::{
    Command, CommandId, Position, RoomId, StreamId,
    command::{SetReadCursor, Subscribe},
    presence::SetViewing,
};

use super::{ANSWER_WITHIN, Engine};
use crate::{
    fetch::Fetch,
    journal::Loss,
    output::{Change, Output},
    time::Instant,
};

impl Engine {
    /// Does all that is due, and asks to be woken when the next thing will be.
    pub(super) fn pump(&mut self, now: Instant) {
        self.settle_outbox();
        self.pump_link(now);
        self.journal.link_is(self.link.view());
        self.pump_loads(now);
        if self.link.online().is_some() {
            self.pump_presence(now);
            self.pump_streams(now);
            self.pump_outbox(now);
            self.pump_cursors(now);
        }
        let mut changed = std::mem::take(&mut self.changed).0;
        if changed.keys().any(|change| matches!(change, Change::Room(_))) {
            // The list shows the unread count of open rooms.
            changed.insert(Change::Rooms, ());
        }
        self.out.extend(changed.into_iter().map(|(change, ())| Output::Changed(change)));
        self.ask_to_be_woken(now);
    }

    fn pump_link(&mut self, now: Instant) {
        let overdue = self.sent.values().any(|sent| now - *sent >= ANSWER_WITHIN)
            || self.inbox_follow.is_overdue(now, ANSWER_WITHIN)
            || self.open.values().any(|open| open.follow.is_overdue(now, ANSWER_WITHIN));
        if overdue && self.link.online().is_some() {
            self.journal.loss = Loss::Unanswered;
            let action = self.link.drop_connection(now, &mut self.rng);
            self.act(Some(action));
            self.disconnected(now);
        }
        let was_online = self.link.online().is_some();
        let before = self.link.view();
        // A wait of no length makes two things due at once.
        while let Some(action) = self.link.due(now, &mut self.rng) {
            self.act(Some(action));
        }
        if was_online && self.link.online().is_none() {
            self.disconnected(now);
        }
        if self.link.view() != before {
            self.changed.insert(Change::Connection);
        }
    }

    fn pump_presence(&mut self, now: Instant) {
        if let Some(presence) = self.presence.due(now) {
            self.send(Command::SetPresence(presence));
        }
        if let Some(shown) = self.presence.viewing.due()
            && let Some(id) = self.send(Command::SetViewing(SetViewing { shown }))
        {
            self.presence.viewing.sent(id);
        }
    }

    fn pump_streams(&mut self, now: Instant) {
        if let Some(position) = self.inbox.as_ref().map(|inbox| inbox.position())
            && self.inbox_follow.due(position.seq, now)
            && let Some(id) = self.subscribe(StreamId::Inbox(self.me.id), position)
        {
            self.inbox_follow.asked(id, position.seq, now);
        }
        let due: Vec<(RoomId, Position)> = self
            .open
            .iter_mut()
            .map(|(_, open)| open)
            .filter(|open| open.gone.is_none())
            .filter_map(|open| {
                let position = open.state.as_ref()?.position();
                open.follow.due(position.seq, now).then_some((open.id, position))
            })
            .collect();
        for (room, position) in due {
            if let Some(id) = self.subscribe(StreamId::Room(room), position)
                && let Some(open) = self.open.get_mut(&room)
            {
                open.follow.asked(id, position.seq, now);
            }
        }
    }

    fn subscribe(&mut self, stream: StreamId, after: Position) -> Option<CommandId> {
        self.send(Command::Subscribe(Subscribe { stream, after }))
    }

    fn pump_outbox(&mut self, now: Instant) {
        for (number, command) in self.outbox.sendable(now) {
            let (room, client_id) = (command.room(), command.client_id());
            let Some(id) = self.send(command) else { return };
            if let Some(client_id) = client_id {
                self.journal.sent(client_id);
            }
            self.outbox.sent(number, id);
            self.sent.insert(id, now);
            self.changed.extend(room.map(Change::Room));
        }
    }

    fn pump_cursors(&mut self, now: Instant) {
        for (room, cursor) in self.reading.take_due(now) {
            if let Some(id) = self.send(Command::SetReadCursor(SetReadCursor { room, cursor })) {
                self.reading.sent(room, id, cursor);
            }
        }
    }

    fn pump_loads(&mut self, now: Instant) {
        if self.inbox_load.due(now) {
            let id = self.fetch(Fetch::Inbox);
            self.inbox_load.sent(id);
        }
        self.list.check_heads(now);
        if self.list.load.due(now) && self.link.online().is_some() {
            let rooms = self.list.take_stale();
            let id = self.fetch(Fetch::Summaries(rooms));
            self.list.load.sent(id);
        }
        let rooms: Vec<RoomId> = self.open.keys().copied().collect();
        for room in rooms {
            self.pump_room_loads(room, now);
        }
    }

    fn pump_room_loads(&mut self, room: RoomId, now: Instant) {
        let Some(open) = self.open.get_mut(&room) else { return };
        let snapshot = open.snapshot.due(now).then_some(Fetch::Room { room, at: open.at });
        let older = if open.older.due(now) { open.older_page() } else { None };
        let newer = if open.newer.due(now) { open.newer_page() } else { None };
        // Nothing more to be had in that direction: the wish is fulfilled.
        if open.older.due(now) && older.is_none() {
            open.older.cancel();
        }
        if open.newer.due(now) && newer.is_none() {
            open.newer.cancel();
        }
        let ids = [snapshot, older, newer].map(|request| request.map(|request| self.fetch(request)));
        let Some(open) = self.open.get_mut(&room) else { return };
        if ids[0].is_some() {
            open.asked_at = open.at;
        }
        for (id, load) in ids.into_iter().zip([&mut open.snapshot, &mut open.older, &mut open.newer]) {
            if let Some(id) = id {
                load.sent(id);
                self.changed.insert(Change::Room(room));
            }
        }
    }

    /// Drops stored messages from the outbox whose event is folded, or whose room is not shown.
    pub(super) fn settle_outbox(&mut self) {
        let open = &self.open;
        let rooms = self.outbox.settle(|stream, epoch, seq| match stream {
            StreamId::Room(room) => {
                let shown = open.get(&room).filter(|open| open.gone.is_none());
                let state = shown.and_then(|open| open.state.as_ref());
                state.is_none_or(|room| room.position().epoch != epoch || room.position().seq >= seq)
            }
            StreamId::Inbox(_) => true,
        });
        self.changed.extend(rooms.into_iter().map(Change::Room));
    }

    fn ask_to_be_woken(&mut self, now: Instant) {
        let rooms = self.open.values().flat_map(|open| {
            [open.snapshot.deadline(), open.older.deadline(), open.newer.deadline()].into_iter().flatten()
        });
        let online = self.link.online().is_some().then(|| {
            let follows = self.open.values().filter(|open| open.gone.is_none()).map(|open| &open.follow);
            let streams = follows.chain([&self.inbox_follow]).filter_map(|follow| follow.deadline(ANSWER_WITHIN));
            let answers = self.sent.values().map(|sent| *sent + ANSWER_WITHIN);
            let others =
                [self.outbox.deadline(now), self.reading.deadline(), self.list.deadline(), self.presence.deadline()];
            streams.chain(answers).chain(others.into_iter().flatten()).min()
        });
        let wake = rooms
            .chain(self.link.deadline())
            .chain(self.inbox_load.deadline())
            .chain(online.flatten())
            .min()
            // What is overdue waits for something else than time.
            .map(|at| at.max(Instant(now.0 + 1)));
        // Most moments only move away, with each frame that comes; asked again when the one before is there, or is overdue:
        // a device that slept has its timers later than its clock says.
        if let Some(at) = wake.filter(|at| self.wake.is_none_or(|asked| *at < asked || asked <= now)) {
            self.wake = Some(at);
            self.out.push(Output::WakeAt(at));
        }
    }
}
