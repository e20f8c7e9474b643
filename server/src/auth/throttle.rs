//! Slows down who guesses, without hurting who is logged in already.
//!
//! Failed log-ins are counted by (name, address) and by address. An attempt takes its place *before* the
//! password is checked and gives it back when it was right: a thousand guesses at once are then no better than
//! one after the other. Sign-ups are counted by address. These are counts of failures in a window, not rates:
//! a place has to be given back, which a token bucket cannot do.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::{AuthError, address::subnet};
use crate::{clock::Clock, limits::Limits};

/// How long a failure with one name counts.
const NAME_WINDOW: Duration = Duration::from_mins(15);
/// How long a failure or a sign-up from one address counts.
const ADDRESS_WINDOW: Duration = Duration::from_hours(1);
/// Keys remembered of one kind. Above it the oldest half is forgotten: memory stays bounded, and who fills the
/// table needs that many addresses.
const KEYS_MAX: usize = 50_000;

/// What counts attempts. Clones share their counts.
#[derive(Clone)]
pub struct Throttle {
    clock: Clock,
    by_name: Arc<Mutex<Windows<(NameHash, IpAddr)>>>,
    by_address: Arc<Mutex<Windows<IpAddr>>>,
    sign_ups: Arc<Mutex<Windows<IpAddr>>>,
}

/// Names are of any length before they are checked; their hashes are not.
type NameHash = [u8; 32];

/// A log-in that is being checked. Dropped without [`Attempt::succeeded`], it was a failure.
#[must_use]
pub struct Attempt {
    throttle: Throttle,
    name: NameHash,
    address: IpAddr,
}

impl Throttle {
    /// With the limits' numbers, and nothing counted yet.
    #[must_use]
    pub fn new(clock: Clock, limits: &Limits) -> Self {
        Self {
            by_name: Arc::new(Mutex::new(Windows::new(limits.login_failures_per_name, NAME_WINDOW))),
            by_address: Arc::new(Mutex::new(Windows::new(limits.login_failures_per_address, ADDRESS_WINDOW))),
            sign_ups: Arc::new(Mutex::new(Windows::new(limits.signups_per_address, ADDRESS_WINDOW))),
            clock,
        }
    }

    /// Takes the place of one attempt to log in.
    ///
    /// # Errors
    /// `TooMany` when none is left, for this name from this address or for the address.
    pub fn log_in(&self, name: &str, address: IpAddr) -> Result<Attempt, AuthError> {
        let now = self.clock.passed();
        let name: NameHash = Sha256::digest(name.to_ascii_lowercase().as_bytes()).into();
        let address = subnet(address);
        lock(&self.by_address).take(address, now)?;
        if let Err(error) = lock(&self.by_name).take((name, address), now) {
            // Refused unseen: that says nothing about the password, so it does not count for the address.
            lock(&self.by_address).give_back(&address);
            return Err(error);
        }
        Ok(Attempt { throttle: self.clone(), name, address })
    }

    /// Takes the place of one sign-up.
    ///
    /// # Errors
    /// `TooMany` when none is left for the address.
    pub fn sign_up(&self, address: IpAddr) -> Result<(), AuthError> {
        lock(&self.sign_ups).take(subnet(address), self.clock.passed())
    }
}

impl Attempt {
    /// The password was right: what was counted for this name from here is forgotten.
    pub fn succeeded(self) {
        lock(&self.throttle.by_address).give_back(&self.address);
        lock(&self.throttle.by_name).forget(&(self.name, self.address));
    }

    /// The password was not checked: the server was too busy, or failed.
    pub fn not_made(self) {
        lock(&self.throttle.by_address).give_back(&self.address);
        lock(&self.throttle.by_name).give_back(&(self.name, self.address));
    }
}

/// Counts by key, each in a window of time that starts with the first.
struct Windows<K> {
    max: u32,
    length: Duration,
    counts: HashMap<K, Window>,
}

struct Window {
    /// As `Clock::passed` says.
    started_at: Duration,
    count: u32,
}

impl<K: Hash + Eq + Copy> Windows<K> {
    fn new(max: u32, length: Duration) -> Self {
        Self { max, length, counts: HashMap::new() }
    }

    fn take(&mut self, key: K, now: Duration) -> Result<(), AuthError> {
        if self.counts.len() >= KEYS_MAX && !self.counts.contains_key(&key) {
            self.make_room(now);
        }
        let length = self.length;
        let window = self.counts.entry(key).or_insert(Window { started_at: now, count: 0 });
        if left(window, length, now).is_none() {
            *window = Window { started_at: now, count: 0 };
        }
        if window.count >= self.max {
            return Err(AuthError::TooMany(left(window, length, now).unwrap_or(length)));
        }
        window.count += 1;
        Ok(())
    }

    fn give_back(&mut self, key: &K) {
        if let Some(window) = self.counts.get_mut(key) {
            window.count = window.count.saturating_sub(1);
            if window.count == 0 {
                self.counts.remove(key);
            }
        }
    }

    fn forget(&mut self, key: &K) {
        self.counts.remove(key);
    }

    fn make_room(&mut self, now: Duration) {
        let length = self.length;
        self.counts.retain(|_, window| left(window, length, now).is_some());
        if self.counts.len() >= KEYS_MAX {
            let mut starts: Vec<_> = self.counts.values().map(|window| window.started_at).collect();
            let (_, median, _) = starts.select_nth_unstable(KEYS_MAX / 2);
            let median = *median;
            self.counts.retain(|_, window| window.started_at > median);
        }
    }
}

/// What is left of a window; `None` when it is over.
fn left(window: &Window, length: Duration, now: Duration) -> Option<Duration> {
    let age = now.saturating_sub(window.started_at);
    length.checked_sub(age).filter(|left| !left.is_zero())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The counts are whole after every statement, so a panic elsewhere does not make them wrong.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_bounded_and_the_newest_are_kept() {
        let mut windows = Windows::new(1, Duration::from_hours(1));
        for key in 0..=KEYS_MAX {
            windows.take(key, Duration::from_millis(key.try_into().unwrap())).unwrap();
            assert!(windows.counts.len() <= KEYS_MAX);
        }

        windows.take(KEYS_MAX, Duration::from_mins(1)).expect_err("the newest is forgotten");
        windows.take(0, Duration::from_mins(1)).expect("the oldest is kept");
    }
}
