//! The state of the lane, and what is due in it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use protocol::{Event, PresenceState, Record, RoomId, Seq, UnixMs, UserId, UserRef, effect::Membership};
use tokio::time::Instant;

use super::{
    news::{LEASE_INTERVAL, NodeId, PresenceNews, UserNews},
    people::People,
    room::Room,
    seen::Seen,
    typing::Typing,
};
use crate::{
    hub::Follower,
    maps::{HashMap, HashSet},
    store::{Profile, Roster},
};

/// The shortest time between two tellings of presence.
pub(super) const PRESENCE_INTERVAL: Duration = Duration::from_millis(500);
/// How long a first change waits for what belongs to it: a connection, and what it says about itself.
const PRESENCE_DELAY: Duration = Duration::from_millis(100);
/// The shortest time between two tellings of who is writing.
pub(super) const TYPING_INTERVAL: Duration = Duration::from_millis(100);

/// Users whose profiles are read at once.
pub(super) const NEWCOMERS_MAX: usize = 500;

#[derive(Debug)]
pub(super) struct State {
    pub(super) node: NodeId,
    pub(super) people: People,
    pub(super) rooms: HashMap<RoomId, Room>,
    pub(super) typing: Typing,
    /// In which followed rooms somebody is: a change goes there and nowhere else.
    rooms_of: HashMap<UserId, HashSet<RoomId>>,
    /// Rooms with something to tell.
    dirty: HashSet<RoomId>,
    /// Rooms whose members have to be read, and when.
    pub(super) loads: BTreeSet<(Instant, RoomId)>,
    /// Who came into a followed room: what they say of themselves has to be read, and when.
    pub(super) newcomers: BTreeSet<(Instant, UserId)>,
    /// When a status of somebody in a followed room is over.
    status_end: Option<UnixMs>,
    status_at: Option<Instant>,
    /// What this node has told the others: how many changes.
    version: u64,
    /// Another node has asked for all.
    pub(super) is_asked: bool,
    flush_at: Option<Instant>,
    quiet_until: Instant,
    typing_at: Option<Instant>,
    typing_quiet_until: Instant,
    pub(super) lease_at: Instant,
    pub(super) seen: Seen,
}

impl State {
    pub(super) fn new(node: NodeId, now: Instant) -> Self {
        Self {
            node,
            people: People::default(),
            rooms: HashMap::default(),
            typing: Typing::default(),
            rooms_of: HashMap::default(),
            dirty: HashSet::default(),
            loads: BTreeSet::new(),
            newcomers: BTreeSet::new(),
            status_end: None,
            status_at: None,
            version: 0,
            is_asked: false,
            flush_at: None,
            quiet_until: now,
            typing_at: None,
            typing_quiet_until: now,
            lease_at: now,
            seen: Seen::default(),
        }
    }

    /// A connection follows a room.
    pub(super) fn follow(&mut self, id: RoomId, follower: &Arc<Follower>, now: Instant) {
        let room = self.rooms.entry(id).or_insert_with(|| {
            self.loads.insert((now, id));
            Room::default()
        });
        room.followers.insert(follower.number(), Arc::clone(follower));
    }

