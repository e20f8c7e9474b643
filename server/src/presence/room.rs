//! The presence in one room that somebody on this node follows: its members, and what was told of them.
//!
//! What changes is encoded once for all followers, as a batch with a number. A connection remembers the last number
//! that it has sent; who is further behind than [`BATCHES_MAX`] gets the whole picture instead, which is encoded once
//! too. So nothing waits for a slow connection, and nothing is kept for it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use protocol::{
    PresenceState, RoomId, RoomPresence, Seq, ServerFrame, UnixMs, UserId, UserPresence, UserProfile, encode,
    limits::PRESENCE_LISTED_MAX,
};
use tungstenite::Utf8Bytes;

use super::profiles::Profiles;
use crate::{
    hub::Follower,
    maps::HashMap,
    store::{Profile, Roster},
};

/// Batches kept for those who have not taken them yet.
const BATCHES_MAX: usize = 8;

/// Members asked about at once for a page: others do something in between.
pub(super) const PICTURE_USERS_MAX: usize = 200;

/// Membership changes that may come while the members are being read; with more, they are read again.
pub(super) const PENDING_MAX: usize = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) followers: HashMap<u64, Arc<Follower>>,
    members: Members,
    pub(super) profiles: Profiles,
    listed_to: Option<UserId>,
    online: u32,
    away: u32,
    changed: BTreeSet<UserId>,
    /// What is listed has changed, and not only of whom it is told: everyone needs the whole picture.
    is_redrawn: bool,
    version: u64,
    batches: VecDeque<(u64, Utf8Bytes)>,
    whole: Option<Utf8Bytes>,
}

#[derive(Debug)]
enum Members {
    /// On their way from the store; what happens meanwhile.
    Loading(Vec<(UserId, Seq, bool)>),
    Known {
        as_of: Seq,
        /// Who is in, and who was seen to leave since, so that an old event brings nobody back.
        all: BTreeMap<UserId, Member>,
        count: usize,
    },
}

impl Default for Members {
    fn default() -> Self {
        Self::Loading(Vec::new())
    }
}

#[derive(Clone, Copy, Debug)]
struct Member {
    is_in: bool,
    /// The last event that said so.
    seq: Seq,
    state: PresenceState,
    here: bool,
    last_seen: Option<UnixMs>,
}

impl Member {
    fn presence(&self, user: UserId) -> UserPresence {
        let last_seen = self.last_seen.filter(|_| self.state == PresenceState::Offline);
        UserPresence { user, state: self.state, here: self.here, last_seen }
    }
}

impl Room {
    /// Begins to read the members anew.
    pub(super) fn expect(&mut self) {
        self.members = Members::default();
    }

    /// The members came from the store. Returns who they are; none where too much happened meanwhile.
    pub(super) fn learn(&mut self, roster: &Roster) -> Option<Vec<UserId>> {
        let Members::Loading(pending) = &mut self.members else { return None };
        if pending.len() > PENDING_MAX {
            return None;
        }
        let pending = std::mem::take(pending);
        let of = |last_seen| Member {
            is_in: true,
            seq: roster.as_of,
            state: PresenceState::Offline,
            here: false,
            last_seen,
        };
        let all: BTreeMap<UserId, Member> = roster.members.iter().map(|(user, seen)| (*user, of(*seen))).collect();
        self.members = Members::Known { as_of: roster.as_of, count: all.len(), all };
        (self.online, self.away) = (0, 0);
        for (user, seq, is_in) in pending {
            self.membership(user, seq, is_in);
        }
        let all = match &self.members {
            Members::Loading(_) => None,
            Members::Known { all, .. } => Some(all),
        };
        self.profiles
            .learn(&roster.profiles, |user| all.and_then(|all| all.get(&user)).is_some_and(|member| member.is_in));
        self.is_redrawn = true;
        Some(self.member_ids().collect())
    }

    fn member_ids(&self) -> impl Iterator<Item = UserId> {
        let all = match &self.members {
            Members::Loading(_) => None,
            Members::Known { all, .. } => Some(all),
        };
        all.into_iter().flatten().filter(|(_, member)| member.is_in).map(|(user, _)| *user)
    }

    /// Everyone who is in, once that is known.
    pub(super) fn everyone(&self) -> Vec<UserId> {
        self.member_ids().collect()
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        match &self.members {
            Members::Loading(_) => false,
            Members::Known { all, .. } => all.get(&user).is_some_and(|member| member.is_in),
        }
    }

    /// What somebody says of themselves. Whether it is to be told here.
    pub(super) fn set_profile(&mut self, user: UserId, profile: &Profile) -> bool {
        match &self.members {
            Members::Loading(_) => self.profiles.set_early(user, profile),
            Members::Known { .. } if self.has(user) => self.profiles.set(user, profile),
            Members::Known { .. } => {}
        }
        self.profiles.has_news()
    }

    /// Somebody has come in or gone out by this event. Whether that is news.
    pub(super) fn membership(&mut self, user: UserId, seq: Seq, is_in: bool) -> bool {
        let Members::Known { as_of, all, count } = &mut self.members else {
            if let Members::Loading(pending) = &mut self.members
                && pending.len() <= PENDING_MAX
            {
                pending.push((user, seq, is_in));
            }
            return false;
        };
        let absent = Member { is_in: false, seq: *as_of, state: PresenceState::Offline, here: false, last_seen: None };
        let member = all.entry(user).or_insert(absent);
        if seq <= member.seq {
            return false;
        }
        member.seq = seq;
        if member.is_in == is_in {
            return false;
        }
        let before = *member;
        *member = Member { is_in, state: PresenceState::Offline, here: false, ..before };
        if is_in {
            *count += 1;
        } else {
            *count -= 1;
        }
        let is_long = *count + 1 > PRESENCE_LISTED_MAX;
        if !is_in {
            self.count(before.state, -1);
            self.profiles.forget(user);
        }
        // Whoever comes last in a long room is not listed, and nothing else moves.
        let is_beyond = self.listed_to.is_some_and(|last| user > last);
        self.is_redrawn |= is_long && !is_beyond;
        self.changed.insert(user);
        true
    }

