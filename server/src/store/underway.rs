//! What is about to be told: commands that wait for their commit or are being committed.
//!
//! Who has many to tell looks here whether more comes in a moment, and tells both at once. It is a count and no promise:
//! a command may be refused, and its batch may fail.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// See the module. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Underway(Arc<AtomicUsize>);

impl Underway {
    /// Whether there is any.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0.load(Relaxed) > 0
    }

    /// So many more wait.
    pub(crate) fn begin(&self, count: usize) {
        self.0.fetch_add(count, Relaxed);
    }

    /// So many of those that have begun are being carried out.
    pub(crate) fn carried(&self, count: usize) -> Carried {
        Carried { underway: self.clone(), count }
    }
}

/// Commands of a batch. Dropped just before they are told, or when it is clear that they will not be.
#[derive(Debug)]
#[must_use]
pub struct Carried {
    underway: Underway,
    count: usize,
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.underway.0.fetch_sub(self.count, Relaxed);
    }
}
