//! Unread counts and read cursors.

use client::{Answer, At, Fetch, Intent, READ_CURSOR_INTERVAL_MS, RoomState};
use protocol::{
    Command, CommandKind, Done, Event, ReadCursor, RoomId, Seq, ServerFrame, close,
    frame::RoomHead,
    limits::{TIMELINE_ENTRIES_MAX, UNREAD_MAX},
    members::RoomJoined,
    mute::RoomMuted,
    rooms::{RoomRef, Visibility},
    unread::is_new_room,
};

use crate::bench::{Bench, INBOX, OTHER, ROOM, at, event, page, posted, room_snapshot, start, summary};

fn heads(room: RoomId, head: u64, recount: bool) -> ServerFrame {
    ServerFrame::Heads { rooms: vec![RoomHead { room, head: at(head), messages: head, recount, mentions: Vec::new() }] }
}

fn cursors(bench: &mut Bench) -> Vec<ReadCursor> {
    let sent = bench.sent_of(CommandKind::SetReadCursor);
    sent.into_iter()
        .filter_map(|command| match command {
            Command::SetReadCursor(command) => Some(command.cursor),
            _ => None,
        })
        .collect()
}

fn read_to(seq: u64) -> ReadCursor {
    ReadCursor { version: 0, seq: Seq(seq) }
}

#[test]
fn heads_add_what_others_have_posted() {
    let mut bench = Bench::online();

    bench.frame(&heads(OTHER, 13, false));
    bench.frame(&heads(OTHER, 13, false));
    bench.frame(&heads(OTHER, 12, false));
    assert_eq!(bench.unread(OTHER), 3);
    bench.frame(&heads(OTHER, 15, false));

    assert_eq!(bench.unread(OTHER), 5);
    bench.passes(5_000);
    assert_eq!(bench.fetched(), []);
}

#[test]
fn what_comes_after_its_head_is_counted_again() {
    let mut bench = Bench::online();
    let naming = |head: u64| {
        let mentions = vec![Seq(head)];
        let rooms = vec![RoomHead { room: OTHER, head: at(head), messages: head, recount: false, mentions }];
        ServerFrame::Heads { rooms }
    };

    bench.frame(&heads(OTHER, 12, false));
    bench.frame(&naming(13));
    bench.frame(&naming(13));
    bench.passes(250);
    assert_eq!(bench.fetched(), [], "it came with its head, and once more");

    bench.frame(&heads(OTHER, 14, false));
    bench.frame(&naming(14));
    bench.passes(250);
    assert_eq!(bench.fetched().len(), 1, "it came later");
}

#[test]
fn what_has_to_be_counted_again_may_come_after_its_head_too() {
    let mut bench = Bench::online();

    bench.frame(&heads(OTHER, 12, false));
    bench.frame(&heads(OTHER, 12, true));
    bench.passes(250);
    let fetched = bench.fetched();
    assert_eq!(fetched.len(), 1, "something else than a post was among them");
    bench.answers(fetched[0].0, Ok(Answer::Summaries(vec![summary(OTHER, 12, 1)])));

    bench.frame(&heads(OTHER, 12, true));
    bench.passes(5_000);
    assert_eq!((bench.unread(OTHER), bench.fetched()), (1, vec![]), "that is counted already");
}

#[test]
fn mentions_that_are_too_many_to_be_remembered_are_counted_again() {
    let mut bench = Bench::online();
    let naming = |head: u64| {
        let mentions = vec![Seq(head)];
        let rooms = vec![RoomHead { room: OTHER, head: at(head), messages: head, recount: false, mentions }];
        ServerFrame::Heads { rooms }
    };
    let mentions = |bench: &Bench| bench.engine.rooms()[1].mentions;

    for head in 11..=74 {
        bench.frame(&naming(head));
    }
    bench.passes(5_000);
    assert_eq!((mentions(&bench), bench.fetched()), (64, vec![]));
    bench.frame(&naming(75));
    bench.passes(250);
    let fetched = bench.fetched();
    assert_eq!((mentions(&bench), fetched.len()), (65, 1));

    // What was forgotten is in the answer, and what came since is on top of it.
    bench.frame(&naming(76));
    let counted = protocol::RoomSummary { mentions: 65, ..summary(OTHER, 75, 65) };
    bench.answers(fetched[0].0, Ok(Answer::Summaries(vec![counted])));
    assert_eq!((mentions(&bench), bench.unread(OTHER)), (66, 66));
}

