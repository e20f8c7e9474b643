//! What is told of rooms that are watched and not followed: once, together, and to whom it concerns.

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
