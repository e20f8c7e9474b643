//! How much waits for what is missing, and how much of it is read at once.

use super::*;
use crate::hub::{channel::WAITING_RECORDS_MAX, task::FILL_RECORDS_MAX};

/// Of so many records the first `missing` are not told: everybody gets them all. Returns how often the store was read.
async fn reads_to_close(missing: u64, last: u64) -> usize {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    let records: Vec<_> = (1..=last).map(message).collect();
    bench.store.keep(&records);

    bench.elsewhere(&records[usize::try_from(missing).unwrap()..]);

    assert_eq!(seen(&follower, records.len()).await, (1..=last).collect::<Vec<_>>());
    bench.store.reads()
}

#[tokio::test(start_paused = true)]
async fn so_many_records_wait_for_a_missing_one_and_one_more_is_read_from_the_store() {
    // What the one read brings does not hide what waited.
    let waiting = WAITING_RECORDS_MAX as u64;
    assert!(FILL_RECORDS_MAX <= waiting);

    assert_eq!(reads_to_close(1, 1 + waiting).await, 1);
    assert_eq!(reads_to_close(1, 1 + waiting + 1).await, 2);
}

#[tokio::test(start_paused = true)]
async fn so_many_missing_records_are_read_at_once_and_one_more_is_read_after_them() {
    assert_eq!(reads_to_close(FILL_RECORDS_MAX, FILL_RECORDS_MAX + 1).await, 1);
    assert_eq!(reads_to_close(FILL_RECORDS_MAX + 1, FILL_RECORDS_MAX + 2).await, 2);
}
