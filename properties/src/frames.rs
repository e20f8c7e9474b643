//! The frame path: what is read from any bytes, and what is written meanwhile, beside a reader that goes by the letter of
//! RFC 6455.

use std::task::{Context, Poll, Waker};

use futures::{SinkExt as _, StreamExt as _};
use protocol::limits::FRAME_BYTES_MAX;
use server::socket::bare::{self, Heard, heard};
use tungstenite::Message;

use crate::{
    line::{Line, Pace},
    rfc6455::{End, Said, from_client, from_server},
    text::fuzz_text,
};

/// Messages that the server sends meanwhile, at most.
const SENT_MAX: u8 = 7;
/// Bytes of pongs that a server keeps for a peer that takes none. With more, a later pong stands for those before it.
const PONGS_BYTES_MAX: usize = 4 * 1024;

/// Bytes as a peer may send them, in pieces of any size, are the messages that they are, up to where they break the rules,
/// and then the connection is closed with the code for that. What is written is frames of a server: what was to be sent, in
/// order, a pong to each ping that was read, and each pong and each close frame in its place.
///
/// The first byte says in what pieces the rest is read, the second in what pieces is written, the third what is sent.
///
/// # Panics
/// It does not hold.
pub fn fuzz_frames(data: &[u8]) {
    let [read, write, sent, bytes @ ..] = data else { return };
    let sent: Vec<Message> = (0..sent % (SENT_MAX + 1)).map(|number| message(number, *sent)).collect();
    let (expected, end) = from_client(bytes, FRAME_BYTES_MAX);
    let pace = Pace { read: usize::from(*read), write: usize::from(*write) };

    let ran = run(bytes, pace, &sent);

    assert_eq!(ran.said, expected);
    assert_eq!(ran.end, end);
    is_understood(&ran.said);
    was_written(&ran, &sent, &expected);
}

/// Something to send, of any kind and of a length at which the head of a frame changes.
fn message(number: u8, seed: u8) -> Message {
    let length = [0, 1, 125, 126, 300, 0xffff, 0x1_0000][usize::from(number.wrapping_add(seed >> 3) % 7)];
    let letters = vec![b'a' + number; length];
    if (seed >> 6).wrapping_add(number).is_multiple_of(2) {
        Message::text(String::from_utf8_lossy(&letters).into_owned())
    } else {
        Message::binary(letters)
    }
}

/// What came of it.
pub(crate) struct Ran {
    pub(crate) said: Vec<Said>,
    pub(crate) end: End,
    /// What the peer got.
    pub(crate) written: Vec<u8>,
    /// How many messages were taken to be sent.
    pub(crate) sent: usize,
}

/// Reads all that comes, sends what there is to send, and takes its leave, as a connection does.
pub(crate) fn run(bytes: &[u8], pace: Pace, to_send: &[Message]) -> Ran {
    let line = Line::new(bytes.to_vec(), pace);
    let taken = line.written();
    let mut wire = bare::open(line);
    let mut cx = Context::from_waker(Waker::noop());
    let mut ran = Ran { said: Vec::new(), end: End::Nothing, written: Vec::new(), sent: 0 };
    // Each look moves a byte at least, or is followed by one that does.
    let mut looks = 1_000 + 8 * (bytes.len() + to_send.iter().map(|message| message.len() + 10).sum::<usize>());
    let mut look = || {
        looks = looks.checked_sub(1).unwrap_or_else(|| panic!("it goes on for ever"));
    };
    let farewell = loop {
        look();
        if let Some(message) = to_send.get(ran.sent)
            && matches!(wire.poll_ready_unpin(&mut cx), Poll::Ready(Ok(())))
            && wire.start_send_unpin(message.clone()).is_ok()
        {
            ran.sent += 1;
        }
        let _ = wire.poll_flush_unpin(&mut cx);
        match wire.poll_next_unpin(&mut cx) {
            Poll::Pending => {}
            Poll::Ready(None) => break None,
            Poll::Ready(Some(Err(error))) => break bare::farewell(error),
            Poll::Ready(Some(Ok(message))) => {
                ran.hears(&message);
                if ran.end == End::Closed {
                    break None;
                }
            }
        }
    };
    if let Some(farewell) = farewell {
        ran.end = End::Refused(code(&farewell));
        wire.start_send_unpin(farewell).unwrap_or_else(|error| panic!("{error}: no farewell"));
    }
    while wire.poll_close_unpin(&mut cx).is_pending() {
        look();
    }
    drop(wire);
    ran.written = taken.take();
    ran
}

impl Ran {
    fn hears(&mut self, message: &Message) {
        self.said.push(match message {
            Message::Text(text) => Said::Text(text.as_str().to_owned()),
            Message::Binary(bytes) => Said::Binary(bytes.to_vec()),
            Message::Ping(bytes) => Said::Ping(bytes.to_vec()),
            Message::Pong(bytes) => Said::Pong(bytes.to_vec()),
            Message::Close(frame) => {
                self.end = End::Closed;
                Said::Close(frame.as_ref().map(|frame| frame.code.into()))
            }
            Message::Frame(frame) => panic!("a bare frame is read: {frame}"),
        });
    }
}

