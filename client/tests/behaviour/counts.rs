//! Whatever happens in a room, and however late and in whatever pieces its heads tell of it: the count comes right, and
//! then nothing more is asked for.

use client::{Answer, Fetch, Output};
use proptest::prelude::*;
use protocol::{ReadCursor, RoomSummary, Seq, ServerFrame, close, frame::RoomHead};

use crate::bench::{Bench, INBOX, OTHER, ROOM, at, summary};

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody else posts.
    Post,
    /// The user posts, on another device.
    OwnPost,
    /// The last unread message is deleted.
    Delete,
    /// Somebody reacts: nothing is counted.
    React,
    /// The server takes what it has noted, to tell of it.
    Take,
    /// It reads where the log ends, and tells.
    Tell,
    /// Time passes; what is asked for is answered.
    Pass,
    /// The connection breaks, and what was noted for it is lost.
    Break,
}

/// A room of which a connection is told.
struct World {
    bench: Bench,
    head: u64,
    messages: u64,
    unread: u32,
    noted: Option<bool>,
    taken: Option<bool>,
}

impl World {
    fn new() -> Self {
        Self { bench: Bench::online(), head: 10, messages: 10, unread: 0, noted: None, taken: None }
    }

    fn happens(&mut self, recount: bool) {
        self.head += 1;
        self.noted = Some(self.noted.unwrap_or(false) || recount);
    }

    fn tell(&mut self, recount: bool) {
        let mentions = Vec::new();
        let head = RoomHead { room: OTHER, head: at(self.head), messages: self.messages, recount, mentions };
        self.bench.frame(&ServerFrame::Heads { rooms: vec![head] });
    }

    fn pass(&mut self) -> usize {
        self.bench.passes(1_000);
        let fetched = self.bench.fetched();
        for (id, fetch) in &fetched {
            let Fetch::Summaries(rooms) = fetch else { continue };
            let summaries = rooms.iter().map(|room| match *room == OTHER {
                true => RoomSummary {
                    messages: self.messages,
                    cursor: ReadCursor { version: 0, seq: Seq(10) },
                    ..RoomSummary { unread: self.unread, ..summary(OTHER, self.head, 0) }
                },
                false => summary(*room, 10, 0),
            });
            self.bench.answers(*id, Ok(Answer::Summaries(summaries.collect())));
        }
        fetched.len()
    }

    fn takes(&mut self, step: Step) {
        match step {
            Step::Post => {
                (self.messages, self.unread) = (self.messages + 1, self.unread + 1);
                self.happens(false);
            }
            Step::OwnPost => {
                self.messages += 1;
                self.happens(true);
            }
            Step::Delete => {
                self.unread = self.unread.saturating_sub(1);
                self.happens(true);
            }
            Step::React => self.happens(false),
            Step::Take => {
                if self.taken.is_none() {
                    self.taken = self.noted.take();
                }
            }
            Step::Tell => {
                if let Some(recount) = self.taken.take() {
                    self.tell(recount);
                }
            }
            Step::Pass => {
                self.pass();
            }
            Step::Break => {
                (self.noted, self.taken) = (None, None);
                self.bench.closes(close::GOING_AWAY);
                let is_tried = |output: &Output| matches!(output, Output::Connect(_));
                self.bench.outputs.retain(|output| !is_tried(output));
                while !self.bench.outputs.iter().any(is_tried) {
                    self.bench.passes(250);
                }
                self.bench.connects();
                self.bench.goes_live(ROOM, 10);
                self.bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });
                self.tell(true);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_count_comes_right_and_then_nothing_is_asked_for(
        steps in prop::collection::vec(
            prop::sample::select(vec![
                Step::Post, Step::OwnPost, Step::Delete, Step::React, Step::Take, Step::Tell, Step::Pass, Step::Break,
            ]),
            0..40,
        )
    ) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.takes(step));

        for step in [Step::Take, Step::Tell, Step::Take, Step::Tell, Step::Pass, Step::Pass] {
            world.takes(step);
        }

        prop_assert_eq!(world.bench.unread(OTHER), world.unread);
        world.tell(true);
        prop_assert_eq!(world.bench.unread(OTHER), world.unread);
        world.pass();
        world.tell(true);
        prop_assert_eq!(world.pass(), 0, "it was counted up to there");
    }
}
