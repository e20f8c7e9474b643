//! From wanting something to having it stored.

use client::{Content, Input, Intent, Key, Line, OutboxEntry, Output, Status};
use protocol::{
    Body, Command, CommandKind, Done, ErrorCode, Event, Seq, ServerFrame, StreamId, UserId, close,
    limits::{MESSAGE_CHARS_MAX, OUTBOX_ENTRIES_MAX},
    members::JoinRoom,
    messages::{DeleteMessage, EditMessage, MessageEdited},
};

use crate::bench::{Bench, OTHER, ROOM, event, id, page, post, posted, room_snapshot, start};

fn left(n: u8, number: u64, text: &str) -> OutboxEntry {
    OutboxEntry { user: UserId(1), number, command: post(n, ROOM, text), refused: None }
}

fn text(line: &Line) -> &str {
    match &line.content {
        Content::Message(Body::Text { text, .. }) => text,
        Content::Message(Body::Deleted) => "(deleted)",
        Content::Notice(_) => "(notice)",
    }
}

#[test]
fn a_message_is_saved_before_it_is_sent() {
    let mut bench = Bench::online();
    bench.saves = false;

    bench.wants(post(1, ROOM, "hello"));
    assert_eq!(bench.saved().len(), 1);
    assert_eq!(bench.texts_sent(), []);
    bench.give(Input::Saved(id(1)));

    assert_eq!(bench.texts_sent()[0].1, "hello");
}

#[test]
fn a_message_keeps_its_key_and_its_place_from_queued_to_stored() {
    let mut bench = Bench::online();
    bench.saves = false;
    let is_last_once = |bench: &Bench, status: Status| {
        let view = bench.room();
        assert_eq!(view.lines.len(), 11);
        let line = view.lines.last().unwrap();
        assert_eq!((line.key, text(line), &line.status), (Key::Own(id(1)), "hello", &status));
    };

    bench.wants(post(1, ROOM, "hello"));
    is_last_once(&bench, Status::Queued);
    bench.give(Input::Saved(id(1)));
    is_last_once(&bench, Status::Sent);
    let command = bench.texts_sent()[0].0;
    bench.acks(command, 11);
    is_last_once(&bench, Status::Stored);
    assert_eq!(bench.last_line().seq, None);
    bench.frame(&posted(ROOM, 11, 1, Some(id(1)), "hello"));
    is_last_once(&bench, Status::Stored);

    assert_eq!(bench.last_line().seq, Some(Seq(11)));
    assert_eq!(bench.outputs.iter().filter(|output| **output == Output::Remove(id(1))).count(), 1);
}

#[test]
fn an_event_that_comes_before_its_acknowledgement_is_enough() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "first"));
    bench.wants(post(2, ROOM, "second"));
    let command = bench.texts_sent()[0].0;

    bench.frame(&posted(ROOM, 11, 1, Some(id(1)), "first"));
    assert!(bench.has(&Output::Remove(id(1))));
    assert_eq!(bench.texts_sent()[0].1, "second", "the line goes on");
    bench.acks(command, 11);

    let answers = bench.outputs.iter().filter(|output| matches!(output, Output::Answered { .. })).count();
    assert_eq!(answers, 1);
    assert_eq!(bench.room().lines.len(), 12);
}

#[test]
fn another_authors_use_of_the_same_id_is_not_ones_own() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "mine"));

    bench.frame(&posted(ROOM, 11, 2, Some(id(1)), "theirs"));

    assert!(!bench.has(&Output::Remove(id(1))));
    let keys: Vec<Key> = bench.room().lines.iter().rev().take(2).map(|line| line.key).collect();
    assert_eq!(keys, [Key::Own(id(1)), Key::Line(Seq(11))]);
}

#[test]
fn one_command_of_a_room_is_on_its_way_at_a_time() {
    let mut bench = Bench::online();

    bench.wants(post(1, ROOM, "first"));
    bench.wants(post(2, ROOM, "second"));
    bench.wants(post(3, OTHER, "elsewhere"));

    let sent = bench.texts_sent();
    assert_eq!(sent.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["first", "elsewhere"]);
    bench.acks(sent[0].0, 11);
    assert_eq!(bench.texts_sent()[0].1, "second");
}

