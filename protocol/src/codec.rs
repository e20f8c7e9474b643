//! Text frames to types and back.

use serde::{Deserialize, Serialize};

use crate::{
    command::{ClientFrame, Command},
    error::{ErrorBody, ErrorCode},
    id::CommandId,
};

/// A frame that is no command: what is wrong, and the command's number if it could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct DecodeError(pub ErrorBody);

/// Reads a client's text frame.
///
/// # Errors
/// `unsupported` for a command of a newer client, `malformed` for everything else that is not as documented,
/// with the place in words, and with the command's number where the frame had one.
pub fn decode_client(text: &str) -> Result<ClientFrame, DecodeError> {
    match serde_json::from_str::<ClientFrame>(text) {
        Ok(ClientFrame { id, command: Command::Unknown }) => {
            Err(DecodeError(ErrorBody::new(ErrorCode::Unsupported).answering(id)))
        }
        Ok(frame) => Ok(frame),
        Err(source) => {
            let body = ErrorBody {
                id: serde_json::from_str::<Numbered>(text).ok().map(|numbered| numbered.id),
                message: format!("This frame could not be read: {source}. See docs/protocol.md.").into(),
                ..ErrorBody::new(ErrorCode::Malformed)
            };
            Err(DecodeError(body))
        }
    }
}

/// Writes a frame.
#[must_use]
pub fn encode<T: Serialize>(frame: &T) -> String {
    serde_json::to_string(frame).expect("wire types have string keys and no failing serializers")
}

/// A frame of which at least the number can be read.
#[derive(Deserialize)]
struct Numbered {
    id: CommandId,
}
