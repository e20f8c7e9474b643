//! Binary frames. There is no binary codec: `docs/protocol.md` has none, and no binary frame is a command. So what is to hold is
//! that a frame of bytes arrives as these bytes, however it is cut, that it is refused in always the same words, whatever is
//! in it, and that bytes which the server sends (as `/ws/echo` does) arrive as they are.

use protocol::limits::FRAME_BYTES_MAX;
use server::socket::bare::{Heard, heard};
use tungstenite::Message;

use crate::{
    frames::run,
    line::Pace,
    rfc6455::{End, Said, client_frame, from_server},
};

const BINARY: u8 = 0x2;
const CONTINUATION: u8 = 0x0;
const PING: u8 = 0x9;
const FINAL: u8 = 0x80;

/// The first byte says in how many frames the rest is sent, with a ping between them, the second in what pieces it comes;
/// four more are the mask.
///
/// # Panics
/// It does not hold.
pub fn fuzz_binary(data: &[u8]) {
    let [parts, piece, a, b, c, d, payload @ ..] = data else { return };
    if payload.len() > FRAME_BYTES_MAX {
        return;
    }
    let mask = [*a, *b, *c, *d];
    let pace = Pace { read: usize::from(*piece), write: 0 };
    let (bytes, pings) = cut(payload, usize::from(parts % 8) + 1, mask);

    let ran = run(&bytes, pace, &[Message::binary(payload.to_vec())]);

    let expected: Vec<Said> =
        (0..pings).map(|_| Said::Ping(Vec::new())).chain([Said::Binary(payload.to_vec())]).collect();
    assert_eq!((ran.said, ran.end), (expected, End::Nothing));
    let Heard::Unreadable(refusal) = heard(&Message::binary(payload.to_vec())) else { panic!("it is a command") };
    assert_eq!(Heard::Unreadable(refusal), heard(&Message::binary(Vec::new())), "the answer depends on what is in it");
    let (got, _) = from_server(&ran.written);
    assert!(got.contains(&Said::Binary(payload.to_vec())), "other bytes are sent back");
}

/// A message in so many frames at most, and how many pings are between them.
fn cut(payload: &[u8], parts: usize, mask: [u8; 4]) -> (Vec<u8>, usize) {
    let pieces: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(parts).max(1)).collect();
    let pieces = if pieces.is_empty() { vec![payload] } else { pieces };
    let last = pieces.len() - 1;
    let mut bytes = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        if index > 0 {
            bytes.extend(client_frame(FINAL | PING, mask, &[]));
        }
        let opcode = if index == 0 { BINARY } else { CONTINUATION };
        let first = if index == last { FINAL | opcode } else { opcode };
        bytes.extend(client_frame(first, mask, piece));
    }
    (bytes, last)
}