#[test]
fn a_retryable_error_stops_the_line_until_it_may_go_on() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "first"));
    bench.wants(post(2, ROOM, "second"));
    let command = bench.texts_sent()[0].0;

    bench.refuses(command, ErrorCode::RateLimited, Some(1_000));
    assert_eq!(bench.room().lines[10].status, Status::Queued);
    bench.passes(999);
    assert_eq!(bench.texts_sent(), []);
    bench.passes(251);

    let sent = bench.texts_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, "first", "in order");
}

#[test]
fn a_retryable_error_stops_no_other_room() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "first"));
    let command = bench.texts_sent()[0].0;

    bench.refuses(command, ErrorCode::Busy, Some(60_000));
    bench.wants(post(2, OTHER, "elsewhere"));

    assert_eq!(bench.texts_sent()[0].1, "elsewhere");
}

#[test]
fn a_refused_message_stays_with_its_reason_and_the_line_goes_on() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "first"));
    bench.wants(post(2, ROOM, "second"));
    let command = bench.texts_sent()[0].0;

    bench.refuses(command, ErrorCode::Forbidden, None);

    assert_eq!(bench.texts_sent()[0].1, "second");
    let Status::Refused(error) = &bench.room().lines[10].status else { panic!("not refused") };
    assert_eq!(error.code, ErrorCode::Forbidden);
    assert_eq!(bench.saved().last().unwrap().refused.as_ref().unwrap().code, ErrorCode::Forbidden);
    assert!(!bench.has(&Output::Remove(id(1))));
}

#[test]
fn a_refused_message_can_be_sent_with_another_text() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "bad"));
    let command = bench.texts_sent()[0].0;
    bench.refuses(command, ErrorCode::Invalid, None);

    bench.intent(Intent::Rewrite { client_id: id(1), new_client_id: id(2), text: "good".to_owned() });

    assert_eq!(bench.texts_sent()[0].1, "good");
    assert!(bench.has(&Output::Remove(id(1))));
    assert_eq!(bench.room().lines.len(), 11);
}

#[test]
fn a_refused_message_can_be_sent_again_or_dropped() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "once more"));
    let command = bench.texts_sent()[0].0;
    bench.refuses(command, ErrorCode::NotFound, None);

    bench.intent(Intent::Retry(id(1)));
    let sent = bench.texts_sent();
    assert_eq!(sent[0].1, "once more");
    bench.refuses(sent[0].0, ErrorCode::NotFound, None);
    bench.intent(Intent::Discard(id(1)));

    assert_eq!(bench.room().lines.len(), 10);
    assert_eq!(bench.engine.unsent(), 0);
}

#[test]
fn what_is_on_its_way_cannot_be_dropped() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "gone"));

    bench.intent(Intent::Discard(id(1)));
    bench.intent(Intent::Retry(id(1)));

    assert_eq!(bench.engine.unsent(), 1);
    assert_eq!(bench.texts_sent().len(), 1);
}

#[test]
fn a_refused_wish_that_is_no_message_is_answered_and_gone() {
    let mut bench = Bench::online();
    bench.wants(Command::JoinRoom(JoinRoom { client_id: id(1), room: OTHER }));
    let command = bench.sent()[0].id;

    bench.refuses(command, ErrorCode::NotFound, None);

    assert!(bench.has(&Output::Remove(id(1))));
    assert!(bench.outputs.iter().any(|output| matches!(output, Output::Answered { client_id, result: Err(error) }
            if *client_id == id(1) && error.code == ErrorCode::NotFound)));
    assert_eq!(bench.engine.unsent(), 0);
}

#[test]
fn what_was_on_its_way_is_sent_again_after_reconnecting() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "first"));
    bench.wants(post(2, ROOM, "second"));
    assert_eq!(bench.texts_sent().len(), 1);

    bench.closes(close::RESTART);
    assert_eq!(bench.last_line().status, Status::Queued);
    bench.passes(1_000);
    bench.connects();

    let sent = bench.texts_sent();
    assert_eq!((sent.len(), sent[0].1.as_str()), (1, "first"));
}