    /// What holds of a member now.
    pub(super) fn set(&mut self, user: UserId, state: PresenceState, here: bool, seen: Option<UnixMs>) {
        let Members::Known { all, .. } = &mut self.members else { return };
        let Some(member) = all.get_mut(&user).filter(|member| member.is_in) else { return };
        let before = *member;
        let last_seen = before.last_seen.max(seen);
        *member = Member { state, here, last_seen, ..before };
        if (before.state, before.here) != (state, here) {
            self.changed.insert(user);
        }
        self.count(before.state, -1);
        self.count(state, 1);
    }

    fn count(&mut self, state: PresenceState, by: i32) {
        match state {
            PresenceState::Online => self.online = self.online.saturating_add_signed(by),
            PresenceState::Away => self.away = self.away.saturating_add_signed(by),
            PresenceState::Offline => {}
        }
    }

    /// Gathers what has changed into a batch, and wakes the followers.
    pub(super) fn flush(&mut self, id: RoomId) {
        let Members::Known { all, .. } = &self.members else { return };
        if self.changed.is_empty() && !self.profiles.has_news() && !self.is_redrawn {
            return;
        }
        self.version += 1;
        self.whole = None;
        if std::mem::take(&mut self.is_redrawn) {
            self.changed.clear();
            self.batches.clear();
            self.listed_to = RoomPresence::listed_to(self.member_ids());
            self.profiles.take_news(self.listed_to);
        } else {
            let changed = std::mem::take(&mut self.changed);
            let is_listed = |user: &UserId| self.listed_to.is_none_or(|last| *user <= last);
            let members = changed.into_iter().filter(is_listed).filter_map(|user| Some((user, all.get(&user)?)));
            // Of who has left, the event tells.
            let users =
                members.filter(|(_, member)| member.is_in).map(|(user, member)| member.presence(user)).collect();
            let profiles = self.profiles.take_news(self.listed_to);
            let batch = encode(&ServerFrame::Presence(self.frame(id, false, users, profiles)));
            self.batches.push_back((self.version, batch.into()));
            if self.batches.len() > BATCHES_MAX {
                self.batches.pop_front();
            }
        }
        for follower in self.followers.values() {
            follower.mark_presence(id);
        }
    }

    /// What a member who has been told up to `cursor` has to be told, and up to where that goes.
    pub(super) fn take(&mut self, id: RoomId, user: UserId, cursor: Option<u64>) -> (Vec<Utf8Bytes>, Option<u64>) {
        if !self.has(user) || self.version == 0 {
            return (Vec::new(), None);
        }
        let follows_on = cursor.is_some_and(|cursor| {
            cursor == self.version || self.batches.front().is_some_and(|(first, _)| *first <= cursor + 1)
        });
        let frames = if follows_on {
            let is_new = |(number, _): &&(u64, Utf8Bytes)| cursor.is_none_or(|cursor| *number > cursor);
            self.batches.iter().filter(is_new).map(|(_, batch)| batch.clone()).collect()
        } else {
            let whole = match self.whole.take() {
                Some(whole) => whole,
                None => encode(&ServerFrame::Presence(self.picture(id))).into(),
            };
            vec![self.whole.insert(whole).clone()]
        };
        (frames, Some(self.version))
    }

    /// All that is told of the room.
    fn picture(&self, id: RoomId) -> RoomPresence {
        let Members::Known { all, .. } = &self.members else { return RoomPresence::unknown(id) };
        let is_told =
            |member: &Member| member.is_in && (member.state != PresenceState::Offline || member.last_seen.is_some());
        let listed = all.iter().take_while(|(user, _)| self.listed_to.is_none_or(|last| **user <= last));
        let users = listed.filter(|(_, member)| is_told(member)).map(|(user, member)| member.presence(*user)).collect();
        self.frame(id, true, users, self.profiles.picture(self.listed_to))
    }

    fn frame(&self, room: RoomId, whole: bool, users: Vec<UserPresence>, profiles: Vec<UserProfile>) -> RoomPresence {
        let Self { online, away, listed_to, .. } = *self;
        RoomPresence { room, whole, users, profiles, online, away, listed_to }
    }
}

/// The picture of a room that nobody needs to follow: for a page that is being drawn. `presence` says of at most
/// [`PICTURE_USERS_MAX`] members, in their order, whether they are there and look at the room.
pub(super) fn picture_of(
    id: RoomId,
    roster: &Roster,
    now: UnixMs,
    mut presence: impl FnMut(&[(UserId, Option<UnixMs>)]) -> Vec<(PresenceState, bool)>,
) -> RoomPresence {
    let mut room = Room::default();
    room.learn(roster);
    for members in roster.members.chunks(PICTURE_USERS_MAX) {
        for ((user, last_seen), (state, here)) in members.iter().zip(presence(members)) {
            room.set(*user, state, here, *last_seen);
        }
    }
    room.profiles.end(now);
    room.listed_to = RoomPresence::listed_to(room.member_ids());
    room.picture(id)
}
