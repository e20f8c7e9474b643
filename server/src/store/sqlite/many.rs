//! Statements about many rows, of whose lengths there are few: each length is a text of its own to prepare and to keep.

/// The items, and the last one again until their number is a power of two: for statements that may meet one twice.
pub(super) fn padded<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let more = items.len().next_power_of_two() - items.len();
    items.iter().chain(items.last().into_iter().cycle().take(more))
}

/// The items in pieces whose lengths are powers of two, the longest first: for statements that must meet each once.
pub(super) fn pieces<T>(mut items: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = 1 << items.len().checked_ilog2()?;
        let (piece, rest) = items.split_at(length);
        items = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_taken_in_pieces() {
        let lengths = |length: usize| pieces(&vec![7; length]).map(<[i32]>::len).collect::<Vec<_>>();

        assert!(lengths(0).is_empty());
        assert_eq!(lengths(1), [1]);
        assert_eq!(lengths(200), [128, 64, 8]);
        assert_eq!(pieces(&[1, 2, 3]).flatten().copied().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn lists_are_filled_up_with_their_last_item() {
        let lengths = |length: usize| padded(&vec![7; length]).count();

        assert_eq!([0, 1, 2, 3, 4, 5, 200, 256].map(lengths), [0, 1, 2, 4, 4, 8, 256, 256]);
        assert_eq!(padded(&[1, 2, 3]).copied().collect::<Vec<_>>(), [1, 2, 3, 3]);
    }
}
