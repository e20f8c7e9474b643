//! Invitations to make an account, as the HTTP endpoints carry them.

use serde::{Deserialize, Serialize};

use crate::{
    error::{ErrorCode, Invalid},
    id::{InviteId, UnixMs},
    limits::{INVITE_AGE_S_MAX, INVITE_USES_MAX},
};

/// Make an invitation: the server's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateInvite {
    /// Accounts that can be made with it.
    pub uses: u32,
    /// Its life, in seconds.
    pub expires_in_s: u64,
}

impl CreateInvite {
    /// Checks both numbers.
    ///
    /// # Errors
    /// `invalid`.
    pub fn check(self) -> Result<(), Invalid> {
        if !(1..=INVITE_USES_MAX).contains(&self.uses) {
            return Err(Invalid::new(ErrorCode::Invalid, format!("`uses` has to be from 1 to {INVITE_USES_MAX}.")));
        }
        if !(1..=INVITE_AGE_S_MAX).contains(&self.expires_in_s) {
            let message = format!("`expires_in_s` has to be from 1 to {INVITE_AGE_S_MAX}, which is a year.");
            return Err(Invalid::new(ErrorCode::Invalid, message));
        }
        Ok(())
    }
}

/// An invitation, without its token, which nobody knows but who was given it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Its number.
    pub id: InviteId,
    /// Accounts that were made with it.
    pub uses: u32,
    /// Accounts that may be made with it.
    pub uses_max: u32,
    /// When it was made.
    pub created_at: UnixMs,
    /// Until when it can be used.
    pub expires_at: UnixMs,
}

/// A new invitation. The only answer that has the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteCreated {
    /// The invitation, whose fields stand beside the others.
    #[serde(flatten)]
    pub invite: Invite,
    /// What the link carries.
    pub token: String,
    /// The link.
    pub url: String,
}

/// The invitations that can still be used, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteList {
    /// They.
    pub invites: Vec<Invite>,
}
