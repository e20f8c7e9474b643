//! Fan-out: from what was committed to the sockets that follow it.
//!
//! A stream that someone on this node follows has one ring of encoded events ([`ring`]). A connection holds a
//! place in it, not a queue: what a commit has appended to a stream is encoded once, goes into the ring under one lock,
//! and its followers are rung once, by the [`dispatch`]er, beside the writer; each takes all that it has not seen. Who
//! falls behind the ring reads the store. The hub orders, encodes and wakes; it reads nothing itself but what closes a
//! gap ([`task`]), and it decides nothing: who may follow, `commands::authorize` says.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use protocol::{ReadCursor, Record, RoomId, StreamId, UserId};
use tokio::sync::mpsc;

use self::{budget::Budget, channel::Offered, dispatch::Dispatch, heads::Heads};
use crate::{
    bus::{Bus, BusMessage},
    clock::{Clock, Randomness},
    limits::Limits,
    maps::HashMap,
    presence::Presence,
    sabotage::Without,
    store::{Sink, underway::Underway},
};

mod budget;
mod channel;
mod dispatch;
mod entry;
#[cfg(test)]
pub(crate) mod fake;
mod follower;
mod heads;
mod registration;
mod ring;
mod seen;
mod task;
#[cfg(test)]
mod tests;

pub use self::task::HubTask;
pub(crate) use self::{
    channel::Channel,
    entry::{Entry, RoomChange},
    follower::{Bells, Follower, RoomNews},
    registration::Registration,
    ring::Taken,
};

/// The fan-out of one node.
pub struct Hub {
    channels: RwLock<HashMap<StreamId, Arc<Channel>>>,
    users: RwLock<HashMap<UserId, Vec<Arc<Follower>>>>,
    heads: Heads,
    presence: Arc<Presence>,
    budget: Arc<Budget>,
    dispatch: Dispatch,
    bus: Arc<dyn Bus>,
    /// Streams with a gap; each is in there once until it is closed.
    gaps: mpsc::UnboundedSender<StreamId>,
    followers: AtomicU64,
}

