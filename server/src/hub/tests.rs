//! The hub with paused time: order, gaps, bounds, and what it leaves behind.

use std::{sync::Arc, time::Duration};

use protocol::{Epoch, Event, Position, Record, Seq, StreamId, UserId, messages::MessageDeleted, rooms::RoomDeleted};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Hub, Registration, Taken,
    fake::{FakeStore, STREAM, message, text},
};
use crate::{
    auth::connected::ConnectedSessions,
    bus::{Bus as _, BusMessage, LocalBus, Network},
    clock::{Clock, Randomness},
    limits::Limits,
    store::Sink as _,
};

const START: Position = Position { epoch: Epoch(1), seq: Seq(0) };

/// A node with its store, and another node that only talks.
struct Bench {
    hub: Arc<Hub>,
    store: Arc<FakeStore>,
    other: LocalBus,
    stop: CancellationToken,
}

impl Bench {
    fn new(limits: &Limits) -> Self {
        let network = Network::default();
        let (hub, task) =
            Hub::new(Arc::new(network.join()), limits, Clock::manual(protocol::UnixMs(0)), &Randomness::seeded(1));
        let (store, stop) = (Arc::new(FakeStore::default()), CancellationToken::new());
        tokio::spawn(task.run(store.clone(), ConnectedSessions::default(), stop.clone()));
        Self { hub, store, other: network.join(), stop }
    }

    /// A follower of the room that has seen nothing.
    fn follower(&self) -> Registration {
        let follower = Registration::new(&self.hub, UserId(1));
        follower.follow(STREAM);
        follower.anchor(STREAM, START);
        follower
    }

