//! The ends of the rooms whose members are connected here, for the lists of rooms.
//!
//! A connection watches all rooms of its user without receiving their events. What happens in a room is gathered once,
//! in the writer's turn, whoever watches; the watchers are marked beside it, at most twice a second ([`Heads::run`]):
//! a first change after a quiet time at once, what follows together. The connection reads the head when it next tells
//! its client.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    ops::Bound,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::{Event, Position, Record, RoomId, Seq, UserId, mentions::Mentions};
use tokio::{sync::Notify, task::yield_now, time::sleep};

use super::{
    dispatch::RINGS_AT_ONCE,
    follower::{Follower, HEAD_MENTIONS_MAX, RoomNews},
    seen::Unseen,
};
use crate::maps::{HashMap, HashSet};

/// The shortest time between two tellings of heads: with what a connection waits itself, within a second.
pub(super) const HEADS_INTERVAL: Duration = Duration::from_millis(500);

/// Authors remembered between two tellings, of each room: they count again. With more, everyone does.
const AUTHORS_MAX: usize = 256;

/// Events remembered that were noted before one that is missing, of each room: others may be late as long. With more, what
/// is missing is taken for lost, and everyone counts again.
const EARLY_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Heads {
    state: Mutex<State>,
    /// Something is to be told.
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<RoomId, Watched>,
    /// Rooms in which something happened that their watchers were not told.
    dirty: HashSet<RoomId>,
    /// Counts what was noted in all rooms, to tell what came before a watcher from what came after.
    noted: u64,
}

#[derive(Debug, Default)]
struct Watched {
    head: Head,
    /// Up to here all was noted, or was read by the first who watched. What another one has read the others need not have.
    noted: Position,
    /// What was noted after something that was not: it is late, or lost on the way from another node.
    early: BTreeSet<Seq>,
    /// By user, so that those of one are found.
    watchers: BTreeMap<Key, Watcher>,
    unseen: Unseen,
    news: Gathered,
    /// What is being told, to one watcher after the other.
    telling: Gathered,
}

/// A follower and its number.
type Key = (UserId, u64);

#[derive(Debug)]
struct Watcher {
    follower: Arc<Follower>,
    /// What was noted before this they have, from the store or because they have asked.
    since: u64,
}

/// What happened in a room since its watchers were last told, with the count at which it was noted.
#[derive(Debug, Default)]
struct Gathered {
    /// Anything.
    last: u64,
    /// Something for which everyone counts again.
    recount: u64,
    /// Who has posted.
    authors: HashMap<UserId, u64>,
    /// Posts that name somebody.
    naming: Vec<(u64, Seq, Mentions)>,
}

/// The end of a room, as far as this node knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) position: Position,
    /// The ordinal of the last message.
    pub(crate) messages: u64,
}

impl Heads {
    pub(super) fn watch(&self, room: RoomId, follower: &Arc<Follower>) {
        self.with(|state| {
            let watcher = Watcher { follower: Arc::clone(follower), since: state.noted };
            state.rooms.entry(room).or_default().watchers.insert((follower.user, follower.number), watcher);
        });
    }

    pub(super) fn unwatch(&self, room: RoomId, follower: &Follower) {
        self.with(|state| {
            if let Some(watched) = state.rooms.get_mut(&room) {
                watched.watchers.remove(&(follower.user, follower.number));
                if watched.watchers.is_empty() {
                    state.rooms.remove(&room);
                }
            }
        });
    }

    /// The end of a watched room, once anything is known of it, and what has happened up to there that this watcher was
    /// not told: whoever is told the one is told the other.
    pub(super) fn take(&self, room: RoomId, follower: &Follower) -> Option<(Head, RoomNews)> {
        self.with(|state| {
            let Watched { head, watchers, news, telling, .. } = state.rooms.get_mut(&room)?;
            let watcher = watchers.get_mut(&(follower.user, follower.number))?;
            let mut untold = RoomNews::default();
            for gathered in [&*telling, &*news] {
                gathered.news(follower.user, watcher.since).into_iter().for_each(|news| untold.add(news));
            }
            watcher.since = state.noted;
            (head.position.seq.0 > 0).then_some((*head, untold))
        })
    }

    pub(super) fn rooms(&self) -> Vec<RoomId> {
        self.with(|state| state.rooms.keys().copied().collect())
    }

