//! NATS' protocol over its WebSocket listener (<https://docs.nats.io/reference/reference-protocols/nats-protocol>): lines, and
//! after some of them a text of so many bytes. A frame is what the server had to send at that time: one message, or
//! several. That one goes on in the next frame is allowed and was never seen; it is an error here.

use anyhow::{Context as _, Result, ensure};
use protocol::RoomId;

use super::{Event, Heard, Step};
use crate::wire::Request;

const MESSAGE: &[u8] = b"MSG ";
const END: &[u8] = b"\r\n";

pub(super) fn request() -> Request {
    Request { path: "/".to_owned(), headers: String::new() }
}

/// What is asked for is there once the question behind it is answered.
pub(super) fn steps(room: RoomId) -> Vec<Step> {
    let follow = format!("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB room.{room} 1\r\nPING\r\n");
    vec![(None, b"INFO "), (Some(follow), b"PONG")]
}

pub(super) fn post(room: RoomId, text: &str) -> String {
    format!("PUB room.{room} {}\r\n{text}\r\n", text.len())
}

/// Shows each message of a frame.
pub(super) fn each(mut frame: &[u8], mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    while !frame.is_empty() {
        let (message, rest) = first(frame).context("a frame that ends within a message")?;
        take(message)?;
        frame = rest;
    }
    Ok(())
}

/// The first message, and what comes after it; nothing where it is cut off.
fn first(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line_bytes(frame)?;
    if !frame.starts_with(MESSAGE) {
        return frame.split_at_checked(line);
    }
    let length = frame[..line - END.len()].rsplit(|byte| *byte == b' ').next()?;
    let length: usize = str::from_utf8(length).ok()?.parse().ok()?;
    let (message, rest) = frame.split_at_checked(line.checked_add(length)?.checked_add(END.len())?)?;
    message.ends_with(END).then_some((message, rest))
}

/// How long the first line is, with its end.
fn line_bytes(frame: &[u8]) -> Option<usize> {
    Some(frame.windows(END.len()).position(|two| two == END)? + END.len())
}

pub(super) fn hear(message: &[u8]) -> Result<Heard<'_>> {
    if message.starts_with(MESSAGE) {
        let line = line_bytes(message).context("a message without a line")?;
        let same = message[line..].strip_suffix(END).context("a text without an end")?;
        return Ok(Heard::Event(Event { seq: None, same, before_text: b"" }));
    }
    ensure!(!message.starts_with(b"-ERR"), "refused: {}", String::from_utf8_lossy(message));
    Ok(if message.starts_with(b"PING") { Heard::Ping } else { Heard::Other })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(frame: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut all = Vec::new();
        each(frame, |message| {
            all.push(message.to_vec());
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn a_frame_may_hold_several_messages() {
        let frame = b"PING\r\nMSG room.1 1 6\r\n31 \r\nx\r\nMSG room.1 1 4\r\n32 x\r\n";

        let all = messages(frame).unwrap();

        assert_eq!(all.len(), 3);
        assert_eq!(hear(&all[0]).unwrap(), Heard::Ping);
        assert_eq!(hear(&all[1]).unwrap(), Heard::Event(Event { seq: None, same: b"31 \r\nx", before_text: b"" }));
        assert_eq!(hear(&all[2]).unwrap(), Heard::Event(Event { seq: None, same: b"32 x", before_text: b"" }));
    }

    #[test]
    fn a_message_that_is_cut_off_is_an_error() {
        let frame = b"MSG room.1 1 4\r\n31 x\r\n";

        for cut in 1..frame.len() {
            assert!(messages(&frame[..cut]).is_err(), "{cut} bytes");
        }
        assert!(messages(b"MSG room.1 1 3\r\n31 x\r\n").is_err(), "a text that is longer than it says");
        assert!(hear(b"-ERR 'Authorization Violation'\r\n").is_err());
    }
}
