//! What the engine writes down of its connection and of the user's messages.

use client::{ANSWER_MS_MAX, Counts, HAPPENINGS_MAX, Input, Loss, Probe, Reason, TIMED_MESSAGES_MAX, Timed, What};
use protocol::{ErrorCode, Seq, ServerFrame, StreamId, close, limits::CLIENT_SILENCE_MS_MAX};

use crate::bench::{Bench, INBOX, OTHER, ROOM, at, id, post, posted, start};

fn happened(bench: &Bench) -> Vec<What> {
    bench.engine.journal().happenings().iter().map(|happening| happening.what).collect()
}

fn last_message(bench: &Bench) -> Timed {
    bench.engine.journal().messages().last().unwrap().clone()
}

/// Comes back after a connection was lost, with this much missed in the room.
fn comes_back(bench: &mut Bench, missed: u64) {
    bench.passes(10);
    bench.give(Input::Wake);
    bench.connects();
    bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });
    for seq in 11..=10 + missed {
        bench.frame(&posted(ROOM, seq, 2, None, "meanwhile"));
    }
    bench.goes_live(ROOM, 10 + missed);
}

#[test]
fn a_lost_connection_and_what_was_resumed_are_written_down_with_their_times() {
    let mut bench = Bench::online();
    assert_eq!(happened(&bench), [What::Connected]);

    let lost_at = bench.now;
    bench.closes(1006);
    comes_back(&mut bench, 3);

    assert_eq!(
        happened(&bench),
        [
            What::Connected,
            What::Lost(Loss::Closed(Some(1006))),
            What::Connected,
            What::Resumed { streams: 2, missed: 3 },
        ]
    );
    let journal = bench.engine.journal();
    assert_eq!(journal.happenings()[1].at.0, lost_at);
    assert_eq!(journal.happenings()[2].at.0, bench.now);
    assert_eq!(journal.counts(), Counts { connected: 2, lost: 1, resumed: 2, gaps: 0, resets: 0 });
}

#[test]
fn silence_and_an_answer_that_does_not_come_are_told_apart() {
    let mut silent = Bench::online();
    silent.passes(CLIENT_SILENCE_MS_MAX);
    assert_eq!(happened(&silent).get(1), Some(&What::Lost(Loss::Silent)));

    let mut unanswered = Bench::online();
    unanswered.wants(post(1, ROOM, "hi"));
    unanswered.passes(ANSWER_MS_MAX - 1);
    unanswered.frame(&ServerFrame::Heads { rooms: Vec::new() });
    unanswered.passes(1);
    assert_eq!(happened(&unanswered).get(1), Some(&What::Lost(Loss::Unanswered)));
}

#[test]
fn tries_that_fail_for_one_reason_are_one_line() {
    let mut bench = Bench::new(start());
    for _ in 0..3 {
        bench.give(Input::Wake);
        let connection = bench.connection();
        bench.give(Input::Closed { connection, code: None });
        bench.give(Input::Probed { connection, probe: Probe::Unreachable });
    }

    let happenings = bench.engine.journal().happenings();
    assert!(happenings.iter().all(|happening| happening.what == What::Failed(Reason::Offline)), "{happenings:?}");
    assert_eq!(happenings.len(), 1);
    assert_eq!(happenings[0].times, 3);
}

#[test]
fn a_gap_that_was_filled_and_a_reset_are_written_down() {
    let mut bench = Bench::online();

    bench.frame(&posted(ROOM, 13, 2, None, "after a gap"));
    for seq in 11..=13 {
        bench.frame(&posted(ROOM, seq, 2, None, "in order"));
    }
    bench.goes_live(ROOM, 13);
    assert_eq!(happened(&bench), [What::Connected, What::Filled { missed: 3 }]);

    bench.frame(&ServerFrame::Reset { stream: StreamId::Room(ROOM), head: at(9_000) });
    assert_eq!(happened(&bench), [What::Connected, What::Filled { missed: 3 }, What::Reset]);
    assert_eq!(bench.engine.journal().counts(), Counts { connected: 1, lost: 0, resumed: 0, gaps: 1, resets: 1 });
}