#[test]
fn a_count_stops_at_its_cap() {
    let mut bench = Bench::online();

    bench.frame(&heads(OTHER, 100_000, false));

    assert_eq!(bench.unread(OTHER), UNREAD_MAX);
}

#[test]
fn rooms_to_be_counted_again_are_asked_for_once_and_together() {
    let mut bench = Bench::online();
    bench.intent(Intent::Close(ROOM));
    bench.sent();

    bench.frame(&heads(OTHER, 12, true));
    bench.frame(&heads(ROOM, 12, true));
    bench.frame(&heads(OTHER, 13, true));
    assert_eq!(bench.fetched(), [], "gathered");
    bench.passes(250);
    let fetched = bench.fetched();

    assert_eq!(fetched.iter().map(|(_, fetch)| fetch).collect::<Vec<_>>(), [&Fetch::Summaries(vec![ROOM, OTHER])]);
    assert_eq!(fetched[0].1.path(), "/api/v1/rooms?ids=1,2");
    bench.answers(fetched[0].0, Ok(Answer::Summaries(vec![summary(ROOM, 12, 1), summary(OTHER, 13, 2)])));
    assert_eq!((bench.unread(ROOM), bench.unread(OTHER)), (1, 2));
}

#[test]
fn what_was_told_after_a_summary_was_read_is_counted_on_top() {
    let mut bench = Bench::online();
    bench.frame(&heads(OTHER, 12, true));
    bench.passes(250);
    let fetched = bench.fetched();

    bench.frame(&heads(OTHER, 14, false));
    bench.answers(fetched[0].0, Ok(Answer::Summaries(vec![summary(OTHER, 12, 1)])));

    assert_eq!(bench.unread(OTHER), 3);
}

#[test]
fn a_room_that_was_renamed_gets_its_name_from_the_summary() {
    let mut bench = Bench::online();
    bench.frame(&heads(OTHER, 11, true));
    bench.passes(250);
    let fetched = bench.fetched();
    let room = RoomRef { id: OTHER, name: "renamed".to_owned(), visibility: Visibility::Public };

    bench.answers(fetched[0].0, Ok(Answer::Summaries(vec![protocol::RoomSummary { room, ..summary(OTHER, 11, 0) }])));

    assert_eq!(bench.engine.rooms()[1].room.name, "renamed");
}

#[test]
fn an_open_room_counts_by_itself() {
    let mut bench = Bench::online();

    bench.frame(&posted(ROOM, 11, 2, None, "theirs"));
    bench.frame(&posted(ROOM, 12, 1, None, "mine"));
    bench.frame(&heads(ROOM, 12, true));
    bench.passes(5_000);

    assert_eq!(bench.unread(ROOM), 1);
    assert_eq!(bench.room().unread, 1);
    assert_eq!(bench.fetched(), []);
}

#[test]
fn a_room_that_is_closed_keeps_the_count_of_its_window() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "theirs"));

    bench.intent(Intent::Close(ROOM));
    assert_eq!(bench.unread(ROOM), 1);
    bench.frame(&heads(ROOM, 11, false));
    assert_eq!(bench.unread(ROOM), 1, "the head was known");
    bench.frame(&heads(ROOM, 12, false));

    assert_eq!(bench.unread(ROOM), 2);
    bench.passes(5_000);
    assert_eq!(bench.fetched(), []);
}

#[test]
fn reading_counts_at_once_and_is_told_at_once_and_then_every_two_seconds_at_most() {
    let mut bench = Bench::online();
    for seq in 11..=14 {
        bench.frame(&posted(ROOM, seq, 2, None, "new"));
    }

    for seq in 11..=13 {
        bench.intent(Intent::Read { room: ROOM, up_to: Seq(seq) });
        bench.passes(100);
    }
    assert_eq!(bench.unread(ROOM), 1);
    assert_eq!(cursors(&mut bench), [read_to(11)], "the first one at once");
    bench.passes(READ_CURSOR_INTERVAL_MS);

    assert_eq!(cursors(&mut bench), [read_to(13)], "then the last one only");
    bench.passes(10_000);
    assert_eq!(cursors(&mut bench), []);
}

#[test]
fn reading_backwards_changes_nothing() {
    let mut bench = Bench::online();

    bench.intent(Intent::Read { room: ROOM, up_to: Seq(3) });
    bench.passes(5_000);

    assert_eq!(bench.room().cursor, read_to(10));
    assert_eq!(cursors(&mut bench), []);
}

