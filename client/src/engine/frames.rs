//! What the server says over the socket.

use std::time::Duration;

use protocol::{
    Applied, CommandId, Done, Epoch, ErrorBody, ErrorCode, Hello, Position, Record, RoomId, SUBPROTOCOL, Seq,
    ServerFrame, StreamId,
    effect::{Rooms, effect},
    frame::StreamHead,
    json,
};

use super::{Engine, is_gone};
use crate::{
    backoff,
    output::{Change, Output},
    time::Instant,
};

/// How long after the end of a stream to look whether the room is really gone, in milliseconds.
const ENDED_CHECK_MS: u64 = 500;
/// How long not to subscribe after a refusal that will not change by itself, in milliseconds.
const REFUSED_MS: u64 = 30_000;

impl Engine {
    pub(super) fn frame(&mut self, text: &str, now: Instant) {
        let Some(frame) = json::read::<ServerFrame>(text) else {
            // Not what this version of the protocol allows: as with an unknown event, a newer client may know.
            self.outdate();
            return;
        };
        if let ServerFrame::Hello(hello) = frame {
            self.hello(hello, now);
            return;
        }
        if self.link.online().is_none() {
            if let ServerFrame::Error(error) = frame {
                self.link.hint(&error);
            }
            return;
        }
        self.link.heard(now);
        match frame {
            ServerFrame::Ack { id, done } => self.ack(id, done, now),
            ServerFrame::Error(error) => self.error(error, now),
            ServerFrame::Event(record) => self.event(&record, now),
            ServerFrame::Withheld { stream, epoch, seq } => self.withheld(stream, epoch, seq, now),
            ServerFrame::Live { stream, head } => self.live(stream, head, now),
            ServerFrame::Reset { stream, .. } => self.reset(stream, now),
            ServerFrame::Ended { stream } => self.ended(stream, now),
            ServerFrame::Heads { rooms } => {
                self.list.heads_came();
                for head in &rooms {
                    let is_counted = self.is_counted(head.room);
                    self.list.head(head, is_counted, now);
                }
                self.changed.insert(Change::Rooms);
            }
            ServerFrame::Cursor { room, cursor } => {
                if self.reading.heard(room, cursor) {
                    self.cursor_moved(room, now);
                }
            }
            ServerFrame::Presence(news) => {
                if self.open.contains_key(&news.room) {
                    self.changed.insert(Change::Presence(news.room));
                    self.presence.update(news);
                }
            }
            ServerFrame::Typing(typing) => {
                if self.open.contains_key(&typing.room) {
                    self.changed.insert(Change::Typing(typing.room));
                    self.presence.typing_is(typing.room, typing.users);
                }
            }
            ServerFrame::Viewing { shown } => {
                self.presence.viewing.heard(shown);
                self.changed.insert(Change::Viewing);
            }
            ServerFrame::Heartbeat { heads, .. } => {
                for head in heads {
                    self.heartbeat(head, now);
                }
            }
            // Lost without harm: durable things come as events only.
            ServerFrame::Unknown | ServerFrame::Hello(_) => {}
        }
    }

    fn hello(&mut self, hello: Hello, now: Instant) {
        if !self.link.greeted(now) {
            return;
        }
        self.build = Some(hello.build);
        self.changed.insert(Change::Connection);
        if hello.user.id != self.me.id {
            // Someone else has logged in in this browser: this page shows the wrong person's rooms.
            self.log_out(now);
        } else if !hello.versions.iter().any(|version| version == SUBPROTOCOL) {
            self.outdate();
        }
    }

    fn ack(&mut self, id: CommandId, done: Done, now: Instant) {
        self.sent.remove(&id);
        if let Some(entry) = self.outbox.answered(id) {
            let (client_id, room) = (entry.client_id(), entry.command.room());
            match done {
                Done::Appended { stream, epoch, seq } => self.outbox.stored(client_id, stream, epoch, seq),
                Done::Unchanged => {
                    self.outbox.remove(client_id);
                }
            }
            self.out.push(Output::Remove(client_id));
            self.out.push(Output::Answered { client_id, result: Ok(done) });
            self.changed.extend(room.map(Change::Room));
        } else if self.presence.viewing.answered(id, true) {
            self.changed.insert(Change::Viewing);
        } else if let Some(room) = self.reading.taken(id)
            && !self.is_counted(room)
        {
            self.list.recount(room, now);
        }
    }

