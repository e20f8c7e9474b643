//! What a crowd has received, checked as it comes: each event by everybody, once, in order, with the text that was
//! posted, and the same bytes for all: those of the whole frame, or of the part that a dialect says is the same.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, Result, bail, ensure};

use crate::dialect::{Event, text};

/// How far a member of the crowd is: the number of the last event that came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor(pub u64);

/// One event, as the first of the crowd has received it.
#[derive(Clone, Debug)]
struct Seen {
    hash: u64,
    /// How many have it.
    by: usize,
    /// The number in its text.
    said: u64,
}

/// The events of one room from the first that was received.
#[derive(Debug)]
pub struct Board {
    members: usize,
    /// The number of the first event.
    first: u64,
    seen: Vec<Seen>,
    /// Events that came, to whomever.
    pub deliveries: u64,
}

impl Board {
    /// For so many, who all follow the room from after event `head`.
    #[must_use]
    pub fn new(members: usize, head: u64) -> Self {
        Self { members, first: head + 1, seen: Vec::new(), deliveries: 0 }
    }

    /// Takes an event that came to a member. Answers with the number in its text once everybody has it.
    ///
    /// Where the server gives events no numbers, the next one has the next number: of those that are missing, twice
    /// there or out of order, the bytes differ from what others got in their place.
    ///
    /// # Errors
    /// An event is missing, came twice, is another one than others got, or nobody said that.
    pub fn take(&mut self, cursor: &mut Cursor, event: Event<'_>) -> Result<Option<u64>> {
        let Event { seq, same, before_text } = event;
        let seq = seq.unwrap_or(cursor.0 + 1);
        ensure!(seq == cursor.0 + 1, "event {seq} came after event {}", cursor.0);
        cursor.0 = seq;
        self.deliveries += 1;
        let index = usize::try_from(seq - self.first)?;
        let mut hasher = DefaultHasher::new();
        same.hash(&mut hasher);
        let hash = hasher.finish();
        if index == self.seen.len() {
            let said = number_after(same, before_text)?;
            let text = text(said);
            let is_there = same.windows(text.len()).any(|part| part == text.as_bytes());
            ensure!(is_there, "nobody said this: {}", String::from_utf8_lossy(same));
            self.seen.push(Seen { hash, by: 0, said });
        }
        let Some(seen) = self.seen.get_mut(index) else { bail!("event {seq} came before those ahead of it") };
        ensure!(seen.hash == hash, "event {seq} is not the same for everybody");
        seen.by += 1;
        Ok((seen.by == self.members).then_some(seen.said))
    }

    /// What is not everybody's yet.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.seen.iter().filter(|seen| seen.by < self.members).count()
    }
}

/// The number that stands behind the first `key`.
pub(crate) fn number_after(frame: &[u8], key: &[u8]) -> Result<u64> {
    let at = if key.is_empty() { Some(0) } else { frame.windows(key.len()).position(|part| part == key) };
    let digits = &frame[at.context("no number in an event")? + key.len()..];
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let value = digits.fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERED: &[u8] = br#""text":""#;

    fn numbered(board: &mut Board, cursor: &mut Cursor, seq: u64, text: &str) -> Result<Option<u64>> {
        let frame = format!(r#"{{"seq":{seq},"event":{{"text":"{text}"}}}}"#);
        board.take(cursor, Event { seq: Some(seq), same: frame.as_bytes(), before_text: NUMBERED })
    }

    fn bare(board: &mut Board, cursor: &mut Cursor, text: &str) -> Result<Option<u64>> {
        board.take(cursor, Event { seq: None, same: text.as_bytes(), before_text: b"" })
    }

    #[test]
    fn a_message_is_done_once_everybody_has_it() {
        let (mut board, mut ada, mut bob) = (Board::new(2, 7), Cursor(7), Cursor(7));

        assert_eq!(numbered(&mut board, &mut ada, 8, &text(31)).unwrap(), None);
        assert_eq!(board.unfinished(), 1);
        assert_eq!(numbered(&mut board, &mut bob, 8, &text(31)).unwrap(), Some(31));

        assert_eq!((board.unfinished(), board.deliveries), (0, 2));
    }

    #[test]
    fn a_hole_a_repetition_and_a_difference_are_errors() {
        let at = |seq| (Board::new(2, 7), Cursor(seq));

        let (mut board, mut ada) = at(7);
        assert!(numbered(&mut board, &mut ada, 9, &text(1)).is_err(), "a hole");
        let (mut board, mut ada) = at(7);
        numbered(&mut board, &mut ada, 8, &text(1)).unwrap();
        assert!(numbered(&mut board, &mut ada, 8, &text(1)).is_err(), "twice");
        assert!(numbered(&mut board, &mut Cursor(7), 8, &text(2)).is_err(), "another text");
        let (mut board, mut ada) = at(7);
        assert!(numbered(&mut board, &mut ada, 8, "1 y").is_err(), "what nobody said");
    }

    #[test]
    fn without_numbers_a_hole_a_repetition_and_another_order_are_errors_too() {
        let three = || {
            let (mut board, mut ada) = (Board::new(2, 0), Cursor(0));
            for number in [5, 3, 4] {
                bare(&mut board, &mut ada, &text(number)).unwrap();
            }
            (board, Cursor(0))
        };

        let (mut board, mut bob) = three();
        assert_eq!(bare(&mut board, &mut bob, &text(5)).unwrap(), Some(5));
        assert!(bare(&mut board, &mut bob, &text(4)).is_err(), "a hole");
        let (mut board, mut bob) = three();
        bare(&mut board, &mut bob, &text(5)).unwrap();
        assert!(bare(&mut board, &mut bob, &text(5)).is_err(), "twice");
        let (mut board, mut bob) = three();
        assert!(bare(&mut board, &mut bob, &text(3)).is_err(), "another order");
    }
}
