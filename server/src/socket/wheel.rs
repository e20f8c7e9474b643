//! One clock for all connections: heartbeats, silence and stalls, instead of timers of their own.
//!
//! Every [`TICK`] the wheel looks at one of [`SPOKES`], so at each connection once a second, and rings those for whom
//! something is due; what that means is their own business. A connection writes its times into three numbers
//! ([`Pulse`]), which costs it no lock. Its clock goes by ticks: it is behind by one tick at most.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use protocol::limits::{HEARTBEAT_INTERVAL_MS, SERVER_SILENCE_MS_MAX};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    hub::{Bells, Follower},
    maps::HashMap,
};

/// How long a peer may take nothing of what is written to it.
pub(crate) const PROGRESS_MAX: Duration = Duration::from_secs(15);

/// How often the wheel turns on. Ten thousand connections are 2,500 looks at a time.
const TICK: Duration = Duration::from_millis(250);

/// Each connection is on one of these: a whole turn takes a second.
const SPOKES: usize = 4;

/// A turn, in milliseconds: what is due within it is taken for due, so nobody has longer than they are given.
const TURN_MS: u64 = 1_000;

/// Connections that came together are told that the server is there at so many different times, the first time after
/// half of the interval to all of it.
const BEATS: u64 = 100;

/// See the module.
#[derive(Debug)]
pub(super) struct Wheel {
    spokes: [Mutex<HashMap<u64, Arc<Pulse>>>; SPOKES],
    next: AtomicUsize,
    started: Instant,
    /// Milliseconds since then, as of the last tick.
    now: AtomicU64,
    /// How long a peer may take nothing, in milliseconds: [`PROGRESS_MAX`], except where a test has no time for that.
    progress_ms_max: u64,
}

/// The times of one connection, in milliseconds of its wheel.
#[derive(Debug)]
pub(super) struct Pulse {
    follower: Arc<Follower>,
    /// When the peer was last known to live.
    heard_at: AtomicU64,
    /// Since when it has taken nothing of what waits for it; 0 while nothing waits.
    stalled_since: AtomicU64,
    /// Since when something waits; 0 while nothing does.
    waits_since: AtomicU64,
    /// When it is to be told that the server is there.
    beat_at: AtomicU64,
    /// It was told that the server leaves.
    knows_leaving: AtomicBool,
}

/// A connection's place on the wheel. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Place {
    wheel: Arc<Wheel>,
    pulse: Arc<Pulse>,
}

impl Wheel {
    /// `progress_max` is how long a peer may take nothing of what is written to it.
    pub(super) fn new(progress_max: Duration) -> Self {
        Self {
            spokes: Default::default(),
            next: AtomicUsize::new(0),
            started: Instant::now(),
            // Never 0, which stands for no time.
            now: AtomicU64::new(1),
            progress_ms_max: u64::try_from(progress_max.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// A connection that was heard just now.
    pub(super) fn enter(self: &Arc<Self>, follower: &Arc<Follower>) -> Place {
        let (now, number) = (self.turn_to_now(), follower.number());
        let first = HEARTBEAT_INTERVAL_MS * (BEATS + number % BEATS + 1) / (2 * BEATS);
        let pulse = Arc::new(Pulse {
            follower: Arc::clone(follower),
            heard_at: AtomicU64::new(now),
            stalled_since: AtomicU64::new(0),
            waits_since: AtomicU64::new(0),
            beat_at: AtomicU64::new(now + first),
            knows_leaving: AtomicBool::new(false),
        });
        self.spoke(number).insert(number, Arc::clone(&pulse));
        Place { wheel: Arc::clone(self), pulse }
    }

    /// Turns for ever.
    pub(super) async fn run(&self) -> Infallible {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.turn_to_now();
            let spoke = self.next.fetch_add(1, Ordering::Relaxed);
            for pulse in self.spoke(spoke as u64).values() {
                pulse.look(now, self.progress_ms_max);
            }
        }
    }

    /// Tells so many of those that do not know it that the server leaves.
    pub(super) fn tell_leaving(&self, count_max: usize) {
        let mut left = count_max;
        for spoke in 0..SPOKES {
            for pulse in self.spoke(spoke as u64).values() {
                if left == 0 {
                    return;
                }
                if !pulse.knows_leaving.swap(true, Ordering::Relaxed) {
                    pulse.follower.ring(Bells::LEAVING);
                    left -= 1;
                }
            }
        }
    }

    fn turn_to_now(&self) -> u64 {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.now.fetch_max(now, Ordering::Relaxed);
        now
    }

    fn spoke(&self, number: u64) -> MutexGuard<'_, HashMap<u64, Arc<Pulse>>> {
        let spoke = &self.spokes[usize::try_from(number % SPOKES as u64).unwrap_or(0)];
        // Nothing in the critical sections panics half-way.
        spoke.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pulse {
    fn look(&self, now: u64, progress_ms_max: u64) {
        let for_longer = |since: u64, max: u64| now.saturating_sub(since) + TURN_MS > max;
        if for_longer(self.heard_at.load(Ordering::Relaxed), SERVER_SILENCE_MS_MAX) {
            self.follower.ring(Bells::SILENT);
        }
        let stalled_since = self.stalled_since.load(Ordering::Relaxed);
        if stalled_since != 0 && for_longer(stalled_since, progress_ms_max) {
            self.follower.ring(Bells::STALLED);
        }
        let beat_at = self.beat_at.load(Ordering::Relaxed);
        if beat_at <= now {
            self.beat_at.store(beat_at.max(now.saturating_sub(TURN_MS)) + HEARTBEAT_INTERVAL_MS, Ordering::Relaxed);
            self.follower.ring(Bells::BEAT);
        }
    }
}

impl Place {
    /// The peer has said something.
    pub(super) fn heard(&self) {
        self.pulse.heard_at.store(self.now(), Ordering::Relaxed);
    }

    /// Nothing waits to be taken.
    pub(super) fn has_nothing(&self) {
        if self.pulse.waits_since.load(Ordering::Relaxed) != 0 {
            self.pulse.waits_since.store(0, Ordering::Relaxed);
            self.pulse.stalled_since.store(0, Ordering::Relaxed);
        }
    }

    /// Something waits, and nothing of it can be written now. `has_progress`: some of it was, since the last time.
    pub(super) fn waits(&self, has_progress: bool) {
        let (now, since) = (self.now(), self.pulse.waits_since.load(Ordering::Relaxed));
        if since == 0 {
            self.pulse.waits_since.store(now, Ordering::Relaxed);
        }
        if has_progress || since == 0 {
            self.pulse.stalled_since.store(now, Ordering::Relaxed);
        }
        // Pings are stuck behind what has waited for long: that some of that is taken shows that somebody is there.
        if has_progress && since != 0 && now > since + TURN_MS {
            self.heard();
        }
    }

    fn now(&self) -> u64 {
        self.wheel.now.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let number = self.pulse.follower.number();
        let mut spoke = self.wheel.spoke(number);
        spoke.remove(&number);
        if spoke.is_empty() {
            *spoke = HashMap::default();
        }
    }
}