#[test]
fn everything_left_is_sent_after_a_reload_in_order() {
    let outbox = Some(vec![left(2, 5, "second"), left(1, 4, "first")]);
    let mut bench = Bench::new(client::Start { outbox, ..start() });

    bench.connects();
    let sent = bench.texts_sent();
    assert_eq!(sent[0].1, "first");
    bench.acks(sent[0].0, 11);

    assert_eq!(bench.texts_sent()[0].1, "second");
}

#[test]
fn what_was_refused_stays_refused_after_a_reload() {
    let refused = OutboxEntry { refused: Some(ErrorCode::Forbidden.into()), ..left(1, 4, "no") };
    let mut bench = Bench::new(client::Start { outbox: Some(vec![refused]), ..start() });

    bench.connects();

    assert_eq!(bench.texts_sent(), []);
    assert!(matches!(bench.last_line().status, Status::Refused(_)));
}

#[test]
fn a_message_that_the_snapshot_shows_is_not_shown_as_waiting_too() {
    let mut window = page(1, 10, 10);
    let mine = &mut window.entries[9];
    mine.actor = crate::bench::person(1);
    let protocol::EntryKind::Message { client_id, .. } = &mut mine.kind else { unreachable!() };
    *client_id = Some(id(1));
    let rooms = vec![room_snapshot(ROOM, window)];
    let outbox = Some(vec![left(1, 4, "text 10")]);

    let mut bench = Bench::new(client::Start { outbox, rooms, ..start() });
    bench.connects();

    assert_eq!(bench.room().lines.len(), 10);
    assert_eq!(bench.texts_sent(), []);
    assert!(bench.has(&Output::Remove(id(1))));
}

#[test]
fn nothing_is_sent_before_the_storage_is_read_and_the_old_goes_first() {
    let mut bench = Bench::new(client::Start { outbox: None, ..start() });
    bench.connects();
    bench.wants(post(2, ROOM, "new"));
    assert_eq!(bench.texts_sent(), []);

    bench.give(Input::Restored(vec![left(1, 9, "old")]));
    let sent = bench.texts_sent();
    assert_eq!((sent.len(), sent[0].1.as_str()), (1, "old"));
    bench.acks(sent[0].0, 11);

    assert_eq!(bench.texts_sent()[0].1, "new");
    assert_eq!(bench.saved().last().unwrap().number, 10, "and is saved as the later one");
}

#[test]
fn another_users_outbox_is_left_alone() {
    let foreign = OutboxEntry { user: UserId(9), ..left(1, 4, "not mine") };
    let mut bench = Bench::new(client::Start { outbox: Some(vec![foreign]), ..start() });

    bench.connects();

    assert_eq!(bench.engine.unsent(), 0);
    assert_eq!(bench.texts_sent(), []);
}

#[test]
fn one_message_more_than_fits_is_refused_with_a_reason() {
    let outbox: Vec<OutboxEntry> = (0..OUTBOX_ENTRIES_MAX)
        .map(|n| {
            let client_id = protocol::ClientId::new(protocol::UnixMs(i64::try_from(n).unwrap()), &[9; 10]);
            let post = protocol::messages::PostMessage::new(client_id, ROOM, "waiting".to_owned());
            OutboxEntry { command: Command::PostMessage(post), ..left(1, n as u64, "") }
        })
        .collect();
    let mut bench = Bench::new(client::Start { outbox: Some(outbox), ..start() });

    bench.wants(post(1, ROOM, "one more"));

    assert_eq!(bench.engine.unsent(), OUTBOX_ENTRIES_MAX);
    assert!(bench.outputs.iter().any(|output| matches!(output, Output::Answered { result: Err(error), .. }
        if error.message.contains("waiting to be sent"))));
}

