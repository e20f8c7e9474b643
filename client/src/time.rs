//! Time as the engine knows it: milliseconds since some moment, never backwards.
//!
//! `std::time::Instant` does not exist in the browser, and the wall clock jumps. The transport reads
//! `performance.now()` or its own monotonic clock and passes it in.

use std::{
    ops::{Add, Sub},
    time::Duration,
};

/// A moment, in milliseconds since an arbitrary one of this run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// How much later `self` is; nothing if it is earlier.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}
