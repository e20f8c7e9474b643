//! The contract of every store, written against the traits; each implementation only has to open itself.

mod contract;

use std::sync::{Arc, Mutex};

use protocol::Record;
use server::{
    sabotage::Without,
    store::{Sink, sqlite::SqliteStore},
};
use tempfile::TempDir;

use crate::sim::{Disk, SimStore, Tables, Wear, Windows};

/// Remembers what was told, in order.
#[derive(Default)]
pub(crate) struct Told(pub(crate) Mutex<Vec<Arc<Record>>>);

impl Sink for Told {
    fn committed(&self, records: &[Arc<Record>]) {
        self.0.lock().unwrap().extend_from_slice(records);
    }
}

/// A place for a store that can be opened again.
struct SqlitePlace(TempDir);

impl contract::Place for SqlitePlace {
    type Store = SqliteStore;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self, told: Arc<Told>) -> SqliteStore {
        SqliteStore::open(self.0.path(), told).await.unwrap()
    }
}

mod sqlite {
    super::contract::contract!(super::SqlitePlace);
}

/// The disk of a simulation.
struct SimPlace(Arc<Disk>);

impl contract::Place for SimPlace {
    type Store = SimStore;

    fn new() -> Self {
        Self(Disk::new(Tables::default(), 0, Wear::NONE, Without::NOTHING))
    }

    async fn open(&self, told: Arc<Told>) -> SimStore {
        let (store, writing) = SimStore::open(&self.0, told, Windows::REAL);
        tokio::spawn(writing);
        store
    }
}

/// What simulations run on keeps the contract, too: what they find is not its fault.
mod simulated {
    super::contract::contract!(super::SimPlace);
}