fn code(farewell: &Message) -> u16 {
    match farewell {
        Message::Close(Some(frame)) => frame.code.into(),
        Message::Close(None)
        | Message::Text(_)
        | Message::Binary(_)
        | Message::Ping(_)
        | Message::Pong(_)
        | Message::Frame(_) => panic!("{farewell} closes nothing"),
    }
}

/// Text is what the text codec says of it, and nothing else is a command.
fn is_understood(said: &[Said]) {
    for said in said {
        match said {
            Said::Text(text) => {
                fuzz_text(text.as_bytes());
                assert!(matches!(heard(&Message::text(text.clone())), Heard::Command(_) | Heard::Unreadable(_)));
            }
            Said::Binary(bytes) => {
                assert!(matches!(heard(&Message::binary(bytes.clone())), Heard::Unreadable(_)));
            }
            Said::Ping(bytes) => assert_eq!(heard(&Message::Ping(bytes.clone().into())), Heard::Nothing),
            Said::Pong(bytes) => assert_eq!(heard(&Message::Pong(bytes.clone().into())), Heard::Nothing),
            Said::Close(_) => assert_eq!(heard(&Message::Close(None)), Heard::Farewell),
        }
    }
}

fn was_written(ran: &Ran, sent: &[Message], said: &[Said]) {
    let (got, end) = from_server(&ran.written);
    let closed = got.iter().filter(|got| matches!(got, Said::Close(_))).count();
    let messages: Vec<&Said> = got.iter().filter(|got| matches!(got, Said::Text(_) | Said::Binary(_))).collect();
    let taken: Vec<Said> = sent[..ran.sent].iter().map(as_said).collect();

    assert!(messages.iter().zip(&taken).all(|(got, sent)| **got == *sent), "something else was written");
    assert!(!got.iter().any(|got| matches!(got, Said::Ping(_))), "nobody pinged");
    are_answered(said, &got, ran.end);
    match ran.end {
        // The peer has hung up without a word: what was begun is written.
        End::Nothing => {
            assert_eq!((end, closed), (End::Nothing, 0));
            assert!(messages.len() <= taken.len());
            is_whole(&ran.written, &got);
        }
        // It gets its own code back, and nothing after that.
        End::Closed => {
            assert_eq!((end, got.last()), (End::Closed, said.last()));
            is_whole(&ran.written, &got);
        }
        End::Refused(code) => {
            assert_eq!((end, got.last()), (End::Closed, Some(&Said::Close(Some(code)))));
            assert_eq!(messages.len(), taken.len(), "what waits goes before the farewell");
        }
    }
}

/// Each ping that was read has its pong (§5.5.3), with the same bytes and in the same order, and there is no other one.
fn are_answered(said: &[Said], got: &[Said], end: End) {
    let pings: Vec<_> =
        said.iter().filter_map(|said| if let Said::Ping(bytes) = said { Some(bytes) } else { None }).collect();
    let pongs: Vec<_> =
        got.iter().filter_map(|got| if let Said::Pong(bytes) = got { Some(bytes) } else { None }).collect();
    if pings.iter().map(|ping| 2 + ping.len()).sum::<usize>() <= PONGS_BYTES_MAX {
        assert_eq!(pongs, pings, "a ping without its pong, or a pong without a ping");
    } else {
        let mut left = pings.iter();
        assert!(pongs.iter().all(|pong| left.any(|ping| ping == pong)), "a pong to no ping, or out of order");
        // Who says farewell is owed the answer to that, and no pong (§5.5.2).
        assert!(end == End::Closed || pongs.last() == pings.last(), "the last ping has no pong");
    }
}

fn as_said(message: &Message) -> Said {
    match message {
        Message::Text(text) => Said::Text(text.as_str().to_owned()),
        Message::Binary(bytes) => Said::Binary(bytes.to_vec()),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => panic!("nobody sends {message}"),
    }
}

/// Every byte belongs to a frame that was read, and heads are as short as they can be.
fn is_whole(written: &[u8], got: &[Said]) {
    let head = |length: usize| match length {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    let bytes: usize = got
        .iter()
        .map(|got| match got {
            Said::Text(text) => text.len(),
            Said::Binary(bytes) | Said::Ping(bytes) | Said::Pong(bytes) => bytes.len(),
            Said::Close(_) => 0,
        })
        .map(|length| head(length) + length)
        .sum();
    let has_close = matches!(got.last(), Some(Said::Close(_)));
    assert!(if has_close { written.len() >= bytes } else { written.len() == bytes }, "heads are too long");
}
