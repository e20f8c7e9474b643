//! What a message of a peer is: decided from the message alone, before anything is known of who sent it.

use protocol::{ClientFrame, ErrorBody, ErrorCode, decode_client};
use tungstenite::Message;

/// What a message of a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A command, to be carried out.
    Command(ClientFrame),
    /// No command, and this is why.
    Unreadable(ErrorBody),
    /// A sign of life.
    Nothing,
    /// The end.
    Farewell,
}

/// Reads a message. No binary frame is a command, whatever is in it.
#[must_use]
pub fn heard(message: &Message) -> Heard {
    match message {
        Message::Text(text) => match decode_client(text) {
            Ok(frame) => Heard::Command(frame),
            Err(error) => Heard::Unreadable(error.0),
        },
        Message::Binary(_) => Heard::Unreadable(ErrorBody {
            message: "This server takes no binary frames yet. Send text frames.".into(),
            ..ErrorBody::new(ErrorCode::Unsupported)
        }),
        // The library answers pings, and puts frames together.
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Heard::Nothing,
        Message::Close(_) => Heard::Farewell,
    }
}
