//! How many bytes the rings of a node may hold.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::ring::Ring;
use crate::sabotage::Without;

/// The bounds and what is used of them, in bytes.
#[derive(Debug)]
pub(super) struct Budget {
    ring_bytes_max: usize,
    rings_bytes_max: usize,
    used: AtomicUsize,
    pub(super) without: Without,
}

impl Budget {
    pub(super) fn new(ring_bytes_max: usize, rings_bytes_max: usize, without: Without) -> Self {
        Self { ring_bytes_max, rings_bytes_max, used: AtomicUsize::new(0), without }
    }

    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::SeqCst)
    }

    /// Trims a ring that has grown. When the node is full, a ring keeps nothing: its followers read the store.
    pub(super) fn keep(&self, ring: &mut Ring) {
        if self.without.has(Without::BYTES) {
            return self.account(ring);
        }
        ring.trim(self.ring_bytes_max);
        let others = self.used().saturating_sub(ring.accounted());
        if others + ring.bytes() > self.rings_bytes_max {
            ring.trim(self.rings_bytes_max.saturating_sub(others));
        }
        self.account(ring);
    }

    /// Gives back all that a ring has.
    pub(super) fn release(&self, ring: &mut Ring) {
        ring.trim(0);
        self.account(ring);
    }

    fn account(&self, ring: &mut Ring) {
        let (before, now) = ring.settle_account();
        self.used.fetch_add(now, Ordering::SeqCst);
        self.used.fetch_sub(before, Ordering::SeqCst);
    }
}
