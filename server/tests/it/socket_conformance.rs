//! `/ws/echo` against RFC 6455, frame by frame: what is allowed comes back, what is broken fails the connection with its
//! code. One table; each case names the section that it is from.
//!
//! Where the library under us (tungstenite 0.29) does otherwise than the RFC says, the case stands among
//! [`tolerated`], with what happens now: so the day on which that changes is noticed.

mod cases;
mod handshake;
mod text;

use futures::{StreamExt as _, stream};

use crate::support::{
    Client, TestServer,
    socket::{CLOSE, FIN, RawFrame, RawSocket},
};

/// Connections at a time: below the ten that an address may have.
const AT_A_TIME: usize = 8;

/// What is done to the server, and what it has to do.
pub(crate) struct Case {
    section: &'static str,
    name: String,
    sends: Vec<Sent>,
    /// Bytes written at once; all of them where there is no such number.
    piece: Option<usize>,
    /// The frames that come back before the last one.
    echoes: Vec<(u8, Vec<u8>)>,
    /// The code of the close frame that ends it; none for a close frame without one.
    ends: Option<u16>,
    /// The case closes the connection itself, so none is sent by the one who runs it.
    closes: bool,
}

/// What a client writes.
#[derive(Clone)]
enum Sent {
    /// A masked frame: its first byte, and its payload.
    Frame(u8, Vec<u8>),
    /// One that is not masked.
    Unmasked(u8, Vec<u8>),
    /// Any bytes.
    Bytes(Vec<u8>),
}

impl Case {
    /// Frames after which the connection works: these come back, and a close is answered.
    fn works(section: &'static str, name: impl Into<String>, frames: &[(u8, &[u8])], echoes: &[(u8, &[u8])]) -> Self {
        let case = Self::fails(section, name, 1000, frames);
        Self { echoes: echoes.iter().map(|(first, payload)| (*first, payload.to_vec())).collect(), ..case }
    }

    /// Frames that the server fails the connection for, with this code, without any other answer.
    fn fails(section: &'static str, name: impl Into<String>, code: u16, frames: &[(u8, &[u8])]) -> Self {
        let sends: Vec<Sent> = frames.iter().map(|(first, payload)| Sent::Frame(*first, payload.to_vec())).collect();
        let closes = frames.iter().any(|(first, _)| first & 0x0f == CLOSE);
        Self { section, name: name.into(), sends, piece: None, echoes: Vec::new(), ends: Some(code), closes }
    }

    fn sends(self, sends: &[Sent]) -> Self {
        Self { sends: sends.to_vec(), ..self }
    }

    fn in_pieces_of(self, bytes: usize) -> Self {
        Self { piece: Some(bytes), name: format!("{}, {bytes} bytes at a time", self.name), ..self }
    }

    fn after_echo(mut self, first: u8, payload: &[u8]) -> Self {
        self.sends.insert(0, Sent::Frame(first, payload.to_vec()));
        self.echoes.insert(0, (first, payload.to_vec()));
        self
    }

    /// What is wrong, if anything is.
    async fn run(self, client: &Client) -> Option<String> {
        let mut socket = RawSocket::open(client, "/ws/echo").await;
        for sent in &self.sends {
            let bytes = match sent {
                Sent::Frame(first, payload) => RawSocket::masked(*first, payload),
                Sent::Unmasked(first, payload) => RawSocket::plain(*first, payload),
                Sent::Bytes(bytes) => bytes.clone(),
            };
            for piece in bytes.chunks(self.piece.unwrap_or(usize::MAX)) {
                socket.bytes(piece).await;
            }
        }
        let waits_for_failure = self.ends != Some(1000);
        if !self.closes && !waits_for_failure {
            socket.frame(FIN | CLOSE, &1000_u16.to_be_bytes()).await;
        }
        let mut came = Vec::new();
        while let Some(frame) = socket.next().await {
            if frame.first & 0x0f == CLOSE && !self.closes && waits_for_failure {
                socket.frame(FIN | CLOSE, &frame.payload).await;
            }
            came.push(frame);
        }
        let wrong = self.wrong_with(&came)?;
        Some(format!("§{} {}: {wrong}", self.section, self.name))
    }

