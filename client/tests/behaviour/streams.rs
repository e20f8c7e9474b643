//! Following streams: gaps, resets, ends, and what only a newer server says.

use client::{Answer, At, BEHIND_MS_MAX, Content, Fetch, FetchFailure, Intent, Output, RoomState};
use protocol::{
    Body, CommandId, CommandKind, Epoch, ErrorCode, Event, Position, RoomId, Seq, ServerFrame, StreamId, UnixMs, close,
    frame::StreamHead,
    members::{RoomJoined, RoomLeft},
    rooms::{RoomRef, Visibility},
};

use crate::bench::{Bench, INBOX, OTHER, ROOM, at, event, page, posted, room_snapshot, start, summary};

const STREAM: StreamId = StreamId::Room(ROOM);
/// One that the user is not in.
const ELSEWHERE: RoomId = RoomId(9);

fn heartbeat(head: u64) -> ServerFrame {
    ServerFrame::Heartbeat { now: UnixMs(0), heads: vec![StreamHead { stream: STREAM, head: at(head) }] }
}

#[test]
fn an_event_is_shown_once_however_often_it_comes() {
    let mut bench = Bench::online();

    for _ in 0..3 {
        bench.frame(&posted(ROOM, 11, 2, None, "new"));
    }

    assert_eq!(bench.room().lines.len(), 11);
    assert_eq!(bench.last_line().content, Content::Message(Body::text("new".to_owned())));
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_gap_makes_one_subscription_from_the_cursor() {
    let mut bench = Bench::online();

    for seq in 13..20 {
        bench.frame(&posted(ROOM, seq, 2, None, "ahead"));
    }
    assert_eq!(bench.subscribed(), [(STREAM, 10)]);
    assert_eq!(bench.room().lines.len(), 10, "nothing is shown with a hole before it");
    for seq in 11..20 {
        bench.frame(&posted(ROOM, seq, 2, None, "all"));
    }
    bench.goes_live(ROOM, 19);

    assert_eq!(bench.room().lines.len(), 19);
    bench.passes(10_000);
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_stream_behind_its_heartbeat_is_subscribed_to_again() {
    let mut bench = Bench::online();

    bench.frame(&heartbeat(11));
    bench.passes(BEHIND_MS_MAX - 1);
    assert_eq!(bench.subscribed(), []);
    bench.passes(1);

    assert_eq!(bench.subscribed(), [(STREAM, 10)]);
}

#[test]
fn a_stream_that_catches_up_with_its_heartbeat_is_left_alone() {
    let mut bench = Bench::online();

    bench.frame(&heartbeat(11));
    bench.frame(&posted(ROOM, 11, 2, None, "there it is"));
    bench.passes(10_000);

    assert_eq!(bench.subscribed(), []);
}

#[test]
fn a_reset_loads_a_snapshot_and_then_follows_from_it() {
    let mut bench = Bench::online();

    bench.frame(&ServerFrame::Reset { stream: STREAM, head: at(5_000) });
    assert_eq!(bench.subscribed(), [], "not before the snapshot is there");
    let fetched = bench.fetched();
    assert_eq!(fetched[0].1, Fetch::Room { room: ROOM, at: At::Unread });
    bench.answers(fetched[0].0, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(4_990, 5_000, 5_000))))));

    assert_eq!(bench.subscribed(), [(STREAM, 5_000)]);
    assert_eq!(bench.room().lines.len(), 11);
}

#[test]
fn an_event_of_another_epoch_loads_a_snapshot() {
    let mut bench = Bench::online();
    let ServerFrame::Event(mut record) = posted(ROOM, 11, 2, None, "from the backup") else { unreachable!() };
    record.epoch = Epoch(2);

    bench.frame(&ServerFrame::Event(record));

    assert_eq!(bench.fetched()[0].1, Fetch::Room { room: ROOM, at: At::Unread });
    assert_eq!(bench.room().lines.len(), 10);
}

#[test]
fn a_heartbeat_of_another_epoch_loads_a_snapshot() {
    let mut bench = Bench::online();
    let head = Position { epoch: Epoch(2), seq: Seq(3) };

    bench.frame(&ServerFrame::Heartbeat { now: UnixMs(0), heads: vec![StreamHead { stream: STREAM, head }] });

    assert_eq!(bench.fetched().len(), 1);
}

