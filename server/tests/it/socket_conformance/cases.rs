//! Frames, control frames, fragments and closing.

use super::{Case, Sent};
use crate::support::socket::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};

const FRAME_BYTES_MAX: usize = protocol::limits::FRAME_BYTES_MAX;

/// Opcodes that mean nothing (§5.2).
const RESERVED: [u8; 10] = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf];

pub(super) fn all() -> Vec<Case> {
    [
        lengths(),
        masks(),
        reserved_bits(),
        reserved_opcodes(),
        control_frames(),
        fragments(),
        refused_fragments(),
        closing(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Each way to write a length, at its edges.
fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536, FRAME_BYTES_MAX] {
        for (kind, opcode) in [("text", TEXT), ("binary", BINARY)] {
            let payload = vec![b'a'; length];
            let frame = [(FIN | opcode, payload.as_slice())];
            cases.push(Case::works("5.2", format!("{length} bytes of {kind}"), &frame, &frame));
        }
    }
    for (kind, opcode) in [("text", TEXT), ("binary", BINARY)] {
        let payload = vec![b'a'; FRAME_BYTES_MAX + 1];
        cases.push(Case::fails("7.4.1", format!("a byte of {kind} too much"), 1009, &[(FIN | opcode, &payload)]));
    }
    for (length, piece) in [(125, 1), (300, 1), (65_536, 997)] {
        let payload = vec![b'a'; length];
        let frame = [(FIN | TEXT, payload.as_slice())];
        cases.push(Case::works("5.2", format!("{length} bytes"), &frame, &frame).in_pieces_of(piece));
    }
    let three: [(u8, &[u8]); 3] = [(FIN | TEXT, b"one"), (FIN | BINARY, b"two"), (FIN | TEXT, b"")];
    cases.push(Case::works("5.2", "three messages in a row", &three, &three));
    let bytes: Vec<u8> = (0..=255).collect();
    let every = [(FIN | BINARY, bytes.as_slice())];
    cases.push(Case::works("5.6", "every byte there is", &every, &every));
    cases
}

/// Frames from a client are masked, with any mask.
fn masks() -> Vec<Case> {
    let mut cases = Vec::new();
    for (what, first, payload) in [
        ("text", FIN | TEXT, b"abc".as_slice()),
        ("empty text", FIN | TEXT, b""),
        ("binary", FIN | BINARY, b"abc"),
        ("a first fragment", TEXT, b"abc"),
        ("a ping", FIN | PING, b"abc"),
        ("a pong", FIN | PONG, b"abc"),
        ("a close", FIN | CLOSE, &[3, 232]),
    ] {
        let sent = [Sent::Unmasked(first, payload.to_vec())];
        cases.push(Case::fails("5.1", format!("{what} without a mask"), 1002, &[]).sends(&sent));
    }
    let zeros = Sent::Bytes([&[FIN | TEXT, 0x80 | 3, 0, 0, 0, 0], b"abc".as_slice()].concat());
    cases.push(Case::works("5.3", "a mask of zeros", &[], &[(FIN | TEXT, b"abc")]).sends(&[zeros]));
    let ones =
        Sent::Bytes([&[FIN | TEXT, 0x80 | 3, 0xff, 0xff, 0xff, 0xff], [!b'a', !b'b', !b'c'].as_slice()].concat());
    cases.push(Case::works("5.3", "a mask of ones", &[], &[(FIN | TEXT, b"abc")]).sends(&[ones]));
    cases
}

/// No extension was agreed on, so the bits say nothing (§5.2).
fn reserved_bits() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 1..8_u8 {
        let first = FIN | bits << 4 | TEXT;
        cases.push(Case::fails("5.2", format!("reserved bits {bits:03b}"), 1002, &[(first, b"a")]));
    }
    for (what, opcode) in [("binary", BINARY), ("a ping", PING), ("a pong", PONG)] {
        cases.push(Case::fails("5.2", format!("a reserved bit on {what}"), 1002, &[(FIN | 0x40 | opcode, b"a")]));
    }
    let close = Case::fails("5.2", "a reserved bit on a close", 1002, &[(FIN | 0x20 | CLOSE, &[3, 232])]);
    let continued = [(TEXT, b"a".as_slice()), (FIN | 0x10 | CONTINUATION, b"b")];
    cases.extend([
        close,
        Case::fails("5.2", "a reserved bit on a continuation", 1002, &continued),
        Case::fails("5.2", "a reserved bit after a good message", 1002, &[(FIN | 0x40 | TEXT, b"a")])
            .after_echo(FIN | TEXT, b"good"),
    ]);
    cases
}

