//! Who is there and who is writing, as the engine shows and tells it.

use client::{AWAY_AFTER_MS, Change, HIDDEN_AFTER_MS, Intent, Output, Start, TYPING_INTERVAL_MS};
use protocol::{
    Command, CommandKind, ErrorCode, PresenceState, RoomPresence, RoomTyping, ServerFrame, UserId, UserPresence,
    limits::PRESENCE_LISTED_MAX, presence::SetPresence,
};

use crate::bench::{Bench, OTHER, ROOM, id, person, post, posted, start};

fn told(bench: &mut Bench) -> Vec<SetPresence> {
    let sent = bench.sent_of(CommandKind::SetPresence).into_iter();
    sent.filter_map(|command| match command {
        Command::SetPresence(presence) => Some(presence),
        _ => None,
    })
    .collect()
}

fn typing_sent(bench: &mut Bench) -> Vec<bool> {
    let sent = bench.sent_of(CommandKind::SetTyping).into_iter();
    sent.filter_map(|command| match command {
        Command::SetTyping(typing) => Some(typing.typing),
        _ => None,
    })
    .collect()
}

fn writing(users: &[u64]) -> ServerFrame {
    ServerFrame::Typing(RoomTyping { room: ROOM, users: users.iter().map(|id| person(*id)).collect() })
}

fn user(id: u64, state: PresenceState) -> UserPresence {
    UserPresence { user: UserId(id), state, here: false, last_seen: None }
}

fn picture(users: Vec<UserPresence>) -> RoomPresence {
    RoomPresence { users, online: 1, ..RoomPresence::unknown(ROOM) }
}

const HERE: SetPresence = SetPresence { away: false, room: Some(ROOM) };
const AWAY: SetPresence = SetPresence { away: true, room: None };

#[test]
fn a_connection_begins_with_what_the_user_does_and_only_changes_follow() {
    let mut bench = Bench::new(start());
    bench.intent(Intent::Touch);
    bench.intent(Intent::Look(Some(ROOM)));
    bench.connects();
    assert_eq!(told(&mut bench), [HERE]);

    bench.intent(Intent::Touch);
    bench.intent(Intent::Look(Some(ROOM)));
    assert_eq!(told(&mut bench), []);
    bench.intent(Intent::Look(Some(OTHER)));
    assert_eq!(told(&mut bench), [SetPresence { room: Some(OTHER), ..HERE }]);

    bench.closes(1006);
    bench.passes(1_000);
    bench.connects();
    assert_eq!(told(&mut bench), [SetPresence { room: Some(OTHER), ..HERE }], "the server has forgotten");
}

#[test]
fn a_page_out_of_sight_is_away_and_looks_at_nothing() {
    let mut bench = Bench::online();
    bench.intent(Intent::Look(Some(ROOM)));
    assert_eq!(told(&mut bench), [HERE]);

    // As when it is reloaded, or another tab is looked at for a moment.
    bench.intent(Intent::Hide(true));
    bench.passes(HIDDEN_AFTER_MS - 1);
    assert_eq!(told(&mut bench), []);
    bench.intent(Intent::Hide(false));
    bench.passes(HIDDEN_AFTER_MS);
    assert_eq!(told(&mut bench), []);

    bench.intent(Intent::Hide(true));
    bench.passes(HIDDEN_AFTER_MS);
    assert_eq!(told(&mut bench), [AWAY]);
    bench.intent(Intent::Hide(false));
    assert_eq!(told(&mut bench), [HERE]);
}

#[test]
fn without_input_the_user_is_away_after_five_minutes_and_back_with_the_next() {
    let mut bench = Bench::online();
    bench.intent(Intent::Look(Some(ROOM)));
    bench.intent(Intent::Touch);
    bench.outputs.clear();
    let passes = |bench: &mut Bench, ms: u64| {
        for _ in 0..ms / 20_000 {
            bench.frame(&ServerFrame::Heartbeat { now: protocol::UnixMs(0), heads: Vec::new() });
            bench.passes(20_000);
        }
        told(bench)
    };

    assert_eq!(passes(&mut bench, AWAY_AFTER_MS - 20_000), []);
    assert_eq!(passes(&mut bench, 40_000), [SetPresence { away: true, ..HERE }]);
    bench.intent(Intent::Touch);
    assert_eq!(told(&mut bench), [HERE]);
}

#[test]
fn a_program_is_never_away() {
    let mut bench = Bench::new(start());
    bench.connects();
    assert_eq!(told(&mut bench), []);

    for _ in 0..60 {
        bench.frame(&ServerFrame::Heartbeat { now: protocol::UnixMs(0), heads: Vec::new() });
        bench.passes(20_000);
    }
    assert_eq!(told(&mut bench), []);
}

#[test]
fn writing_is_told_once_a_second_and_its_end_at_once() {
    let mut bench = Bench::online();
    for _ in 0..35 {
        bench.intent(Intent::Type { room: ROOM, typing: true });
        bench.passes(TYPING_INTERVAL_MS / 10);
    }
    assert_eq!(typing_sent(&mut bench), [true; 4]);

    bench.intent(Intent::Type { room: ROOM, typing: false });
    bench.intent(Intent::Type { room: ROOM, typing: false });
    assert_eq!(typing_sent(&mut bench), [false]);

    // A message ends it by itself, and what is written then is told at once again.
    bench.intent(Intent::Type { room: ROOM, typing: true });
    bench.wants(post(1, ROOM, "hi"));
    bench.intent(Intent::Type { room: ROOM, typing: false });
    bench.intent(Intent::Type { room: ROOM, typing: true });
    assert_eq!(typing_sent(&mut bench), [true, true]);
}

