//! The window of an open room: growing, bounded, going elsewhere.

use client::{Answer, At, Fetch, FetchFailure, FetchId, Intent, OPEN_ROOMS_MAX, Page, Start};
use protocol::{HistoryPage, RoomId, Seq, limits::TIMELINE_ENTRIES_MAX};

use crate::bench::{Bench, ROOM, page, posted, room_snapshot, start, summary};

/// A room with a thousand lines, open somewhere.
fn in_the_middle(first: u64, last: u64) -> Bench {
    let inbox = protocol::InboxSnapshot { position: crate::bench::at(2), rooms: vec![summary(ROOM, 1_000, 0)] };
    let rooms = vec![room_snapshot(ROOM, page(first, last, 1_000))];
    let mut bench = Bench::new(Start { inbox: Some(inbox), rooms, ..start() });
    bench.connects();
    bench.goes_live(ROOM, 1_000);
    bench.outputs.clear();
    bench
}

/// The page that was asked for.
fn answer(request: &Fetch, head: u64) -> HistoryPage {
    let Fetch::History { page: wanted, limit, .. } = request else { panic!("{request:?}") };
    let limit = u64::from(*limit);
    match wanted {
        Page::Before(seq) => {
            let first = seq.0.saturating_sub(limit).max(1);
            HistoryPage { before: Some(*seq), ..page(first, seq.0 - 1, head) }
        }
        Page::After(seq) => HistoryPage { after: Some(*seq), ..page(seq.0 + 1, (seq.0 + limit).min(head), head) },
    }
}

fn load(bench: &mut Bench, intent: Intent) -> (FetchId, Fetch) {
    bench.intent(intent);
    bench.fetched().pop().expect("something is asked for")
}

fn numbers(bench: &Bench) -> (u64, u64, usize) {
    let lines = bench.room().lines;
    (lines.first().unwrap().seq.unwrap().0, lines.last().unwrap().seq.unwrap().0, lines.len())
}

#[test]
fn older_lines_are_loaded_one_page_at_a_time() {
    let mut bench = in_the_middle(500, 559);

    let (id, request) = load(&mut bench, Intent::LoadOlder(ROOM));
    assert_eq!(request.path(), "/api/v1/rooms/1/history?before=500&limit=60");
    bench.intent(Intent::LoadOlder(ROOM));
    assert_eq!(bench.fetched(), [], "one at a time");
    assert!(bench.room().loading_older);
    bench.answers(id, Ok(Answer::History(answer(&request, 1_000))));

    assert_eq!(numbers(&bench), (440, 559, 120));
    assert!(!bench.room().loading_older);
}

#[test]
fn newer_lines_are_loaded_until_the_end() {
    let mut bench = in_the_middle(880, 940);

    let (id, request) = load(&mut bench, Intent::LoadNewer(ROOM));
    assert_eq!(request.path(), "/api/v1/rooms/1/history?after=940&limit=60");
    bench.answers(id, Ok(Answer::History(answer(&request, 1_000))));

    assert_eq!(numbers(&bench), (880, 1_000, 121));
    assert!(bench.room().at_end);
    bench.intent(Intent::LoadNewer(ROOM));
    assert_eq!(bench.fetched(), [], "there is nothing newer");
}

#[test]
fn a_page_that_does_not_fit_is_asked_for_again() {
    let mut bench = in_the_middle(500, 559);
    let (id, request) = load(&mut bench, Intent::LoadOlder(ROOM));
    let stale = HistoryPage { as_of: Seq(900), ..answer(&request, 1_000) };

    bench.answers(id, Ok(Answer::History(stale)));

    assert_eq!(numbers(&bench), (500, 559, 60));
    assert_eq!(bench.fetched()[0].1, request);
}

#[test]
fn pages_that_never_fit_are_not_asked_for_for_ever() {
    let mut bench = in_the_middle(500, 559);
    let (mut id, request) = load(&mut bench, Intent::LoadOlder(ROOM));
    let stale = HistoryPage { as_of: Seq(900), ..answer(&request, 1_000) };

    for _ in 0..2 {
        bench.answers(id, Ok(Answer::History(stale.clone())));
        id = bench.fetched()[0].0;
    }
    bench.answers(id, Ok(Answer::History(stale)));

    assert_eq!(bench.fetched(), []);
}

#[test]
fn a_page_that_cannot_be_had_waits_for_the_next_scroll() {
    let mut bench = in_the_middle(500, 559);
    let (id, _) = load(&mut bench, Intent::LoadOlder(ROOM));

    bench.answers(id, Err(FetchFailure(None)));
    assert!(!bench.room().loading_older);
    bench.passes(60_000);
    assert_eq!(bench.fetched(), []);
    bench.intent(Intent::LoadOlder(ROOM));

    assert_eq!(bench.fetched().len(), 1);
}

#[test]
fn a_window_stays_bounded_on_the_side_away_from_the_reader() {
    let mut bench = in_the_middle(941, 1_000);

    for _ in 0..10 {
        let (id, request) = load(&mut bench, Intent::LoadOlder(ROOM));
        bench.answers(id, Ok(Answer::History(answer(&request, 1_000))));
    }
    assert_eq!(numbers(&bench), (341, 740, TIMELINE_ENTRIES_MAX));
    assert!(!bench.room().at_end);
    for _ in 0..3 {
        let (id, request) = load(&mut bench, Intent::LoadNewer(ROOM));
        bench.answers(id, Ok(Answer::History(answer(&request, 1_000))));
    }

    assert_eq!(numbers(&bench), (521, 920, TIMELINE_ENTRIES_MAX));
}

