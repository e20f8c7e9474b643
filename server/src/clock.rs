//! Time and randomness: the only place that asks the system for either.
//!
//! Everything else gets them from here, so that a test can stop the clock, move it by a month and know every
//! token in advance. Tests pass a manual clock and seeded randomness; nothing else in the server differs.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use governor::nanos::Nanos;
use protocol::UnixMs;
use sha2::{Digest as _, Sha256};

use crate::failpoint;

/// Where the server reads the time. Clones share one time.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The time of the machine.
    #[default]
    System,
    /// A time that moves only when told to.
    Manual(Arc<Hands>),
}

/// The state of [`Clock::Manual`].
#[derive(Debug)]
pub struct Hands {
    /// What the clock on the wall shows, in milliseconds since 1970.
    wall_ms: AtomicI64,
    /// How much time has passed, in milliseconds.
    passed_ms: AtomicU64,
}

/// The moment from which the machine's time is counted.
static BEGINNING: LazyLock<Instant> = LazyLock::new(instant);

impl Clock {
    /// A clock that stands at `start` until it is moved.
    #[must_use]
    pub fn manual(start: UnixMs) -> Self {
        Self::Manual(Arc::new(Hands { wall_ms: AtomicI64::new(start.0), passed_ms: AtomicU64::new(0) }))
    }

    /// The present time, as the clock on the wall shows it. It may be set, forwards and back: what lasts a while is
    /// measured by [`Clock::passed`].
    #[must_use]
    pub fn now(&self) -> UnixMs {
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
                let now = SystemTime::now();
                let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let now = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
                UnixMs(now.saturating_add(failpoint::clock_error_ms()))
            }
            Self::Manual(hands) => UnixMs(hands.wall_ms.load(Ordering::SeqCst)),
        }
    }

    /// How much time has passed since some moment in the past. Never goes back, whoever sets the clock.
    #[must_use]
    pub fn passed(&self) -> Duration {
        match self {
            Self::System => {
                let beginning = *BEGINNING;
                instant().saturating_duration_since(beginning)
            }
            Self::Manual(hands) => Duration::from_millis(hands.passed_ms.load(Ordering::SeqCst)),
        }
    }

    /// Lets time pass on a manual clock; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        match self {
            Self::System => {}
            Self::Manual(hands) => {
                let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
                hands.passed_ms.fetch_add(millis, Ordering::SeqCst);
                self.set_by(i64::try_from(millis).unwrap_or(i64::MAX));
            }
        }
    }

    /// Sets a manual clock forwards or back, by milliseconds, without any time passing; the system's clock is left
    /// alone.
    pub fn set_by(&self, wall_ms: i64) {
        match self {
            Self::System => {}
            Self::Manual(hands) => _ = hands.wall_ms.fetch_add(wall_ms, Ordering::SeqCst),
        }
    }
}

fn instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's steady clock")]
    Instant::now()
}

/// Rate limiters count the time that has passed.
impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.passed())
    }
}

/// Where the server draws random bytes. Clones draw from one sequence.
#[derive(Clone, Debug, Default)]
pub enum Randomness {
    /// The operating system's generator.
    #[default]
    System,
    /// A sequence that is the same for the same seed. Never outside tests: it can be predicted.
    Seeded(Arc<Seeded>),
}

/// The state of [`Randomness::Seeded`].
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Randomness {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Seeded { seed, drawn: AtomicU64::new(0) }))
    }

    /// `N` random bytes, at most 32.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        const { assert!(N <= 32, "one SHA-256 block is drawn at a time") };
        let mut bytes = [0; N];
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for random bytes")]
                getrandom::fill(&mut bytes).expect("the system has random bytes: nothing is safe without them");
            }
            Self::Seeded(state) => {
                let number = state.drawn.fetch_add(1, Ordering::SeqCst);
                let block =
                    Sha256::new().chain_update(state.seed.to_le_bytes()).chain_update(number.to_le_bytes()).finalize();
                bytes.copy_from_slice(&block[..N]);
            }
        }
        bytes
    }

    /// A token of 128 random bits as 22 characters of base64url.
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<16>())
    }
}
