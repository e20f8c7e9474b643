//! The ephemeral lane: who is there, who looks at which room, and who is writing.
//!
//! Nothing of it is stored but when somebody was there last, and nothing of it is numbered: of each user only the
//! latest holds, told in batches. A change goes to the followed rooms that its user is a member of, and to nobody
//! else: who may see somebody's presence is who may read a room together with them. Membership is the store's, kept
//! up to date by the same events that the followers get; what a client claims about rooms that its user is not in
//! meets no list of members, and so nobody.
//!
//! What people say of themselves, which is stored, travels with it: it concerns the same people.
//!
//! [`people`] says who is where, [`room`] what was told of it, [`profiles`] what people say of themselves, [`typing`] who is writing, [`news`] what nodes tell
//! each other; [`task`] does what is due.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::{Record, RoomId, RoomPresence, UserId, UserRef, limits::TYPING_MS_MAX};
use tokio::{sync::Notify, time::Instant};
use tungstenite::Utf8Bytes;

use self::{news::LEASE, state::State};
use crate::{
    bus::{Bus, BusMessage},
    clock::{Clock, Randomness},
    hub::Follower,
    limits::Limits,
    store::{Profile, Roster},
};

mod news;
mod people;
mod profiles;
mod room;
mod seen;
mod state;
mod task;
#[cfg(test)]
mod tests;
mod typing;

pub use self::news::{NodeId, PresenceNews, TypingNews, UserNews, Whereabouts};
pub(crate) use people::Activity;

/// Typing holds a little longer than one says it, so that it does not end between two times of saying so.
const TYPING: Duration = Duration::from_millis(TYPING_MS_MAX);

/// The lane of one node.
pub struct Presence {
    state: Mutex<State>,
    /// Something may be due earlier than it was.
    wake: Notify,
    bus: Arc<dyn Bus>,
    clock: Clock,
    grace: Duration,
}

impl Presence {
    pub(crate) fn new(bus: Arc<dyn Bus>, limits: &Limits, clock: Clock, random: &Randomness) -> Self {
        let node = NodeId(u64::from_le_bytes(random.bytes()));
        Self {
            state: Mutex::new(State::new(node, Instant::now())),
            wake: Notify::new(),
            bus,
            clock,
            grace: Duration::from_millis(limits.presence_grace_ms),
        }
    }

    /// A connection of this user is open.
    pub(crate) fn enter(&self, follower: &Follower) {
        self.change(|state| state.people.enter(follower.user, follower.number()));
    }

    /// It says what its user does.
    pub(crate) fn report(&self, follower: &Follower, activity: Activity) {
        self.change(|state| state.people.report(follower.user, follower.number(), activity));
    }

    /// It is closed: its user stays for the grace, unless they have logged out.
    pub(crate) fn leave(&self, follower: &Follower, has_logged_out: bool) {
        let until = (!has_logged_out).then(|| Instant::now() + self.grace);
        let at = self.clock.now();
        self.change(|state| state.people.leave(follower.user, follower.number(), until, at));
    }

    /// Before the store is asked whether a user shows the room that they look at: how often that was set.
    pub(crate) fn viewing_set(&self, user: UserId) -> u64 {
        self.with(|state| state.people.show_room_set(user))
    }

    /// What the store says about it, which was set that often when it was asked. A connection of the user is told, too;
    /// who has set it meanwhile has told them something newer.
    pub(crate) fn knows_viewing(&self, follower: &Follower, shown: bool, set: u64) {
        self.change(|state| {
            if state.people.learn_show_room(follower.user, shown, set) {
                follower.mark_viewing(shown);
            }
        });
    }

    /// Whether a user who is connected here lets others see which room they look at.
    pub(crate) fn shows_viewing(&self, user: UserId) -> bool {
        self.with(|state| state.people.shows_room(user))
    }

    /// The user has set it; the other nodes are told.
    pub(crate) fn set_viewing(&self, user: UserId, shown: bool) {
        self.change(|state| state.people.show_room(user, shown));
        self.bus.publish(BusMessage::Presence(PresenceNews::Viewing { user, shown }));
    }

    /// The user has said something else of themselves; the other nodes are told.
    pub(crate) fn set_profile(&self, user: UserId, profile: Profile) {
        self.change(|state| state.set_profile(user, &profile));
        self.bus.publish(BusMessage::Presence(PresenceNews::Profile { user, profile }));
    }