fn reserved_opcodes() -> Vec<Case> {
    let mut cases = Vec::new();
    for opcode in RESERVED {
        cases.push(Case::fails("5.2", format!("opcode {opcode:#x}"), 1002, &[(FIN | opcode, b"a")]));
    }
    for opcode in [0x3, 0xb] {
        cases.push(Case::fails("5.2", format!("opcode {opcode:#x}, empty"), 1002, &[(FIN | opcode, b"")]));
        cases.push(Case::fails("5.2", format!("opcode {opcode:#x}, not final"), 1002, &[(opcode, b"a")]));
        let inside = [(TEXT, b"a".as_slice()), (FIN | opcode, b"b")];
        cases.push(Case::fails("5.4", format!("opcode {opcode:#x} between fragments"), 1002, &inside));
        let after =
            Case::fails("5.2", format!("opcode {opcode:#x} after a good message"), 1002, &[(FIN | opcode, b"a")]);
        cases.push(after.after_echo(FIN | BINARY, b"good"));
    }
    cases
}

/// Pings are answered with what they carry; pongs that nobody asked for are nothing.
fn control_frames() -> Vec<Case> {
    let mut cases = Vec::new();
    let most = [0xfe; 125];
    for payload in [b"".as_slice(), b"a", &[0, 0xff, 0xfe, 0x80], &most] {
        let name = format!("a ping of {} bytes", payload.len());
        cases.push(Case::works("5.5.2", name, &[(FIN | PING, payload)], &[(FIN | PONG, payload)]));
    }
    let whole = Case::works("5.5.2", "a ping", &[(FIN | PING, &most)], &[(FIN | PONG, &most)]);
    let ten: Vec<Vec<u8>> = (0..10).map(|number| vec![number]).collect();
    let pings: Vec<(u8, &[u8])> = ten.iter().map(|payload| (FIN | PING, payload.as_slice())).collect();
    let pongs: Vec<(u8, &[u8])> = ten.iter().map(|payload| (FIN | PONG, payload.as_slice())).collect();
    let text = (FIN | TEXT, b"text".as_slice());
    cases.extend([
        whole.in_pieces_of(1),
        Case::works("5.5.3", "ten pings, each with its pong", &pings, &pongs),
        Case::works("5.5.3", "a pong that nobody asked for", &[(FIN | PONG, b"a")], &[]),
        Case::works("5.5.3", "an empty pong that nobody asked for", &[(FIN | PONG, b"")], &[]),
        Case::works(
            "5.5.3",
            "a pong, a ping, a text",
            &[(FIN | PONG, b"a"), (FIN | PING, b"b"), text],
            &[(FIN | PONG, b"b"), text],
        ),
        Case::works("5.5.2", "a ping and a text", &[(FIN | PING, b"a"), text], &[(FIN | PONG, b"a"), text]),
        Case::fails("5.5", "a ping of 126 bytes", 1002, &[(FIN | PING, &[0; 126])]),
        Case::fails("5.5", "a pong of 126 bytes", 1002, &[(FIN | PONG, &[0; 126])]),
        Case::fails("5.5", "a ping of 65,536 bytes", 1002, &[(FIN | PING, &[0; 65_536])]),
        Case::fails(
            "5.5",
            "a close of 126 bytes",
            1002,
            &[(FIN | CLOSE, &[&[3, 232], [b'a'; 124].as_slice()].concat())],
        ),
    ]);
    for (what, opcode) in [("ping", PING), ("pong", PONG)] {
        cases.push(Case::fails("5.5", format!("a {what} that is not final"), 1002, &[(opcode, b"a")]));
        let two = [(opcode, b"a".as_slice()), (FIN | CONTINUATION, b"b")];
        cases.push(Case::fails("5.5", format!("a {what} in two fragments"), 1002, &two));
    }
    cases.push(Case::fails("5.5", "a close that is not final", 1002, &[(CLOSE, &[3, 232])]));
    cases
}

