//! What a member reads: windows, pages, and what is unread.

use protocol::{
    Command, ErrorCode, ReadCursor, RoomId, Seq,
    messages::DeleteMessage,
    rooms::{History, Visibility},
};
use server::store::{PageAt, StreamStore as _, WindowAt};

use super::{Bench, GENERAL, Place, text};

pub(in crate::store) async fn windows_and_pages_meet_without_overlap_or_hole<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    for n in 0..250 {
        bench.say(&ada, GENERAL, &format!("{n}")).await;
    }
    let user = ada.user.id;

    let window = bench.store.room(user, GENERAL, WindowAt::Line(Seq(120))).await.unwrap().unwrap().window;
    let mut timeline = protocol::Timeline::new(window.clone());
    assert!(timeline.get(Seq(120)).is_some() && !window.at_start && !window.at_end);
    while !timeline.is_at_start() {
        let first = timeline.entries().next().unwrap().seq;
        let page = bench.store.history(user, GENERAL, PageAt::Before(first), 37).await.unwrap().unwrap();
        assert!(timeline.join(page, Seq(251)));
    }
    while !timeline.is_at_end() {
        let last = timeline.entries().next_back().unwrap().seq;
        let page = bench.store.history(user, GENERAL, PageAt::After(last), 37).await.unwrap().unwrap();
        assert!(timeline.join(page, Seq(251)));
    }

    let seqs: Vec<u64> = timeline.entries().map(|entry| entry.seq.0).collect();
    assert_eq!(seqs, (1..=251).collect::<Vec<_>>());
}

pub(in crate::store) async fn a_room_opens_at_the_first_unread_line_with_context_above<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    for n in 0..200 {
        bench.say(&ada, GENERAL, &format!("{n}")).await;
    }
    let cursor = ReadCursor { version: 0, seq: Seq(100) };
    bench.store.set_read_cursor(bob.user.id, GENERAL, cursor).await.unwrap().unwrap();

    let unread = bench.store.room(bob.user.id, GENERAL, WindowAt::Unread).await.unwrap().unwrap();
    let read = bench.store.room(ada.user.id, GENERAL, WindowAt::Unread).await.unwrap().unwrap();

    assert_eq!((unread.first_unread, unread.unread), (Some(Seq(101)), 102));
    let seqs: Vec<u64> = unread.window.entries.iter().map(|entry| entry.seq.0).collect();
    assert_eq!((seqs[0], seqs[seqs.len() - 1]), (81, 140));
    assert!(read.window.at_end && read.first_unread.is_none(), "with nothing unread it opens at the end");
}

pub(in crate::store) async fn unread_counts_other_peoples_live_messages_after_the_cursor<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    assert_eq!(bench.unread(&bob, GENERAL).await, 0);

    let one = bench.say(&ada, GENERAL, "one").await;
    bench.say(&bob, GENERAL, "mine").await;
    let two = bench.say(&ada, GENERAL, "two").await;
    assert_eq!((bench.unread(&bob, GENERAL).await, bench.unread(&ada, GENERAL).await), (2, 1));

    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room: GENERAL, message: two });
    bench.run(&ada, delete).await.unwrap();
    assert_eq!(bench.unread(&bob, GENERAL).await, 1);

    let read = ReadCursor { version: 0, seq: one };
    bench.store.set_read_cursor(bob.user.id, GENERAL, read).await.unwrap();
    assert_eq!(bench.unread(&bob, GENERAL).await, 0);
}

pub(in crate::store) async fn a_read_cursor_moves_as_the_merge_says<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    for _ in 0..5 {
        bench.say(&ada, GENERAL, "x").await;
    }
    let at = |version, seq| ReadCursor { version, seq: Seq(seq) };
    let mut expected = at(0, 1);

    for cursor in [at(0, 4), at(0, 2), at(1, 2), at(0, 5), at(1, 3), at(1, 1)] {
        let merged = bench.store.set_read_cursor(ada.user.id, GENERAL, cursor).await.unwrap().unwrap();
        expected = expected.merge(cursor);
        assert_eq!(merged, expected);
    }
    let beyond = bench.store.set_read_cursor(ada.user.id, GENERAL, at(1, 900)).await.unwrap().unwrap();
    assert_eq!(beyond, at(1, 6), "nobody has read what is not there yet");
    let elsewhere = bench.store.set_read_cursor(ada.user.id, RoomId(77), at(0, 1)).await.unwrap();
    assert_eq!(elsewhere, None);
}

pub(in crate::store) async fn history_before_joining_stays_hidden_where_the_room_says_so<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "den", Visibility::Private, History::SinceJoining).await;
    let early = bench.say(&ada, room, "before").await;
    bench.add(&ada, room, &bob).await.unwrap();
    bench.say(&ada, room, "after").await;

    let bobs = bench.store.room(bob.user.id, room, WindowAt::Line(early)).await.unwrap().unwrap();
    let page = bench.store.history(bob.user.id, room, PageAt::Before(Seq(9)), 50).await.unwrap().unwrap();

    let texts: Vec<_> = bobs.window.entries.iter().filter_map(text).collect();
    assert_eq!(texts, ["after"]);
    assert!(bobs.window.at_start && page.at_start);
    assert_eq!(page.entries.iter().filter_map(text).collect::<Vec<_>>(), ["after"]);
    assert_eq!(bench.texts(&ada, room).await, ["before", "after"]);
    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room, message: early });
    assert_eq!(bench.run(&bob, delete).await, Err(ErrorCode::NotFound));
}