#[test]
fn a_withheld_event_moves_the_cursor_and_shows_nothing() {
    let mut bench = Bench::online();

    bench.frame(&ServerFrame::Withheld { stream: STREAM, epoch: Epoch(1), seq: Seq(11) });
    bench.frame(&posted(ROOM, 12, 2, None, "seen"));

    assert_eq!(bench.room().lines.len(), 11);
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_snapshot_older_than_the_cursor_is_caught_up_from_where_it_is() {
    let mut bench = Bench::online();
    bench.intent(Intent::Open { room: ROOM, at: At::Line(Seq(99)) });
    let fetched = bench.fetched();
    bench.frame(&posted(ROOM, 11, 2, None, "meanwhile"));

    bench.answers(fetched[0].0, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(1, 10, 10))))));

    assert_eq!(bench.subscribed(), [(STREAM, 10)]);
}

#[test]
fn a_snapshot_newer_than_the_cursor_needs_no_new_subscription() {
    let mut bench = Bench::online();
    bench.intent(Intent::Open { room: ROOM, at: At::Line(Seq(99)) });
    let fetched = bench.fetched();

    bench.answers(fetched[0].0, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(1, 12, 12))))));
    bench.frame(&posted(ROOM, 11, 2, None, "text 11"));
    bench.frame(&posted(ROOM, 12, 2, None, "text 12"));
    bench.frame(&posted(ROOM, 13, 2, None, "text 13"));

    assert_eq!(bench.subscribed(), []);
    assert_eq!(bench.room().lines.len(), 13);
}

#[test]
fn the_end_of_a_stream_closes_the_room() {
    let mut bench = Bench::online();

    bench.frame(&ServerFrame::Ended { stream: STREAM });
    bench.frame(&event(INBOX, 3, 2, None, Event::RoomLeft(RoomLeft { room: ROOM })));
    bench.passes(10_000);

    assert!(matches!(bench.room().state, RoomState::Gone(_)));
    assert_eq!(bench.engine.rooms().len(), 1);
    assert_eq!(bench.fetched(), []);
    assert_eq!(bench.sent(), []);
}

#[test]
fn who_is_brought_back_in_sees_the_room_again() {
    let mut bench = Bench::online();
    bench.frame(&ServerFrame::Ended { stream: STREAM });
    bench.frame(&event(INBOX, 3, 2, None, Event::RoomLeft(RoomLeft { room: ROOM })));
    let room = RoomRef { id: ROOM, name: "room 1".to_owned(), visibility: Visibility::Public };

    bench.frame(&event(INBOX, 4, 2, None, Event::RoomJoined(RoomJoined { room })));
    let fetched = bench.fetched();
    bench.answers(fetched[0].0, Ok(Answer::Room(Box::new(room_snapshot(ROOM, page(1, 12, 12))))));

    assert_eq!(bench.room().state, RoomState::Open);
    assert_eq!(bench.subscribed(), [(STREAM, 12)]);
}

#[test]
fn a_room_that_is_not_to_be_seen_is_gone() {
    let mut bench = Bench::online();
    bench.intent(Intent::Open { room: ELSEWHERE, at: At::Unread });
    let fetched = bench.fetched();

    bench.answers(fetched[0].0, fetched[0].1.read(404, None, "not even JSON"));

    let RoomState::Gone(error) = bench.engine.room(ELSEWHERE).unwrap().state else { panic!("not gone") };
    assert_eq!(error.code, ErrorCode::NotFound);
    bench.passes(60_000);
    assert_eq!(bench.fetched(), []);
}

#[test]
fn a_room_into_which_one_comes_while_the_server_says_that_there_is_none_is_asked_for_again() {
    let mut bench = Bench::online();
    bench.intent(Intent::Open { room: ELSEWHERE, at: At::Unread });
    let fetched = bench.fetched();
    let room = RoomRef { id: ELSEWHERE, name: "other".to_owned(), visibility: Visibility::Public };
    bench.frame(&event(INBOX, 3, 2, None, Event::RoomJoined(RoomJoined { room })));

    bench.answers(fetched[0].0, fetched[0].1.read(404, None, "not even JSON"));
    bench.passes(300);
    let again = bench.fetched();
    let snapshot = room_snapshot(ELSEWHERE, page(1, 10, 10));
    bench.answers(again[0].0, Ok(Answer::Room(Box::new(snapshot))));

    assert_eq!(bench.engine.room(ELSEWHERE).unwrap().state, RoomState::Open);
}

