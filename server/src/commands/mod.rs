//! From a command and what is known to the events that carry it out, without any IO.
//!
//! [`decide()`] is the whole policy of the server: it validates, asks [`authorize()`], and says what to append.
//! The store calls it inside the transaction that reads the [`Facts`] and writes the events.

mod authorize;
mod decide;
mod facts;
mod messages;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use protocol::{ErrorBody, ErrorCode, Invalid};

pub use self::{
    authorize::{Action, authorize},
    decide::{Decision, decide},
    facts::{Facts, MessageFacts, ReactionFacts, RoomFacts, TargetFacts},
};

/// A command that is not carried out: the case, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The case.
    pub code: ErrorCode,
    /// In words.
    pub message: Cow<'static, str>,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: code.message().into() }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self { code: invalid.code, message: invalid.message }
    }
}

impl From<Refusal> for ErrorBody {
    fn from(refusal: Refusal) -> Self {
        Self { message: refusal.message, ..Self::new(refusal.code) }
    }
}