    /// A member of a room is writing in it, or has stopped. The other nodes are told with the next batch.
    pub(crate) fn set_typing(&self, room: RoomId, user: &UserRef, typing: bool) {
        let (is_shared, until) = (self.bus.is_shared(), Instant::now() + TYPING);
        self.change(|state| {
            state.set_typing(room, user.clone(), typing, until);
            if is_shared {
                state.typing.say(room, user.clone(), typing);
            }
        });
    }

    pub(crate) fn follow(&self, room: RoomId, follower: &Arc<Follower>) {
        self.change(|state| state.follow(room, follower, Instant::now()));
    }

    pub(crate) fn unfollow(&self, room: RoomId, follower: &Follower) {
        self.with(|state| state.unfollow(room, follower));
    }

    /// What a follower who was told up to `cursor` is to be told of a room, and up to where that goes.
    pub(crate) fn take(&self, room: RoomId, user: UserId, cursor: Option<u64>) -> (Vec<Utf8Bytes>, Option<u64>) {
        self.with(|state| state.rooms.get_mut(&room).map_or((Vec::new(), None), |found| found.take(room, user, cursor)))
    }

    /// Who is writing in a room, as a follower is to be told.
    pub(crate) fn take_typing(&self, room: RoomId, user: UserId) -> Option<Utf8Bytes> {
        self.with(|state| {
            state.rooms.get(&room).filter(|found| found.has(user))?;
            state.typing.told(room)
        })
    }

    /// The presence in a room, for a page that is drawn for one of its members.
    pub(crate) fn picture(&self, room: RoomId, roster: &Roster) -> RoomPresence {
        // A turn at a time, so that a page of a large room does not hold up everybody who does something.
        room::picture_of(room, roster, self.clock.now(), |members| {
            self.with(|state| {
                let of = |(user, _): &(UserId, _)| {
                    let (presence, rooms) = state.people.presence(*user);
                    (presence, rooms.contains(&room))
                };
                members.iter().map(of).collect()
            })
        })
    }

    /// Takes in what was committed to a room: who comes and goes, and that who has posted is not writing any more.
    pub(crate) fn note(&self, room: RoomId, records: &[Arc<Record>]) {
        let is_news = self.with(|state| {
            let now = Instant::now();
            // Each of them, whatever came of the others.
            records.iter().filter(|record| state.note(room, record, now)).count() > 0
        });
        if is_news {
            self.wake.notify_one();
        }
    }

    /// Hears another node. Returns whose other devices have to be told of a setting.
    pub(crate) fn hear(&self, news: PresenceNews) -> Option<(UserId, bool)> {
        match news {
            PresenceNews::Lease { node, version } => self.hear_of(node, version, None),
            PresenceNews::Changed { node, version, users } => self.hear_of(node, version - 1, Some((version, users))),
            PresenceNews::Whole { node, version, users } => {
                let (until, at) = (Instant::now() + LEASE, self.clock.now());
                self.change(|state| {
                    state.people.hear(node, version, until, at);
                    state.people.replace(node, version, &users);
                });
            }
            PresenceNews::Asked(node) => self.change(|state| state.is_asked |= node == state.node),
            PresenceNews::Typing(changes) => {
                let until = Instant::now() + TYPING;
                self.change(|state| {
                    for (room, user, typing) in changes.iter() {
                        state.set_typing(*room, user.clone(), *typing, until);
                    }
                });
            }
            PresenceNews::Profile { user, profile } => self.change(|state| state.set_profile(user, &profile)),
            PresenceNews::Viewing { user, shown } => {
                self.change(|state| state.people.show_room(user, shown));
                return Some((user, shown));
            }
        }
        None
    }

    /// A node is there; where it is not at the version that is known here, it is asked for all.
    fn hear_of(&self, node: NodeId, version: u64, change: Option<(u64, Arc<[UserNews]>)>) {
        let (until, at) = (Instant::now() + LEASE, self.clock.now());
        let is_known = self.change(|state| {
            let is_known = state.people.hear(node, version, until, at);
            if let Some((version, users)) = change.filter(|_| is_known) {
                state.people.update(node, version, &users);
            }
            is_known
        });
        if !is_known {
            self.bus.publish(BusMessage::Presence(PresenceNews::Asked(node)));
        }
    }

    /// Something changes, so something may be due.
    fn change<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let done = self.with(f);
        self.wake.notify_one();
        done
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
