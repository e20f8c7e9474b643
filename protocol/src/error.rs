//! What can be answered instead of success: a closed set, each with a sentence that says what to do.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::{from_json, id::CommandId, parsed_from_json};

/// Why a command or a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ErrorCode {
    /// Not JSON, or not of the documented shape.
    Malformed,
    /// Well-formed, but a value is not allowed; the message names it.
    Invalid,
    /// Longer or larger than the limit.
    TooLarge,
    /// The server does not know this command or frame: it is older than the client.
    Unsupported,
    /// No session, or one that has ended.
    Unauthorized,
    /// Known, visible, and not allowed.
    Forbidden,
    /// Does not exist, or may not be seen.
    NotFound,
    /// The `client_id` was used for something else.
    Conflict,
    /// A public room has this name.
    RoomNameTaken,
    /// An account has this name.
    UsernameTaken,
    /// Not a possible user name.
    UsernameInvalid,
    /// Password below the shortest length.
    PasswordTooShort,
    /// Password above the longest length.
    PasswordTooLong,
    /// Password from the list of common ones.
    PasswordCommon,
    /// Name and password do not belong together.
    WrongLogin,
    /// Nobody may sign up here.
    RegistrationClosed,
    /// Signing up here needs an invitation.
    InviteNeeded,
    /// No such invitation.
    InviteInvalid,
    /// The invitation's time is over.
    InviteExpired,
    /// The invitation was used as often as it may be.
    InviteUsedUp,
    /// The request came from a page of another site.
    CrossSite,
    /// Too often; try again after `retry_after_ms`.
    RateLimited,
    /// Too many connections of this user or address.
    TooManyConnections,
    /// The server has too much to do; try again.
    Busy,
    /// The server cannot store anything at the moment; try again.
    Unavailable,
    /// A fault of the server; its log has the correlation id.
    Internal,
}

parsed_from_json!(ErrorCode);

impl ErrorCode {
    /// Whether the same command may succeed later without being changed.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited | Self::TooManyConnections | Self::Busy | Self::Unavailable | Self::Internal => true,
            Self::Malformed
            | Self::Invalid
            | Self::TooLarge
            | Self::Unsupported
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::Conflict
            | Self::RoomNameTaken
            | Self::UsernameTaken
            | Self::UsernameInvalid
            | Self::PasswordTooShort
            | Self::PasswordTooLong
            | Self::PasswordCommon
            | Self::WrongLogin
            | Self::RegistrationClosed
            | Self::InviteNeeded
            | Self::InviteInvalid
            | Self::InviteExpired
            | Self::InviteUsedUp
            | Self::CrossSite => false,
        }
    }

    /// The sentence shown when nothing more particular is known.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Malformed => "This could not be read. It has to be as docs/protocol.md describes it.",
            Self::Invalid => "A value is not allowed here. Change it and try again.",
            Self::TooLarge => "This is too long. Shorten it and try again.",
            Self::Unsupported => "This server is older than your client and does not know how to do that.",
            Self::Unauthorized => "You are not logged in. Log in and try again.",
            Self::Forbidden => "You may not do that here. Ask the room's creator or the owner of this server.",
            Self::NotFound => "There is nothing here that you can see. Check the address, or ask to be added.",
            Self::Conflict => "This id was already used for something else. Send it again with a new one.",
            Self::RoomNameTaken => "There is already a public room with this name. Choose another name, or join it.",
            Self::UsernameTaken => "This username is taken. Choose another one.",
            Self::UsernameInvalid => {
                "A username has 1 to 32 letters, digits, dots, hyphens or underscores, and starts with a letter or digit."
            }
            Self::PasswordTooShort => "This password is too short. Use at least 8 characters.",
            Self::PasswordTooLong => "This password is too long. Use at most 128 characters.",
            Self::PasswordCommon => {
                "This password is one of the most common ones. Choose one that nobody else would think of."
            }
            Self::WrongLogin => "The username or the password is wrong. Check both and try again.",
            Self::RegistrationClosed => "New accounts cannot be made here. Ask the owner of this server.",
            Self::InviteNeeded => "You need an invitation to sign up here. Ask someone who is in for a link.",
            Self::InviteInvalid => {
                "This invitation is not valid. Check that the link is complete, or ask for a new one."
            }
            Self::InviteExpired => "This invitation has expired. Ask for a new one.",
            Self::InviteUsedUp => "This invitation has been used already. Ask for a new one.",
            Self::CrossSite => {
                "This came from a page of another site and was refused. Open Parlor itself and try again."
            }
            Self::RateLimited => "That was too fast. Wait a moment and try again.",
            Self::TooManyConnections => "There are too many connections already. Close some tabs and try again.",
            Self::Busy => "The server is busy. Try again in a moment.",
            Self::Unavailable => {
                "The server cannot store anything at the moment. Nothing is lost; it will be tried again."
            }
            Self::Internal => {
                "Something went wrong on the server. Try again; if it stays so, tell its owner the number below."
            }
        }
    }
}

/// A refusal, as the socket and the HTTP endpoints send it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The command that is refused; absent where it could not be read, and over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CommandId>,
    /// The case, for programs.
    pub code: ErrorCode,
    /// The case, for people: what happened and what to do.
    pub message: Cow<'static, str>,
    /// When to try again, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Finds the cause in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
}

from_json!(ErrorBody { id, code, message, retry_after_ms, correlation });

impl ErrorBody {
    /// The refusal with its standard sentence.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self { id: None, code, message: code.message().into(), retry_after_ms: None, correlation: None }
    }

    /// The same as the answer to a command.
    #[must_use]
    pub fn answering(self, id: CommandId) -> Self {
        Self { id: Some(id), ..self }
    }
}

impl From<ErrorCode> for ErrorBody {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

/// A value that a rule of this crate forbids: the case, and a sentence that says which rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The case.
    pub code: ErrorCode,
    /// What to change.
    pub message: Cow<'static, str>,
}

impl Invalid {
    pub(crate) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<Invalid> for ErrorBody {
    fn from(invalid: Invalid) -> Self {
        Self { message: invalid.message, ..Self::new(invalid.code) }
    }
}
