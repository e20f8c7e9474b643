//! What is drawn by chance, and is the same again for the same seed: how the server dies and when, and who wants what,
//! how soon after what they wanted last.
//!
//! Nothing here knows what came of it. Which message an edit is of depends on what is there by then, and so on how quick
//! this machine was; which of those that are there – the first, the last, the one at a third – does not.

use std::time::Duration;

/// Chance that belongs to a seed and a name: whatever one draws leaves the others as they are.
#[must_use]
pub fn chance(seed: u64, name: &str) -> fastrand::Rng {
    // FNV-1a: the same on every machine, and with every version of the libraries.
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = seed.to_le_bytes().into_iter().chain(name.bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    fastrand::Rng::with_seed(hash)
}

/// How long something is, between two bounds.
pub fn between(rng: &mut fastrand::Rng, least_ms: u64, most_ms: u64) -> Duration {
    Duration::from_millis(rng.u64(least_ms..=most_ms))
}

/// What somebody does in one go: they want all of it at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// How long after what they did before.
    pub pause: Duration,
    /// What.
    pub wishes: Vec<Wish>,
}

/// Something that somebody is about to want.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// In which of the rooms.
    pub room: usize,
    /// What.
    pub kind: Kind,
    /// Of the messages that it can be about, which: 0 for the oldest, just below 1 for the newest.
    pub which: f64,
    /// Which emoji, and which words.
    pub words: usize,
}

/// What can be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message.
    Say,
    /// One that answers another.
    Answer,
    /// Another text for a message of one's own.
    Edit,
    /// A message of one's own gone.
    Delete,
    /// An emoji under a message.
    React,
    /// It gone again.
    Unreact,
}

/// Half of all wishes are messages.
const KINDS: [Kind; 12] = [
    Kind::Say,
    Kind::Say,
    Kind::Say,
    Kind::Say,
    Kind::Say,
    Kind::Say,
    Kind::Answer,
    Kind::Edit,
    Kind::Edit,
    Kind::Delete,
    Kind::React,
    Kind::Unreact,
];

/// Wishes in one turn, at most.
const WISHES_MAX: usize = 3;

impl Turn {
    /// The next one of somebody who is in so many rooms.
    #[must_use]
    pub fn draw(rng: &mut fastrand::Rng, rooms: usize) -> Self {
        let pause = between(rng, 150, 900);
        let wishes = 0..rng.usize(1..=WISHES_MAX);
        let wishes = wishes.map(|_| Wish {
            room: rng.usize(..rooms),
            kind: KINDS[rng.usize(..KINDS.len())],
            which: rng.f64(),
            words: rng.usize(..1_000),
        });
        Self { pause, wishes: wishes.collect() }
    }
}

impl Wish {
    /// The one among those that there are, oldest first.
    #[must_use]
    pub fn of<T: Copy>(&self, all: &[T]) -> Option<T> {
        // Below the number of them, since `which` is below 1.
        all.get((self.which * all.len() as f64) as usize).copied()
    }
}

/// How a server dies of `kill -9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// So long after it was ready.
    After(Duration),
    /// So long after it was started, ready or not.
    AtStart(Duration),
    /// By its own hand, at a point on the way of a command whose text has this mark, in a build with failpoints.
    At(&'static str, u8),
}

/// The points on the way of a command (`server/src/failpoint.rs`).
const POINTS: [&str; 4] = ["before_commit", "after_commit", "after_broadcast", "after_ack"];

impl Death {
    /// The next one.
    #[must_use]
    pub fn draw(rng: &mut fastrand::Rng) -> Self {
        let (after, at_start) = (between(rng, 500, 4_000), between(rng, 5, 400));
        let (point, mark) = (POINTS[rng.usize(..POINTS.len())], rng.u8(..MARKS));
        match rng.u8(..8) {
            0 | 1 => Self::AtStart(at_start),
            2..=4 => Self::At(point, mark),
            _ => Self::After(after),
        }
    }

    /// What the server is told of it at its start.
    #[must_use]
    pub fn failpoint(&self) -> Option<String> {
        match self {
            Self::At(point, number) => Some(format!("{point}={}", mark(usize::from(*number)))),
            Self::After(_) | Self::AtStart(_) => None,
        }
    }
}

/// So many marks there are; a text has one of them.
const MARKS: u8 = 10;

/// The mark of somebody's so many-th message.
#[must_use]
pub fn mark(number: usize) -> String {
    format!("({})", number % usize::from(MARKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64, name: &str) -> (Vec<Turn>, Vec<Death>) {
        let mut rng = chance(seed, name);
        let turns = (0..100).map(|_| Turn::draw(&mut rng, 3)).collect();
        (turns, (0..100).map(|_| Death::draw(&mut rng)).collect())
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule_and_another_one_another() {
        assert_eq!(drawn(7, "ada"), drawn(7, "ada"));
        assert_ne!(drawn(7, "ada"), drawn(8, "ada"));
        assert_ne!(drawn(7, "ada"), drawn(7, "bob"));
    }

    #[test]
    fn a_seed_is_worth_keeping() {
        let mut rng = chance(7, "ada");

        assert_eq!(
            rng.u64(..),
            13_747_925_650_802_528_467,
            "what was drawn for a seed is drawn for it in later versions"
        );
    }

    #[test]
    fn ten_minutes_are_enough_for_two_hundred_deaths() {
        let mut rng = chance(7, "kill");
        let longest = |death| match death {
            Death::After(after) | Death::AtStart(after) => after,
            // Somebody says something with that mark within moments.
            Death::At(..) => Duration::from_secs(2),
        };
        let starting = Duration::from_millis(500);

        let in_all: Duration = (0..200).map(|_| longest(Death::draw(&mut rng)) + starting).sum();

        assert!(in_all < Duration::from_secs(600), "{in_all:?}");
    }
}
