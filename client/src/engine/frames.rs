//! What the server says over the socket.

use protocol::{CommandId, Done, ErrorBody, ErrorCode, Hello, SUBPROTOCOL, ServerFrame, json};

use super::{Engine, is_gone};
use crate::{
    backoff,
    output::{Change, Output},
    time::Instant,
};

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
                    let read = self.reading.cursor(head.room).seq;
                    self.list.head(head, read, is_counted, now);
                }
                self.changed.insert(Change::Rooms);
            }
            ServerFrame::Cursor { room, cursor } => {
                if self.reading.heard(room, cursor) {
                    self.cursor_moved(room, now);
                }
            }
            ServerFrame::Seen { room, up_to } => self.journal.seen(room, up_to),
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
                Done::Appended { stream, epoch, seq } => {
                    self.journal.stored(client_id, seq);
                    self.outbox.stored(client_id, stream, epoch, seq);
                }
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
}

/// Gives a refusal that names no time one, so that it is not asked again and again.
fn patient(mut error: ErrorBody) -> ErrorBody {
    if !error.code.is_retryable() && error.retry_after_ms.is_none() {
        error.retry_after_ms = Some(REFUSED_MS);
    }
    error
}
