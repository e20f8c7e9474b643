//! What people say of themselves, as it is kept.

use async_trait::async_trait;
use protocol::{Status, UnixMs, UserId, UserProfile};

use super::StoreError;

/// What one user says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// How often any of it was set: of two, the later one holds, in whatever order they come.
    pub version: u64,
    /// By what the others call them; none where that is the user name.
    pub name: Option<String>,
    /// What they are up to. It may be over.
    pub status: Option<Status>,
}

impl Profile {
    /// As others see it.
    #[must_use]
    pub fn of(&self, user: UserId) -> UserProfile {
        UserProfile { user, name: self.name.clone(), status: self.status.clone() }
    }

    /// Whether there is nothing to see.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.status.is_none()
    }

    /// Lets go of a status that is over by then. Whether there was one.
    pub fn end(&mut self, now: UnixMs) -> bool {
        self.status.take_if(|status| status.is_over(now)).is_some()
    }
}

/// Reads and sets profiles. What was never set is empty.
///
/// # Errors
/// Every method: [`StoreError`].
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// Those of these users who have ever said something.
    async fn profiles(&self, users: &[UserId]) -> Result<Vec<(UserId, Profile)>, StoreError>;

    /// Sets a display name, or takes it away. What holds afterwards.
    async fn set_display_name(&self, user: UserId, name: Option<String>) -> Result<Profile, StoreError>;

    /// Sets a status, or clears it. What holds afterwards.
    async fn set_status(&self, user: UserId, status: Option<Status>) -> Result<Profile, StoreError>;
}
