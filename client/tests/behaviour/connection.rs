//! Connecting, losing the connection, finding out why, trying again.

use client::{ANSWER_MS_MAX, Connection, ConnectionId, Input, Instant, Output, Probe, Reason};
use protocol::{ErrorBody, ErrorCode, ServerFrame, StreamId, close, limits::CLIENT_SILENCE_MS_MAX};

use crate::bench::{Bench, INBOX, ROOM, at, hello, post, posted, start};

fn waits_until(bench: &Bench) -> u64 {
    match bench.engine.connection() {
        Connection::Waiting { until, .. } => until.0,
        other => panic!("not waiting but {other:?}"),
    }
}

#[test]
fn the_first_step_connects() {
    let mut bench = Bench::new(start());

    bench.give(Input::Tick);

    assert!(bench.has(&Output::Connect(ConnectionId(1))));
    assert_eq!(bench.engine.connection(), Connection::Connecting);
}

#[test]
fn hydration_fetches_nothing_and_subscribes_from_the_snapshot() {
    let mut bench = Bench::new(start());

    bench.connects();
    bench.goes_live(ROOM, 10);
    bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });
    bench.frame(&ServerFrame::Heads { rooms: Vec::new() });
    bench.passes(10_000);

    assert_eq!(bench.fetched(), []);
    assert_eq!(bench.subscribed(), [(INBOX, 2), (StreamId::Room(ROOM), 10)]);
    assert_eq!(bench.engine.connection(), Connection::Online);
    assert!(bench.room().is_live);
}

#[test]
fn a_failed_upgrade_is_probed() {
    let mut bench = Bench::new(start());
    bench.give(Input::Tick);

    bench.give(Input::Closed { connection: ConnectionId(1), code: Some(1006) });

    assert!(bench.has(&Output::Probe(ConnectionId(1))));
}

#[test]
fn a_probe_without_session_logs_out_for_good() {
    let mut bench = Bench::new(start());
    bench.give(Input::Tick);
    bench.give(Input::Closed { connection: ConnectionId(1), code: None });

    bench.give(Input::Probed { connection: ConnectionId(1), probe: Probe::read(401, None) });
    bench.give(Input::Wake);
    bench.passes(100_000);

    assert!(bench.has(&Output::LoggedOut));
    assert_eq!(bench.engine.connection(), Connection::LoggedOut);
    assert!(!bench.has(&Output::Connect(ConnectionId(2))));
}

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let mut bench = Bench::new(start());
    bench.give(Input::Tick);
    bench.give(Input::Closed { connection: ConnectionId(1), code: None });

    bench.give(Input::Probed { connection: ConnectionId(1), probe: Probe::read(503, Some("8")) });

    let until = waits_until(&bench);
    assert!((bench.now + 8_000..=bench.now + 10_000).contains(&until));
    bench.passes(7_999);
    assert!(!bench.has(&Output::Connect(ConnectionId(2))));
    bench.passes(2_001);
    assert!(bench.has(&Output::Connect(ConnectionId(2))));
}

#[test]
fn an_ended_session_logs_out_and_keeps_the_outbox() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "unsent"));

    bench.closes(close::SESSION_ENDED);

    assert!(bench.has(&Output::LoggedOut));
    assert_eq!(bench.engine.unsent(), 1);
    assert!(!bench.outputs.iter().any(|output| matches!(output, Output::Remove(_))));
}

#[test]
fn another_users_session_logs_out() {
    let mut bench = Bench::new(start());
    bench.give(Input::Tick);
    bench.give(Input::Opened(ConnectionId(1)));

    bench.frame_of(ConnectionId(1), &hello(9));

    assert!(bench.has(&Output::LoggedOut));
    assert!(bench.has(&Output::Close(ConnectionId(1))));
}

