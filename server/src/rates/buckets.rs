//! Token buckets of one kind, one a key, made when a key is first seen and forgotten when they are full again.
//!
//! Forgetting walks all of them, so it is done now and then and not at every look. How many there are at most is known
//! from how many looks there were since: each makes one at most.

use std::{
    hash::Hash,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use governor::{Quota, RateLimiter, middleware::NoOpMiddleware, nanos::Nanos, state::keyed::DashMapStateStore};
use protocol::{ErrorBody, ErrorCode};

use crate::clock::Clock;

/// Buckets that are kept without a look at whether they are full again.
const KEPT_MAX: usize = 10_000;

/// How often that is looked at, above.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// Buckets that there are at all. With so many in use at once, the server has more to do than to count.
const BUCKETS_MAX: usize = 10 * KEPT_MAX;

/// How often full ones are looked for where there are that many.
const FULL_SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Buckets<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Clock, NoOpMiddleware<Nanos>>,
    clock: Clock,
    /// There are no more than so many.
    count_max: AtomicUsize,
    /// When they were last swept, in milliseconds of the clock.
    swept_at_ms: AtomicU64,
    sweeps: AtomicUsize,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub(super) fn new(quota: Quota, clock: &Clock) -> Self {
        Self {
            limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            clock: clock.clone(),
            count_max: AtomicUsize::new(0),
            swept_at_ms: AtomicU64::new(millis(clock.passed())),
            sweeps: AtomicUsize::new(0),
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// `rate_limited`, with the time until there is one again; `busy` where there are too many buckets.
    pub(super) fn take(&self, key: &K) -> Result<(), ErrorBody> {
        if self.count_max.fetch_add(1, Relaxed) >= KEPT_MAX {
            self.make_room()?;
        }
        self.limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(governor::clock::Clock::now(&self.clock));
            refused(ErrorCode::RateLimited, wait)
        })
    }

    fn make_room(&self) -> Result<(), ErrorBody> {
        let now_ms = millis(self.clock.passed());
        let last_ms = self.swept_at_ms.load(Relaxed);
        let is_full = self.count_max.load(Relaxed) > BUCKETS_MAX && self.counted() >= BUCKETS_MAX;
        let interval = if is_full { FULL_SWEEP_INTERVAL } else { SWEEP_INTERVAL };
        if now_ms.saturating_sub(last_ms) < millis(interval) {
            return if is_full { Err(refused(ErrorCode::Busy, FULL_SWEEP_INTERVAL)) } else { Ok(()) };
        }
        // One sweeps; the others go on.
        if self.swept_at_ms.compare_exchange(last_ms, now_ms, Relaxed, Relaxed).is_ok() {
            self.sweeps.fetch_add(1, Relaxed);
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            self.counted();
        }
        Ok(())
    }

    /// How many there are. Looks are not buckets: they are told apart before anybody is refused.
    fn counted(&self) -> usize {
        let count = self.limiter.len();
        self.count_max.store(count, Relaxed);
        count
    }
}

fn refused(code: ErrorCode, wait: Duration) -> ErrorBody {
    ErrorBody { retry_after_ms: Some(millis(wait).max(1)), ..ErrorBody::new(code) }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use protocol::UnixMs;

    use super::*;

    /// Five a second, twenty at once.
    fn buckets(clock: &Clock) -> Buckets<usize> {
        let quota = Quota::per_second(NonZeroU32::new(5).unwrap()).allow_burst(NonZeroU32::new(20).unwrap());
        Buckets::new(quota, clock)
    }

    #[test]
    fn a_bucket_says_when_it_has_a_token_again() {
        let clock = Clock::manual(UnixMs(0));
        let buckets = buckets(&clock);
        for _ in 0..20 {
            buckets.take(&1).unwrap();
        }

        let refused = buckets.take(&1).unwrap_err();
        assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::RateLimited, Some(200)));
        buckets.take(&2).expect("others have their own");

        clock.advance(Duration::from_millis(200));
        buckets.take(&1).unwrap();
        buckets.take(&1).unwrap_err();
    }

    #[test]
    fn a_hundred_thousand_are_swept_once() {
        let clock = Clock::manual(UnixMs(0));
        let buckets = buckets(&clock);
        for key in 0..BUCKETS_MAX {
            buckets.take(&key).unwrap();
        }
        assert_eq!(buckets.sweeps.load(Relaxed), 0, "ten seconds have not passed");

        clock.advance(SWEEP_INTERVAL);
        for key in 0..2 * KEPT_MAX {
            buckets.take(&key).unwrap();
        }

        assert_eq!(buckets.sweeps.load(Relaxed), 1, "with more than are kept without a look, too");
        assert_eq!(buckets.limiter.len(), 2 * KEPT_MAX);
    }

    #[test]
    fn looks_are_not_buckets() {
        let buckets = buckets(&Clock::manual(UnixMs(0)));

        for _ in 0..2 * BUCKETS_MAX {
            if let Err(refused) = buckets.take(&1) {
                assert_eq!(refused.code, ErrorCode::RateLimited);
            }
        }

        assert_eq!(buckets.sweeps.load(Relaxed), 0);
    }

    #[test]
    fn where_there_are_too_many_there_is_room_again_a_second_later() {
        let clock = Clock::manual(UnixMs(0));
        let buckets = buckets(&clock);
        for key in 0..BUCKETS_MAX {
            buckets.take(&key).unwrap();
        }

        let refused = buckets.take(&BUCKETS_MAX).unwrap_err();
        assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::Busy, Some(1_000)));
        assert_eq!(buckets.limiter.len(), BUCKETS_MAX);

        clock.advance(FULL_SWEEP_INTERVAL);
        buckets.take(&BUCKETS_MAX).unwrap();
        assert_eq!(buckets.limiter.len(), 1);
    }
}