#[test]
fn waking_without_anything_missing_is_no_gap() {
    let mut bench = Bench::online();

    bench.give(Input::Wake);
    bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });

    assert_eq!(happened(&bench), [What::Connected]);
}

#[test]
fn a_message_has_the_times_of_its_stages() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "first"));
    bench.passes(5);
    bench.wants(post(2, ROOM, "second"));
    let second = bench.now;
    assert_eq!(last_message(&bench).sent, None, "it waits for the first");

    let (first, _) = bench.texts_sent()[0].clone();
    bench.passes(7);
    bench.acks(first, 11);
    let (sent, _) = bench.texts_sent()[0].clone();
    bench.passes(20);
    bench.acks(sent, 12);
    bench.passes(100);
    bench.frame(&posted(ROOM, 11, 1, Some(id(1)), "first"));

    let message = last_message(&bench);
    assert_eq!((message.client_id, message.queued.0), (id(2), second));
    assert_eq!(message.sent.map(|at| at.0), Some(second + 7));
    assert_eq!(message.stored.map(|(seq, at)| (seq.0, at.0)), Some((12, second + 27)));
}

#[test]
fn a_message_is_seen_when_somebody_else_has_read_so_far_in_its_room() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "hi"));
    let (command, _) = bench.texts_sent()[0].clone();
    bench.passes(7);
    bench.acks(command, 11);

    bench.frame(&ServerFrame::Seen { room: OTHER, up_to: Seq(99) });
    bench.frame(&ServerFrame::Seen { room: ROOM, up_to: Seq(10) });
    assert_eq!(last_message(&bench).seen, None);
    bench.passes(100);
    bench.frame(&ServerFrame::Seen { room: ROOM, up_to: Seq(11) });
    let seen = bench.now;
    bench.passes(100);
    bench.frame(&ServerFrame::Seen { room: ROOM, up_to: Seq(11) });

    assert_eq!(last_message(&bench).seen.map(|at| at.0), Some(seen));
}

#[test]
fn a_message_that_is_sent_again_keeps_the_time_of_the_first() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "hi"));
    let first = last_message(&bench).sent;

    bench.closes(close::RESTART);
    comes_back(&mut bench, 0);
    let (command, _) = bench.texts_sent().pop().unwrap();
    bench.acks(command, 11);

    assert!(first.is_some());
    assert_eq!(last_message(&bench).sent, first);
    assert_eq!(last_message(&bench).stored.map(|(_, at)| at.0), Some(bench.now));
}

#[test]
fn a_refused_message_is_marked_so() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "hi"));
    let (command, _) = bench.texts_sent()[0].clone();

    bench.refuses(command, ErrorCode::Forbidden, None);

    assert!(last_message(&bench).refused);
}

#[test]
fn the_journal_keeps_so_many_happenings_and_messages_and_no_more() {
    let mut bench = Bench::online();
    for _ in 0..HAPPENINGS_MAX {
        bench.closes(1006);
        comes_back(&mut bench, 0);
    }
    for n in 0..=u8::try_from(TIMED_MESSAGES_MAX).unwrap() {
        bench.wants(post(n, ROOM, &format!("message {n}")));
    }

    let journal = bench.engine.journal();
    assert_eq!(journal.happenings().len(), HAPPENINGS_MAX);
    assert_eq!(journal.messages().len(), TIMED_MESSAGES_MAX);
    assert_eq!(journal.messages()[0].client_id, id(1));
}

#[test]
fn nothing_of_what_was_said_is_in_the_journal() {
    let mut bench = Bench::online();

    bench.wants(post(1, ROOM, "between us"));

    let journal = bench.engine.journal();
    assert_eq!(journal.messages().len(), 1);
    assert!(!format!("{journal:?}").contains("between us"));
}