#[test]
fn waits_grow_to_thirty_seconds_and_are_never_the_same_for_all() {
    let mut longest = 0;
    let mut firsts = Vec::new();
    for seed in 0..50 {
        let mut bench = Bench::new(client::Start { seed, ..start() });
        bench.give(Input::Tick);
        for failure in 0..20 {
            let connection = bench.connection();
            bench.give(Input::Closed { connection, code: None });
            bench.give(Input::Probed { connection, probe: Probe::Unreachable });
            // A wait of no length is over at once.
            let wait = match bench.engine.connection() {
                Connection::Waiting { until, .. } => until.0 - bench.now,
                _ => 0,
            };
            if failure == 0 {
                assert!(wait <= 250);
                firsts.push(wait);
            }
            longest = longest.max(wait);
            bench.passes(wait + 1);
        }
    }
    assert!((20_000..=30_000).contains(&longest));
    firsts.dedup();
    assert!(firsts.len() > 10);
}

#[test]
fn waking_connects_at_once() {
    let mut bench = Bench::new(start());
    bench.give(Input::Tick);
    bench.give(Input::Closed { connection: ConnectionId(1), code: None });
    bench.give(Input::Probed { connection: ConnectionId(1), probe: Probe::read(429, Some("60")) });

    bench.give(Input::Wake);

    assert!(bench.has(&Output::Connect(ConnectionId(2))));
}

#[test]
fn the_reason_of_waiting_is_told() {
    for (probe, reason) in [
        (Probe::Unreachable, Reason::Offline),
        (Probe::Ready, Reason::Lost),
        (Probe::Later { retry_after_ms: Some(100) }, Reason::Busy),
    ] {
        let mut bench = Bench::new(start());
        bench.give(Input::Tick);
        bench.give(Input::Closed { connection: ConnectionId(1), code: None });
        bench.give(Input::Probed { connection: ConnectionId(1), probe });
        // A wait of no length is over at once.
        if let Connection::Waiting { reason: told, .. } = bench.engine.connection() {
            assert_eq!(told, reason);
        }
    }
}

#[test]
fn forty_seconds_of_silence_end_a_connection() {
    let mut bench = Bench::online();

    bench.passes(CLIENT_SILENCE_MS_MAX - 1);
    assert_eq!(bench.engine.connection(), Connection::Online);
    bench.passes(1);

    assert!(bench.has(&Output::Close(ConnectionId(1))));
    assert_ne!(bench.engine.connection(), Connection::Online);
}

#[test]
fn a_heartbeat_breaks_the_silence() {
    let mut bench = Bench::online();
    bench.passes(CLIENT_SILENCE_MS_MAX - 1);

    bench.frame(&ServerFrame::Heartbeat { now: protocol::UnixMs(-5), heads: Vec::new() });
    bench.passes(CLIENT_SILENCE_MS_MAX - 1);

    assert_eq!(bench.engine.connection(), Connection::Online);
}

#[test]
fn a_connection_that_does_not_answer_after_waking_is_given_up() {
    let mut bench = Bench::online();

    bench.give(Input::Wake);
    assert_eq!(bench.subscribed(), [(INBOX, 2)], "it asks something");
    bench.passes(5_000);

    assert!(bench.has(&Output::Close(ConnectionId(1))));
}

#[test]
fn a_connection_that_answers_after_waking_stays() {
    let mut bench = Bench::online();

    bench.give(Input::Wake);
    bench.frame(&ServerFrame::Live { stream: INBOX, head: at(2) });
    bench.passes(10_000);

    assert_eq!(bench.engine.connection(), Connection::Online);
}

#[test]
fn a_command_without_answer_ends_the_connection_and_is_sent_again() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "hello"));
    assert_eq!(bench.texts_sent().len(), 1);
    bench.passes(ANSWER_MS_MAX - 10_000);
    bench.frame(&ServerFrame::Heartbeat { now: protocol::UnixMs(0), heads: Vec::new() });

    bench.passes(10_000);
    assert!(bench.has(&Output::Close(ConnectionId(1))));
    bench.passes(1_000);
    bench.connects();

    assert_eq!(bench.texts_sent()[0].1, "hello");
}