#[test]
fn without_a_connection_nobody_is_told_and_nobody_writes() {
    let mut bench = Bench::online();
    bench.frame(&writing(&[2]));
    bench.outputs.clear();

    bench.closes(1006);

    assert_eq!(bench.engine.typing(ROOM), []);
    assert!(bench.has(&Output::Changed(Change::Typing(ROOM))));
    bench.intent(Intent::Type { room: ROOM, typing: true });
    assert!(typing_sent(&mut bench).is_empty());
}

#[test]
fn the_others_who_write_are_shown_until_their_message_comes() {
    let mut bench = Bench::online();
    bench.frame(&writing(&[1, 2, 3]));
    assert_eq!(bench.engine.typing(ROOM), [person(2), person(3)], "not oneself");

    bench.outputs.clear();
    bench.frame(&posted(ROOM, 11, 2, Some(id(9)), "there"));
    assert_eq!(bench.engine.typing(ROOM), [person(3)]);
    assert!(bench.has(&Output::Changed(Change::Typing(ROOM))));

    bench.frame(&writing(&[]));
    assert_eq!(bench.engine.typing(ROOM), []);
}

#[test]
fn presence_starts_from_the_page_and_follows_what_is_told() {
    let presence = picture(vec![user(2, PresenceState::Online)]);
    let mut bench = Bench::new(Start { presence: vec![presence], ..start() });
    let of = |bench: &Bench, id| bench.engine.presence(ROOM).and_then(|presence| presence.of(UserId(id)));
    assert_eq!(of(&bench, 2), Some(user(2, PresenceState::Online)));
    assert_eq!(of(&bench, 1), Some(user(1, PresenceState::Offline)), "never seen");
    bench.connects();
    bench.goes_live(ROOM, 10);

    let news = RoomPresence { whole: false, ..picture(vec![user(1, PresenceState::Online)]) };
    bench.frame(&ServerFrame::Presence(news));
    assert!(bench.has(&Output::Changed(Change::Presence(ROOM))));
    assert_eq!(of(&bench, 2), Some(user(2, PresenceState::Online)), "what is not told has not changed");
    bench.frame(&ServerFrame::Presence(picture(vec![user(1, PresenceState::Away)])));
    assert_eq!(of(&bench, 2), Some(user(2, PresenceState::Offline)), "the whole picture");

    // A cut line is no news about others.
    bench.closes(1006);
    assert_eq!(of(&bench, 1), Some(user(1, PresenceState::Away)));
    bench.intent(Intent::Close(ROOM));
    assert_eq!(bench.engine.presence(ROOM), None);
}

#[test]
fn of_members_beyond_the_limit_nothing_is_known() {
    let members = |count: usize| (1..=count as u64).map(UserId);
    assert_eq!(RoomPresence::listed_to(members(PRESENCE_LISTED_MAX)), None);
    let listed_to = RoomPresence::listed_to(members(PRESENCE_LISTED_MAX + 1));
    assert_eq!(listed_to, Some(UserId(PRESENCE_LISTED_MAX as u64)));

    let picture = RoomPresence { listed_to, ..picture(Vec::new()) };
    assert_eq!(picture.of(UserId(201)), None);
    assert_eq!(picture.of(UserId(200)), Some(user(200, PresenceState::Offline)));
}

#[test]
fn the_wish_not_to_be_seen_holds_at_once_and_is_told_until_the_server_has_it() {
    let mut bench = Bench::online();
    bench.intent(Intent::ShowViewing(false));
    assert!(!bench.engine.shows_viewing());
    assert_eq!(bench.sent_of(CommandKind::SetViewing).len(), 1);

    bench.closes(1006);
    bench.passes(1_000);
    bench.connects();
    bench.frame(&ServerFrame::Viewing { shown: true });
    assert!(!bench.engine.shows_viewing(), "what the user wants is not undone by what was before");
    let frames = bench.sent();
    let asked = frames.iter().find(|frame| CommandKind::from(&frame.command) == CommandKind::SetViewing).unwrap();
    bench.frame(&ServerFrame::Ack { id: asked.id, done: protocol::Done::Unchanged });

    bench.frame(&ServerFrame::Viewing { shown: true });
    assert!(bench.engine.shows_viewing(), "another device");
}

#[test]
fn the_last_of_two_quick_wishes_holds() {
    let mut bench = Bench::online();
    bench.intent(Intent::ShowViewing(false));
    let id = bench.sent().pop().unwrap().id;
    bench.intent(Intent::ShowViewing(true));

    // The server tells all devices before it answers.
    bench.frame(&ServerFrame::Viewing { shown: false });
    bench.frame(&ServerFrame::Ack { id, done: protocol::Done::Unchanged });

    assert!(bench.engine.shows_viewing());
    assert_eq!(bench.sent_of(CommandKind::SetViewing).len(), 1, "the server has to be told");
}

#[test]
fn a_refused_wish_is_taken_back() {
    let mut bench = Bench::online();
    bench.intent(Intent::ShowViewing(false));
    let id = bench.sent().pop().unwrap().id;

    bench.refuses(id, ErrorCode::Unsupported, None);

    assert!(bench.engine.shows_viewing());
    bench.passes(10_000);
    assert_eq!(bench.sent_of(CommandKind::SetViewing), []);
}