#[test]
fn marking_as_unread_moves_back_and_wins_over_reading() {
    let mut bench = Bench::online();

    bench.intent(Intent::MarkUnread { room: ROOM, from: Seq(9) });
    bench.frame(&ServerFrame::Cursor { room: ROOM, cursor: read_to(10) });
    bench.passes(READ_CURSOR_INTERVAL_MS);

    assert_eq!(bench.unread(ROOM), 2);
    assert_eq!(cursors(&mut bench), [ReadCursor { version: 1, seq: Seq(8) }]);
}

#[test]
fn a_cursor_of_another_device_is_merged() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "new"));
    bench.frame(&heads(OTHER, 13, false));

    bench.frame(&ServerFrame::Cursor { room: ROOM, cursor: read_to(11) });
    bench.frame(&ServerFrame::Cursor { room: OTHER, cursor: read_to(13) });
    bench.frame(&ServerFrame::Cursor { room: OTHER, cursor: read_to(11) });
    bench.passes(5_000);

    assert_eq!((bench.unread(ROOM), bench.unread(OTHER)), (0, 0));
    assert_eq!(cursors(&mut bench), [], "the server knows");
    assert_eq!(bench.fetched(), []);
}

#[test]
fn what_was_read_on_another_device_is_not_counted_with_what_comes_next() {
    let mut bench = Bench::online();
    bench.frame(&heads(OTHER, 13, false));
    bench.frame(&ServerFrame::Cursor { room: OTHER, cursor: read_to(13) });
    bench.frame(&heads(OTHER, 15, false));
    assert_eq!(bench.unread(OTHER), 2);

    // Told before the heads that it is about: these are gathered for a moment.
    bench.frame(&ServerFrame::Cursor { room: OTHER, cursor: read_to(16) });
    bench.frame(&heads(OTHER, 16, false));
    assert_eq!(bench.unread(OTHER), 0);
    bench.frame(&heads(OTHER, 17, false));

    assert_eq!(bench.unread(OTHER), 1);
    bench.passes(5_000);
    assert_eq!(bench.fetched(), []);
}

#[test]
fn a_room_that_was_read_into_what_its_heads_tell_is_counted_by_the_server() {
    let mut bench = Bench::online();
    bench.frame(&ServerFrame::Cursor { room: OTHER, cursor: read_to(14) });
    bench.frame(&heads(OTHER, 17, false));
    bench.passes(250);

    let fetched = bench.fetched();
    assert_eq!(fetched.iter().map(|(_, fetch)| fetch).collect::<Vec<_>>(), [&Fetch::Summaries(vec![OTHER])]);
}

#[test]
fn leaving_the_page_tells_the_cursor_now() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "new"));
    bench.intent(Intent::Read { room: ROOM, up_to: Seq(11) });

    bench.intent(Intent::Flush);

    assert_eq!(cursors(&mut bench), [read_to(11)]);
}

#[test]
fn a_cursor_that_was_on_its_way_when_the_connection_broke_is_told_again() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "new"));
    bench.intent(Intent::Read { room: ROOM, up_to: Seq(11) });
    bench.passes(READ_CURSOR_INTERVAL_MS);
    assert_eq!(cursors(&mut bench).len(), 1);

    bench.closes(close::GOING_AWAY);
    bench.passes(1_000);
    bench.connects();
    assert_eq!(cursors(&mut bench), [read_to(11)]);
}

#[test]
fn a_cursor_that_was_taken_is_not_told_again() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "new"));
    bench.intent(Intent::Read { room: ROOM, up_to: Seq(11) });
    bench.intent(Intent::Flush);
    let id = bench.sent()[0].id;
    bench.frame(&ServerFrame::Ack { id, done: Done::Unchanged });

    bench.closes(close::GOING_AWAY);
    bench.passes(1_000);
    bench.connects();

    assert_eq!(cursors(&mut bench), []);
}

#[test]
fn where_the_server_tells_no_heads_the_rooms_are_asked_for() {
    let mut bench = Bench::new(start());
    bench.connects();
    bench.goes_live(ROOM, 10);

    bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });
    bench.passes(2_000);

    assert_eq!(bench.fetched()[0].1, Fetch::Summaries(vec![ROOM, OTHER]));
}

#[test]
fn heads_that_were_told_before_the_inbox_was_live_are_enough() {
    let mut bench = Bench::new(start());
    bench.connects();

    bench.frame(&heads(OTHER, 10, true));
    bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });
    bench.passes(5_000);

    assert_eq!(bench.fetched(), []);
}