    /// Takes in what the store says to a watcher, read after they began to watch: what was committed in between was noted,
    /// and without that there would be a hole for ever. What happened since is not undone: both numbers only grow. That one
    /// watcher knows of an event tells the others nothing: where it was lost on the way here, [`Heads::compare`] has to find
    /// that still.
    pub(super) fn learn(&self, room: RoomId, position: Position, messages: u64) {
        self.with(|state| {
            if let Some(watched) = state.rooms.get_mut(&room) {
                advance(&mut watched.head.position, position);
                if watched.noted == Position::default() || watched.watchers.len() == 1 {
                    watched.catch_up(position);
                }
                watched.head.messages = watched.head.messages.max(messages);
            }
        });
    }

    /// Notes events of a room, for everyone who watches it. As much work as there are events.
    pub(super) fn note(&self, room: RoomId, records: &[Arc<Record>]) {
        self.change(room, |watched, noted| {
            for record in records {
                watched.note(record, noted);
            }
            true
        });
    }

    /// Marks a room of which events were missed here.
    pub(super) fn compare(&self, room: RoomId, stored: Position) {
        self.change(room, |watched, noted| {
            advance(&mut watched.head.position, stored);
            let is_behind = watched.catch_up(stored);
            if is_behind {
                (watched.news.last, watched.news.recount) = (noted, noted);
            }
            is_behind
        });
    }

    /// Somebody has read a room up to here: tells those whose messages they are the first to have read.
    pub(super) fn read(&self, room: RoomId, reader: UserId, up_to: Seq) {
        self.with(|state| {
            let Some(watched) = state.rooms.get_mut(&room) else { return };
            for (author, up_to) in watched.unseen.read(reader, up_to) {
                for watcher in watched.of(author) {
                    watcher.follower.mark_seen(room, up_to);
                }
            }
        });
    }