impl Hub {
    /// A hub without followers, and the task that has to run beside it, as [`Presence::run`] has to.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, limits: &Limits, clock: Clock, random: &Randomness) -> (Arc<Self>, HubTask) {
        Self::without(bus, limits, clock, random, Without::NOTHING)
    }

    /// The same, with something taken away, so that a test sees what it is for.
    #[must_use]
    pub fn without(
        bus: Arc<dyn Bus>,
        limits: &Limits,
        clock: Clock,
        random: &Randomness,
        without: Without,
    ) -> (Arc<Self>, HubTask) {
        let bytes = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        let (gaps, reported) = mpsc::unbounded_channel();
        let hub = Arc::new(Self {
            channels: RwLock::default(),
            users: RwLock::default(),
            heads: Heads::default(),
            presence: Arc::new(Presence::new(Arc::clone(&bus), limits, clock, random)),
            budget: Arc::new(Budget::new(bytes(limits.ring_bytes), bytes(limits.rings_bytes), without)),
            dispatch: Dispatch::default(),
            gaps,
            followers: AtomicU64::new(0),
            bus: Arc::clone(&bus),
        });
        (Arc::clone(&hub), HubTask::new(hub, bus.subscribe(), reported))
    }

    /// Who is there, and who is writing.
    #[must_use]
    pub fn presence(&self) -> &Arc<Presence> {
        &self.presence
    }

    /// Tells all devices of a user, on all nodes, whether others see which room the user looks at.
    pub(crate) fn viewing_set(&self, user: UserId, shown: bool) {
        // In this order: a connection that reads the store meanwhile has noticed, or is told after that.
        self.presence.set_viewing(user, shown);
        self.tell_viewing(user, shown);
    }

    fn tell_viewing(&self, user: UserId, shown: bool) {
        for follower in read(&self.users).get(&user).into_iter().flatten() {
            follower.mark_viewing(shown);
        }
    }

    /// Tells the other devices of a user, on all nodes, how far a room is read; and those whose messages were read, unless
    /// the reader hides which room they look at.
    pub(crate) fn cursor_moved(&self, by: &Follower, room: RoomId, cursor: ReadCursor) {
        let shown = self.presence.shows_viewing(by.user);
        self.hear_cursor(by.user, room, cursor, shown, Some(by));
        self.bus.publish(BusMessage::CursorMoved { user: by.user, room, cursor, shown });
    }

    fn hear_cursor(&self, user: UserId, room: RoomId, cursor: ReadCursor, shown: bool, except: Option<&Follower>) {
        self.tell_cursor(user, room, cursor, except);
        if shown {
            self.heads.read(room, user, cursor.seq);
        }
    }

    /// Tells the other nodes which sessions are over. This node's own were told directly.
    pub fn sessions_ended(&self, revoked: crate::auth::connected::SessionsRevoked) {
        self.bus.publish(BusMessage::SessionsEnded(revoked));
    }

    /// Bytes that all rings hold.
    #[must_use]
    pub fn ring_bytes(&self) -> usize {
        self.budget.used()
    }

    /// How many streams are followed.
    #[must_use]
    pub fn streams_count(&self) -> usize {
        read(&self.channels).len()
    }

    fn tell_cursor(&self, user: UserId, room: RoomId, cursor: ReadCursor, except: Option<&Follower>) {
        for follower in read(&self.users).get(&user).into_iter().flatten() {
            if except.is_none_or(|except| except.number != follower.number) {
                follower.mark_cursor(room, cursor);
            }
        }
    }

    /// Takes records from the writer or another node: what belongs to one stream together.
    fn offer(&self, records: &[Arc<Record>]) {
        let mut sorted = Vec::new();
        let records = if records.is_sorted_by_key(|record| record.stream) {
            records
        } else {
            // A commit of many rooms: each stream's stay in their order.
            sorted.extend(records.iter().map(Arc::clone));
            sorted.sort_by_key(|record| record.stream);
            &sorted
        };
        for records in records.chunk_by(|one, next| one.stream == next.stream) {
            let Some(stream) = records.first().map(|record| record.stream) else { continue };
            if let StreamId::Room(room) = stream {
                self.heads.note(room, records);
                self.presence.note(room, records);
            }
            if let Some(channel) = self.channel(stream) {
                let offered = channel.offer(records);
                self.announce(&channel, offered);
            }
        }
    }

    /// Lets the followers of a stream know what became of its ring.
    fn announce(&self, channel: &Arc<Channel>, offered: Offered) {
        if offered.is_news {
            self.dispatch.ring(channel);
        }
        if offered.is_gap {
            self.report_gap(channel.stream());
        }
    }

    fn report_gap(&self, stream: StreamId) {
        // Without its task the hub is being taken down, and nobody is left to tell.
        let _ = self.gaps.send(stream);
    }

    fn channel(&self, stream: StreamId) -> Option<Arc<Channel>> {
        read(&self.channels).get(&stream).map(Arc::clone)
    }

    fn next_follower(&self, user: UserId) -> Arc<Follower> {
        let follower = Arc::new(Follower::new(self.followers.fetch_add(1, Ordering::Relaxed), user));
        write(&self.users).entry(user).or_default().push(Arc::clone(&follower));
        follower
    }

    fn forget(&self, follower: &Follower) {
        let mut users = write(&self.users);
        if let Some(followers) = users.get_mut(&follower.user) {
            followers.retain(|other| other.number != follower.number);
            if followers.is_empty() {
                users.remove(&follower.user);
            }
        }
    }

    fn follow(&self, stream: StreamId, follower: &Arc<Follower>) -> Arc<Channel> {
        let mut channels = write(&self.channels);
        let channel =
            channels.entry(stream).or_insert_with(|| Arc::new(Channel::new(stream, Arc::clone(&self.budget))));
        channel.add(Arc::clone(follower));
        Arc::clone(channel)
    }

    fn unfollow(&self, stream: StreamId, follower: &Follower) {
        // Under the lock that `follow` takes: a channel that just got its next follower is not dropped.
        let mut channels = write(&self.channels);
        if channels.get(&stream).is_some_and(|channel| channel.remove(follower))
            && let Some(channel) = channels.remove(&stream)
        {
            channel.release();
        }
    }
}

impl Sink for Hub {
    fn underway(&self) -> Underway {
        self.dispatch.underway()
    }

    fn committed(&self, records: &[Arc<Record>]) {
        self.offer(records);
        self.bus.publish(BusMessage::Committed(records.into()));
    }
}

// Nothing in the critical sections panics half-way, so a poisoned map is still whole.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
