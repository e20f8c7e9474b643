//! The little that is kept of presence: when somebody was there last, and whether they show which room they look at.

use async_trait::async_trait;
use protocol::{RoomId, Seq, UnixMs, UserId};

use super::{Profile, ProfileStore, StoreError};

/// Who is in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The last event of the room in this state.
    pub as_of: Seq,
    /// All members, by account number, and when they were there last.
    pub members: Vec<(UserId, Option<UnixMs>)>,
    /// What those of them say of themselves who have ever said something.
    pub profiles: Vec<(UserId, Profile)>,
}

/// What presence keeps and reads.
///
/// # Errors
/// Every method: [`StoreError`].
#[async_trait]
pub trait PresenceStore: ProfileStore {
    /// Who is in a room; nobody where there is no such room.
    async fn roster(&self, room: RoomId) -> Result<Roster, StoreError>;

    /// Notes when users were there last. Times only grow.
    async fn note_seen(&self, seen: &[(UserId, UnixMs)]) -> Result<(), StoreError>;

    /// Whether a user lets others see which room they look at: yes, until they say otherwise.
    async fn shows_viewing(&self, user: UserId) -> Result<bool, StoreError>;

    /// Sets that.
    async fn set_viewing(&self, user: UserId, shown: bool) -> Result<(), StoreError>;
}
