use client::{Key, RoomState};
use protocol::{
    Body, Epoch, Event, Reaction, RoomId, StreamId, UnixMs, UserRef, Username,
    messages::MessagePosted,
    reactions::ReactionAdded,
    rooms::{RoomCreated, Visibility},
};

use super::*;

pub(in crate::oracle) fn user(id: u64) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

/// A room of one person.
pub(in crate::oracle) fn log_of(room: u64, person: u64) -> Vec<Arc<Record>> {
    let (visibility, history) = (Visibility::Public, History::Everything);
    let created = RoomCreated { name: format!("lounge {room}"), visibility, history, everyone: false };
    let events = [
        Event::RoomCreated(created),
        Event::MessagePosted(MessagePosted::new(1, "hello".to_owned())),
        Event::ReactionAdded(ReactionAdded { message: Seq(2), emoji: "👍".to_owned() }),
        Event::MessagePosted(MessagePosted::new(2, "again".to_owned())),
    ];
    let record = |(seq, event)| {
        let (stream, epoch, at) = (StreamId::Room(RoomId(room)), Epoch(1), UnixMs(0));
        Arc::new(Record { stream, epoch, seq: Seq(seq), at, actor: user(person), client_id: None, event })
    };
    (1..).zip(events).map(record).collect()
}

fn room() -> Room {
    fold(&log_of(1, 1)).unwrap()
}

/// What somebody is shown to whom all is shown as it is.
pub(in crate::oracle) fn view(room: &Room) -> RoomView {
    let line = |entry: &Entry| {
        let (content, quote, reactions) = match &entry.kind {
            EntryKind::Message { body, quote, reactions, .. } => {
                (Content::Message(body.clone()), quote.clone(), reactions.clone())
            }
            EntryKind::Notice { notice } => (Content::Notice(notice.clone()), None, Vec::new()),
        };
        let (key, seq, actor) = (Key::Line(entry.seq), Some(entry.seq), entry.actor.clone());
        Line { key, seq, at: entry.at, actor, content, quote, reactions, status: Status::Stored, change: None }
    };
    RoomView {
        state: RoomState::Open,
        info: Some(room.info().clone()),
        members: room.members().cloned().collect(),
        member_count: 1,
        lines: room.timeline().entries().map(line).collect(),
        at_start: true,
        at_end: true,
        loading_older: false,
        loading_newer: false,
        cursor: ReadCursor::default(),
        first_unread: None,
        unread: 0,
        is_live: true,
    }
}

#[test]
fn whoever_is_shown_what_the_log_says_is_shown_nothing_else() {
    let room = room();

    assert_eq!(difference(&room, &view(&room), UserId(1)), None);
    let mut later = view(&room);
    later.lines.remove(0);
    later.at_start = false;
    assert_eq!(difference(&room, &later, UserId(1)), None, "a window need not begin at the beginning");
}

#[test]
fn whatever_is_shown_otherwise_is_noticed() {
    let room = room();
    let changes: [fn(&mut RoomView); 11] = [
        |view| view.lines[1].content = Content::Message(Body::text("hallo".to_owned())),
        |view| view.lines[1].content = Content::Message(Body::Deleted),
        |view| view.lines[1].reactions.clear(),
        |view| view.lines[2].reactions.push(Reaction { emoji: "👍".to_owned(), user: user(2) }),
        |view| drop(view.lines.pop()),
        |view| view.lines[2].status = Status::Sent,
        |view| view.members.clear(),
        |view| view.member_count = 2,
        // It says that there is nothing older, and there is.
        |view| drop(view.lines.remove(0)),
        |view| view.at_start = false,
        |view| view.at_end = false,
    ];

    for (number, change) in changes.into_iter().enumerate() {
        let mut view = view(&room);
        change(&mut view);
        assert!(difference(&room, &view, UserId(1)).is_some(), "change {number}");
    }
}

#[test]
fn counts_are_of_what_others_said_after_the_cursor() {
    let room = room();

    assert_eq!(counts(&room, UserId(2), Seq(1)), (2, 0));
    assert_eq!(counts(&room, UserId(2), Seq(2)), (1, 0));
    assert_eq!(counts(&room, UserId(1), Seq(1)), (0, 0), "one's own");
}
