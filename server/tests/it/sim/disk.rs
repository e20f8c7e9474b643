//! The disk under the simulated database: slow, now and then busy, and all that is left when a node dies.
//!
//! A transaction works on a copy. The copy takes the place of what is there when it is synced, and nobody sees it before;
//! what dies before that has never happened. A disk that is told not to sync ([`Without::SYNC`]) shows what was written at
//! once, and loses it in a crash.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use fastrand::Rng;
use server::{sabotage::Without, store::StoreError};
use tokio::time::sleep;

use super::tables::Tables;

/// How bad the disk is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wear {
    /// Milliseconds that a read takes at most, before and after it has seen what is there.
    pub(crate) read_ms: u64,
    /// Milliseconds that a sync takes at most.
    pub(crate) sync_ms: u64,
    /// One read or transaction in so many fails as busy; none for 0.
    pub(crate) failures: u64,
}

impl Wear {
    /// As good as none.
    pub(crate) const NONE: Self = Self { read_ms: 0, sync_ms: 0, failures: 0 };
}

/// See the module.
pub(crate) struct Disk {
    state: Mutex<State>,
    /// Whose turn it is to write, on whichever node.
    turn: tokio::sync::Mutex<()>,
    pub(crate) without: Without,
}

struct State {
    rng: Rng,
    wear: Wear,
    /// What readers see.
    seen: Arc<Tables>,
    /// What is left after a crash. The same, but for a disk that does not sync.
    synced: Arc<Tables>,
}

impl Disk {
    pub(crate) fn new(tables: Tables, seed: u64, wear: Wear, without: Without) -> Arc<Self> {
        let seen = Arc::new(tables);
        let state = State { rng: Rng::with_seed(seed), wear, synced: Arc::clone(&seen), seen };
        Arc::new(Self { state: Mutex::new(state), turn: tokio::sync::Mutex::default(), without })
    }

    pub(crate) fn wears(&self, wear: Wear) {
        self.state().wear = wear;
    }

    /// What survives.
    pub(crate) fn synced(&self) -> Arc<Tables> {
        Arc::clone(&self.state().synced)
    }

    /// The power is cut.
    pub(crate) fn crash(&self) {
        let mut state = self.state();
        state.seen = Arc::clone(&state.synced);
    }

    /// What is there at some moment from now on. Who asked hears of it a while later.
    pub(crate) async fn read(&self) -> Result<Arc<Tables>, StoreError> {
        self.takes(|wear| wear.read_ms).await;
        self.fails()?;
        let seen = Arc::clone(&self.state().seen);
        self.takes(|wear| wear.read_ms).await;
        Ok(seen)
    }

    /// One transaction. `told` runs in its turn, after it is on disk and before the next one begins.
    pub(crate) async fn write<T>(
        &self,
        change: impl FnOnce(&mut Tables) -> T,
        told: impl FnOnce(&T),
    ) -> Result<T, StoreError> {
        let _turn = self.turn.lock().await;
        self.fails()?;
        let mut tables = Tables::clone(&self.state().seen);
        let done = change(&mut tables);
        let tables = Arc::new(tables);
        if self.without.has(Without::SYNC) {
            let mut state = self.state();
            state.synced = std::mem::replace(&mut state.seen, tables);
        } else {
            self.takes(|wear| wear.sync_ms).await;
            let mut state = self.state();
            (state.synced, state.seen) = (Arc::clone(&tables), tables);
        }
        // Whoever has committed need not be the next to run: others may see it before anyone is told.
        self.takes(|wear| wear.read_ms).await;
        told(&done);
        Ok(done)
    }

    fn fails(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        let one_in = state.wear.failures;
        if one_in > 0 && state.rng.u64(0..one_in) == 0 { Err(StoreError::Busy) } else { Ok(()) }
    }

    async fn takes(&self, ms_max: impl FnOnce(&Wear) -> u64) {
        let ms = {
            let mut state = self.state();
            let ms_max = ms_max(&state.wear);
            if ms_max == 0 { 0 } else { state.rng.u64(0..=ms_max) }
        };
        if ms > 0 {
            sleep(Duration::from_millis(ms)).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
