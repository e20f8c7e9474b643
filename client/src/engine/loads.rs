//! What comes over HTTP.

use protocol::{
    ClientId, Done, EntryKind, ErrorCode, HistoryPage, InboxSnapshot, RoomId, RoomSnapshot, Seq, StreamId, Timeline,
    UserId,
};

use super::{Engine, is_gone};
use crate::{
    fetch::{Answer, FetchFailure, FetchId},
    outbox::Progress,
    output::{Change, Output},
    time::Instant,
};

/// Which request an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Inbox,
    Summaries,
    Room(RoomId),
    Older(RoomId),
    Newer(RoomId),
}

impl Engine {
    pub(super) fn fetched(&mut self, id: FetchId, result: Result<Answer, FetchFailure>, now: Instant) {
        let Some(wanted) = self.wanted(id) else { return };
        match (wanted, result) {
            (_, Err(FetchFailure(Some(error)))) if error.code == ErrorCode::Unauthorized => self.log_out(now),
            (wanted, Err(failure)) => self.fetch_failed(wanted, &failure, now),
            (Wanted::Inbox, Ok(Answer::Inbox(snapshot))) => {
                self.inbox_load.succeeded();
                self.install_inbox(&snapshot);
            }
            (Wanted::Summaries, Ok(Answer::Summaries(summaries))) => {
                self.list.load.succeeded();
                for summary in summaries {
                    let room = summary.room.id;
                    // Left meanwhile: the inbox has the last word.
                    if self.inbox.as_ref().is_some_and(|inbox| inbox.contains(room)) {
                        self.reading.heard(room, summary.cursor);
                        self.list.update(summary);
                    }
                }
                self.list.answered(true, now);
                self.changed.insert(Change::Rooms);
            }
            (Wanted::Room(room), Ok(Answer::Room(snapshot))) => self.room_came(room, *snapshot, now),
            (Wanted::Older(room) | Wanted::Newer(room), Ok(Answer::History(page))) => {
                self.page_came(wanted, room, page, now);
            }
            // Not what was asked for: as if nothing had come.
            (wanted, Ok(Answer::Inbox(_) | Answer::Room(_) | Answer::History(_) | Answer::Summaries(_))) => {
                self.fetch_failed(wanted, &FetchFailure(None), now);
            }
        }
    }

    fn wanted(&mut self, id: FetchId) -> Option<Wanted> {
        if self.inbox_load.takes(id) {
            return Some(Wanted::Inbox);
        }
        if self.list.load.takes(id) {
            return Some(Wanted::Summaries);
        }
        self.open.iter_mut().map(|(_, open)| open).find_map(|open| {
            if open.snapshot.takes(id) {
                Some(Wanted::Room(open.id))
            } else if open.older.takes(id) {
                Some(Wanted::Older(open.id))
            } else if open.newer.takes(id) {
                Some(Wanted::Newer(open.id))
            } else {
                None
            }
        })
    }

    fn fetch_failed(&mut self, wanted: Wanted, failure: &FetchFailure, now: Instant) {
        let error = failure.0.as_ref();
        let rng = &mut self.rng;
        match wanted {
            Wanted::Inbox => self.inbox_load.failed(error, now, rng),
            Wanted::Summaries => {
                self.list.load.failed(error, now, rng);
                self.list.answered(false, now);
            }
            Wanted::Room(room) => {
                // Whoever is in it was brought in while the server answered, or is about to be told that they are not.
                let is_in = self.inbox.as_ref().is_some_and(|inbox| inbox.contains(room));
                let gone = error.filter(|error| is_gone(error.code));
                if let Some(open) = self.open.get_mut(&room).filter(|_| gone.is_none() || is_in) {
                    open.snapshot.failed(error, now, rng);
                }
                if let Some(error) = gone.filter(|_| !is_in) {
                    self.close_gone(room, error.clone());
                }
            }
            // The next scroll asks again.
            Wanted::Older(room) => {
                if let Some(open) = self.open.get_mut(&room) {
                    open.older.rest(error, now, rng);
                }
                self.changed.insert(Change::Room(room));
            }
            Wanted::Newer(room) => {
                if let Some(open) = self.open.get_mut(&room) {
                    open.newer.rest(error, now, rng);
                }
                self.changed.insert(Change::Room(room));
            }
        }
    }

