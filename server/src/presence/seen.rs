//! When those who are gone were there last, until it is written down. What could not be written waits for the next try.

use protocol::{UnixMs, UserId};
use tokio::time::Instant;

use crate::maps::HashMap;

/// Users written in one transaction: bounds how long everyone else's next command waits.
pub(super) const SEEN_USERS_MAX: usize = 500;

/// See the module. It holds each user once.
#[derive(Debug, Default)]
pub(super) struct Seen {
    waiting: HashMap<UserId, UnixMs>,
    is_writing: bool,
    /// After a failure: not before.
    retry_at: Option<Instant>,
}

impl Seen {
    /// A user was there at that time.
    pub(super) fn note(&mut self, user: UserId, at: UnixMs) {
        let latest = self.waiting.entry(user).or_insert(at);
        *latest = at.max(*latest);
    }

    /// What is to be written now; nothing while something is being written.
    pub(super) fn begin(&mut self, now: Instant) -> Vec<(UserId, UnixMs)> {
        if self.is_writing || self.retry_at.is_some_and(|at| now < at) {
            return Vec::new();
        }
        let users: Vec<UserId> = self.waiting.keys().take(SEEN_USERS_MAX).copied().collect();
        self.is_writing = !users.is_empty();
        users.into_iter().filter_map(|user| self.waiting.remove_entry(&user)).collect()
    }

    /// It is written.
    pub(super) fn end(&mut self) {
        (self.is_writing, self.retry_at) = (false, None);
    }

    /// It could not be written, and is tried again then.
    pub(super) fn fail(&mut self, users: &[(UserId, UnixMs)], retry_at: Instant) {
        (self.is_writing, self.retry_at) = (false, Some(retry_at));
        for (user, at) in users {
            self.note(*user, *at);
        }
    }

    /// When something is to be tried again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.retry_at.filter(|_| !self.is_writing && !self.waiting.is_empty())
    }

    /// All that waits.
    pub(super) fn take(&mut self) -> Vec<(UserId, UnixMs)> {
        self.waiting.drain().collect()
    }
}
