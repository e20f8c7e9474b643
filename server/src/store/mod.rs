//! What is kept, behind traits: the only way from the rest of the server to a database.
//!
//! A trait says what must hold, an implementation how; the contract suite is written against the traits, so a
//! second store only has to pass it. No method checks permissions: `commands::authorize` has done so. Who is not in a
//! room is shown public ones only: that is in the queries.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;

pub mod accounts;
pub mod presence;
pub mod profile;
pub mod sqlite;
pub mod streams;
pub mod underway;
pub mod writer;

pub use accounts::AccountStore;
pub use presence::{PresenceStore, Roster};
pub use profile::{Profile, ProfileStore};
pub use streams::{Actor, DirectoryAt, ExecuteError, NoFollowers, PageAt, Sink, StreamStore, WindowAt};

/// What an operator is told where what was deleted may not all be overwritten at the end.
pub(crate) const GO_ON: &str = "start this version again before an older one, so that it is finished";

/// Everything that a store does.
#[async_trait]
pub trait Store: AccountStore + PresenceStore + ProfileStore + StreamStore {
    /// Ends after what waits to be written is on disk; nothing is asked of it afterwards.
    async fn close(&self);
}

/// What can go wrong in every store, whatever it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Others were writing for too long. Trying again later may work.
    #[error("the database was busy for too long")]
    Busy,
    /// The disk is full. Nothing was stored; it works again once there is room, without a restart.
    #[error("the disk is full")]
    Full(#[source] Arc<dyn Error + Send + Sync>),
    /// The disk does not answer. Nothing was stored; it may work again without a restart.
    #[error("the disk takes nothing")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
    /// A commit may or may not be on disk: nothing more is written until a restart.
    #[error("the disk failed to sync a commit")]
    SyncFailed(#[source] Arc<dyn Error + Send + Sync>),
    /// Everything else: a fault of the server or its disk.
    #[error("the database failed")]
    Internal(#[source] Arc<dyn Error + Send + Sync>),
}

impl StoreError {
    /// A fault that no user can cause.
    pub fn internal(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(source))
    }
}
