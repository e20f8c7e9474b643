//! Text is UTF-8 (§8.1, RFC 3629), also where a fragment ends within a character; bytes are anything.

use super::Case;
use crate::support::socket::{BINARY, CONTINUATION, FIN, PING, PONG, TEXT};

/// What is UTF-8: characters at the edges of each length, and a few that are easily got wrong.
const VALID: [(&str, &str); 13] = [
    ("Greek", "κόσμε"),
    ("U+0000", "\u{0}"),
    ("U+007F", "\u{7f}"),
    ("U+0080", "\u{80}"),
    ("U+07FF", "\u{7ff}"),
    ("U+0800", "\u{800}"),
    ("U+D7FF, before the surrogates", "\u{d7ff}"),
    ("U+E000, after the surrogates", "\u{e000}"),
    ("U+FEFF, a byte order mark", "\u{feff}a"),
    ("U+FFFE, which is no character", "\u{fffe}\u{ffff}"),
    ("U+FFFD", "\u{fffd}"),
    ("U+10000", "\u{10000}"),
    ("U+10FFFF", "\u{10ffff}"),
];

/// What is not.
const INVALID: [(&str, &[u8]); 31] = [
    ("a lone continuation byte, the first", &[0x80]),
    ("a lone continuation byte, the last", &[0xbf]),
    ("two lone continuation bytes", &[0x80, 0xbf]),
    ("a start of two bytes alone", &[0xc2]),
    ("a start of two bytes before a letter", &[0xc2, 0x20]),
    ("a start of three bytes alone", &[0xe2]),
    ("two bytes of three", &[0xe2, 0x82]),
    ("two bytes of three before a letter", &[0xe2, 0x82, 0x20]),
    ("a start of four bytes alone", &[0xf0]),
    ("three bytes of four", &[0xf0, 0x9f, 0x98]),
    ("three bytes of four before a letter", &[0xf0, 0x9f, 0x98, 0x20]),
    ("an overlong slash in two bytes", &[0xc0, 0xaf]),
    ("an overlong slash in three bytes", &[0xe0, 0x80, 0xaf]),
    ("an overlong slash in four bytes", &[0xf0, 0x80, 0x80, 0xaf]),
    ("an overlong NUL", &[0xc0, 0x80]),
    ("the last overlong in two bytes", &[0xc1, 0xbf]),
    ("the last overlong in three bytes", &[0xe0, 0x9f, 0xbf]),
    ("the last overlong in four bytes", &[0xf0, 0x8f, 0xbf, 0xbf]),
    ("U+D800, a surrogate", &[0xed, 0xa0, 0x80]),
    ("U+DB7F, a surrogate", &[0xed, 0xad, 0xbf]),
    ("U+DBFF, a surrogate", &[0xed, 0xaf, 0xbf]),
    ("U+DC00, a surrogate", &[0xed, 0xb0, 0x80]),
    ("U+DFFF, a surrogate", &[0xed, 0xbf, 0xbf]),
    ("a pair of surrogates", &[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]),
    ("U+110000", &[0xf4, 0x90, 0x80, 0x80]),
    ("a start above all", &[0xf5, 0x80, 0x80, 0x80]),
    ("five bytes", &[0xf8, 0x88, 0x80, 0x80, 0x80]),
    ("six bytes", &[0xfc, 0x84, 0x80, 0x80, 0x80, 0x80]),
    ("FE", &[0xfe]),
    ("FF", &[0xff]),
    ("a fault after good text", "κόσμε\u{0}".as_bytes().split_at(9).0),
];

pub(super) fn all() -> Vec<Case> {
    let mut cases: Vec<Case> = VALID
        .iter()
        .map(|(name, text)| {
            let frame = [(FIN | TEXT, text.as_bytes())];
            Case::works("8.1", *name, &frame, &frame)
        })
        .collect();
    cases.extend(INVALID.iter().map(|(name, bytes)| Case::fails("8.1", *name, 1007, &[(FIN | TEXT, bytes)])));
    // The same bytes are no fault where they are not said to be text.
    cases.extend(INVALID.iter().take(1).map(|(name, bytes)| {
        let frame = [(FIN | BINARY, *bytes)];
        Case::works("5.6", format!("{name}, as binary"), &frame, &frame)
    }));
    cases.extend(cut_characters());
    cases.extend(cut_faults());
    cases
}

/// A fragment may end anywhere: the message is what has to be UTF-8.
fn cut_characters() -> Vec<Case> {
    let mut cases = Vec::new();
    for character in ["ü", "€", "😀"] {
        let bytes = character.as_bytes();
        for at in 1..bytes.len() {
            let (start, end) = bytes.split_at(at);
            let name = format!("{character} cut after byte {at}");
            let sends = [(TEXT, start), (FIN | CONTINUATION, end)];
            cases.push(Case::works("8.1", name, &sends, &[(FIN | TEXT, bytes)]));
        }
    }
    let [a, b, c, d] = [[0xf0], [0x9f], [0x98], [0x80]];
    let each = [(TEXT, a.as_slice()), (CONTINUATION, &b), (CONTINUATION, &c), (FIN | CONTINUATION, &d)];
    let pinged =
        [(TEXT, a.as_slice()), (FIN | PING, b"?"), (CONTINUATION, &b), (CONTINUATION, &c), (FIN | CONTINUATION, &d)];
    let whole = (FIN | TEXT, "😀".as_bytes());
    cases.extend([
        Case::works("8.1", "each byte of a character in a fragment", &each, &[whole]),
        Case::works("8.1", "a ping within a character", &pinged, &[(FIN | PONG, b"?"), whole]),
        Case::works(
            "8.1",
            "an empty fragment within a character",
            &[(TEXT, &[0xe2, 0x82]), (CONTINUATION, b""), (FIN | CONTINUATION, &[0xac])],
            &[(FIN | TEXT, "€".as_bytes())],
        ),
        Case::works("8.1", "a character", &[whole], &[whole]).in_pieces_of(1),
    ]);
    cases
}

/// A fault is one wherever the fragments end.
fn cut_faults() -> Vec<Case> {
    let fails = |name: &str, sends: &[(u8, &[u8])]| Case::fails("8.1", name, 1007, sends);
    vec![
        fails("a fault in the second fragment", &[(TEXT, b"a"), (FIN | CONTINUATION, &[0xff])]),
        fails("a fault in the first fragment, before the message ends", &[(TEXT, &[0xff])]),
        fails("a character that never ends", &[(TEXT, &[0xe2]), (FIN | CONTINUATION, &[0x82])]),
        fails("a character that an empty fragment does not end", &[(TEXT, &[0xe2, 0x82]), (FIN | CONTINUATION, b"")]),
        fails("an overlong slash in two fragments", &[(TEXT, &[0xc0]), (FIN | CONTINUATION, &[0xaf])]),
        fails("a surrogate in two fragments", &[(TEXT, &[0xed]), (FIN | CONTINUATION, &[0xa0, 0x80])]),
        fails("U+110000 in two fragments", &[(TEXT, &[0xf4]), (FIN | CONTINUATION, &[0x90, 0x80, 0x80])]),
        fails("a letter where a character should go on", &[(TEXT, &[0xe2, 0x82]), (FIN | CONTINUATION, b"a")]),
    ]
}