    fn error(&mut self, error: ErrorBody, now: Instant) {
        let Some(id) = error.id else {
            self.link.hint(&error);
            return;
        };
        self.sent.remove(&id);
        if error.code == ErrorCode::Unauthorized {
            // The session has ended; the outbox keeps what it has for the next one.
            self.log_out(now);
        } else if let Some(entry) = self.outbox.answered(id) {
            let client_id = entry.client_id();
            self.refused(client_id, error, now);
        } else if self.inbox_follow.is_asked_by(id) {
            self.inbox_follow.postponed(&patient(error), now, &mut self.rng);
        } else if let Some(open) = self.open.iter_mut().map(|(_, open)| open).find(|open| open.follow.is_asked_by(id)) {
            if is_gone(error.code) {
                open.gone = Some(error);
                open.follow.stop();
            } else {
                open.follow.postponed(&patient(error), now, &mut self.rng);
            }
            self.changed.insert(Change::Room(open.id));
        } else if self.presence.viewing.answered(id, false) {
            self.changed.insert(Change::Viewing);
        } else {
            let wait = backoff::after(Some(&error), 1, &mut self.rng);
            let retry = error.code.is_retryable().then(|| now + wait);
            self.reading.refused(id, retry);
        }
    }

    fn event(&mut self, record: &Record, now: Instant) {
        let applied = match record.stream {
            StreamId::Room(room) => {
                let checks_gaps = !self.faults.no_gap_check;
                self.open.get_mut(&room).and_then(|open| open.apply(record, checks_gaps))
            }
            StreamId::Inbox(user) if user == self.me.id => {
                let applied = self.inbox.as_mut().map(|inbox| inbox.apply(record));
                if applied == Some(Applied::Fresh) {
                    self.inbox_changed(record, now);
                }
                applied
            }
            StreamId::Inbox(_) => None,
        };
        if let Some(applied) = applied {
            self.applied(record.stream, applied, now);
            if let StreamId::Room(room) = record.stream
                && self.presence.has_posted(room, record.actor.id, &record.event)
            {
                self.changed.insert(Change::Typing(room));
            }
            if matches!(applied, Applied::Fresh | Applied::Duplicate) {
                // An event of this user's own command: it is stored, whether or not the answer came.
                if let Some(client_id) = record.client_id.filter(|_| record.actor.id == self.me.id) {
                    let Record { stream, epoch, seq, .. } = *record;
                    self.own_stored(client_id, Done::Appended { stream, epoch, seq });
                }
            }
        }
    }

    fn inbox_changed(&mut self, record: &Record, now: Instant) {
        self.changed.insert(Change::Rooms);
        match effect(record).and_then(|effect| effect.rooms) {
            Some(Rooms::Joined(room)) => {
                self.list.joined(&room, now);
                if let Some(open) = self.open.get_mut(&room.id)
                    && open.gone.is_some()
                {
                    open.snapshot.want();
                }
            }
            Some(Rooms::Left(room)) => {
                self.list.left(room);
                self.reading.forget(room);
                self.close_gone(room, ErrorCode::NotFound.into());
                if let Some(open) = self.open.get_mut(&room) {
                    open.snapshot.cancel();
                }
            }
            // The inbox itself keeps it.
            Some(Rooms::Muted(..)) | None => {}
        }
    }

    fn withheld(&mut self, stream: StreamId, epoch: Epoch, seq: Seq, now: Instant) {
        if let StreamId::Room(room) = stream
            && let Some(state) = self.open.get_mut(&room).and_then(|open| open.state.as_mut())
        {
            let applied = state.skip(epoch, seq);
            self.applied(stream, applied, now);
        }
    }

