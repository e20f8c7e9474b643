//! Which messages of whom nobody else has read yet, so that their authors can be told when somebody has.
//!
//! Only what was posted while its author is connected here, and per author one stretch of numbers: a new message makes
//! it longer, being read makes it shorter. Nothing of it is stored; what is forgotten is not told.

use protocol::{Seq, UserId};

/// Authors of a room whose messages wait to be read; with one more, the one who has waited longest is forgotten.
const AUTHORS_MAX: usize = 64;

/// See the module. In the order of the first message of each.
#[derive(Debug, Default)]
pub(super) struct Unseen(Vec<Stretch>);

#[derive(Clone, Copy, Debug)]
struct Stretch {
    author: UserId,
    first: Seq,
    last: Seq,
}

impl Unseen {
    /// A message was posted by somebody who is here.
    pub(super) fn posted(&mut self, author: UserId, seq: Seq) {
        if let Some(known) = self.0.iter_mut().find(|known| known.author == author) {
            known.last = known.last.max(seq);
            return;
        }
        if self.0.len() >= AUTHORS_MAX {
            self.0.remove(0);
        }
        self.0.push(Stretch { author, first: seq, last: seq });
    }

    /// Somebody has read up to a number: who of the others is to be told, and up to where.
    pub(super) fn read(&mut self, reader: UserId, up_to: Seq) -> Vec<(UserId, Seq)> {
        let mut told = Vec::new();
        self.0.retain_mut(|known| {
            if known.author == reader || known.first > up_to {
                return true;
            }
            told.push((known.author, known.last.min(up_to)));
            known.first = up_to.next();
            known.last > up_to
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
    fn what_comes_after_is_told_when_it_is_read() {
        let mut unseen = Unseen::default();
        for seq in [5, 6, 9] {
            unseen.posted(ADA, Seq(seq));
        }
        unseen.posted(BOB, Seq(7));

        assert_eq!(unseen.read(BOB, Seq(7)), [(ADA, Seq(7))]);
        assert_eq!(unseen.read(BOB, Seq(8)), [(ADA, Seq(8))]);
        assert_eq!(unseen.read(BOB, Seq(9)), [(ADA, Seq(9))]);
        assert_eq!(unseen.read(BOB, Seq(10)), []);
        assert_eq!(unseen.read(ADA, Seq(9)), [(BOB, Seq(7))]);
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
