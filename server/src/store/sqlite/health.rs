//! Whether writing works, and what an operator is told where it does not.
//!
//! A full disk, or one that refuses to be written, may recover: it is tried again with every change. After a failed
//! sync nobody knows what is on disk: nothing more is written until a restart.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

use crate::store::StoreError;

/// What is known of the disk from the writes so far, and of the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    disk: Mutex<State>,
    /// Whether somebody who reads holds the log open, and it is as long as it may be.
    is_log_held: AtomicBool,
    /// Whether what is in the log could not be copied the last time.
    is_copying_failing: AtomicBool,
    /// Something was written, or could not be.
    changed: Notify,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Well,
    /// The last try failed; the next one may not.
    Failing(&'static str),
    /// For as long as this process lives.
    Broken(&'static str),
}

const FULL: &str = "the disk is full: nothing can be stored until there is room; reading works";
const REFUSED: &str = "the disk does not take what is written: nothing can be stored; reading works";
const HELD: &str = "somebody who reads holds the log of the database open: nothing is stored until they let go";
const NOT_COPIED: &str =
    "the log of the database cannot be copied into it: nothing is stored once it is full; check the disk";
const BROKEN: &str = "the disk failed to take a commit: restart the server after checking the disk";

impl Health {
    /// Passes unless nothing may be written now.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match *self.state() {
            State::Well | State::Failing(_) if self.0.is_log_held.load(Ordering::Relaxed) => Err(StoreError::Busy),
            State::Well | State::Failing(_) => Ok(()),
            State::Broken(reason) => Err(StoreError::Unavailable(Arc::from(Box::from(reason)))),
        }
    }

    /// Why nothing can be stored.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match *self.state() {
            State::Well if self.0.is_copying_failing.load(Ordering::Relaxed) => Some(NOT_COPIED),
            State::Well => self.0.is_log_held.load(Ordering::Relaxed).then_some(HELD),
            State::Failing(reason) | State::Broken(reason) => Some(reason),
        }
    }

    /// Whether a sync has failed.
    pub(super) fn is_broken(&self) -> bool {
        matches!(*self.state(), State::Broken(_))
    }

    /// Whether the last try to write failed, and another one may not.
    pub(super) fn is_failing(&self) -> bool {
        matches!(*self.state(), State::Failing(_))
    }

    /// Refuses what is to be written, or no longer.
    pub(super) fn hold(&self, is_log_held: bool) {
        self.0.is_log_held.store(is_log_held, Ordering::Relaxed);
    }

    /// Looks at the outcome of copying the log and passes it on. What is written meanwhile changes nothing about it.
    pub(super) fn note_copy<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        match &outcome {
            Ok(_) => self.0.is_copying_failing.store(false, Ordering::Relaxed),
            Err(StoreError::Full(_) | StoreError::Unavailable(_) | StoreError::Internal(_)) => {
                self.0.is_copying_failing.store(true, Ordering::Relaxed);
            }
            Err(StoreError::SyncFailed(_)) => self.turn_to(State::Broken(BROKEN)),
            Err(StoreError::Busy) => {}
        }
        outcome
    }

    /// Waits until something was written, or could not be, since this was last asked.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Looks at the outcome of a write or a sync and passes it on.
    pub(super) fn note<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        match &outcome {
            Err(StoreError::Full(_)) => self.turn_to(State::Failing(FULL)),
            Err(StoreError::Unavailable(_)) => self.turn_to(State::Failing(REFUSED)),
            Err(StoreError::SyncFailed(_)) => self.turn_to(State::Broken(BROKEN)),
            Err(StoreError::Busy | StoreError::Internal(_)) | Ok(_) => {}
        }
        outcome
    }

    /// Something was committed.
    pub(super) fn wrote(&self) {
        self.0.changed.notify_one();
    }

    /// Something was written and synced.
    pub(super) fn recovered(&self) {
        self.turn_to(State::Well);
    }

    fn turn_to(&self, to: State) {
        let mut state = self.state();
        if *state == to || matches!(*state, State::Broken(_)) {
            return;
        }
        match to {
            State::Well => tracing::info!("what is written is stored again"),
            State::Failing(reason) | State::Broken(reason) => tracing::error!(reason, "writing failed"),
        }
        *state = to;
        self.0.changed.notify_one();
    }

    // One word is written at a time: a poisoned one is still whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn error() -> Arc<dyn std::error::Error + Send + Sync> {
        Arc::from(Box::from("an error"))
    }

    #[test]
    fn a_full_disk_is_told_until_something_was_written() {
        let health = Health::default();

        assert!(health.note(Err::<(), _>(StoreError::Full(error()))).is_err());
        assert_eq!(health.reason(), Some(FULL));
        assert!(health.check().is_ok(), "it is tried again");

        health.recovered();
        assert_eq!(health.reason(), None);
    }

    #[test]
    fn what_is_only_looked_at_wakes_nobody() {
        let health = Health::default();
        let is_woken = || health.changed().now_or_never().is_some();

        assert!(health.note(Ok(())).is_ok());
        assert!(!is_woken(), "who looks would wake itself for ever");
        health.wrote();
        assert!(is_woken() && !is_woken());
        assert!(health.note(Err::<(), _>(StoreError::Full(error()))).is_err());
        assert!(is_woken());
    }

    #[test]
    fn a_failed_sync_is_final() {
        let health = Health::default();

        assert!(health.note(Err::<(), _>(StoreError::SyncFailed(error()))).is_err());
        health.recovered();
        assert!(health.note(Err::<(), _>(StoreError::Full(error()))).is_err());

        assert_eq!(health.reason(), Some(BROKEN));
        assert!(health.check().is_err());
    }
}