#[test]
fn a_snapshot_that_cannot_be_had_is_asked_for_again() {
    let mut bench = Bench::online();
    bench.intent(Intent::Open { room: OTHER, at: At::Unread });
    let fetched = bench.fetched();

    bench.answers(fetched[0].0, Err(FetchFailure(None)));
    assert_eq!(bench.fetched(), [], "not at once");
    bench.passes(300);

    assert_eq!(bench.fetched()[0].1, Fetch::Room { room: OTHER, at: At::Unread });
}

#[test]
fn a_subscription_that_is_refused_for_now_is_tried_again() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 13, 2, None, "ahead"));
    let id = bench.sent()[0].id;

    bench.refuses(id, ErrorCode::RateLimited, Some(3_000));
    bench.passes(2_999);
    assert_eq!(bench.subscribed(), []);
    bench.passes(1_001);

    assert_eq!(bench.subscribed(), [(STREAM, 10)]);
}

#[test]
fn an_unknown_event_stops_the_stream_and_reloads() {
    let mut bench = Bench::online();

    bench.frame(&event(STREAM, 11, 2, None, Event::Unknown));
    bench.frame(&posted(ROOM, 12, 2, None, "after it"));
    bench.passes(10_000);

    assert!(bench.has(&Output::Reload { build: "build 2".to_owned() }));
    assert_eq!(bench.room().lines.len(), 10);
    assert_eq!(bench.subscribed(), []);
    assert!(!bench.engine.is_outdated());
}

#[test]
fn a_reload_that_did_not_help_becomes_a_banner() {
    let mut bench = Bench::new(client::Start { reloaded_for: Some("build 2".to_owned()), ..start() });
    bench.connects();

    bench.frame(&event(STREAM, 11, 2, None, Event::Unknown));

    assert!(!bench.outputs.iter().any(|output| matches!(output, Output::Reload { .. })));
    assert!(bench.engine.is_outdated());
}

#[test]
fn an_unknown_frame_is_ignored() {
    let mut bench = Bench::online();

    bench.give(client::Input::Frame {
        connection: bench.connection(),
        text: r#"{"type":"knocking","users":[2]}"#.to_owned(),
    });
    bench.frame(&posted(ROOM, 11, 2, None, "still there"));

    assert_eq!(bench.room().lines.len(), 11);
    assert!(!bench.outputs.iter().any(|output| matches!(output, Output::Reload { .. })));
}

#[test]
fn a_frame_that_cannot_be_read_reloads_once() {
    let mut bench = Bench::online();

    for _ in 0..5 {
        bench.give(client::Input::Frame { connection: bench.connection(), text: "{".to_owned() });
    }

    assert_eq!(bench.outputs.iter().filter(|output| matches!(output, Output::Reload { .. })).count(), 1);
    assert!(bench.engine.is_outdated());
}

#[test]
fn a_closed_room_is_followed_no_more() {
    let mut bench = Bench::online();

    bench.intent(Intent::Close(ROOM));

    assert_eq!(bench.sent_of(CommandKind::Unsubscribe).len(), 1);
    assert_eq!(bench.engine.room(ROOM), None);
}

#[test]
fn the_rooms_are_loaded_where_the_page_did_not_bring_them() {
    let mut bench = Bench::new(client::Start { inbox: None, rooms: Vec::new(), ..start() });
    bench.connects();
    let fetched = bench.fetched();
    assert_eq!(fetched[0].1, Fetch::Inbox);
    assert_eq!(bench.subscribed(), []);

    let inbox = protocol::InboxSnapshot { position: at(7), rooms: vec![summary(ROOM, 10, 3)] };
    bench.answers(fetched[0].0, Ok(Answer::Inbox(inbox)));

    assert_eq!(bench.subscribed(), [(INBOX, 7)]);
    assert_eq!(bench.unread(ROOM), 3);
}

#[test]
fn after_a_time_away_the_rooms_are_read_again() {
    let mut bench = Bench::online();
    bench.closes(close::GOING_AWAY);
    bench.passes(1_000);
    bench.connects();
    assert_eq!(bench.fetched(), []);

    bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });

    assert_eq!(bench.fetched().len(), 1);
}

#[test]
fn an_answer_to_nobody_is_ignored() {
    let mut bench = Bench::online();

    bench.acks(CommandId(999), 11);
    bench.refuses(CommandId(998), ErrorCode::Forbidden, None);
    bench.answers(client::FetchId(997), Err(FetchFailure(None)));

    assert_eq!(bench.room().lines.len(), 10);
    assert_eq!(bench.sent(), []);
}
