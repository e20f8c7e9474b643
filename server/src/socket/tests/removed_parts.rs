//! What delivery rests on, each with the test that guards it; and that this test fails where it is taken away.

use super::*;
use crate::hub::fake::text;

/// What comes of the room until a heartbeat says that all has come.
async fn delivered(bench: &mut Bench) -> Vec<u64> {
    let mut seqs = Vec::new();
    loop {
        match bench.frame().await {
            ServerFrame::Event(record) => seqs.push(record.seq.0),
            ServerFrame::Heartbeat { .. } => return seqs,
            _ => {}
        }
    }
}

async fn committed_during_a_replay(without: Without) {
    let mut bench = Bench::without(Arc::default(), without).await;
    bench.commit(1);
    bench.commit(2);
    let hold = bench.store.hold_page(STREAM);
    bench.send(r#"{"id":1,"command":{"type":"subscribe","stream":"room:1","after":{"epoch":1,"seq":0}}}"#);
    hold.reached().await;

    bench.commit(3);
    bench.commit(4);
    hold.release();

    assert_eq!(delivered(&mut bench).await, [1, 2, 3, 4], "from the store, and on from the ring");
}

#[tokio::test(start_paused = true)]
async fn what_is_committed_during_a_replay_comes_after_it() {
    committed_during_a_replay(Without::NOTHING).await;
}

async fn fallen_behind(without: Without) {
    let mut bench = Bench::without(Arc::default(), without).await;
    // The first event says which incarnation of the log it is: who knows another one reads the store anyway.
    bench.commit(1);
    bench.follow().await;
    // More bytes than the ring holds, and than wait for the peer; not more events than are read again.
    for n in 2..=600 {
        let large = [text(n, &"x".repeat(4_000))];
        bench.store.keep(&large);
        bench.hub.committed(&large);
    }
    sleep(Duration::from_secs(1)).await;

    let seqs = delivered(&mut bench).await;

    assert!(seqs.iter().copied().eq(2..=600), "without a hole: {} events, {:?}…", seqs.len(), seqs.first());
}

#[tokio::test(start_paused = true)]
async fn who_falls_behind_the_ring_misses_nothing() {
    fallen_behind(Without::NOTHING).await;
}

async fn put_out(without: Without) {
    let mut bench = Bench::without(Arc::default(), without).await;
    bench.commit(1);
    bench.follow().await;

    bench.store.keep(&[removal(2)]);
    bench.hub.committed(&[removal(2)]);
    bench.commit(3);

    assert_eq!(delivered(&mut bench).await, [2], "the removal, and nothing after it");
}

#[tokio::test(start_paused = true)]
async fn who_is_put_out_is_told_so_and_nothing_after_it() {
    put_out(Without::NOTHING).await;
}

#[cfg(feature = "failpoints")]
mod noticed {
    use super::*;
    use crate::sabotage::fails;

    #[tokio::test(start_paused = true)]
    async fn a_replay_that_is_not_joined_to_the_ring_is_noticed() {
        fails(committed_during_a_replay(Without::SPLICE), "from the store, and on from the ring").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_ring_that_steps_over_what_it_has_no_more_is_noticed() {
        fails(fallen_behind(Without::LAG), "without a hole").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_removal_that_ends_nothing_is_noticed() {
        fails(put_out(Without::REMOVAL), "and nothing after it").await;
    }
}