    fn wrong_with(&self, came: &[RawFrame]) -> Option<String> {
        let Some((last, echoes)) = came.split_last() else { return Some("nothing came".to_owned()) };
        let expected: Vec<(u8, &[u8])> = self.echoes.iter().map(|(first, bytes)| (*first, bytes.as_slice())).collect();
        let echoes: Vec<(u8, &[u8])> = echoes.iter().map(|frame| (frame.first, frame.payload.as_slice())).collect();
        let short = |frames: &[(u8, &[u8])]| -> Vec<(u8, usize)> {
            frames.iter().map(|(first, payload)| (*first, payload.len())).collect()
        };
        if echoes != expected {
            return Some(format!("expected {:?}, came {:?}, then {last:?}", short(&expected), short(&echoes)));
        }
        if last.first != FIN | CLOSE || last.close_code() != self.ends {
            return Some(format!("expected a close with {:?}, came {last:?}", self.ends));
        }
        let reason = last.payload.get(2..).unwrap_or_default();
        std::str::from_utf8(reason).is_err().then(|| "the reason of the close is no UTF-8".to_owned())
    }
}

/// What the library tolerates, or does otherwise than it should: it reads the frames (`server/src/socket/wire.rs`).
fn tolerated() -> Vec<Case> {
    let frame = |head: &[u8], payload: &[u8]| {
        // With a mask of zeros, which is a mask.
        Sent::Bytes([head, &[0; 4], payload].concat())
    };
    let long = 0x80 | 127;
    vec![
        // "the minimal number of bytes MUST be used to encode the length": longer encodings are taken.
        Case::works("5.2", "5 bytes with a length in 16 bits", &[], &[(0x81, b"hello")])
            .sends(&[frame(&[0x81, 0x80 | 126, 0, 5], b"hello")]),
        Case::works("5.2", "5 bytes with a length in 64 bits", &[], &[(0x81, b"hello")])
            .sends(&[frame(&[0x81, long, 0, 0, 0, 0, 0, 0, 0, 5], b"hello")]),
        Case::works("5.2", "300 bytes with a length in 64 bits", &[], &[(0x82, &[7; 300])])
            .sends(&[frame(&[0x82, long, 0, 0, 0, 0, 0, 0, 1, 44], &[7; 300])]),
        Case::works("5.5", "a ping with a length in 16 bits", &[], &[(0x8a, b"hello")])
            .sends(&[frame(&[0x89, 0x80 | 126, 0, 5], b"hello")]),
        // "the most significant bit MUST be 0": taken for a length, which is too long. 1002 would name the fault better.
        Case::fails("5.2", "a length of 64 bits with the highest one set", 1009, &[])
            .sends(&[frame(&[0x82, long, 0x80, 0, 0, 0, 0, 0, 0, 1], &[7])]),
        // Registered after the RFC, for proxies ("Bad Gateway"): the library does not know it and calls it a fault.
        Case::fails("7.4.2", "close code 1014", 1002, &[(FIN | CLOSE, &1014_u16.to_be_bytes())]),
    ]
}

#[tokio::test]
async fn the_echo_keeps_to_rfc_6455() {
    let server = TestServer::start().await;
    let visitor = server.visitor();
    let all: Vec<Case> = [cases::all(), text::all(), tolerated()].into_iter().flatten().collect();
    let count = all.len();

    let wrong: Vec<String> = stream::iter(all)
        .map(|case| case.run(&visitor))
        .buffer_unordered(AT_A_TIME)
        .filter_map(async |wrong| wrong)
        .collect()
        .await;

    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 150, "the table has lost cases: there are {count}");
}