#[test]
fn a_window_in_the_middle_leaves_counting_to_the_server() {
    let mut bench = Bench::online();
    bench.intent(Intent::Open { room: OTHER, at: At::Line(Seq(5)) });
    let fetched = bench.fetched();
    bench.answers(fetched[0].0, Ok(Answer::Room(Box::new(room_snapshot(OTHER, page(3, 7, 10))))));
    bench.passes(1_000);
    bench.fetched();

    bench.frame(&heads(OTHER, 14, false));

    assert_eq!(bench.unread(OTHER), 4);
}

#[test]
fn reading_all_moves_the_cursor_of_each_room_with_something_unread_to_its_end() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "new"));
    bench.frame(&heads(OTHER, 13, false));

    bench.intent(Intent::ReadAll);

    assert_eq!((bench.unread(ROOM), bench.unread(OTHER)), (0, 0));
    assert_eq!(cursors(&mut bench), [read_to(11), read_to(13)]);
    bench.intent(Intent::ReadAll);
    bench.passes(5_000);
    assert_eq!(cursors(&mut bench), [], "there was nothing left to read");
}

#[test]
fn a_room_that_one_was_brought_into_is_new_until_all_is_read() {
    let mut bench = Bench::online();
    let is_new = |bench: &Bench| bench.engine.rooms().last().map(|room| is_new_room(room.cursor.seq, room.since));
    let garden = RoomRef { id: RoomId(9), name: "garden".to_owned(), visibility: Visibility::Private };
    bench.frame(&event(INBOX, 3, 2, None, Event::RoomJoined(RoomJoined { room: garden.clone() })));
    assert_eq!(is_new(&bench), Some(false), "not known yet");
    bench.passes(250);
    let fetched = bench.fetched();
    let counted = protocol::RoomSummary { room: garden, since: Seq(5), ..summary(RoomId(9), 5, 1) };
    bench.answers(fetched[0].0, Ok(Answer::Summaries(vec![protocol::RoomSummary { unread: 0, ..counted }])));
    assert_eq!(is_new(&bench), Some(true));

    bench.intent(Intent::ReadAll);

    assert_eq!(is_new(&bench), Some(false));
    assert_eq!(cursors(&mut bench), [read_to(5)]);
}

#[test]
fn a_room_is_muted_as_the_inbox_says_and_goes_on_counting() {
    let mut bench = Bench::online();
    let is_muted = |bench: &Bench| bench.engine.rooms()[1].muted;
    let muted = |seq, muted| event(INBOX, seq, 1, None, Event::RoomMuted(RoomMuted { room: OTHER, muted }));

    bench.frame(&muted(3, true));
    bench.frame(&heads(OTHER, 13, false));
    assert!(is_muted(&bench));
    assert_eq!(bench.unread(OTHER), 3);
    bench.frame(&muted(4, false));

    assert!(!is_muted(&bench));
}

#[test]
fn a_room_whose_window_lost_the_first_unread_line_is_loaded_again_when_it_is_entered() {
    let mut bench = Bench::online();
    for seq in 11..=(11 + TIMELINE_ENTRIES_MAX as u64) {
        bench.frame(&posted(ROOM, seq, 2, None, "new"));
    }
    bench.intent(Intent::Open { room: OTHER, at: At::Unread });
    bench.fetched();

    bench.intent(Intent::Open { room: ROOM, at: At::Unread });

    assert_eq!(bench.fetched()[0].1, Fetch::Room { room: ROOM, at: At::Unread });
    assert_eq!(bench.room().state, RoomState::Loading, "nothing is shown at the wrong place");
}

#[test]
fn a_room_that_is_read_to_its_end_is_loaded_again_where_the_window_is_elsewhere() {
    let mut bench = Bench::online();
    let elsewhere = |bench: &mut Bench, last: u64| {
        bench.intent(Intent::Open { room: OTHER, at: At::Line(Seq(3)) });
        let fetched = bench.fetched();
        bench.answers(fetched[0].0, Ok(Answer::Room(Box::new(room_snapshot(OTHER, page(1, last, 12))))));
    };

    elsewhere(&mut bench, 7);
    bench.intent(Intent::Open { room: OTHER, at: At::Unread });
    assert_eq!(bench.fetched()[0].1, Fetch::Room { room: OTHER, at: At::Unread });
}

#[test]
fn a_window_with_the_first_unread_line_in_it_is_entered_as_it_is() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "new"));

    bench.intent(Intent::Open { room: ROOM, at: At::Unread });

    assert_eq!(bench.fetched(), []);
    assert_eq!(bench.room().state, RoomState::Open);
}
