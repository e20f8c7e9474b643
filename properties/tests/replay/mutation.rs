//! What makes another input of one.

use proptest::{prelude::*, sample::Index};

/// A change to some bytes. Places are shares of what there is, so that each fits any input.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// Turns one bit round.
    Flip(Index, u8),
    /// Writes another byte.
    Write(Index, u8),
    /// Ends there.
    Truncate(Index),
    /// Takes out what is between both.
    Remove(Index, Index),
    /// Says what is between both so many times more.
    Repeat(Index, Index, u8),
    /// Puts in a word of the dictionary.
    Insert(Index, Index),
    /// Goes on there with the end of another input.
    Splice(Index, Index, Index),
}

/// A few of them, one after the other.
pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = any::<Index>;
    let one = prop_oneof![
        3 => (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Write(at, byte)),
        1 => at().prop_map(Mutation::Truncate),
        2 => (at(), at()).prop_map(|(from, to)| Mutation::Remove(from, to)),
        2 => (at(), at(), 1..20_u8).prop_map(|(from, to, times)| Mutation::Repeat(from, to, times)),
        4 => (at(), at()).prop_map(|(at, word)| Mutation::Insert(at, word)),
        2 => (at(), at(), at()).prop_map(|(at, other, from)| Mutation::Splice(at, other, from)),
    ];
    prop::collection::vec(one, 1..5)
}

/// Bytes that an input may grow to.
const BYTES_MAX: usize = 64 * 1024;

impl Mutation {
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>, inputs: &[(String, Vec<u8>)], dictionary: &[&str]) {
        // One more than there are bytes: also behind the last.
        let place = |at: &Index| at.index(bytes.len() + 1);
        let range = |from: &Index, to: &Index| {
            let (from, to) = (place(from), place(to));
            from.min(to)..from.max(to)
        };
        match self {
            Self::Flip(at, bit) => {
                let at = place(at);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            }
            Self::Write(at, value) => {
                let at = place(at);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = *value);
            }
            Self::Truncate(at) => {
                let at = place(at);
                bytes.truncate(at);
            }
            Self::Remove(from, to) => {
                let range = range(from, to);
                bytes.drain(range);
            }
            Self::Repeat(from, to, times) => {
                let range = range(from, to);
                let again = bytes[range.clone()].repeat(usize::from(*times));
                bytes.splice(range.end..range.end, again);
            }
            Self::Insert(at, word) => {
                let at = place(at);
                bytes.splice(at..at, written(word.get::<&str>(dictionary)));
            }
            Self::Splice(at, other, from) => {
                let at = place(at);
                let other = &other.get(inputs).1;
                bytes.truncate(at);
                bytes.extend(&other[from.index(other.len() + 1)..]);
            }
        }
        bytes.truncate(BYTES_MAX);
    }
}

/// A word with a control character in it is bytes, one a character; any other is text.
fn written(word: &str) -> Vec<u8> {
    let is_bytes = word.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{7f}' | '\u{85}'));
    if is_bytes { word.chars().filter_map(|c| u8::try_from(c).ok()).collect() } else { word.as_bytes().to_vec() }
}
