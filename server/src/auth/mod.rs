//! Who is asking: accounts, sessions, and what keeps others from passing for somebody.
//!
//! A session is an opaque token; its SHA-256 is in the database. Browsers show it as a cookie, programs as a
//! bearer token. Nothing here decides what somebody may do in a room: that is `commands::authorize`.

use std::{sync::Arc, time::Duration};

use protocol::{ErrorBody, ErrorCode, Invalid};

use crate::{
    error::ApiError,
    store::{StoreError, accounts::SignUpError},
};

pub mod address;
pub mod connected;
pub mod device;
pub mod extract;
pub mod forms;
pub mod invites;
pub mod log_in;
pub mod origin;
pub mod password;
pub mod sessions;
pub mod sign_up;
pub mod throttle;
pub mod token;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The name or the password breaks a rule that everyone can read.
    #[error("the name or the password is not allowed")]
    Invalid(#[from] Invalid),
    /// The password is on the list of common ones, or is the name.
    #[error("the password is a common one")]
    PasswordCommon,
    /// Name and password do not belong together, or nobody may log in to the account.
    #[error("wrong name or password")]
    WrongLogin,
    /// Too many attempts from there; this long until the next one.
    #[error("too many attempts")]
    TooMany(Duration),
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The account was not made.
    #[error(transparent)]
    SignUp(#[from] SignUpError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of the server.
    #[error("hashing failed")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// How soon it is worth trying again when the server was busy hashing.
const BUSY_RETRY: Duration = Duration::from_secs(2);

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid(invalid) => ErrorBody::from(invalid).into(),
            AuthError::PasswordCommon => ErrorCode::PasswordCommon.into(),
            AuthError::WrongLogin => ErrorCode::WrongLogin.into(),
            AuthError::TooMany(wait) => Self::from(ErrorCode::RateLimited).retry_after(wait),
            AuthError::Busy => Self::from(ErrorCode::Busy).retry_after(BUSY_RETRY),
            AuthError::SignUp(error) => error.into(),
            AuthError::Store(error) => error.into(),
            AuthError::Internal(source) => Self::from(ErrorCode::Internal).caused_by(source),
        }
    }
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::UsernameTaken => ErrorCode::UsernameTaken.into(),
            SignUpError::RegistrationClosed => ErrorCode::RegistrationClosed.into(),
            SignUpError::InviteNeeded => ErrorCode::InviteNeeded.into(),
            SignUpError::InviteUnknown => ErrorCode::InviteInvalid.into(),
            SignUpError::InviteExpired => ErrorCode::InviteExpired.into(),
            SignUpError::InviteUsedUp => ErrorCode::InviteUsedUp.into(),
            SignUpError::Store(error) => error.into(),
        }
    }
}
