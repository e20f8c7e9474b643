//! What the user wants.

use protocol::{
    ClientId, Command, ErrorBody, ErrorCode, RoomId, Seq, StreamId,
    command::Unsubscribe,
    limits::OUTBOX_ENTRIES_MAX,
    messages::{EditMessage, PostMessage},
    typing::SetTyping,
    unread,
};

use super::{Engine, OPEN_ROOMS_MAX};
use crate::{
    fetch::At,
    input::Intent,
    open_room::OpenRoom,
    outbox::{OutboxEntry, Progress, full},
    output::{Change, Output},
    time::Instant,
};

impl Engine {
    pub(super) fn intent(&mut self, intent: Intent, now: Instant) {
        match intent {
            Intent::Do(command) => self.enqueue(command),
            Intent::Open { room, at } => self.open_room(room, at, now),
            Intent::Close(room) => self.close_room(room, now),
            Intent::LoadOlder(room) => {
                if let Some(open) = self.open.get_mut(&room)
                    && !open.older.is_busy()
                    && open.older_page().is_some()
                {
                    open.older.want();
                }
            }
            Intent::LoadNewer(room) => {
                if let Some(open) = self.open.get_mut(&room)
                    && !open.newer.is_busy()
                    && open.newer_page().is_some()
                {
                    open.newer.want();
                }
            }
            Intent::Read { room, up_to } => {
                if let Some(open) = self.open.get_mut(&room) {
                    open.read_to(up_to);
                }
                let cursor = self.reading.cursor(room).read(up_to);
                if self.reading.moved(room, cursor, now) {
                    self.cursor_moved(room, now);
                }
            }
            Intent::MarkUnread { room, from } => {
                let cursor = self.reading.cursor(room).mark_unread(from);
                if self.reading.moved(room, cursor, now) {
                    self.cursor_moved(room, now);
                }
            }
            Intent::ReadAll => self.read_all(now),
            Intent::Retry(client_id) => {
                if let Some(entry) = self.outbox.retry(client_id) {
                    self.save(entry);
                }
            }
            Intent::Rewrite { client_id, new_client_id, text } => self.rewrite(client_id, new_client_id, text),
            Intent::Discard(client_id) => {
                let refused = |waiting: &crate::outbox::Waiting| waiting.progress == Progress::Refused;
                if self.outbox.find(client_id).is_some_and(refused) {
                    self.drop_entry(client_id);
                }
            }
            Intent::ClearOutbox => {
                for entry in self.outbox.clear() {
                    self.changed.extend(entry.command.room().map(Change::Room));
                    self.out.push(Output::Remove(entry.client_id()));
                }
                self.sent.clear();
            }
            Intent::Follow { room, follows } => {
                if let Some(open) = self.open.get_mut(&room) {
                    open.keeps(follows);
                }
            }
            Intent::Touch => self.presence.touched = Some(now),
            Intent::Hide(hidden) => self.presence.hide(hidden, now),
            Intent::Look(room) => self.presence.looks_at = room,
            Intent::Type { room, typing } => {
                if self.link.online().is_some() && self.presence.types(room, typing, now) {
                    self.send(Command::SetTyping(SetTyping { room, typing }));
                }
            }
            Intent::ShowViewing(shown) => {
                self.presence.viewing.here = shown;
                self.changed.insert(Change::Viewing);
            }
            Intent::Flush => self.reading.flush(now),
        }
    }

    /// Puts a command into the outbox, unless it can be seen from here that it will not do.
    fn enqueue(&mut self, command: Command) {
        let Some(client_id) = command.client_id() else { return };
        let problem = if self.outbox.find(client_id).is_some() {
            // Given twice, by a key that bounced: it is under way.
            return;
        } else if self.outbox.len() >= OUTBOX_ENTRIES_MAX {
            Some(full())
        } else {
            check(&command).err()
        };
        match problem {
            Some(error) => self.out.push(Output::Answered { client_id, result: Err(error) }),
            None => {
                if let Command::PostMessage(post) = &command {
                    self.presence.posts(post.room);
                    self.journal.queued(client_id, post.room);
                }
                let entry = self.outbox.push(command);
                self.save(entry);
            }
        }
    }

    fn save(&mut self, entry: OutboxEntry) {
        self.changed.extend(entry.command.room().map(Change::Room));
        self.out.push(Output::Save(entry));
    }

    fn drop_entry(&mut self, client_id: ClientId) {
        if let Some(entry) = self.outbox.remove(client_id) {
            self.changed.extend(entry.command.room().map(Change::Room));
            self.out.push(Output::Remove(client_id));
        }
    }

    fn rewrite(&mut self, client_id: ClientId, new_client_id: ClientId, text: String) {
        let Some(waiting) = self.outbox.find(client_id).filter(|waiting| waiting.progress == Progress::Refused) else {
            return;
        };
        // The other commands carry no text that somebody wrote.
        let command = if let Command::PostMessage(post) = waiting.entry.command.clone() {
            // What it answered may be what is not there any more; it is not refused for that twice.
            let is_gone = waiting.entry.refused.as_ref().is_some_and(|error| error.code == ErrorCode::NotFound);
            let reply_to = post.reply_to.filter(|_| !is_gone);
            Command::PostMessage(PostMessage { client_id: new_client_id, text, reply_to, ..post })
        } else if let Command::EditMessage(edit) = waiting.entry.command.clone() {
            Command::EditMessage(EditMessage { client_id: new_client_id, text, ..edit })
        } else {
            return;
        };
        if let Err(error) = check(&command) {
            self.out.push(Output::Answered { client_id: new_client_id, result: Err(error) });
            return;
        }
        if let Command::PostMessage(post) = &command {
            self.journal.queued(new_client_id, post.room);
        }
        // The new one is saved before the old one is removed: nothing is lost in between.
        let entry = self.outbox.push(command);
        self.save(entry);
        self.drop_entry(client_id);
    }