#[test]
fn a_text_that_is_too_long_is_refused_before_it_is_queued() {
    let mut bench = Bench::online();

    bench.wants(post(1, ROOM, &"x".repeat(MESSAGE_CHARS_MAX + 1)));
    bench.wants(post(2, ROOM, " \n "));

    assert_eq!(bench.engine.unsent(), 0);
    assert_eq!(bench.outputs.iter().filter(|output| matches!(output, Output::Answered { .. })).count(), 2);
    assert_eq!(bench.room().lines.len(), 10);
}

#[test]
fn a_command_given_twice_is_sent_once() {
    let mut bench = Bench::online();

    bench.wants(post(1, ROOM, "hello"));
    bench.wants(post(1, ROOM, "hello"));

    assert_eq!(bench.engine.unsent(), 1);
}

#[test]
fn an_edit_is_shown_at_once_and_the_event_changes_nothing_more() {
    let mut bench = Bench::online();
    let edit = EditMessage { client_id: id(1), room: ROOM, message: Seq(10), text: "better".to_owned() };

    bench.wants(Command::EditMessage(edit));
    let line = bench.last_line();
    assert_eq!((text(&line), line.change.as_ref().unwrap().status.clone()), ("better", Status::Sent));
    let command = bench.sent()[0].id;
    bench.acks(command, 11);
    assert_eq!(text(&bench.last_line()), "better", "stored, not yet folded");
    let edited = MessageEdited::new(Seq(10), "better".to_owned());
    bench.frame(&event(StreamId::Room(ROOM), 11, 1, Some(id(1)), Event::MessageEdited(edited)));

    let line = bench.last_line();
    assert_eq!((text(&line), &line.change), ("better", &None));
    assert_eq!(bench.room().lines.len(), 10);
}

#[test]
fn a_refused_edit_shows_the_message_as_it_was_and_the_text_that_was_meant() {
    let mut bench = Bench::online();
    let edit = EditMessage { client_id: id(1), room: ROOM, message: Seq(10), text: "better".to_owned() };
    bench.wants(Command::EditMessage(edit));
    let command = bench.sent()[0].id;

    bench.refuses(command, ErrorCode::Forbidden, None);

    let line = bench.last_line();
    let change = line.change.as_ref().unwrap();
    assert_eq!((text(&line), change.text.as_deref()), ("text 10", Some("better")));
    assert!(matches!(change.status, Status::Refused(_)));
}

#[test]
fn a_deletion_is_shown_at_once() {
    let mut bench = Bench::online();

    bench.wants(Command::DeleteMessage(DeleteMessage { client_id: id(1), room: ROOM, message: Seq(10) }));

    assert_eq!(text(&bench.last_line()), "(deleted)");
}

#[test]
fn a_command_that_changes_nothing_is_done() {
    let mut bench = Bench::online();
    bench.wants(Command::JoinRoom(JoinRoom { client_id: id(1), room: OTHER }));
    let command = bench.sent()[0].id;

    bench.frame(&ServerFrame::Ack { id: command, done: Done::Unchanged });

    assert!(bench.has(&Output::Remove(id(1))));
    assert!(bench.has(&Output::Answered { client_id: id(1), result: Ok(Done::Unchanged) }));
}

#[test]
fn logging_out_clears_the_outbox_when_the_user_says_so() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "first"));
    bench.wants(post(2, ROOM, "second"));

    bench.intent(Intent::ClearOutbox);

    assert_eq!(bench.engine.unsent(), 0);
    assert!(bench.has(&Output::Remove(id(1))) && bench.has(&Output::Remove(id(2))));
}

#[test]
fn an_ended_session_refuses_nothing() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "for later"));
    let command = bench.texts_sent()[0].0;

    bench.refuses(command, ErrorCode::Unauthorized, None);

    assert!(bench.has(&Output::LoggedOut));
    assert_eq!(bench.engine.unsent(), 1);
    assert!(!matches!(bench.last_line().status, Status::Refused(_)));
}

#[test]
fn what_is_no_wish_is_not_queued() {
    let mut bench = Bench::online();

    bench.wants(Command::Unknown);

    assert_eq!(bench.engine.unsent(), 0);
    assert_eq!(bench.sent_of(CommandKind::Unknown), []);
}
