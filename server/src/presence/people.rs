//! Who is where: the sessions of this node, what the other nodes say of theirs, and what follows from all of them.
//!
//! Nothing here waits or reads a clock: times are given, and what has changed is gathered in a set, so that however
//! much happens to somebody between two tellings, it is one change.

use std::collections::BTreeSet;

use litemap::LiteMap;
use protocol::{PresenceState, RoomId, UnixMs, UserId};
use tokio::time::Instant;

use super::news::{NodeId, UserNews, Whereabouts};
use crate::maps::{HashMap, HashSet};

/// What a connection says that its user does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) away: bool,
    pub(crate) room: Option<RoomId>,
}

/// Everyone who is connected to any node.
#[derive(Debug, Default)]
pub(super) struct People {
    here: HashMap<UserId, Local>,
    nodes: HashMap<NodeId, Remote>,
    /// When sessions that have left are forgotten.
    graces: BTreeSet<(Instant, UserId, u64)>,
    /// Users of whom something may be different from what was told.
    pub(super) changed: HashSet<UserId>,
    /// Those of them who are different on this node.
    pub(super) changed_here: HashSet<UserId>,
    /// When somebody who is gone was there last.
    pub(super) seen: HashMap<UserId, UnixMs>,
}

/// A user's sessions on this node.
#[derive(Debug, Default)]
struct Local {
    /// Mostly one; the least tree has room for eleven.
    sessions: LiteMap<u64, Session>,
    /// Whether they let others see which room they look at; not before it is known.
    shows_room: bool,
    /// How often that was set meanwhile: what was read from the store before the last time is stale.
    shows_room_set: u64,
    /// When the last of them that has left did so.
    left_at: UnixMs,
}

#[derive(Debug, Default)]
struct Session {
    told: Option<Activity>,
    /// It has left, and stands for the user until then, unless it comes back.
    leaves: Option<Instant>,
}

/// What another node says.
#[derive(Debug)]
struct Remote {
    version: u64,
    users: HashMap<UserId, Whereabouts>,
    until: Instant,
    heard_at: UnixMs,
}

impl People {
    pub(super) fn enter(&mut self, user: UserId, session: u64) {
        self.here.entry(user).or_default().sessions.insert(session, Session::default());
        self.mark_here(user);
    }

    pub(super) fn report(&mut self, user: UserId, session: u64, activity: Activity) {
        let Some(local) = self.here.get_mut(&user) else { return };
        let Some(found) = local.sessions.get_mut(&session) else { return };
        let is_first = found.told.replace(activity).is_none();
        if is_first {
            // A reload: the new session takes the place of one that has left, best of the one that was here.
            let left = local.sessions.iter().filter(|(_, session)| session.leaves.is_some());
            let room_of = |session: &Session| session.told.and_then(|told| told.room);
            let before = left.min_by_key(|(_, session)| room_of(session) != activity.room).map(|(number, _)| *number);
            before.map(|number| local.sessions.remove(&number));
        }
        self.mark_here(user);
    }

    /// The user has set that others see which room they look at, or not.
    pub(super) fn show_room(&mut self, user: UserId, shown: bool) {
        if let Some(local) = self.here.get_mut(&user) {
            local.shows_room = shown;
            local.shows_room_set += 1;
            self.mark_here(user);
        }
    }

    /// How often that was set since the user is here.
    pub(super) fn show_room_set(&self, user: UserId) -> u64 {
        self.here.get(&user).map_or(0, |local| local.shows_room_set)
    }

    /// What the store said about it when it had been set that often. Whether that still holds.
    pub(super) fn learn_show_room(&mut self, user: UserId, shown: bool, set: u64) -> bool {
        let Some(local) = self.here.get_mut(&user).filter(|local| local.shows_room_set == set) else { return false };
        local.shows_room = shown;
        self.mark_here(user);
        true
    }

    /// Whether they do, as far as it is known: who is not connected here does not.
    pub(super) fn shows_room(&self, user: UserId) -> bool {
        self.here.get(&user).is_some_and(|local| local.shows_room)
    }

    /// A connection has ended: with a time, its user stays until then; without, they have logged out.
    pub(super) fn leave(&mut self, user: UserId, session: u64, until: Option<Instant>, at: UnixMs) {
        let Some(local) = self.here.get_mut(&user) else { return };
        local.left_at = at;
        match until {
            Some(until) => {
                if let Some(found) = local.sessions.get_mut(&session) {
                    found.leaves = Some(until);
                    self.graces.insert((until, user, session));
                }
            }
            None => self.forget(user, session),
        }
    }