    /// Takes the user's rooms from a snapshot; events that were folded after it was read are asked for again.
    pub(super) fn install_inbox(&mut self, snapshot: &InboxSnapshot) {
        let follows_on = self.inbox.as_ref().is_some_and(|inbox| {
            let known = inbox.position();
            known.epoch == snapshot.position.epoch && snapshot.position.seq >= known.seq
        });
        if !(follows_on && self.inbox_follow.is_on()) {
            self.inbox_follow.restart();
        }
        self.inbox = Some(snapshot.into());
        for room in self.list.replace(snapshot) {
            self.reading.forget(room);
        }
        for summary in &snapshot.rooms {
            self.reading.heard(summary.room.id, summary.cursor);
            // Brought (back) in while nobody told.
            if let Some(open) = self.open.get_mut(&summary.room.id).filter(|open| open.gone.is_some()) {
                open.snapshot.want();
            }
        }
        self.changed.insert(Change::Rooms);
    }

    fn room_came(&mut self, room: RoomId, snapshot: RoomSnapshot, now: Instant) {
        let Some(open) = self.open.get_mut(&room) else { return };
        open.snapshot.succeeded();
        if open.asked_at != open.at {
            // The reader went elsewhere in the room meanwhile: good until the right one comes.
            open.snapshot.want();
        }
        self.install_room(room, snapshot);
        self.cursor_moved(room, now);
    }

    /// Shows a room from a snapshot.
    pub(super) fn install_room(&mut self, room: RoomId, snapshot: RoomSnapshot) {
        self.reading.heard(room, snapshot.cursor);
        if let Some(open) = self.open.get_mut(&room) {
            open.install(snapshot);
        }
        self.settle_shown(room);
        self.changed.insert(Change::Room(room));
    }

    fn page_came(&mut self, wanted: Wanted, room: RoomId, page: HistoryPage, now: Instant) {
        let Some(open) = self.open.get_mut(&room) else { return };
        let fitted = open.join(page);
        let load = if wanted == Wanted::Older(room) { &mut open.older } else { &mut open.newer };
        if fitted {
            load.succeeded();
        } else {
            load.mismatched(now);
        }
        self.settle_shown(room);
        self.changed.insert(Change::Room(room));
    }

    /// Takes messages out of the outbox that the window shows as stored.
    pub(super) fn settle_shown(&mut self, room: RoomId) {
        let Some(state) = self.open.get(&room).and_then(|open| open.state.as_ref()) else { return };
        let position = state.position();
        let shown: Vec<(ClientId, Seq)> = own_messages(state.timeline(), self.me.id).collect();
        for (client_id, seq) in shown {
            self.own_stored(client_id, Done::Appended { stream: StreamId::Room(room), epoch: position.epoch, seq });
        }
    }

    /// An own command was seen to be stored, whether or not its answer came.
    pub(super) fn own_stored(&mut self, client_id: ClientId, done: Done) {
        let Some(waiting) = self.outbox.find(client_id) else { return };
        if let Done::Appended { seq, .. } = done {
            self.journal.stored(client_id, seq);
        }
        let was_answered = matches!(waiting.progress, Progress::Stored { .. });
        if let Progress::Sent(id) = waiting.progress {
            self.sent.remove(&id);
        }
        self.outbox.remove(client_id);
        if !was_answered {
            self.out.push(Output::Remove(client_id));
            self.out.push(Output::Answered { client_id, result: Ok(done) });
        }
    }
}

fn own_messages(timeline: &Timeline, me: UserId) -> impl Iterator<Item = (ClientId, Seq)> {
    timeline.entries().filter(move |entry| entry.actor.id == me).filter_map(|entry| match &entry.kind {
        EntryKind::Message { client_id, .. } => client_id.map(|id| (id, entry.seq)),
        EntryKind::Notice { .. } => None,
    })
}