/// Messages in fragments come back whole, with control frames answered in between.
fn fragments() -> Vec<Case> {
    let (text, binary) = ((TEXT, b"ab".as_slice()), (BINARY, b"ab".as_slice()));
    let (more, last) = ((CONTINUATION, b"cd".as_slice()), (FIN | CONTINUATION, b"ef".as_slice()));
    let whole = [(FIN | TEXT, b"abef".as_slice())];
    let ping = |payload: &'static [u8]| (FIN | PING, payload);
    let pong = |payload: &'static [u8]| (FIN | PONG, payload);
    let firsts = [TEXT].into_iter().chain([CONTINUATION; 98]).chain([FIN | CONTINUATION]);
    let hundred: Vec<(u8, &[u8])> = firsts.map(|first| (first, b"x".as_slice())).collect();
    let half = vec![b'a'; FRAME_BYTES_MAX / 2];
    let full = vec![b'a'; FRAME_BYTES_MAX];
    let limit = [(BINARY, half.as_slice()), (FIN | CONTINUATION, half.as_slice())];
    let works = |name: &str, sends: &[(u8, &[u8])], echoes: &[(u8, &[u8])]| Case::works("5.4", name, sends, echoes);
    vec![
        works("text in two", &[text, last], &whole),
        works("text in two", &[text, last], &whole).in_pieces_of(1),
        works("text in three", &[text, more, last], &[(FIN | TEXT, b"abcdef")]),
        works("binary in three", &[binary, more, last], &[(FIN | BINARY, b"abcdef")]),
        works(
            "three empty fragments",
            &[(TEXT, b""), (CONTINUATION, b""), (FIN | CONTINUATION, b"")],
            &[(FIN | TEXT, b"")],
        ),
        works("an empty first fragment", &[(TEXT, b""), last], &[(FIN | TEXT, b"ef")]),
        works("an empty middle fragment", &[text, (CONTINUATION, b""), last], &whole),
        works("an empty last fragment", &[text, (FIN | CONTINUATION, b"")], &[(FIN | TEXT, b"ab")]),
        works("a hundred fragments", &hundred, &[(FIN | TEXT, &[b'x'; 100])]),
        works("two messages in fragments", &[text, last, binary, last], &[whole[0], (FIN | BINARY, b"abef")]),
        works("a whole message after fragments", &[text, last, (FIN | TEXT, b"g")], &[whole[0], (FIN | TEXT, b"g")]),
        works("a ping between fragments", &[text, ping(b"1"), last], &[pong(b"1"), whole[0]]),
        works("a ping between fragments", &[text, ping(b"1"), last], &[pong(b"1"), whole[0]]).in_pieces_of(1),
        works(
            "pings between three fragments",
            &[text, ping(b"1"), more, ping(b"2"), last],
            &[pong(b"1"), pong(b"2"), (FIN | TEXT, b"abcdef")],
        ),
        works("a pong between fragments", &[text, pong(b"1"), last], &whole),
        works("a close between fragments", &[text, (FIN | CLOSE, &[3, 232]), last], &[]),
        works("fragments up to the limit", &limit, &[(FIN | BINARY, &full)]),
        Case::fails(
            "7.4.1",
            "fragments up to a byte too much",
            1009,
            &[(BINARY, &half), (CONTINUATION, &half), (FIN | CONTINUATION, b"a")],
        ),
    ]
}

