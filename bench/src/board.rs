//! What a crowd has received, checked as it comes: each event by everybody, once, in order, and the same bytes for all.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::time::Instant;

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
    /// Frames of other kinds that came.
    pub others: u64,
    /// Messages that everybody has, by the number in their text, and when the last one got them.
    pub done: Vec<(u64, Instant)>,
}

impl Board {
    /// For so many, who all follow the room from after event `head`.
    #[must_use]
    pub fn new(members: usize, head: u64) -> Self {
        Self { members, first: head + 1, seen: Vec::new(), deliveries: 0, others: 0, done: Vec::new() }
    }

    /// Takes a frame that came to a member.
    ///
    /// # Errors
    /// An event is missing, came twice, or is another one than others got; or the server refused something.
    pub fn take(&mut self, cursor: &mut Cursor, frame: &[u8]) -> Result<()> {
        if !frame.starts_with(br#"{"type":"event","stream":"room:"#) {
            ensure!(!frame.starts_with(br#"{"type":"error""#), "refused: {}", String::from_utf8_lossy(frame));
            ensure!(!frame.starts_with(br#"{"type":"reset""#), "too far behind: {}", String::from_utf8_lossy(frame));
            self.others += 1;
            return Ok(());
        }
        let seq = number_after(frame, br#""seq":"#)?;
        ensure!(seq == cursor.0 + 1, "event {seq} came after event {}", cursor.0);
        cursor.0 = seq;
        self.deliveries += 1;
        let index = usize::try_from(seq - self.first)?;
        let mut hasher = DefaultHasher::new();
        frame.hash(&mut hasher);
        let hash = hasher.finish();
        if index == self.seen.len() {
            let said = number_after(frame, br#""text":""#)?;
            self.seen.push(Seen { hash, by: 0, said });
        }
        let Some(seen) = self.seen.get_mut(index) else { bail!("event {seq} came before those ahead of it") };
        ensure!(seen.hash == hash, "event {seq} is not the same for everybody");
        seen.by += 1;
        if seen.by == self.members {
            self.done.push((seen.said, Instant::now()));
        }
        Ok(())
    }

    /// What is not everybody's yet.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.seen.iter().filter(|seen| seen.by < self.members).count()
    }
}

/// The number that stands behind the first `key`.
fn number_after(frame: &[u8], key: &[u8]) -> Result<u64> {
    let at = frame.windows(key.len()).position(|part| part == key).context("no number in an event")? + key.len();
    let digits = frame[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let value = digits.fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: u64, text: &str) -> Vec<u8> {
        format!(r#"{{"type":"event","stream":"room:1","epoch":1,"seq":{seq},"event":{{"text":"{text}"}}}}"#)
            .into_bytes()
    }

    #[test]
    fn a_message_is_done_once_everybody_has_it() {
        let (mut board, mut ada, mut bob) = (Board::new(2, 7), Cursor(7), Cursor(7));

        board.take(&mut ada, &event(8, "31 hi")).unwrap();
        assert_eq!((board.done.len(), board.unfinished()), (0, 1));
        board.take(&mut bob, &event(8, "31 hi")).unwrap();

        assert_eq!((board.done[0].0, board.unfinished(), board.deliveries), (31, 0, 2));
    }

    #[test]
    fn a_hole_a_repetition_and_a_difference_are_errors() {
        let at = |seq| (Board::new(2, 7), Cursor(seq));

        let (mut board, mut ada) = at(7);
        assert!(board.take(&mut ada, &event(9, "1")).is_err(), "a hole");
        let (mut board, mut ada) = at(7);
        board.take(&mut ada, &event(8, "1")).unwrap();
        assert!(board.take(&mut ada, &event(8, "1")).is_err(), "twice");
        assert!(board.take(&mut Cursor(7), &event(8, "2")).is_err(), "another text");
        assert!(board.take(&mut ada, br#"{"type":"error","code":"busy"}"#).is_err(), "refused");
    }
}