    /// The server has refused a command of the outbox.
    pub(super) fn refused(&mut self, client_id: ClientId, error: ErrorBody, now: Instant) {
        if error.code.is_retryable() {
            let entry = self.outbox.postponed(client_id, &error, now, &mut self.rng);
            self.changed.extend(entry.and_then(|entry| entry.command.room()).map(Change::Room));
            return;
        }
        self.journal.refused(client_id);
        let keeps = self.outbox.find(client_id).is_some_and(|waiting| is_message(&waiting.entry.command));
        if keeps {
            if let Some(entry) = self.outbox.refused(client_id, error.clone()) {
                self.save(entry);
            }
        } else {
            self.drop_entry(client_id);
        }
        self.out.push(Output::Answered { client_id, result: Err(error) });
    }

    /// What was left from earlier has been read from the storage.
    pub(super) fn restored(&mut self, entries: Vec<OutboxEntry>) {
        for entry in self.outbox.restore(entries) {
            self.save(entry);
        }
        let rooms: Vec<RoomId> = self.open.keys().copied().collect();
        for room in rooms {
            self.settle_shown(room);
            self.changed.insert(Change::Room(room));
        }
    }

    fn open_room(&mut self, room: RoomId, at: At, now: Instant) {
        let cursor = self.reading.cursor(room);
        if at == At::Unread && self.open.get(&room).is_some_and(|open| !open.reaches_unread(cursor)) {
            // What it held was for another place: it is opened as if for the first time.
            self.close_room(room, now);
        }
        let open = self.open.entry(room).or_insert_with(|| OpenRoom::new(room, at, now));
        open.opened = now;
        if open.gone.is_some() || !open.shows(at) {
            open.at = at;
            open.snapshot.want();
            self.changed.insert(Change::Room(room));
        }
        while self.open.len() > OPEN_ROOMS_MAX {
            let others = self.open.values().filter(|open| open.id != room);
            let Some(oldest) = others.min_by_key(|open| open.opened).map(|open| open.id) else { return };
            self.close_room(oldest, now);
        }
    }

    fn close_room(&mut self, room: RoomId, now: Instant) {
        let Some(open) = self.open.get(&room) else { return };
        let is_on = open.follow.is_on();
        let cursor = self.reading.cursor(room);
        if let Some(known) = self.list.get(room) {
            match open.summary(known, cursor, self.me.id) {
                Some(summary) => self.list.settle(summary, now),
                None => self.list.recount(room, now),
            }
        }
        self.open.remove(&room);
        self.presence.forget(room);
        if is_on {
            self.send(Command::Unsubscribe(Unsubscribe { stream: StreamId::Room(room) }));
        }
        self.changed.insert(Change::Room(room));
    }

    fn read_all(&mut self, now: Instant) {
        let rooms: Vec<(RoomId, Seq, Seq)> =
            self.list.iter().map(|known| (known.room.id, known.head.seq, known.since)).collect();
        for (room, head, since) in rooms {
            if self.unread(room) == 0 && !unread::is_new_room(self.reading.cursor(room).seq, since) {
                continue;
            }
            // An open room may be ahead of what was last told of all rooms.
            let end = self.open.get(&room).map_or(head, |open| open.cursor().max(head));
            let cursor = self.reading.cursor(room).read(end);
            if self.reading.moved(room, cursor, now) {
                self.cursor_moved(room, now);
            }
        }
    }

    /// A read cursor has moved: what is unread has to be counted, here or by the server.
    pub(super) fn cursor_moved(&mut self, room: RoomId, now: Instant) {
        self.changed.insert(Change::Rooms);
        if self.open.contains_key(&room) {
            self.changed.insert(Change::Room(room));
        }
        let read_all = self.list.get(room).is_some_and(|known| self.reading.cursor(room).seq >= known.head.seq);
        if !read_all && !self.is_counted(room) {
            self.list.recount(room, now);
        }
    }

    /// The network is back, or the page is looked at again.
    pub(super) fn woken(&mut self, now: Instant) {
        if self.link.wake(now) {
            // Any frame shows that the connection is alive; this makes the server send one.
            self.inbox_follow.gap();
        }
        self.inbox_load.hurry();
        self.list.load.hurry();
        for open in self.open.iter_mut().map(|(_, open)| open) {
            open.snapshot.hurry();
            open.older.hurry();
            open.newer.hurry();
        }
        self.changed.insert(Change::Connection);
    }
}

/// Whether a refused command is kept to be shown: those that hold something that somebody wrote, or meant.
fn is_message(command: &Command) -> bool {
    matches!(command, Command::PostMessage(_)) || command.message().is_some()
}

/// What the server would refuse whatever its state, and what is no change.
fn check(command: &Command) -> Result<(), ErrorBody> {
    if command.client_id().is_none() {
        return Err(ErrorCode::Unsupported.into());
    }
    Ok(command.check()?)
}