/// Fragments in an order that means nothing.
fn refused_fragments() -> Vec<Case> {
    let fails = |name: &str, sends: &[(u8, &[u8])]| Case::fails("5.4", name, 1002, sends);
    let (text, binary) = ((TEXT, b"ab".as_slice()), (BINARY, b"ab".as_slice()));
    let (more, last) = ((CONTINUATION, b"cd".as_slice()), (FIN | CONTINUATION, b"ef".as_slice()));
    vec![
        fails("the last fragment of nothing", &[last]),
        fails("a middle fragment of nothing", &[more]),
        fails("a middle fragment of nothing, and its end", &[more, last]),
        fails("an empty last fragment of nothing", &[(FIN | CONTINUATION, b"")]),
        fails("a continuation after a whole message", &[last]).after_echo(FIN | TEXT, b"whole"),
        Case { echoes: vec![(FIN | TEXT, b"abef".to_vec())], ..fails("a continuation too many", &[text, last, last]) },
        fails("a text in a text", &[text, (FIN | TEXT, b"c")]),
        fails("a binary in a text", &[text, (FIN | BINARY, b"c")]),
        fails("a text in a binary", &[binary, (FIN | TEXT, b"c")]),
        fails("a binary in a binary", &[binary, (FIN | BINARY, b"c")]),
        fails("a first fragment in a text", &[text, text]),
        fails("a first fragment in a binary", &[binary, more, binary]),
    ]
}

/// A close is answered with its own code, once, and nothing comes after it.
fn closing() -> Vec<Case> {
    let mut cases = Vec::new();
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999_u16] {
        let frame = [(FIN | CLOSE, code.to_be_bytes())];
        cases.push(Case::fails("7.4", format!("close code {code}"), code, &[(frame[0].0, &frame[0].1)]));
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535_u16] {
        cases.push(Case::fails("7.4.1", format!("close code {code}"), 1002, &[(FIN | CLOSE, &code.to_be_bytes())]));
    }
    let with = |reason: &[u8]| [&[3, 232], reason].concat();
    let close = |name: &str, code: u16, payload: &[u8]| Case::fails("5.5.1", name, code, &[(FIN | CLOSE, payload)]);
    let good = (FIN | CLOSE, [3, 232]);
    let good = (good.0, good.1.as_slice());
    cases.extend([
        Case { ends: None, ..close("a close without a code", 1000, b"") },
        close("a close of one byte", 1002, &[3]),
        close("a close with a reason", 1000, &with("Grüße".as_bytes())),
        close("a close with the longest reason", 1000, &with(&[b'a'; 123])),
        close("a reason that is no UTF-8", 1007, &with(&[0xce, 0xba, 0xe1, 0xbd])),
        close("a reason with a surrogate", 1007, &with(&[0xed, 0xa0, 0x80])),
        close("a reason in pieces", 1000, &with(b"bye")).in_pieces_of(1),
        Case::works("5.5.1", "a text after the close", &[good, (FIN | TEXT, b"late")], &[]),
        Case::works("5.5.1", "a ping after the close", &[good, (FIN | PING, b"late")], &[]),
        Case::works("5.5.1", "a second close", &[good, (FIN | CLOSE, &[3, 233])], &[]),
        Case::works("5.5.1", "a fault after the close", &[good, (FIN | 0x40 | TEXT, b"late")], &[]),
        Case::works("5.5.1", "a close right after a text", &[(FIN | TEXT, b"a"), good], &[(FIN | TEXT, b"a")]),
        Case::works("5.5.1", "a close right after a ping", &[(FIN | PING, b"a"), good], &[(FIN | PONG, b"a")]),
        Case::fails("7.1.7", "a good text after a fault", 1002, &[(FIN | 0x3, b""), (FIN | TEXT, b"late")]),
        Case::fails("7.1.7", "a ping after a fault", 1002, &[(FIN | 0x3, b""), (FIN | PING, b"late")]),
    ]);
    cases
}