    fn applied(&mut self, stream: StreamId, applied: Applied, now: Instant) {
        match applied {
            Applied::Fresh => match stream {
                StreamId::Room(room) => {
                    self.changed.insert(Change::Room(room));
                }
                StreamId::Inbox(_) => {
                    self.changed.insert(Change::Rooms);
                }
            },
            Applied::Duplicate => {}
            Applied::Gap => match stream {
                StreamId::Room(room) => self.open.get_mut(&room).into_iter().for_each(|open| open.follow.gap()),
                StreamId::Inbox(_) => self.inbox_follow.gap(),
            },
            Applied::OtherEpoch => self.reset(stream, now),
            Applied::Unknown => {
                match stream {
                    StreamId::Room(room) => self.open.get_mut(&room).into_iter().for_each(|open| open.follow.stop()),
                    StreamId::Inbox(_) => self.inbox_follow.stop(),
                }
                self.outdate();
            }
        }
    }

    fn live(&mut self, stream: StreamId, head: Position, now: Instant) {
        match stream {
            StreamId::Room(room) => {
                if let Some(open) = self.open.get_mut(&room) {
                    let cursor = open.cursor();
                    open.follow.live(head.seq, cursor, now);
                    self.changed.insert(Change::Room(room));
                }
            }
            StreamId::Inbox(_) => {
                let cursor = self.inbox.as_ref().map(|inbox| inbox.position().seq).unwrap_or_default();
                let was_live = self.inbox_follow.is_live();
                self.inbox_follow.live(head.seq, cursor, now);
                if !was_live && self.inbox_follow.is_live() {
                    self.list.expect_heads(now);
                    if std::mem::take(&mut self.was_away) {
                        self.inbox_load.want();
                    }
                }
            }
        }
    }

    /// The state has to be loaded afresh before the stream can be followed again.
    fn reset(&mut self, stream: StreamId, now: Instant) {
        match stream {
            StreamId::Room(room) => {
                if let Some(open) = self.open.get_mut(&room).filter(|open| !open.follow.is_stopped()) {
                    let wait = open.follow.reset(&mut self.rng);
                    open.snapshot.want_at(now + wait);
                    self.changed.insert(Change::Room(room));
                }
            }
            StreamId::Inbox(_) => {
                let wait = self.inbox_follow.reset(&mut self.rng);
                self.inbox_load.want_at(now + wait);
            }
        }
    }

    fn ended(&mut self, stream: StreamId, now: Instant) {
        let StreamId::Room(room) = stream else {
            // The inbox of a user ends with the account.
            self.log_out(now);
            return;
        };
        self.close_gone(room, ErrorCode::NotFound.into());
        if self.inbox.as_ref().is_some_and(|inbox| inbox.contains(room))
            && let Some(open) = self.open.get_mut(&room)
        {
            // Either the inbox will say so in a moment, or the user was brought back in already.
            open.snapshot.want_at(now + Duration::from_millis(ENDED_CHECK_MS));
        }
    }

    pub(super) fn close_gone(&mut self, room: RoomId, error: ErrorBody) {
        if let Some(open) = self.open.get_mut(&room) {
            open.gone = Some(error);
            open.follow.stop();
            open.older.cancel();
            open.newer.cancel();
            self.changed.insert(Change::Room(room));
        }
    }

    fn heartbeat(&mut self, StreamHead { stream, head }: StreamHead, now: Instant) {
        let known = match stream {
            StreamId::Room(room) => {
                self.open.get(&room).and_then(|open| open.state.as_ref()).map(|room| room.position())
            }
            StreamId::Inbox(_) => self.inbox.as_ref().map(|inbox| inbox.position()),
        };
        let Some(known) = known else { return };
        let follow = match stream {
            StreamId::Room(room) => self.open.get_mut(&room).map(|open| &mut open.follow),
            StreamId::Inbox(_) => Some(&mut self.inbox_follow),
        };
        let Some(follow) = follow else { return };
        if known.epoch == head.epoch {
            follow.head(head.seq, known.seq, now);
        } else if follow.is_live() {
            self.reset(stream, now);
        }
    }
}

/// Gives a refusal that names no time one, so that it is not asked again and again.
fn patient(mut error: ErrorBody) -> ErrorBody {
    if !error.code.is_retryable() && error.retry_after_ms.is_none() {
        error.retry_after_ms = Some(REFUSED_MS);
    }
    error
}