    /// Another node commits this: it is on disk, and told.
    fn elsewhere(&self, records: &[Arc<Record>]) {
        self.other.publish(BusMessage::Committed(records.into()));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Takes until `count` entries have come, as a connection does.
async fn seen(follower: &Registration, count: usize) -> Vec<u64> {
    let (mut cursor, mut seqs) = (START, Vec::new());
    while seqs.len() < count {
        if let Taken::Entries { entries, .. } = follower.take(STREAM, cursor, usize::MAX) {
            for entry in entries {
                cursor.seq = entry.seq;
                seqs.push(entry.seq.0);
            }
        }
        if seqs.len() < count {
            timeout(Duration::from_secs(60), follower.follower().woken()).await.expect("something is told");
            follower.follower().take();
        }
    }
    seqs
}

fn is_lagged(follower: &Registration, cursor: Position) -> bool {
    matches!(follower.take(STREAM, cursor, usize::MAX), Taken::Lagged)
}

#[tokio::test(start_paused = true)]
async fn a_record_before_its_turn_waits_for_the_one_before() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    bench.store.keep(&[message(1), message(2), message(3)]);

    let started = Instant::now();
    bench.elsewhere(&[message(3)]);
    bench.elsewhere(&[message(1)]);
    bench.elsewhere(&[message(2)]);

    assert_eq!(seen(&follower, 3).await, [1, 2, 3]);
    assert!(started.elapsed() < Duration::from_millis(50));
    assert_eq!(bench.store.reads(), 0, "they came in time");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_after_50_ms_is_read_from_the_store() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    bench.store.keep(&[message(1), message(2), message(3)]);

    let started = Instant::now();
    bench.elsewhere(&[message(3)]);

    assert_eq!(seen(&follower, 3).await, [1, 2, 3]);
    assert_eq!(started.elapsed().as_millis() / 10, 5);
    assert_eq!(bench.store.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_last_record_is_noticed_within_seconds() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();

    let started = Instant::now();
    bench.store.keep(&[message(1), message(2)]);

    assert_eq!(seen(&follower, 2).await, [1, 2]);
    assert!(started.elapsed() <= Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn repeated_and_reordered_records_are_told_once_and_in_order() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    let records: Vec<_> = (1..=200).map(message).collect();
    bench.store.keep(&records);

    // A permutation without a fixed step, each record twice, some told here and some elsewhere.
    for n in 0..400_u64 {
        let record = Arc::clone(&records[usize::try_from(n * 77 % 200).unwrap()]);
        if n % 3 == 0 { bench.hub.committed(&[record]) } else { bench.elsewhere(&[record]) }
    }

    assert_eq!(seen(&follower, 200).await, (1..=200).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_misses_messages_of_the_bus_reads_them() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    let records: Vec<_> = (1..=3_000).map(message).collect();
    bench.store.keep(&records);

    // More than the bus holds, before anyone listens.
    for record in &records {
        bench.elsewhere(&[Arc::clone(record)]);
    }

    let seqs = seen(&follower, 3_000).await;
    assert_eq!(seqs, (1..=3_000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_ring_keeps_its_bytes_and_who_is_behind_it_lags() {
    let bench = Bench::new(&Limits { ring_bytes: 10_000, ..Limits::default() });
    let follower = bench.follower();

    for n in 1..=100 {
        bench.hub.committed(&[text(n, &"x".repeat(900))]);
    }

    assert!(bench.hub.ring_bytes() <= 10_000 && bench.hub.ring_bytes() > 5_000, "{}", bench.hub.ring_bytes());
    assert!(is_lagged(&follower, START));
    let near = Position { seq: Seq(99), ..START };
    assert!(
        matches!(follower.take(STREAM, near, usize::MAX), Taken::Entries { entries, more: false } if entries.len() == 1)
    );
}

#[tokio::test(start_paused = true)]
async fn all_rings_of_a_node_keep_its_bytes() {
    let bench = Bench::new(&Limits { rings_bytes: 20_000, ..Limits::default() });
    let follower = bench.follower();
    let rooms: Vec<_> = (2..40).map(|room| StreamId::Room(protocol::RoomId(room))).collect();
    for stream in &rooms {
        follower.follow(*stream);
    }

    for stream in &rooms {
        for n in 1..=10 {
            bench.hub.committed(&[Arc::new(Record { stream: *stream, ..(*text(n, &"x".repeat(900))).clone() })]);
            assert!(bench.hub.ring_bytes() <= 20_000);
        }
    }

    assert!(bench.hub.ring_bytes() > 10_000);
    drop(follower);
    assert_eq!((bench.hub.ring_bytes(), bench.hub.streams_count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_piece_of_the_ring_is_bounded_and_says_that_there_is_more() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    let records: Vec<_> = (1..=10).map(|n| text(n, &"x".repeat(900))).collect();
    bench.hub.committed(&records);

    let Taken::Entries { entries, more } = follower.take(STREAM, START, 3_000) else { panic!("it is in the ring") };
    assert!(more);
    assert!((2..=4).contains(&entries.len()), "{}", entries.len());
    let Taken::Entries { entries, more } = follower.take(STREAM, START, 1) else { panic!("it is in the ring") };
    assert_eq!((entries.len(), more), (1, true), "at least one, however large");
}

#[tokio::test(start_paused = true)]
async fn a_log_restored_from_a_backup_makes_followers_read_again() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    bench.hub.committed(&[message(1), message(2)]);

    bench.hub.committed(&[Arc::new(Record { epoch: Epoch(2), ..(*message(2)).clone() })]);

    assert!(is_lagged(&follower, Position { epoch: Epoch(1), seq: Seq(2) }));
    bench.hub.committed(&[message(3)]);
    assert!(is_lagged(&follower, Position { epoch: Epoch(1), seq: Seq(2) }), "the old log is over");
}

#[tokio::test(start_paused = true)]
async fn deleting_removes_the_text_from_the_ring() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    let deleted = Event::MessageDeleted(MessageDeleted { message: Seq(1) });
    bench.hub.committed(&[text(1, "secret"), text(2, "not so secret")]);

    bench.hub.committed(&[Arc::new(Record { event: deleted, ..(*message(3)).clone() })]);

    let Taken::Entries { entries, .. } = follower.take(STREAM, START, usize::MAX) else { panic!("it is in the ring") };
    let frames: Vec<_> = entries.iter().map(|entry| entry.frame(Seq(0)).as_str()).collect();
    assert!(!frames[0].contains("secret") && frames[0].contains("redacted"), "{}", frames[0]);
    assert!(frames[1].contains("not so secret"));
    assert_eq!(frames.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn deleting_a_room_empties_its_ring_for_who_has_not_read_it() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    bench.hub.committed(&[text(1, "secret"), text(2, "not so secret")]);
    let before = bench.hub.ring_bytes();

    let deleted = Event::RoomDeleted(RoomDeleted {});
    bench.hub.committed(&[Arc::new(Record { event: deleted, ..(*message(3)).clone() })]);

    assert!(is_lagged(&follower, START), "the store says who may read on: nobody");
    assert!(bench.hub.ring_bytes() < before, "it is not kept either");
    let near = Position { seq: Seq(2), ..START };
    let Taken::Entries { entries, .. } = follower.take(STREAM, near, usize::MAX) else { panic!("it is in the ring") };
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [Seq(3)], "who has read all is told the end");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_woken_by_what_they_do_not_follow() {
    let bench = Bench::new(&Limits::default());
    let (here, elsewhere) = (bench.follower(), Registration::new(&bench.hub, UserId(2)));

    bench.hub.committed(&[message(1)]);

    assert!(here.follower().take().streams.contains(&STREAM));
    let news = elsewhere.follower().take();
    assert!(news.streams.is_empty() && news.rooms.is_empty() && news.cursors.is_empty());
}
