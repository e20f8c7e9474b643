//! What the members of one followed room say of themselves, and what of it was not told yet.
//!
//! Only who says something is here. Of two words of one user the later one holds, whichever comes first: the store
//! counts them.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{UnixMs, UserId, UserProfile};

use crate::store::Profile;

/// Users whose profiles may be set while the members of a room are being read, and who are perhaps not in it.
const PENDING_MAX: usize = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    all: BTreeMap<UserId, Profile>,
    changed: BTreeSet<UserId>,
}

impl Profiles {
    /// The members came from the store, with what they say. `is_in` says who is one.
    pub(super) fn learn(&mut self, profiles: &[(UserId, Profile)], is_in: impl Fn(UserId) -> bool) {
        self.all.retain(|user, _| is_in(*user));
        // Some may have left since they were read.
        for (user, profile) in profiles.iter().filter(|(user, _)| is_in(*user)) {
            self.set(*user, profile);
        }
    }

    /// What a member says now.
    pub(super) fn set(&mut self, user: UserId, profile: &Profile) {
        let known = self.all.entry(user).or_default();
        if profile.version > known.version {
            *known = profile.clone();
            self.changed.insert(user);
        }
    }

    /// What somebody says who may turn out to be a member. Of who was one when the members were read before, it is
    /// always kept.
    pub(super) fn set_early(&mut self, user: UserId, profile: &Profile) {
        if self.all.len() < PENDING_MAX || self.all.contains_key(&user) {
            self.set(user, profile);
        }
    }

    /// Somebody is no member any more.
    pub(super) fn forget(&mut self, user: UserId) {
        self.all.remove(&user);
    }

    /// Ends what is over by then.
    pub(super) fn end(&mut self, now: UnixMs) {
        for (user, profile) in &mut self.all {
            if profile.end(now) {
                self.changed.insert(*user);
            }
        }
    }

    /// When something is over next.
    pub(super) fn next_end(&self) -> Option<UnixMs> {
        self.all.values().filter_map(|profile| profile.status.as_ref()?.until).min()
    }

    /// Whether something was not told yet.
    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What was not told yet of those who are listed, up to this account.
    pub(super) fn take_news(&mut self, listed_to: Option<UserId>) -> Vec<UserProfile> {
        let changed = std::mem::take(&mut self.changed).into_iter().filter(|user| is_listed(*user, listed_to));
        changed.filter_map(|user| Some(self.all.get(&user)?.of(user))).collect()
    }

    /// All that is told.
    pub(super) fn picture(&self, listed_to: Option<UserId>) -> Vec<UserProfile> {
        let told = self.all.iter().filter(|(user, profile)| !profile.is_empty() && is_listed(**user, listed_to));
        told.map(|(user, profile)| profile.of(*user)).collect()
    }
}

fn is_listed(user: UserId, listed_to: Option<UserId>) -> bool {
    listed_to.is_none_or(|last| user <= last)
}
