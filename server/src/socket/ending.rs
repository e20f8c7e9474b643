//! How a connection ends, and with which close code.

use std::borrow::Cow;

use protocol::close;
use tungstenite::{
    Message,
    error::{Error as WsError, ProtocolError},
    protocol::CloseFrame,
};

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The peer closed it, or it is broken: nothing can be said any more.
    Gone,
    /// The peer took nothing for too long: nothing can be said either.
    Stalled,
    /// It is closed with this code and this reason.
    Close(u16, Cow<'static, str>),
}

impl Ending {
    pub(super) fn session_ended() -> Self {
        Self::Close(close::SESSION_ENDED, "Your session has ended. Log in again.".into())
    }

    pub(super) fn silent() -> Self {
        Self::Close(close::GOING_AWAY, "No sign of life for too long.".into())
    }

    /// For sockets that are served for a bounded time.
    pub(super) fn time_is_up() -> Self {
        Self::Close(close::GOING_AWAY, "The time for this connection is over.".into())
    }

    /// Something on the server failed that the client gets over by coming back.
    pub(super) fn try_again() -> Self {
        Self::Close(close::TRY_AGAIN_LATER, "The server could not go on here. Connect again.".into())
    }

    /// `retry_after_ms` is read by the client: everyone is told another time, so that they do not come at once.
    pub(super) fn restart(retry_after_ms: u128) -> Self {
        Self::Close(close::RESTART, format!("retry_after_ms={retry_after_ms}").into())
    }

    /// Whether the client is asked to come back to the next server.
    pub(super) fn is_restart(&self) -> bool {
        matches!(self, Self::Close(close::RESTART, _))
    }

    /// The frame that says so.
    pub(super) fn message(&self) -> Option<Message> {
        match self {
            Self::Gone | Self::Stalled => None,
            Self::Close(code, reason) => {
                Some(Message::Close(Some(CloseFrame { code: (*code).into(), reason: reason.as_ref().into() })))
            }
        }
    }
}

/// What reading or writing failed with.
impl From<WsError> for Ending {
    fn from(error: WsError) -> Self {
        // The library says what is wrong with a frame, but leaves the answer to us (RFC 6455 §7.4.1).
        match error {
            WsError::Capacity(_) => {
                Self::Close(close::TOO_BIG, format!("At most {} bytes.", protocol::limits::FRAME_BYTES_MAX).into())
            }
            WsError::Utf8(_) => Self::Close(close::NOT_UTF8, "Text has to be UTF-8.".into()),
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
                Self::Gone
            }
            WsError::Protocol(broken) => Self::Close(close::PROTOCOL_ERROR, broken.to_string().into()),
            WsError::WriteBufferFull(_) => Self::Stalled,
            WsError::ConnectionClosed
            | WsError::AlreadyClosed
            | WsError::Io(_)
            | WsError::Tls(_)
            | WsError::AttackAttempt
            | WsError::Url(_)
            | WsError::Http(_)
            | WsError::HttpFormat(_) => Self::Gone,
        }
    }
}