#[test]
fn frames_of_a_previous_connection_never_count() {
    let mut bench = Bench::online();
    bench.closes(close::RESTART);
    bench.passes(1_000);
    bench.connects();
    assert_eq!(bench.connection(), ConnectionId(2));

    bench.frame_of(ConnectionId(1), &posted(ROOM, 11, 2, None, "late"));
    bench.give(Input::Closed { connection: ConnectionId(1), code: Some(close::SESSION_ENDED) });

    assert_eq!(bench.room().lines.len(), 10);
    assert_eq!(bench.engine.connection(), Connection::Online);
}

#[test]
fn after_reconnecting_it_subscribes_from_the_cursors() {
    let mut bench = Bench::online();
    bench.frame(&posted(ROOM, 11, 2, None, "new"));

    bench.closes(close::GOING_AWAY);
    bench.passes(1_000);
    bench.connects();

    assert_eq!(bench.subscribed(), [(INBOX, 2), (StreamId::Room(ROOM), 11)]);
}

#[test]
fn the_hint_before_a_restart_is_followed() {
    let mut bench = Bench::online();
    let hint = ErrorBody { retry_after_ms: Some(4_000), ..ErrorBody::new(ErrorCode::Unavailable) };

    bench.frame(&ServerFrame::Error(hint));
    bench.closes(close::RESTART);

    assert!((bench.now + 4_000..=bench.now + 5_000).contains(&waits_until(&bench)));
}

#[test]
fn the_hint_in_a_close_frame_is_followed() {
    let mut bench = Bench::online();
    let connection = bench.connection();

    bench.give(Input::CloseReason { connection, reason: "retry_after_ms=4000".to_owned() });
    bench.closes(close::RESTART);

    assert!((bench.now + 4_000..=bench.now + 5_000).contains(&waits_until(&bench)));
}

#[test]
fn after_a_server_that_restarted_often_nobody_waits_the_longer() {
    let mut bench = Bench::online();
    for _ in 0..20 {
        let connection = bench.connection();
        bench.give(Input::CloseReason { connection, reason: "retry_after_ms=1000".to_owned() });
        bench.closes(close::RESTART);
        bench.passes(1_251);
        bench.connects();
    }

    bench.closes(close::GOING_AWAY);
    bench.passes(251);

    assert!(bench.has(&Output::Connect(ConnectionId(22))), "the first failure is the first");
}

#[test]
fn a_reason_in_words_changes_nothing() {
    let mut bench = Bench::online();
    let connection = bench.connection();

    bench.give(Input::CloseReason { connection, reason: "No sign of life for too long.".to_owned() });
    bench.closes(close::GOING_AWAY);
    bench.passes(251);

    assert!(bench.has(&Output::Connect(ConnectionId(2))));
}

#[test]
fn an_engine_with_nothing_to_do_sleeps() {
    let mut bench = Bench::online();
    bench.wants(post(1, ROOM, "hello"));
    let command = bench.texts_sent()[0].0;
    bench.acks(command, 11);
    bench.frame(&posted(ROOM, 11, 1, Some(crate::bench::id(1)), "hello"));
    bench.outputs.clear();

    bench.passes(CLIENT_SILENCE_MS_MAX - 1);

    let wakes = bench.outputs.iter().filter(|output| matches!(output, Output::WakeAt(_))).count();
    assert!(wakes < 5, "{wakes}");
}

#[test]
fn a_clock_that_stands_still_or_jumps_ahead_harms_nothing() {
    let mut bench = Bench::online();

    bench.give(Input::Tick);
    bench.now += 86_400_000;
    bench.give(Input::Tick);
    bench.passes(30_000);

    assert!(bench.has(&Output::Connect(ConnectionId(2))));
    assert!(bench.wake_at().is_some_and(|at| Instant(at) > Instant(86_400_000)));
}

#[test]
fn who_wakes_late_asks_to_be_woken_again() {
    let mut bench = Bench::online();
    bench.outputs.clear();

    // A frame comes before the timer, which is overdue: the device was asleep.
    bench.now += 86_400_000;
    bench.frame(&posted(ROOM, 11, 2, None, "good morning"));

    assert!(bench.wake_at().is_some_and(|at| at > bench.now), "{:?}", bench.wake_at());
}
