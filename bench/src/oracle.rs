//! Says what went wrong while a server was put to the test: it compares what people wanted and were told (their journals),
//! what is in the logs, what is in the tables beside them, and what everybody is shown at the end.
//!
//! It judges, and does not repair or excuse: whatever it finds is a fault, of Parlor or of whoever looks.

pub mod disk;
pub mod log;
pub mod room;
pub mod shown;

/// What was found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Commands that were wanted.
    pub intended: usize,
    /// Those that were acknowledged.
    pub acknowledged: usize,
    /// Those that were refused.
    pub refused: usize,
    /// Acknowledged, and not there, or not where it was said.
    pub lost: Vec<String>,
    /// There more than once.
    pub doubled: Vec<String>,
    /// Somebody's commands to one room, in another order than they were wanted in.
    pub out_of_order: Vec<String>,
    /// Whatever else is not as it has to be.
    pub wrong: Vec<String>,
}

impl Verdict {
    /// Whether nothing went wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults().next().is_none()
    }

    /// All that went wrong, in words.
    pub fn faults(&self) -> impl Iterator<Item = String> {
        let kinds = [("lost", &self.lost), ("doubled", &self.doubled), ("out of order", &self.out_of_order)];
        let named = kinds.into_iter().flat_map(|(kind, all)| all.iter().map(move |what| format!("{kind}: {what}")));
        named.chain(self.wrong.iter().cloned())
    }

    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "intended {}, acknowledged {}, refused {}; lost {}, doubled {}, out of order {}, otherwise wrong {}",
            self.intended,
            self.acknowledged,
            self.refused,
            self.lost.len(),
            self.doubled.len(),
            self.out_of_order.len(),
            self.wrong.len()
        )
    }
}