#[test]
fn a_window_at_the_end_stays_bounded_while_messages_come() {
    let mut bench = in_the_middle(941, 1_000);

    for seq in 1_001..=1_500 {
        bench.frame(&posted(ROOM, seq, 2, None, "more"));
    }

    assert_eq!(numbers(&bench), (1_101, 1_500, TIMELINE_ENTRIES_MAX));
    assert!(bench.room().at_end);
}

#[test]
fn messages_that_come_do_not_push_out_what_is_being_read() {
    let mut bench = in_the_middle(941, 1_000);
    for _ in 0..5 {
        let (id, request) = load(&mut bench, Intent::LoadOlder(ROOM));
        bench.answers(id, Ok(Answer::History(answer(&request, 1_000))));
    }
    assert_eq!(numbers(&bench), (641, 1_000, 360));

    for seq in 1_001..=1_100 {
        bench.frame(&posted(ROOM, seq, 2, None, "more"));
    }

    assert_eq!(numbers(&bench).0, 641);
    assert_eq!(bench.room().lines.len(), TIMELINE_ENTRIES_MAX);
}

#[test]
fn messages_that_come_do_not_push_out_what_was_there_for_who_has_left_the_end() {
    let mut bench = in_the_middle(941, 1_000);
    bench.intent(Intent::Follow { room: ROOM, follows: false });

    for seq in 1_001..=1_500 {
        bench.frame(&posted(ROOM, seq, 2, None, "more"));
    }
    assert_eq!(numbers(&bench), (941, 1_340, TIMELINE_ENTRIES_MAX));
    assert!(!bench.room().at_end);

    bench.intent(Intent::Follow { room: ROOM, follows: true });
    let (id, request) = load(&mut bench, Intent::LoadNewer(ROOM));
    bench.answers(id, Ok(Answer::History(answer(&request, 1_500))));
    assert_eq!(numbers(&bench), (1_001, 1_400, TIMELINE_ENTRIES_MAX));
}

#[test]
fn going_to_a_line_that_is_there_fetches_nothing() {
    let mut bench = in_the_middle(941, 1_000);

    bench.intent(Intent::Open { room: ROOM, at: At::Line(Seq(950)) });
    bench.intent(Intent::Open { room: ROOM, at: At::End });
    bench.intent(Intent::Open { room: ROOM, at: At::Unread });

    assert_eq!(bench.fetched(), []);
}

#[test]
fn going_elsewhere_replaces_the_window_when_the_new_one_is_there() {
    let mut bench = in_the_middle(941, 1_000);

    bench.intent(Intent::Open { room: ROOM, at: At::Line(Seq(100)) });
    let (id, request) = bench.fetched().remove(0);
    assert_eq!(request.path(), "/api/v1/rooms/1?at=100");
    assert_eq!(numbers(&bench).0, 941, "the old one stays until then");
    bench.answers(id, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(80, 140, 1_000))))));

    assert_eq!(numbers(&bench), (80, 140, 61));
    assert_eq!(bench.sent(), [], "the stream goes on");
}

#[test]
fn the_last_place_that_was_asked_for_wins() {
    let mut bench = in_the_middle(500, 559);
    bench.intent(Intent::Open { room: ROOM, at: At::Line(Seq(100)) });
    let (first, _) = bench.fetched().remove(0);

    bench.intent(Intent::Open { room: ROOM, at: At::End });
    bench.answers(first, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(80, 140, 1_000))))));

    let (second, request) = bench.fetched().remove(0);
    assert_eq!(request, Fetch::Room { room: ROOM, at: At::End });
    bench.answers(second, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(941, 1_000, 1_000))))));
    assert_eq!(numbers(&bench), (941, 1_000, 60));
}

#[test]
fn the_new_line_stays_while_the_room_is_open() {
    let mut snapshot = room_snapshot(ROOM, page(1, 10, 10));
    snapshot.first_unread = Some(Seq(7));
    let mut bench = Bench::new(Start { rooms: vec![snapshot], ..start() });
    bench.connects();

    bench.intent(Intent::Read { room: ROOM, up_to: Seq(10) });
    bench.frame(&posted(ROOM, 11, 2, None, "new"));
    bench.intent(Intent::Open { room: ROOM, at: At::Line(Seq(99)) });
    let (id, _) = bench.fetched().remove(0);
    bench.answers(id, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(1, 11, 11))))));

    assert_eq!(bench.room().first_unread, Some(Seq(7)));
}

#[test]
fn one_room_more_than_fits_closes_the_one_opened_longest_ago() {
    let mut bench = Bench::online();

    for room in 100..100 + OPEN_ROOMS_MAX as u64 {
        bench.now += 1;
        bench.intent(Intent::Open { room: RoomId(room), at: At::Unread });
    }

    assert_eq!(bench.engine.room(ROOM), None);
    assert!(bench.engine.room(RoomId(100)).is_some());
}
