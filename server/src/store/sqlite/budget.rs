//! How much of what is gone is overwritten in one transaction: rows and bytes, because `secure_delete` writes every byte
//! of a row again, and everyone else's next command waits for that.

/// What may still be overwritten in this transaction.
#[derive(Debug)]
pub(super) struct Budget {
    rows: i64,
    bytes: i64,
    is_touched: bool,
}

impl Budget {
    pub(super) const fn new(rows: i64, bytes: i64) -> Self {
        Self { rows, bytes, is_touched: false }
    }

    /// How many rows there is room for at most, if they are small.
    pub(super) fn rows(&self) -> i64 {
        if self.bytes > 0 { self.rows } else { 0 }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.rows() <= 0
    }

    /// Takes as many rows of these sizes, in this order, as there is room for, and says how many. The very first one is
    /// taken whatever its size, so that every transaction gets on.
    pub(super) fn take(&mut self, sizes: impl IntoIterator<Item = i64>) -> usize {
        let mut taken = 0;
        for bytes in sizes {
            if self.is_touched && (self.rows < 1 || self.bytes < bytes) {
                // The rest is for the next transaction, also what would fit.
                self.bytes = 0;
                break;
            }
            (self.rows, self.bytes, self.is_touched) = (self.rows - 1, self.bytes - bytes, true);
            taken += 1;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_bytes_are_bounded_and_the_first_row_always_goes() {
        assert_eq!(Budget::new(3, 100).take([1, 1, 1, 1]), 3);
        assert_eq!(Budget::new(9, 100).take([50, 50, 1]), 2);
        assert_eq!(Budget::new(9, 100).take([50, 51, 1]), 1);
        assert_eq!(Budget::new(9, 100).take([101, 1]), 1);

        let mut budget = Budget::new(9, 100);
        assert_eq!(budget.take([60]), 1);
        assert!(!budget.is_spent());
        assert_eq!(budget.take([60]), 0);
        assert!(budget.is_spent(), "what comes after a row that did not fit waits as well");
    }
}
