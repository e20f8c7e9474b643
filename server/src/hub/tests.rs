//! The hub with paused time: order, gaps, bounds, and what it leaves behind.

use std::{
    future::poll_fn,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use protocol::{
    Epoch, Event, Position, Record, Seq, StreamId, UserId,
    mentions::Mentions,
    messages::{MessageDeleted, MessagePosted},
    rooms::RoomDeleted,
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Bells, Hub, Registration, RoomNews, Taken,
    dispatch::RINGS_AT_ONCE,
    fake::{FakeStore, ROOM, STREAM, message, text, user},
};
use crate::{
    auth::connected::ConnectedSessions,
    bus::{Bus as _, BusMessage, LocalBus, Network},
    clock::{Clock, Randomness},
    limits::Limits,
    sabotage::Without,
    store::Sink as _,
};

mod bounds;
mod heads;
mod put_off;

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
        Self::without(limits, Without::NOTHING)
    }

    fn without(limits: &Limits, without: Without) -> Self {
        let network = Network::default();
        let (clock, random) = (Clock::manual(protocol::UnixMs(0)), Randomness::seeded(1));
        let (hub, task) = Hub::without(Arc::new(network.join()), limits, clock, &random, without);
        let (store, stop) = (Arc::new(FakeStore::default()), CancellationToken::new());
        tokio::spawn(task.run(store.clone(), ConnectedSessions::default(), stop.clone()));
        Self { hub, store, other: network.join(), stop }
    }

    /// A follower of the room that has seen nothing.
    fn follower(&self) -> Registration {
        let follower = Registration::new(&self.hub, UserId(1));
        follower.follow(STREAM).anchor(START);
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

/// What a follower of the room is shown behind a place.
fn read(follower: &Registration, cursor: Position, bytes_max: usize) -> (Vec<(Seq, String)>, Taken) {
    let mut shown = Vec::new();
    let taken = follower.follow(STREAM).read(cursor, bytes_max, |entry| {
        shown.push((entry.seq, entry.frame(Seq(0)).to_string()));
        ControlFlow::Continue(())
    });
    (shown, taken)
}

async fn rung(follower: &Registration) -> Bells {
    let bells = poll_fn(|cx| follower.follower().poll_rung(cx));
    timeout(Duration::from_secs(60), bells).await.expect("something is told")
}

/// What was rung so far.
fn bells(follower: &Registration) -> Option<Bells> {
    match follower.follower().poll_rung(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(bells) => Some(bells),
        Poll::Pending => None,
    }
}

/// Takes until `count` entries have come, as a connection does.
async fn seen(follower: &Registration, count: usize) -> Vec<u64> {
    let (mut cursor, mut seqs) = (START, Vec::new());
    while seqs.len() < count {
        for (seq, _) in read(follower, cursor, usize::MAX).0 {
            cursor.seq = seq;
            seqs.push(seq.0);
        }
        if seqs.len() < count {
            rung(follower).await;
        }
    }
    seqs
}

fn is_lagged(follower: &Registration, cursor: Position) -> bool {
    read(follower, cursor, usize::MAX).1 == Taken::Lagged
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

/// A node that is mistaken, or no node of ours.
#[tokio::test(start_paused = true)]
async fn what_another_node_tells_and_the_store_does_not_have_is_dropped() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    bench.store.keep(&[message(1)]);
    bench.elsewhere(&[message(1)]);
    assert_eq!(seen(&follower, 1).await, [1]);

    bench.elsewhere(&[message(1_000_000_000)]);
    sleep(Duration::from_secs(1)).await;

    assert!(!is_lagged(&follower, Position { seq: Seq(1), ..START }), "nobody has to read what is not there");
    bench.store.keep(&[message(2), message(3)]);
    bench.elsewhere(&[message(2)]);
    bench.elsewhere(&[message(3)]);
    assert_eq!(seen(&follower, 3).await, [1, 2, 3]);
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
    keeps_its_bytes(Without::NOTHING).await;
}

#[cfg(feature = "failpoints")]
#[tokio::test(start_paused = true)]
async fn a_ring_that_keeps_everything_is_noticed() {
    crate::sabotage::fails(keeps_its_bytes(Without::BYTES), "within its bytes").await;
}

#[cfg(feature = "failpoints")]
#[tokio::test(start_paused = true)]
async fn a_ring_that_does_not_say_who_is_behind_it_is_noticed() {
    crate::sabotage::fails(keeps_its_bytes(Without::LAG), "the beginning is gone").await;
}

async fn keeps_its_bytes(without: Without) {
    let bench = Bench::without(&Limits { ring_bytes: 10_000, ..Limits::default() }, without);
    let follower = bench.follower();

    for n in 1..=100 {
        bench.hub.committed(&[text(n, &"x".repeat(900))]);
    }

    let bytes = bench.hub.ring_bytes();
    assert!(bytes <= 10_000 && bytes > 5_000, "within its bytes, and not far: {bytes}");
    assert!(is_lagged(&follower, START), "the beginning is gone");
    let near = Position { seq: Seq(99), ..START };
    let (shown, taken) = read(&follower, near, usize::MAX);
    assert!(shown.len() == 1 && matches!(taken, Taken::All(_)), "{taken:?}");
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

    let (shown, taken) = read(&follower, START, 3_000);
    assert_eq!(taken, Taken::Piece);
    assert!((2..=4).contains(&shown.len()), "{}", shown.len());
    let (shown, taken) = read(&follower, START, 1);
    assert_eq!((shown.len(), taken), (1, Taken::Piece), "at least one, however large");
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

    let (shown, _) = read(&follower, START, usize::MAX);
    assert!(!shown[0].1.contains("secret") && shown[0].1.contains("redacted"), "{}", shown[0].1);
    assert!(shown[1].1.contains("not so secret"));
    assert_eq!(shown.len(), 3);
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
    let (shown, _) = read(&follower, near, usize::MAX);
    assert_eq!(shown.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [Seq(3)], "who has read all is told the end");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_woken_by_what_they_do_not_follow() {
    let bench = Bench::new(&Limits::default());
    let (here, elsewhere) = (bench.follower(), Registration::new(&bench.hub, UserId(2)));

    bench.hub.committed(&[message(1)]);

    assert_eq!(rung(&here).await, Bells::STREAMS);
    assert_eq!(bells(&elsewhere), None);
}

/// Counts how often a follower is told to look, and looks at once, as one on another core may.
struct Eager {
    follower: Registration,
    wakes: AtomicUsize,
}

impl Eager {
    fn new(follower: Registration) -> Arc<Self> {
        let eager = Arc::new(Self { follower, wakes: AtomicUsize::new(0) });
        eager.look();
        eager
    }

    fn look(self: &Arc<Self>) {
        let waker = Waker::from(Arc::clone(self));
        while self.follower.follower().poll_rung(&mut Context::from_waker(&waker)).is_ready() {}
    }

    fn wakes(&self) -> usize {
        self.wakes.load(Ordering::SeqCst)
    }
}

impl Wake for Eager {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.look();
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_many_wakes_each_follower_once() {
    let bench = Bench::new(&Limits::default());
    let elsewhere = StreamId::Room(protocol::RoomId(7));
    let both: Vec<_> =
        (1..=100).flat_map(|n| [message(n), Arc::new(Record { stream: elsewhere, ..(*message(n)).clone() })]).collect();
    let followers: Vec<_> = (0..10).map(|_| Eager::new(bench.follower())).collect();

    bench.hub.committed(&both);
    let in_the_writers_turn: Vec<_> = followers.iter().map(|follower| follower.wakes()).collect();
    sleep(Duration::from_millis(1)).await;

    assert_eq!(in_the_writers_turn, [0; 10], "that is the dispatcher’s business");
    for follower in &followers {
        assert_eq!(follower.wakes(), 1);
        assert_eq!(read(&follower.follower, START, usize::MAX).0.len(), 100);
    }
}

#[tokio::test(start_paused = true)]
async fn others_do_something_while_many_followers_are_rung() {
    let bench = Bench::new(&Limits::default());
    let followers: Vec<_> = (0..1_000).map(|_| bench.follower()).collect();

    bench.hub.committed(&[message(1)]);
    let mut rung = Vec::new();
    while rung.iter().sum::<usize>() < 1_000 {
        yield_now().await;
        rung.push(followers.iter().filter(|follower| bells(follower).is_some()).count());
    }

    assert!(rung.iter().all(|rung| *rung <= RINGS_AT_ONCE), "{rung:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_committed_while_followers_are_rung_is_told_to_all_of_them() {
    let bench = Bench::new(&Limits::default());
    let followers: Vec<_> = (0..1_000).map(|_| bench.follower()).collect();
    bench.hub.committed(&[message(1)]);
    yield_now().await;
    let first = followers.iter().filter(|follower| bells(follower).is_some()).count();
    assert!((1..1_000).contains(&first), "{first} were rung");

    bench.hub.committed(&[message(2)]);
    sleep(Duration::from_millis(1)).await;

    let told = followers.iter().filter(|follower| bells(follower).is_some());
    assert_eq!(told.count(), 1_000, "those who had looked already, too");
}
