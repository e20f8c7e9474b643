//! How far someone has read a room.

use serde::{Deserialize, Serialize};

use crate::{from_json, id::Seq};

/// A read cursor: everything up to `seq` is read.
///
/// Cursors from several devices meet in any order, any number of times, and [`ReadCursor::merge`] gives the
/// same result: the newer version wins, within a version the larger place. Reading keeps the version, so it
/// only moves forward; *mark as unread* starts a new version, the one way back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadCursor {
    /// Grows by one with every *mark as unread*.
    pub version: u64,
    /// The last event that is read.
    pub seq: Seq,
}

from_json!(ReadCursor { version, seq });

impl ReadCursor {
    /// The cursor that holds after both were seen. Commutative, associative, idempotent.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        // The derived order compares the version first, then the place.
        self.max(other)
    }

    /// After reading up to `seq`.
    #[must_use]
    pub fn read(self, seq: Seq) -> Self {
        Self { seq: self.seq.max(seq), ..self }
    }

    /// After marking `seq` and all that follows as unread.
    #[must_use]
    pub fn mark_unread(self, seq: Seq) -> Self {
        Self { version: self.version + 1, seq: Seq(seq.0.saturating_sub(1)) }
    }
}
