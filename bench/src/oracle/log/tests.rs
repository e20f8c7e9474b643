use protocol::{
    Epoch, ErrorBody, ErrorCode, UnixMs, UserRef, Username,
    messages::{DeleteMessage, MessageDeleted, MessagePosted, PostMessage},
};
use tokio::time::Instant;

use super::*;

const ROOM: RoomId = RoomId(1);
const ADA: UserId = UserId(1);

fn id(n: u8) -> ClientId {
    ClientId::new(UnixMs(0), &[n; 10])
}

fn record(seq: u64, n: u8) -> Arc<Record> {
    let actor = UserRef { id: ADA, name: Username::parse("ada").unwrap() };
    let event = Event::MessagePosted(MessagePosted::new(seq, format!("text {n}")));
    let (stream, epoch, seq) = (StreamId::Room(ROOM), Epoch(1), Seq(seq));
    Arc::new(Record { stream, epoch, seq, at: UnixMs(0), actor, client_id: Some(id(n)), event })
}

fn wanted(n: u8, answer: Option<Answer>) -> Intent {
    let command = Command::PostMessage(PostMessage::new(id(n), ROOM, format!("text {n}")));
    Intent { command, at: Instant::now(), answer: answer.map(|answer| (answer, Instant::now())) }
}

/// Wanted, and acknowledged to be there.
fn stored(n: u8, seq: u64) -> Intent {
    let done = Done::Appended { stream: StreamId::Room(ROOM), epoch: Epoch(1), seq: Seq(seq) };
    wanted(n, Some(Answer::Done(done)))
}

fn judged(intents: Vec<Intent>, records: Vec<Arc<Record>>) -> Verdict {
    let log = Log { stream: StreamId::Room(ROOM), from: Seq(0), records };
    judge([&Journal { user: ADA, intents }], &[log])
}

fn faults(intents: Vec<Intent>, records: Vec<Arc<Record>>) -> Vec<String> {
    judged(intents, records).faults().collect()
}

#[test]
fn what_is_there_as_it_was_acknowledged_is_well() {
    let verdict = judged(vec![stored(1, 1), stored(2, 2)], vec![record(1, 1), record(2, 2)]);

    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!((verdict.intended, verdict.acknowledged), (2, 2));
}

#[test]
fn what_was_acknowledged_and_is_not_there_is_lost() {
    let verdict = judged(vec![stored(1, 1), stored(2, 2)], vec![record(1, 1)]);

    assert_eq!((verdict.lost.len(), verdict.faults().count()), (1, 1), "{verdict:?}");
}

#[test]
fn what_is_somewhere_else_than_was_said_is_lost() {
    let verdict = judged(vec![stored(1, 2), stored(2, 1)], vec![record(1, 1), record(2, 2)]);

    assert_eq!(verdict.lost.len(), 2, "{verdict:?}");
}

#[test]
fn what_is_there_twice_is_doubled() {
    let verdict = judged(vec![stored(1, 1)], vec![record(1, 1), record(2, 1)]);

    assert_eq!((verdict.doubled.len(), verdict.faults().count()), (1, 1), "{verdict:?}");
}

#[test]
fn another_order_than_was_wanted_is_noticed() {
    let verdict = judged(vec![stored(2, 2), stored(1, 1)], vec![record(1, 1), record(2, 2)]);

    assert_eq!((verdict.out_of_order.len(), verdict.faults().count()), (1, 1), "{verdict:?}");
}

#[test]
fn a_hole_in_the_log_is_noticed() {
    let faults = faults(vec![stored(1, 1), stored(2, 3)], vec![record(1, 1), record(3, 2)]);

    assert_eq!(faults, ["a hole in room:1: after event 1 comes 3"]);
}

#[test]
fn what_was_refused_is_not_in_the_log() {
    let refused = |n| wanted(n, Some(Answer::Refused(ErrorBody::new(ErrorCode::NotFound))));
    let faults = faults(vec![refused(1)], vec![record(1, 1)]);

    assert!(faults[0].starts_with("refused (NotFound), and in the log"), "{faults:?}");
}

#[test]
fn what_was_never_answered_is_named_and_so_is_what_nobody_wanted() {
    let faults = faults(vec![wanted(1, None)], vec![record(1, 1), record(2, 9)]);

    assert!(faults[0].starts_with("never answered"), "{faults:?}");
    assert!(faults[1].starts_with("event 2 of room:1 was wanted by nobody"), "{faults:?}");
}

#[test]
fn another_text_than_was_wanted_is_noticed() {
    let mut other = (*record(1, 1)).clone();
    other.event = Event::MessagePosted(MessagePosted::new(1, "something else".to_owned()));
    let faults = faults(vec![stored(1, 1)], vec![Arc::new(other)]);

    assert!(faults[0].starts_with("stored as"), "{faults:?}");
}

/// The message that was stored first, deleted.
fn deletes(seq: u64) -> (Intent, Arc<Record>) {
    let command = Command::DeleteMessage(DeleteMessage { client_id: id(9), room: ROOM, message: Seq(1) });
    let event = Event::MessageDeleted(MessageDeleted { message: Seq(1) });
    (Intent { command, ..stored(9, seq) }, Arc::new(Record { event, ..(*record(seq, 9)).clone() }))
}

#[test]
fn what_was_deleted_is_gone_and_nothing_else_is() {
    let (gone, there) =
        (Record { event: record(1, 1).event.clone().redacted(), ..(*record(1, 1)).clone() }, record(1, 1));
    let is_well = |with: bool, record: &Record| {
        let record = Arc::new(record.clone());
        let ((delete, deleted), stored) = (deletes(2), stored(1, 1));
        match with {
            true => faults(vec![stored, delete], vec![record, deleted]).is_empty(),
            false => faults(vec![stored], vec![record]).is_empty(),
        }
    };

    assert!(is_well(true, &gone) && is_well(false, &there));
    assert!(!is_well(true, &there), "a deleted message still says what it said");
    assert!(!is_well(false, &gone), "a message is gone that nobody deleted");
}

#[test]
fn an_answer_that_answers_nothing_is_noticed() {
    let mut answer = stored(1, 1);
    answer.command = Command::PostMessage(PostMessage {
        reply_to: Some(Seq(7)),
        ..PostMessage::new(id(1), ROOM, "text 1".to_owned())
    });

    assert_eq!(faults(vec![answer], vec![record(1, 1)]).len(), 1);
}

#[test]
fn a_post_that_is_said_to_have_changed_nothing_is_lost() {
    let verdict = judged(vec![wanted(1, Some(Answer::Done(Done::Unchanged)))], Vec::new());

    assert_eq!(verdict.lost.len(), 1, "{verdict:?}");
}
