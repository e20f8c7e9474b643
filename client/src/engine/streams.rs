//! What the server says of the streams that are followed: events, where they end, and that one is over.

use std::time::Duration;

use protocol::{
    Applied, Done, Epoch, ErrorBody, ErrorCode, Position, Record, RoomId, Seq, StreamId, effect::Rooms,
    frame::StreamHead,
};

use super::Engine;
use crate::{output::Change, time::Instant};

/// How long after the end of a stream to look whether the room is really gone, in milliseconds.
const ENDED_CHECK_MS: u64 = 500;

impl Engine {
    pub(super) fn event(&mut self, record: &Record, now: Instant) {
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
        match record.effect().and_then(|effect| effect.rooms) {
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

    pub(super) fn withheld(&mut self, stream: StreamId, epoch: Epoch, seq: Seq, now: Instant) {
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

    pub(super) fn live(&mut self, stream: StreamId, head: Position, now: Instant) {
        match stream {
            StreamId::Room(room) => {
                if let Some(open) = self.open.get_mut(&room) {
                    let cursor = open.cursor();
                    let caught = open.follow.live(head.seq, cursor, now);
                    self.journal.caught_up(caught);
                    self.changed.insert(Change::Room(room));
                }
            }
            StreamId::Inbox(_) => {
                let cursor = self.inbox.as_ref().map(|inbox| inbox.position().seq).unwrap_or_default();
                let was_live = self.inbox_follow.is_live();
                let caught = self.inbox_follow.live(head.seq, cursor, now);
                self.journal.caught_up(caught);
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
    pub(super) fn reset(&mut self, stream: StreamId, now: Instant) {
        match stream {
            StreamId::Room(room) => {
                if let Some(open) = self.open.get_mut(&room).filter(|open| !open.follow.is_stopped()) {
                    self.journal.reset();
                    let wait = open.follow.reset(&mut self.rng);
                    open.snapshot.want_at(now + wait);
                    self.changed.insert(Change::Room(room));
                }
            }
            StreamId::Inbox(_) => {
                self.journal.reset();
                let wait = self.inbox_follow.reset(&mut self.rng);
                self.inbox_load.want_at(now + wait);
            }
        }
    }

    pub(super) fn ended(&mut self, stream: StreamId, now: Instant) {
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

    pub(super) fn heartbeat(&mut self, StreamHead { stream, head }: StreamHead, now: Instant) {
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