    pub(super) fn unfollow(&mut self, id: RoomId, follower: &Follower) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.followers.remove(&follower.number());
        if room.followers.is_empty() {
            let members = room.everyone();
            self.rooms.remove(&id);
            self.typing.forget(id);
            self.dirty.remove(&id);
            for user in members {
                self.leave_index(user, id);
            }
        }
    }

    /// The members of a room came from the store. Whether they have to be read again.
    pub(super) fn learn(&mut self, id: RoomId, roster: &Roster, now: Instant) -> bool {
        let Some(room) = self.rooms.get_mut(&id) else { return false };
        let Some(members) = room.learn(roster) else { return true };
        for user in members {
            self.rooms_of.entry(user).or_default().insert(id);
            let (state, rooms) = self.people.presence(user);
            room.set(user, state, rooms.contains(&id), None);
            if roster.members.binary_search_by_key(&user, |(member, _)| *member).is_err() {
                self.newcomers.insert((now, user));
            }
        }
        let room_end = room.profiles.next_end();
        self.note_end(room_end);
        self.dirty.insert(id);
        false
    }

    /// Somebody says something else of themselves. It is for the rooms that they are in; of those whose members are
    /// on their way, it is not known yet which these are.
    pub(super) fn set_profile(&mut self, user: UserId, profile: &Profile) {
        for (id, room) in &mut self.rooms {
            if room.set_profile(user, profile) {
                self.dirty.insert(*id);
            }
        }
        self.note_end(profile.status.as_ref().and_then(|status| status.until));
    }

    fn note_end(&mut self, end: Option<UnixMs>) {
        self.status_end = self.status_end.into_iter().chain(end).min();
    }

    /// Ends the statuses that are over by the clock on the wall. It may be set: what is due is looked at again at each run.
    fn end_statuses(&mut self, now: Instant, at: UnixMs) {
        if self.status_end.is_some_and(|end| end <= at) {
            for (id, room) in &mut self.rooms {
                room.profiles.end(at);
                if room.profiles.has_news() {
                    self.dirty.insert(*id);
                }
            }
            self.status_end = self.rooms.values().filter_map(|room| room.profiles.next_end()).min();
        }
        let left_ms = |end: UnixMs| u64::try_from(end.0 - at.0).unwrap_or(0);
        self.status_at = self.status_end.map(|end| now + Duration::from_millis(left_ms(end)));
    }

    /// Somebody has come into a room or gone out of it.
    pub(super) fn membership(&mut self, id: RoomId, user: UserId, seq: Seq, is_in: bool, now: Instant) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if !room.membership(user, seq, is_in) {
            return;
        }
        self.dirty.insert(id);
        if is_in {
            let (state, rooms) = self.people.presence(user);
            room.set(user, state, rooms.contains(&id), None);
            self.rooms_of.entry(user).or_default().insert(id);
            self.newcomers.insert((now, user));
        } else {
            self.typing.stop(id, user);
            self.leave_index(user, id);
        }
    }

    /// Takes in an event of a room. Whether it may be news here.
    pub(super) fn note(&mut self, id: RoomId, record: &Record, now: Instant) -> bool {
        let is_post = matches!(record.event, Event::MessagePosted(_));
        if is_post {
            self.typing.unsay(id, record.actor.id);
        }
        if !self.rooms.contains_key(&id) {
            return false;
        }
        if is_post {
            return self.typing.stop(id, record.actor.id);
        }
        match record.effect().and_then(|effect| effect.membership) {
            Some(Membership::In(member)) => self.membership(id, member.user.id, record.seq, true, now),
            Some(Membership::Out(user)) => self.membership(id, user, record.seq, false, now),
            Some(Membership::AllOut) => self.all_out(id, record.seq, now),
            None => return false,
        }
        true
    }

    /// Nobody is in a room any more.
    pub(super) fn all_out(&mut self, id: RoomId, seq: Seq, now: Instant) {
        for user in self.rooms.get(&id).map(Room::everyone).unwrap_or_default() {
            self.membership(id, user, seq, false, now);
        }
    }

    /// Somebody says that they are writing, or have stopped. Who is no member of a followed room is not heard.
    pub(super) fn set_typing(&mut self, id: RoomId, user: UserRef, typing: bool, until: Instant) {
        if !typing {
            self.typing.stop(id, user.id);
        } else if self.rooms.get(&id).is_some_and(|room| room.has(user.id)) {
            self.typing.start(id, user, until);
        }
    }

    /// Of whom is to be read now what they say of themselves; at most [`NEWCOMERS_MAX`] at once.
    pub(super) fn newcomers_at(&mut self, now: Instant) -> Vec<UserId> {
        let mut users = Vec::new();
        while let Some((_, user)) = self.newcomers.first().copied().filter(|(at, _)| *at <= now)
            && users.len() < NEWCOMERS_MAX
        {
            self.newcomers.pop_first();
            users.push(user);
        }
        users
    }

    /// When everyone was there last, if the server stops at that time.
    pub(super) fn last_words(&mut self, at: UnixMs) -> Vec<(UserId, UnixMs)> {
        for (user, seen) in std::mem::take(&mut self.people.seen) {
            self.seen.note(user, seen);
        }
        for user in self.people.all_here() {
            self.seen.note(user, at);
        }
        self.seen.take()
    }

    fn leave_index(&mut self, user: UserId, room: RoomId) {
        if let Some(rooms) = self.rooms_of.get_mut(&user) {
            rooms.remove(&room);
            if rooms.is_empty() {
                self.rooms_of.remove(&user);
            }
        }
    }

    /// Does what is due; returns what the other nodes are to be told.
    pub(super) fn run(&mut self, now: Instant, at: UnixMs) -> Vec<PresenceNews> {
        self.people.expire(now);
        self.typing.expire(now);
        self.end_statuses(now, at);
        let mut news = Vec::new();
        let has_changes = !self.people.changed.is_empty() || !self.dirty.is_empty();
        // What was to be told may have gone with the last follower of its room; then nothing is due.
        self.flush_at.take_if(|_| !has_changes);
        self.typing_at.take_if(|_| !self.typing.has_news());
        if has_changes && *self.flush_at.get_or_insert((now + PRESENCE_DELAY).max(self.quiet_until)) <= now {
            (self.flush_at, self.quiet_until) = (None, now + PRESENCE_INTERVAL);
            news.extend(self.changes(at));
            self.tell();
        }
        if self.typing.has_news() && *self.typing_at.get_or_insert(self.typing_quiet_until.max(now)) <= now {
            (self.typing_at, self.typing_quiet_until) = (None, now + TYPING_INTERVAL);
            for id in self.typing.flush() {
                for follower in self.rooms.get(&id).into_iter().flat_map(|room| room.followers.values()) {
                    follower.mark_typing(id);
                }
            }
            let said = self.typing.take_said();
            news.extend((!said.is_empty()).then(|| PresenceNews::Typing(said.into())));
        }
        if std::mem::take(&mut self.is_asked) {
            let users = self.users_here(self.people.all_here(), at);
            news.push(PresenceNews::Whole { node: self.node, version: self.version, users });
        }
        if self.lease_at <= now {
            self.lease_at = now + LEASE_INTERVAL;
            news.push(PresenceNews::Lease { node: self.node, version: self.version });
        }
        news
    }

    /// When something is due next.
    pub(super) fn deadline(&self) -> Instant {
        let others = [
            self.people.deadline(),
            self.typing.deadline(),
            self.seen.deadline(),
            self.flush_at,
            self.typing_at,
            self.status_at,
        ];
        others
            .into_iter()
            .flatten()
            .chain([self.lease_at])
            .chain(self.loads.first().map(|(at, _)| *at))
            .chain(self.newcomers.first().map(|(at, _)| *at))
            .min()
            .unwrap_or(self.lease_at)
    }

    /// What has changed on this node, for the others.
    fn changes(&mut self, at: UnixMs) -> Option<PresenceNews> {
        let changed = std::mem::take(&mut self.people.changed_here);
        if changed.is_empty() {
            return None;
        }
        self.version += 1;
        let users = self.users_here(changed.into_iter(), at);
        Some(PresenceNews::Changed { node: self.node, version: self.version, users })
    }

    fn users_here(&self, users: impl Iterator<Item = UserId>, at: UnixMs) -> Arc<[UserNews]> {
        users
            .map(|user| {
                let seen = self.people.seen.get(&user).copied().unwrap_or(at);
                (user, self.people.whereabouts_here(user), seen)
            })
            .collect()
    }

    /// Tells the followed rooms what has changed: as much work as there are changes, and one encoding a room.
    fn tell(&mut self) {
        for user in std::mem::take(&mut self.people.changed) {
            let (state, looked_at) = self.people.presence(user);
            let seen = self.people.seen.remove(&user).filter(|_| state == PresenceState::Offline);
            if let Some(seen) = seen {
                self.seen.note(user, seen);
            }
            for id in self.rooms_of.get(&user).into_iter().flatten() {
                if let Some(room) = self.rooms.get_mut(id) {
                    room.set(user, state, looked_at.contains(id), seen);
                    self.dirty.insert(*id);
                }
            }
        }
        for id in std::mem::take(&mut self.dirty) {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.flush(id);
            }
        }
    }
}
