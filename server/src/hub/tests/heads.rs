//! What is told of rooms that are watched and not followed: once, together, and to whom it concerns.

use protocol::{
    ReadCursor, RoomSummary,
    rooms::{RoomRef, Visibility},
};

use super::*;

/// What was told of the room so far.
fn heads(follower: &Registration) -> Option<RoomNews> {
    follower.follower().take().rooms.remove(&ROOM)
}

#[tokio::test(start_paused = true)]
async fn what_happens_in_a_room_is_told_at_once_and_then_twice_a_second() {
    let bench = Bench::new(&Limits::default());
    let reader = Registration::new(&bench.hub, UserId(1));
    reader.watch(ROOM);
    let reader = Eager::new(reader);

    bench.hub.committed(&[message(1)]);
    sleep(Duration::from_millis(1)).await;
    assert_eq!((reader.wakes(), heads(&reader.follower)), (1, Some(RoomNews::default())));
    for n in 2..=100 {
        bench.hub.committed(&[message(n)]);
        sleep(Duration::from_millis(4)).await;
    }

    assert_eq!((reader.wakes(), heads(&reader.follower)), (1, None), "not yet");
    sleep(Duration::from_millis(500)).await;
    assert_eq!((reader.wakes(), heads(&reader.follower)), (2, Some(RoomNews::default())));
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_the_end_of_a_room_is_told_all_that_happened_up_to_there_once() {
    let bench = Bench::new(&Limits::default());
    let reader = Registration::new(&bench.hub, UserId(1));
    reader.watch(ROOM);
    bench.hub.committed(&[message(1)]);
    sleep(Duration::from_millis(1)).await;
    assert!(heads(&reader).is_some());
    let deleted = Event::MessageDeleted(MessageDeleted { message: Seq(1) });

    bench.hub.committed(&[Arc::new(Record { event: deleted, ..(*message(2)).clone() })]);

    let told = reader.take_head(ROOM).map(|(head, news)| (head.position.seq, news));
    assert_eq!(told, Some((Seq(2), RoomNews::recount())));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(heads(&reader), None, "they know");
}

#[tokio::test(start_paused = true)]
async fn each_watcher_is_told_what_concerns_them_and_came_after_them() {
    let bench = Bench::new(&Limits::default());
    let watch = |user| {
        let watcher = Registration::new(&bench.hub, UserId(user));
        watcher.watch(ROOM);
        watcher
    };
    let naming = |seq: u64, named: u64| {
        let mut posted = MessagePosted::new(seq, "hi".to_owned());
        posted.mentions = Mentions { users: vec![user(named)], everyone: false };
        Arc::new(Record { event: Event::MessagePosted(posted), ..(*message(seq)).clone() })
    };
    let (author, named, other) = (watch(9), watch(2), watch(3));
    // Whatever comes first is told at once; what is looked at here comes after that.
    bench.hub.committed(&[message(1)]);
    sleep(Duration::from_millis(1)).await;
    for watcher in [&author, &named, &other] {
        assert!(heads(watcher).is_some());
    }

    bench.hub.committed(&[naming(2, 2), naming(3, 4)]);
    let late = watch(4);
    bench.hub.committed(&[naming(4, 4)]);
    sleep(Duration::from_secs(1)).await;

    let mentions = |seqs: &[u64]| Some(RoomNews { recount: false, mentions: seqs.iter().copied().map(Seq).collect() });
    assert_eq!(heads(&author), Some(RoomNews::recount()), "one’s own posts are not unread");
    assert_eq!((heads(&named), heads(&other)), (mentions(&[2]), mentions(&[])));
    assert_eq!(heads(&late), mentions(&[4]), "what came before they have from the store");
}

#[tokio::test(start_paused = true)]
async fn who_looks_while_others_are_still_being_told_is_told_once() {
    let bench = Bench::new(&Limits::default());
    let watchers: Vec<_> =
        (1..=RINGS_AT_ONCE as u64 + 1).map(|user| Registration::new(&bench.hub, UserId(user))).collect();
    watchers.iter().for_each(|watcher| watcher.watch(ROOM));
    let mut posted = MessagePosted::new(1, "hi".to_owned());
    posted.mentions = Mentions { users: Vec::new(), everyone: true };
    bench.hub.committed(&[Arc::new(Record { event: Event::MessagePosted(posted), ..(*message(1)).clone() })]);
    // The first of them are marked, the last one is not yet.
    let is_told = |watcher: &Registration| watcher.follower().take().rooms.remove(&ROOM);
    let first = loop {
        yield_now().await;
        if let Some(news) = is_told(&watchers[0]) {
            break news;
        }
    };
    assert_eq!(is_told(&watchers[RINGS_AT_ONCE]), None);

    let (_, again) = watchers[0].take_head(ROOM).expect("something is known");

    assert_eq!((first.mentions, again), (vec![Seq(1)], RoomNews::default()));
}

#[tokio::test(start_paused = true)]
async fn more_names_than_are_remembered_make_everyone_count_again() {
    for (names, is_recounted) in [(32, false), (33, true)] {
        let bench = Bench::new(&Limits::default());
        let reader = Registration::new(&bench.hub, UserId(1));
        reader.watch(ROOM);
        let naming = |seq: u64| {
            let mut posted = MessagePosted::new(seq, "hi".to_owned());
            posted.mentions = Mentions { users: vec![user(1)], everyone: false };
            Arc::new(Record { event: Event::MessagePosted(posted), ..(*message(seq)).clone() })
        };

        bench.hub.committed(&(1..=names).map(naming).collect::<Vec<_>>());
        sleep(Duration::from_millis(1)).await;

        assert_eq!(heads(&reader).map(|news| news.recount), Some(is_recounted), "{names}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_authors_than_are_remembered_make_everyone_count_again() {
    for (authors, is_recounted) in [(256, false), (257, true)] {
        let bench = Bench::new(&Limits::default());
        let reader = Registration::new(&bench.hub, UserId(1));
        reader.watch(ROOM);
        let by = |seq: u64| Arc::new(Record { actor: user(seq + 1), ..(*message(seq)).clone() });

        bench.hub.committed(&(1..=authors).map(by).collect::<Vec<_>>());
        sleep(Duration::from_millis(1)).await;

        assert_eq!(heads(&reader).map(|news| news.recount), Some(is_recounted), "{authors}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_lost_is_told_also_where_somebody_else_knows_of_it_from_the_store() {
    let bench = Bench::new(&Limits::default());
    let reader = Registration::new(&bench.hub, UserId(1));
    reader.watch(ROOM);
    bench.store.keep(&[message(1)]);
    bench.elsewhere(&[message(1)]);
    sleep(Duration::from_millis(1)).await;
    assert!(heads(&reader).is_some());

    // The second one is lost on the way. Somebody comes, and reads where their rooms end.
    bench.store.keep(&[message(2)]);
    let newcomer = Registration::new(&bench.hub, UserId(2));
    newcomer.watch(ROOM);
    newcomer.learn(&RoomSummary {
        room: RoomRef { id: ROOM, name: "room".to_owned(), visibility: Visibility::Public },
        head: Position { epoch: Epoch(1), seq: Seq(2) },
        messages: 2,
        cursor: ReadCursor::default(),
        since: Seq(1),
        unread: 0,
        mentions: 0,
        muted: false,
    });
    sleep(Duration::from_secs(2)).await;

    assert_eq!(heads(&reader), Some(RoomNews::recount()));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_lost_is_told_also_where_later_ones_came() {
    let bench = Bench::new(&Limits::default());
    let reader = Registration::new(&bench.hub, UserId(1));
    reader.watch(ROOM);
    bench.store.keep(&[message(1)]);
    bench.elsewhere(&[message(1)]);
    sleep(Duration::from_millis(1)).await;
    assert!(heads(&reader).is_some());

    // The second one, which may be one's own or name somebody, is lost on the way.
    bench.store.keep(&[message(2), message(3)]);
    bench.elsewhere(&[message(3)]);
    sleep(Duration::from_secs(2)).await;

    assert_eq!(heads(&reader), Some(RoomNews::recount()));
}

#[tokio::test(start_paused = true)]
async fn events_in_another_order_make_nobody_count_again() {
    let bench = Bench::new(&Limits::default());
    let reader = Registration::new(&bench.hub, UserId(1));
    reader.watch(ROOM);
    // Right after a comparison, so that none comes in between.
    sleep(Duration::from_millis(1_100)).await;
    bench.store.keep(&[message(1), message(2), message(3)]);

    for seq in [1, 3, 2] {
        bench.elsewhere(&[message(seq)]);
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_secs(3)).await;

    assert_eq!(heads(&reader), Some(RoomNews::default()));
}

#[tokio::test(start_paused = true)]
async fn more_events_before_a_missing_one_than_are_remembered_make_everyone_count_again() {
    for (early, is_recounted) in [(256, false), (257, true)] {
        let bench = Bench::new(&Limits::default());
        let reader = Registration::new(&bench.hub, UserId(1));
        reader.watch(ROOM);
        bench.hub.committed(&[message(1)]);

        bench.hub.committed(&(3..3 + early).map(message).collect::<Vec<_>>());
        sleep(Duration::from_millis(1)).await;

        assert_eq!(heads(&reader).map(|news| news.recount), Some(is_recounted), "{early}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_twice_names_somebody_once() {
    let bench = Bench::new(&Limits::default());
    let reader = Registration::new(&bench.hub, UserId(1));
    reader.watch(ROOM);
    bench.hub.committed(&[message(1)]);
    sleep(Duration::from_millis(1)).await;
    assert!(heads(&reader).is_some());
    let mut posted = MessagePosted::new(2, "hi".to_owned());
    posted.mentions = Mentions { users: vec![user(1)], everyone: false };
    let naming = Arc::new(Record { event: Event::MessagePosted(posted), ..(*message(2)).clone() });

    bench.elsewhere(&[Arc::clone(&naming)]);
    bench.elsewhere(&[naming]);
    sleep(Duration::from_secs(1)).await;

    assert_eq!(heads(&reader), Some(RoomNews { recount: false, mentions: vec![Seq(2)] }));
}
