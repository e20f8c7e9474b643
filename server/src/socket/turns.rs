//! Handshakes take turns: each looks its session up, and after a restart everybody asks at once.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::admission::NoPlace;

/// Sessions that are looked up at once. The store has a few readers; more would only wait there, before pages.
const LOOK_UPS_MAX: usize = 64;

/// Handshakes that wait for that. With so many, others are asked to come again.
const WAITING_MAX: u32 = 2_000;

/// How long one waits.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug)]
pub(super) struct Turns {
    free: Semaphore,
    waiting: AtomicU32,
    waiting_max: u32,
}

impl Default for Turns {
    fn default() -> Self {
        Self::of(LOOK_UPS_MAX, WAITING_MAX)
    }
}

impl Turns {
    fn of(at_once: usize, waiting_max: u32) -> Self {
        Self { free: Semaphore::new(at_once), waiting: AtomicU32::new(0), waiting_max }
    }

    /// Waits for a turn, first come, first served.
    pub(super) async fn wait(&self) -> Result<SemaphorePermit<'_>, NoPlace> {
        if let Ok(turn) = self.free.try_acquire() {
            return Ok(turn);
        }
        let waiting = Waiting(self);
        if self.waiting.fetch_add(1, Relaxed) >= self.waiting_max {
            return Err(NoPlace::Server);
        }
        let turn = timeout(WAIT_MAX, self.free.acquire()).await;
        drop(waiting);
        match turn {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(NoPlace::Server),
        }
    }
}

/// One that waits. It may go away while it does.
struct Waiting<'a>(&'a Turns);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn as_many_as_may_take_their_turn_some_wait_and_the_rest_come_again() {
        let turns = Turns::of(2, 1);
        let first = turns.wait().await.unwrap();
        let _second = turns.wait().await.unwrap();

        let mut third = Box::pin(turns.wait());
        assert!(third.as_mut().now_or_never().is_none(), "it waits");
        let fourth = turns.wait().now_or_never().expect("it is told at once");
        assert_eq!(fourth.err(), Some(NoPlace::Server));

        drop(first);
        assert!(third.await.is_ok());
        assert_eq!(turns.waiting.load(Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_longer_than_five_seconds() {
        let turns = Turns::of(1, 1);
        let _only = turns.wait().await.unwrap();

        let started = tokio::time::Instant::now();
        assert_eq!(turns.wait().await.err(), Some(NoPlace::Server));

        assert_eq!(started.elapsed(), WAIT_MAX);
        assert_eq!(turns.waiting.load(Relaxed), 0, "who has gone does not wait");
    }
}