    fn forget(&mut self, user: UserId, session: u64) {
        if let Some(local) = self.here.get_mut(&user) {
            local.sessions.remove(&session);
            if local.sessions.is_empty() {
                self.seen.insert(user, local.left_at);
                self.here.remove(&user);
            }
            self.mark_here(user);
        }
    }

    /// What is over by now: graces on this node, and nodes that were not heard of for too long.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((until, user, session)) = self.graces.first().copied()
            && until <= now
        {
            self.graces.pop_first();
            self.forget(user, session);
        }
        let lost: Vec<NodeId> =
            self.nodes.iter().filter(|(_, remote)| remote.until <= now).map(|(node, _)| *node).collect();
        for node in lost {
            let Some(remote) = self.nodes.remove(&node) else { continue };
            tracing::warn!(
                node = node.0,
                users = remote.users.len(),
                "a node has not been heard of: its users are gone"
            );
            for user in remote.users.into_keys() {
                self.seen.insert(user, remote.heard_at);
                self.changed.insert(user);
            }
        }
    }

    /// When something is over.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let grace = self.graces.first().map(|(until, ..)| *until);
        self.nodes.values().map(|remote| remote.until).chain(grace).min()
    }

    /// Another node is there, at this version. Whether that is the one that is known.
    pub(super) fn hear(&mut self, node: NodeId, version: u64, until: Instant, at: UnixMs) -> bool {
        let empty = Remote { version: 0, users: HashMap::default(), until, heard_at: at };
        let remote = self.nodes.entry(node).or_insert(empty);
        (remote.until, remote.heard_at) = (until, at);
        remote.version == version
    }

    /// Another node says that these are different now.
    pub(super) fn update(&mut self, node: NodeId, version: u64, users: &[UserNews]) {
        let Some(remote) = self.nodes.get_mut(&node) else { return };
        remote.version = version;
        for (user, whereabouts, seen) in users {
            match whereabouts {
                Some(whereabouts) => {
                    remote.users.insert(*user, whereabouts.clone());
                }
                None => {
                    remote.users.remove(user);
                    self.seen.insert(*user, *seen);
                }
            }
            self.changed.insert(*user);
        }
    }

    /// Another node says that these are all that it has.
    pub(super) fn replace(&mut self, node: NodeId, version: u64, users: &[UserNews]) {
        let Some(remote) = self.nodes.get_mut(&node) else { return };
        for user in std::mem::take(&mut remote.users).into_keys() {
            self.seen.entry(user).or_insert(remote.heard_at);
            self.changed.insert(user);
        }
        self.update(node, version, users);
    }

    /// Where a user is, as far as this node's own sessions go.
    pub(super) fn whereabouts_here(&self, user: UserId) -> Option<Whereabouts> {
        let local = self.here.get(&user)?;
        let told: Vec<Activity> = local.sessions.values().filter_map(|session| session.told).collect();
        if told.is_empty() {
            // Programs that say nothing are there as long as they are connected. A browser says something at once,
            // and until then what it said before holds.
            return Some(Whereabouts { away: false, rooms: Vec::new() });
        }
        let looks = told.iter().filter(|activity| local.shows_room && !activity.away);
        let rooms: BTreeSet<RoomId> = looks.filter_map(|activity| activity.room).collect();
        Some(Whereabouts { away: told.iter().all(|activity| activity.away), rooms: rooms.into_iter().collect() })
    }

    /// Everyone who has sessions on this node.
    pub(super) fn all_here(&self) -> impl Iterator<Item = UserId> {
        self.here.keys().copied()
    }

    /// Whether a user is there, and which rooms they look at, on all nodes together.
    pub(super) fn presence(&self, user: UserId) -> (PresenceState, BTreeSet<RoomId>) {
        let elsewhere = self.nodes.values().filter_map(|remote| remote.users.get(&user)).cloned();
        let mut state = PresenceState::Offline;
        let mut rooms = BTreeSet::new();
        for whereabouts in self.whereabouts_here(user).into_iter().chain(elsewhere) {
            let here = if whereabouts.away { PresenceState::Away } else { PresenceState::Online };
            // The order of the states is that of who is more there.
            state = state.min(here);
            rooms.extend(whereabouts.rooms);
        }
        (state, rooms)
    }

    fn mark_here(&mut self, user: UserId) {
        self.changed.insert(user);
        self.changed_here.insert(user);
    }
}