    /// Tells the watchers what was gathered; for ever.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            self.wake.notified().await;
            self.tell().await;
            sleep(HEADS_INTERVAL).await;
        }
    }

    async fn tell(&self) {
        let mut left = RINGS_AT_ONCE;
        for room in self.with(|state| std::mem::take(&mut state.dirty)) {
            self.with_room(room, |watched| watched.telling = std::mem::take(&mut watched.news));
            let mut last = None;
            while let Some(next) = self.mark_after(room, last, &mut left) {
                last = Some(next);
                left = RINGS_AT_ONCE;
                // The writer notes, and sockets write, in between.
                yield_now().await;
            }
            self.with_room(room, |watched| watched.telling = Gathered::default());
        }
    }

    /// Marks the room for the next watchers after one. Returns where it stopped, when as many as were `left` are done.
    fn mark_after(&self, room: RoomId, last: Option<Key>, left: &mut usize) -> Option<Key> {
        self.with(|state| {
            let after = last.map_or(Bound::Unbounded, Bound::Excluded);
            let watched = state.rooms.get_mut(&room)?;
            let Watched { watchers, telling, .. } = watched;
            for (key, watcher) in watchers.range_mut((after, Bound::Unbounded)) {
                if let Some(news) = telling.news(key.0, watcher.since) {
                    watcher.follower.mark_room(room, news);
                    // They have it: who looks at once is not told a second time what is still being told to others.
                    watcher.since = telling.last;
                }
                *left -= 1;
                if *left == 0 {
                    return Some(*key);
                }
            }
            None
        })
    }

    fn with_room(&self, room: RoomId, change: impl FnOnce(&mut Watched)) {
        self.with(|state| _ = state.rooms.get_mut(&room).map(change));
    }

    /// `change` says whether there is something to tell.
    fn change(&self, room: RoomId, change: impl FnOnce(&mut Watched, u64) -> bool) {
        let is_first = self.with(|state| {
            let Some(watched) = state.rooms.get_mut(&room) else { return false };
            state.noted += 1;
            change(watched, state.noted) && state.dirty.insert(room) && state.dirty.len() == 1
        });
        if is_first {
            self.wake.notify_one();
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watched {
    fn note(&mut self, record: &Record, noted: u64) {
        let position = Position { epoch: record.epoch, seq: record.seq };
        advance(&mut self.head.position, position);
        let is_known = self.has(position);
        self.count(position, noted);
        if let Event::MessagePosted(posted) = &record.event {
            self.head.messages = self.head.messages.max(posted.ordinal);
        }
        // Also where a comparison was quicker: that says nothing of whose it is.
        if matches!(record.event, Event::MessagePosted(_)) && self.of(record.actor.id).next().is_some() {
            self.unseen.posted(record.actor.id, record.seq);
        }
        if is_known {
            // Another node says it twice, or late: what was told counts once.
            return;
        }
        self.news.add(record, noted);
    }

    /// Whether an event was noted, or is known to all watchers.
    fn has(&self, at: Position) -> bool {
        at.epoch == self.noted.epoch && (at.seq <= self.noted.seq || self.early.contains(&at.seq))
    }

    /// An event was noted. Where one before it is missing, the next comparison says so, unless it comes before that.
    fn count(&mut self, at: Position, noted: u64) {
        if self.noted == Position::default() || at.epoch > self.noted.epoch {
            self.catch_up(at);
        } else if at.epoch == self.noted.epoch && at.seq > self.noted.seq {
            self.early.insert(at.seq);
            self.join_up();
            if self.early.len() > EARLY_MAX {
                self.news.recount = noted;
                self.catch_up(self.head.position);
            }
        }
    }

    /// Nothing is missing up to here. Whether that was not known.
    fn catch_up(&mut self, to: Position) -> bool {
        if to.epoch > self.noted.epoch {
            self.early.clear();
        }
        let is_news = advance(&mut self.noted, to);
        self.early.retain(|seq| *seq > to.seq);
        self.join_up();
        is_news
    }

    /// What came early is early no more where nothing is missing before it.
    fn join_up(&mut self) {
        while self.early.remove(&self.noted.seq.next()) {
            self.noted.seq = self.noted.seq.next();
        }
    }

    /// The watchers of one user.
    fn of(&self, user: UserId) -> impl Iterator<Item = &Watcher> {
        self.watchers.range((user, 0)..=(user, u64::MAX)).map(|(_, watcher)| watcher)
    }
}

impl Gathered {
    fn add(&mut self, record: &Record, noted: u64) {
        self.last = noted;
        if let Some(mentions) = record.event.mentions() {
            self.authors.insert(record.actor.id, noted);
            if !mentions.is_empty() {
                self.naming.push((noted, record.seq, mentions.clone()));
            }
            if self.authors.len() > AUTHORS_MAX || self.naming.len() > HEAD_MENTIONS_MAX {
                (self.authors, self.naming) = Default::default();
                self.recount = noted;
            }
        } else if !matches!(record.event, Event::ReactionAdded(_) | Event::ReactionRemoved(_)) {
            // What is under a message is not counted.
            self.recount = noted;
        }
    }

    /// What of it is news to a user who has all that was noted before.
    fn news(&self, user: UserId, since: u64) -> Option<RoomNews> {
        if self.last <= since {
            return None;
        }
        // One's own posts are not unread.
        if self.recount > since || self.authors.get(&user).is_some_and(|noted| *noted > since) {
            return Some(RoomNews::recount());
        }
        let naming = self.naming.iter().filter(|(noted, _, mentions)| *noted > since && mentions.names(user));
        Some(RoomNews { recount: false, mentions: naming.map(|(_, seq, _)| *seq).collect() })
    }
}

/// Moves a place forward, never back. Returns whether it moved.
fn advance(place: &mut Position, to: Position) -> bool {
    let is_newer = (to.epoch, to.seq) > (place.epoch, place.seq);
    if is_newer {
        *place = to;
    }
    is_newer
}

#[cfg(test)]
mod tests {
    use protocol::Epoch;

    use super::*;

    fn at(epoch: u32, seq: u64) -> Position {
        Position { epoch: Epoch(epoch), seq: Seq(seq) }
    }

    #[test]
    fn what_came_early_joins_up_when_the_store_has_what_was_missing() {
        let mut watched = Watched { noted: at(1, 3), ..Watched::default() };
        watched.count(at(1, 5), 1);

        assert!(watched.catch_up(at(1, 4)), "the fourth was missing");

        assert!(!watched.catch_up(at(1, 5)), "the fifth was noted");
        assert!(watched.early.is_empty());
    }

    #[test]
    fn what_came_early_in_a_log_that_is_no_more_is_not_known_of_the_next() {
        let mut watched = Watched { noted: at(1, 100), ..Watched::default() };
        watched.count(at(1, 103), 1);

        watched.count(at(2, 51), 2);

        assert!(!watched.has(at(2, 103)));
    }
}
