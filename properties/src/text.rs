//! The text codec: what clients send, and what they are sent.

use protocol::{
    ClientFrame, Command, DecodeError, Done, ErrorBody, ErrorCode, HistoryPage, InboxSnapshot, Record, RoomInfo,
    RoomSnapshot, ServerFrame, UserProfile, decode_client, edits::Edits, encode, frame::encode_event, markup::Node,
};

use crate::agreement::agree;

/// Bytes of the answer to what is no command, whatever that was.
const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// A text frame is a command, or it is answered by a short typed error; and whatever else on the wire it may be, both
/// readers say the same of it.
///
/// # Panics
/// It does not hold.
pub fn fuzz_text(data: &[u8]) {
    // What is no UTF-8 does not come so far.
    let Ok(text) = std::str::from_utf8(data) else { return };
    command(text);
    agree::<ServerFrame>(text);
    agree::<Done>(text);
    agree::<ErrorBody>(text);
    agree::<RoomSnapshot>(text);
    agree::<HistoryPage>(text);
    agree::<InboxSnapshot>(text);
    agree::<RoomInfo>(text);
    agree::<UserProfile>(text);
    agree::<Edits>(text);
    agree::<Vec<Node>>(text);
    if let Some(record) = agree::<Record>(text) {
        told(&record);
    }
}

fn command(text: &str) {
    let decoded = decode_client(text);
    let read = agree::<ClientFrame>(text);
    match &decoded {
        Ok(frame) => {
            assert_ne!(frame.command, Command::Unknown, "it is carried out, and nobody knows what it is");
            assert_eq!(read.as_ref(), Some(frame));
            assert_eq!(decode_client(&encode(frame)), decoded, "what was written is another command");
            asked(&frame.command);
        }
        Err(DecodeError(body)) => {
            refused(body);
            let is_known = read.is_some_and(|frame| frame.command != Command::Unknown);
            // Clients are more generous than the server: see there.
            assert!(!is_known || body.code == ErrorCode::Malformed);
        }
    }
}

/// What the server asks of each command before it does anything.
fn asked(command: &Command) {
    let _ = (command.check(), command.client_id(), command.room(), command.cost());
    let _ = (command.message(), command.about(), command.target(), command.room_name());
}

fn refused(body: &ErrorBody) {
    assert!(matches!(body.code, ErrorCode::Malformed | ErrorCode::Unsupported), "{body:?}");
    assert!(body.message.len() > 10, "no words: {body:?}");
    let answer = encode(&ServerFrame::Error(body.clone()));
    assert!(answer.len() <= ANSWER_BYTES_MAX, "{} bytes of answer", answer.len());
    assert_eq!(agree::<ServerFrame>(&answer), Some(ServerFrame::Error(body.clone())));
}

/// A record is told in the same words, whoever encodes it, and what remains of it once its message is deleted is a record.
fn told(record: &Record) {
    let _ = record.effect();
    let frame = encode_event(record);
    assert_eq!(frame, encode(&ServerFrame::Event(record.clone())));
    let redacted = Record { event: record.event.clone().redacted(), ..record.clone() };
    assert_eq!(redacted.event.clone().redacted(), redacted.event, "deleted twice is deleted once");
    assert_eq!(agree::<Record>(&encode(&redacted)), Some(redacted));
}
