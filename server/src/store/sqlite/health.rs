//! Whether writing works. After a failed sync nobody knows what is on disk: nothing more is written until a restart.

use std::sync::{Arc, OnceLock};

use crate::store::StoreError;

/// Remembers a failure after which the file must not be written any more.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<OnceLock<&'static str>>);

impl Health {
    /// Passes while writing works.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.reason().map_or(Ok(()), |reason| Err(StoreError::Unavailable(Arc::from(Box::from(reason)))))
    }

    /// Why nothing is written any more.
    pub(super) fn reason(&self) -> Option<&'static str> {
        self.0.get().copied()
    }

    /// Looks at the outcome of a commit and passes it on.
    pub(super) fn note(&self, outcome: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Err(StoreError::SyncFailed(_)) = &outcome {
            let _ = self.0.set("the disk failed to take a commit: restart the server after checking the disk");
        }
        outcome
    }
}
