//! How a server leaves: it says that it is not ready, finishes what is under way, tells its sockets to come back, and
//! only then stops what they need.
//!
//! What was acknowledged needs none of this: it is on disk, and a server that is killed loses none of it.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{clock::Randomness, state::AppState, store::GO_ON};

/// Sockets that are told at once.
pub(crate) const TOLD_AT_ONCE: usize = 200;
/// How long after the ones before the next are told: ten thousand are in five seconds.
pub(crate) const TELL_INTERVAL: Duration = Duration::from_millis(100);

/// The shortest time after which sockets are asked to come back, in milliseconds: the next server has to have started.
const RETRY_MS_MIN: u64 = 500;
/// The longest, in milliseconds, so that nobody waits for long; where there are many sockets, it is longer.
const RETRY_MS_MAX: u64 = 5_000;
/// Sockets that come back within a second: as many as a server lets in without making them wait.
const RETURNS_PER_SECOND_MAX: u64 = 500;

/// How long a socket waits for the answer to what is being carried out. The store is busy for five seconds at most.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(6);

/// How long connections may take to end after the last of them is told: that, and what closing a socket takes.
const CONNECTIONS_MAX: Duration = Duration::from_secs(12);

/// How long those that are given up may take to notice it: what they hold of the store is given back then.
const GIVING_UP_MAX: Duration = Duration::from_secs(2);

/// How long the background tasks may, after them.
const TASKS_MAX: Duration = Duration::from_secs(10);

/// How long the store may take to close: it waits for everyone who reads, and copies a log of at most 256 MiB. What was
/// acknowledged is on disk already; a log that is left is read by the next server.
const STORE_MAX: Duration = Duration::from_secs(15);

/// What requests, connections and sockets know of it.
#[derive(Debug, Default)]
pub struct Drain {
    is_unready: AtomicBool,
    leaving: CancellationToken,
    /// Connections that have not ended are given up.
    over: CancellationToken,
    sockets: AtomicU64,
}

impl Drain {
    /// Whether new work is welcome.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.is_unready.load(Relaxed)
    }

    /// From now on, no new work is welcome. What comes nevertheless is done.
    pub fn unready(&self) {
        self.is_unready.store(true, Relaxed);
    }

    /// From now on, connections end, so many sockets among them.
    pub fn leave(&self, sockets: u64) {
        self.unready();
        self.sockets.store(sockets, Relaxed);
        self.leaving.cancel();
    }

    /// Cancelled when connections are to end.
    #[must_use]
    pub fn leaving(&self) -> &CancellationToken {
        &self.leaving
    }

    /// Cancelled when those that have not ended are given up.
    #[must_use]
    pub fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// When a socket is asked to come back: each at another time.
    pub(crate) fn retry(&self, random: &Randomness) -> Duration {
        let enough_ms = self.sockets.load(Relaxed) * 1_000 / RETURNS_PER_SECOND_MAX;
        let range_ms = RETRY_MS_MAX.max(enough_ms) - RETRY_MS_MIN;
        Duration::from_millis(RETRY_MS_MIN + u64::from_le_bytes(random.bytes()) % (range_ms + 1))
    }
}

/// How long it takes to tell so many.
fn wait_of(sockets: u64) -> Duration {
    TELL_INTERVAL * u32::try_from(sockets / TOLD_AT_ONCE as u64).unwrap_or(u32::MAX)
}

/// Ends a server that accepts no more connections.
pub(crate) async fn leave(app: &AppState) {
    let sockets = u64::try_from(app.sockets.count()).unwrap_or(u64::MAX);
    app.drain.leave(sockets);
    app.connections.close();
    tracing::info!(sockets, connections = app.connections.len(), "leaving");
    if timeout(wait_of(sockets) + CONNECTIONS_MAX, app.connections.wait()).await.is_err() {
        tracing::warn!(connections = app.connections.len(), "connections did not end and are given up");
        app.drain.over.cancel();
        if timeout(GIVING_UP_MAX, app.connections.wait()).await.is_err() {
            tracing::warn!(connections = app.connections.len(), "connections are left");
        }
    }
    // Only now: until here, what was committed was still told.
    app.stopping.cancel();
    app.tasks.close();
    if timeout(TASKS_MAX, app.tasks.wait()).await.is_err() {
        tracing::warn!(tasks = app.tasks.len(), "stopped before everything had ended");
    }
    if timeout(STORE_MAX, app.store.close()).await.is_err() {
        // Whatever was waited for, what was deleted may not all be overwritten.
        tracing::warn!("the store could not be closed in time; the next server reads what its log holds; {GO_ON}");
    }
    tracing::info!("left");
}

#[cfg(test)]
mod tests {
    use protocol::{UnixMs, UserId};

    use super::*;
    use crate::{App, Config, clock::Clock};

    #[tokio::test]
    async fn who_reads_and_never_ends_does_not_keep_the_server() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { data: directory.path().to_owned(), ..Config::default() };
        let app = App::open(config, Clock::manual(UnixMs(0)), Randomness::seeded(1)).await.unwrap();
        // It holds a reader, and nobody asks it to go on.
        let _reading = loop {
            let mut reading = app.store.accounts(UserId(0), 1);
            if futures::poll!(&mut reading).is_pending() {
                break reading;
            }
        };
        tokio::time::pause();

        assert!(timeout(Duration::from_mins(10), leave(&app)).await.is_ok());
    }

    #[test]
    fn sockets_come_back_over_five_seconds_or_five_hundred_a_second() {
        let random = Randomness::seeded(1);

        for (sockets, longest) in [(1, 5_000), (2_500, 5_000), (10_000, 20_000)] {
            let drain = Drain::default();
            drain.leave(sockets);
            let hints: Vec<_> = (0..2_000).map(|_| drain.retry(&random).as_millis()).collect();
            let (soonest, latest) = (*hints.iter().min().unwrap(), *hints.iter().max().unwrap());
            assert!((500..600).contains(&soonest), "{sockets}: {soonest}");
            assert!((longest * 99 / 100..=longest).contains(&latest), "{sockets}: {latest}");
        }
    }
}
