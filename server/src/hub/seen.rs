//! Which messages of whom nobody else has read yet, so that their authors can be told when somebody has.
//!
//! Only what was posted while its author is connected here. What an author is told is the number of a message of their
//! own, not how far the reader has come. Nothing of it is stored; what is forgotten is not told.

use std::collections::VecDeque;

use protocol::{Seq, UserId};

/// Authors of a room whose messages wait to be read; with one more, the one who has waited longest is forgotten.
const AUTHORS_MAX: usize = 64;
/// Messages of an author that wait to be read; with one more, the oldest is forgotten. A later one tells of it.
const MESSAGES_MAX: usize = 128;

/// See the module. In the order of the first message of each.
#[derive(Debug, Default)]
pub(super) struct Unseen(Vec<Waiting>);

/// The messages of an author that nobody else has read, in their order; never none.
#[derive(Debug)]
struct Waiting {
    author: UserId,
    messages: VecDeque<Seq>,
}

impl Unseen {
    /// A message was posted by somebody who is here. Numbers only grow: what waits already is said twice.
    pub(super) fn posted(&mut self, author: UserId, seq: Seq) {
        if let Some(known) = self.0.iter_mut().find(|known| known.author == author) {
            if known.messages.back().is_some_and(|last| *last >= seq) {
                return;
            }
            if known.messages.len() >= MESSAGES_MAX {
                known.messages.pop_front();
            }
            known.messages.push_back(seq);
            return;
        }
        if self.0.len() >= AUTHORS_MAX {
            self.0.remove(0);
        }
        self.0.push(Waiting { author, messages: VecDeque::from([seq]) });
    }

    /// Somebody has read up to a number: who of the others is to be told, and which message of theirs is the last that
    /// was read.
    pub(super) fn read(&mut self, reader: UserId, up_to: Seq) -> Vec<(UserId, Seq)> {
        let mut told = Vec::new();
        self.0.retain_mut(|known| {
            if known.author == reader {
                return true;
            }
            let mut last_read = None;
            while let Some(seq) = known.messages.pop_front_if(|seq| *seq <= up_to) {
                last_read = Some(seq);
            }
            told.extend(last_read.map(|seq| (known.author, seq)));
            !known.messages.is_empty()
        });
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    #[test]
    fn a_message_is_told_of_once_when_somebody_else_reads_it() {
        let mut unseen = Unseen::default();
        unseen.posted(ADA, Seq(5));

        assert_eq!(unseen.read(BOB, Seq(4)), []);
        assert_eq!(unseen.read(ADA, Seq(5)), [], "one's own reading is not another's");
        assert_eq!(unseen.read(BOB, Seq(9)), [(ADA, Seq(5))]);
        assert_eq!(unseen.read(UserId(3), Seq(9)), []);
    }

    #[test]
    fn what_is_said_twice_is_told_of_once() {
        let mut unseen = Unseen::default();
        for seq in [5, 6, 5] {
            unseen.posted(ADA, Seq(seq));
        }

        assert_eq!(unseen.read(BOB, Seq(6)), [(ADA, Seq(6))], "the last, and not what was said again after it");
    }

    #[test]
    fn what_comes_after_is_told_when_it_is_read() {
        let mut unseen = Unseen::default();
        for seq in [5, 6, 9] {
            unseen.posted(ADA, Seq(seq));
        }
        unseen.posted(BOB, Seq(7));

        assert_eq!(unseen.read(BOB, Seq(5)), [(ADA, Seq(5))]);
        assert_eq!(unseen.read(BOB, Seq(6)), [(ADA, Seq(6))]);
        assert_eq!(unseen.read(BOB, Seq(9)), [(ADA, Seq(9))]);
        assert_eq!(unseen.read(BOB, Seq(10)), []);
        assert_eq!(unseen.read(ADA, Seq(9)), [(BOB, Seq(7))]);
    }

    #[test]
    fn an_author_is_told_of_an_own_message_and_not_where_the_reader_is() {
        let mut unseen = Unseen::default();
        for seq in [5, 20] {
            unseen.posted(ADA, Seq(seq));
        }

        assert_eq!(unseen.read(BOB, Seq(12)), [(ADA, Seq(5))]);
        assert_eq!(unseen.read(BOB, Seq(19)), [], "nothing of Ada’s was read since");
        assert_eq!(unseen.read(BOB, Seq(30)), [(ADA, Seq(20))]);
    }

    #[test]
    fn only_so_many_messages_of_an_author_wait() {
        let mut unseen = Unseen::default();
        for seq in 1..=MESSAGES_MAX as u64 + 1 {
            unseen.posted(ADA, Seq(seq));
        }

        assert_eq!(unseen.read(BOB, Seq(1)), [], "the oldest is forgotten");
        assert_eq!(unseen.read(BOB, Seq(2)), [(ADA, Seq(2))]);
        assert_eq!(unseen.read(BOB, Seq(1_000)), [(ADA, Seq(MESSAGES_MAX as u64 + 1))]);
    }

    #[test]
    fn only_so_many_authors_wait() {
        let mut unseen = Unseen::default();
        for author in 1..=AUTHORS_MAX as u64 + 1 {
            unseen.posted(UserId(author), Seq(author));
        }

        let told = unseen.read(UserId(1_000), Seq(1_000));

        assert_eq!(told.len(), AUTHORS_MAX);
        assert_eq!(told[0].0, UserId(2));
    }
}
