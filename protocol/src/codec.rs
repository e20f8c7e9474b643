//! Text frames to types and back.

use serde::{Deserialize, Serialize};

use crate::{
    command::{ClientFrame, Command},
    error::{ErrorBody, ErrorCode},
    id::CommandId,
};

/// Characters of the reason for which a frame was refused. It repeats what is in the frame, several times as long where that is
/// escaped.
const REASON_CHARS_MAX: usize = 300;

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
                message: format!("This frame could not be read: {}. See docs/protocol.md.", reason(&source)).into(),
                ..ErrorBody::new(ErrorCode::Malformed)
            };
            Err(DecodeError(body))
        }
    }
}

/// What is wrong, in few words.
fn reason(source: &serde_json::Error) -> String {
    let words = source.to_string();
    match words.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}… at line {} column {}", &words[..end], source.line(), source.column()),
        None => words,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        decode_client(text).unwrap_err().0.message.into_owned()
    }

    #[test]
    fn a_refusal_is_short_however_long_the_frame_is() {
        let unknown = |length: usize| format!(r#"{{"id":7,"{}":1}}"#, "x".repeat(length));
        // With as many digits in what it says of the place.
        let around = refusal(&unknown(200)).chars().count() - 200;
        let fits = REASON_CHARS_MAX + "This frame could not be read: . See docs/protocol.md.".len() - around;

        assert!(!refusal(&unknown(fits)).contains('…'), "{}", refusal(&unknown(fits)));
        assert!(refusal(&unknown(fits + 1)).contains("… at line 1 column"));
        for text in [unknown(100_000), format!(r#"{{"id":"{}"}}"#, "\u{7f}".repeat(100_000))] {
            assert!(refusal(&text).chars().count() < REASON_CHARS_MAX + 100);
        }
    }
}
