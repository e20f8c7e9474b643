//! The property: whatever happens in between, when it quiets down every wish was decided once, everyone sees the
//! same, and nothing else.

use client::{At, Input, Intent};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestError, TestRng, TestRunner},
};
use protocol::{
    Body, Command, EntryKind, RoomId, Seq,
    members::{AddMember, JoinRoom, LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage},
    reactions::{AddReaction, RemoveReaction},
    rooms::{CreateRoom, History, RenameRoom, Visibility},
};

use crate::{
    check::{Wrong, all_is_well, shows_only_what_is_there},
    device::person,
    world::{Broken, World},
};

/// Cases of each of the two tests that tell stories; together the suite's thousand and a few.
const CASES: u32 = 510;
/// Cases in which a broken protection has to show.
const SEARCH_CASES: u32 = 300;

/// Something that someone does, or that befalls them.
#[derive(Clone, Debug)]
enum Deed {
    Post { room: u64, names: u64 },
    Answer { room: u64, which: usize },
    React { room: u64, which: usize, adds: bool },
    Edit { room: u64, which: usize },
    Delete { room: u64, which: usize },
    Create,
    Rename { room: u64 },
    Join { room: u64 },
    Leave { room: u64 },
    Add { room: u64, user: u64 },
    Remove { room: u64, user: u64 },
    Open { room: u64, at: usize },
    Close { room: u64 },
    LoadOlder { room: u64 },
    LoadNewer { room: u64 },
    Read { room: u64, back: usize },
    MarkUnread { room: u64, back: usize },
    Cut,
    GoSilent,
    Reload,
    Sleep { ms: u64 },
    Wake,
    Crash { after_commit: bool, down_ms: u64 },
    JumpClock { days: i64 },
    Restore,
}

fn deed() -> impl Strategy<Value = Deed> {
    let room = 1..4_u64;
    let user = 1..5_u64;
    prop_oneof![
        14 => (room.clone(), 0..7_u64).prop_map(|(room, names)| Deed::Post { room, names }),
        3 => (room.clone(), any::<usize>()).prop_map(|(room, which)| Deed::Answer { room, which }),
        4 => (room.clone(), any::<usize>(), any::<bool>()).prop_map(|(room, which, adds)| Deed::React { room, which, adds }),
        3 => (room.clone(), any::<usize>()).prop_map(|(room, which)| Deed::Edit { room, which }),
        3 => (room.clone(), any::<usize>()).prop_map(|(room, which)| Deed::Delete { room, which }),
        1 => Just(Deed::Create),
        1 => room.clone().prop_map(|room| Deed::Rename { room }),
        2 => room.clone().prop_map(|room| Deed::Join { room }),
        1 => room.clone().prop_map(|room| Deed::Leave { room }),
        1 => (room.clone(), user.clone()).prop_map(|(room, user)| Deed::Add { room, user }),
        1 => (room.clone(), user).prop_map(|(room, user)| Deed::Remove { room, user }),
        6 => (room.clone(), any::<usize>()).prop_map(|(room, at)| Deed::Open { room, at }),
        1 => room.clone().prop_map(|room| Deed::Close { room }),
        2 => room.clone().prop_map(|room| Deed::LoadOlder { room }),
        2 => room.clone().prop_map(|room| Deed::LoadNewer { room }),
        3 => (room.clone(), 0..4_usize).prop_map(|(room, back)| Deed::Read { room, back }),
        1 => (room, 0..4_usize).prop_map(|(room, back)| Deed::MarkUnread { room, back }),
        3 => Just(Deed::Cut),
        1 => Just(Deed::GoSilent),
        3 => Just(Deed::Reload),
        1 => (1_000..120_000_u64).prop_map(|ms| Deed::Sleep { ms }),
        1 => Just(Deed::Wake),
        1 => (any::<bool>(), 0..5_000_u64).prop_map(|(after_commit, down_ms)| Deed::Crash { after_commit, down_ms }),
        1 => (-1..=1_i64).prop_map(|days| Deed::JumpClock { days }),
        1 => Just(Deed::Restore),
    ]
}

/// Who does what, and how long after the one before, in milliseconds.
type Story = (u64, Vec<(usize, Deed, u64)>);

fn story() -> impl Strategy<Value = Story> {
    let pause = prop_oneof![3 => 0..50_u64, 3 => 50..800_u64, 1 => 800..5_000_u64];
    (any::<u64>(), prop::collection::vec((0..4_usize, deed(), pause), 1..50))
}

fn act(world: &mut World, index: usize, deed: &Deed) {
    let wish = |world: &mut World, command: Command| world.give(index, Input::Intent(Intent::Do(command)));
    let client_id = world.client_id();
    match deed.clone() {
        Deed::Post { room, names } => {
            // Somebody, everybody, or nobody.
            let text = match names {
                0 => format!("{client_id} @room"),
                1..5 => format!("{client_id} @user{names}"),
                _ => format!("{client_id}"),
            };
            wish(world, Command::PostMessage(PostMessage::new(client_id, RoomId(room), text)));
        }
        Deed::Answer { room, which } => {
            let reply_to = message(world, RoomId(room), which);
            let post = PostMessage::new(client_id, RoomId(room), format!("{client_id}"));
            wish(world, Command::PostMessage(PostMessage { reply_to, ..post }));
        }
        Deed::React { room, which, adds } => {
            if let Some(message) = message(world, RoomId(room), which) {
                let (room, emoji) = (RoomId(room), ["\u{1f44d}", "\u{1f389}"][which % 2].to_owned());
                wish(
                    world,
                    if adds {
                        Command::AddReaction(AddReaction { client_id, room, message, emoji })
                    } else {
                        Command::RemoveReaction(RemoveReaction { client_id, room, message, emoji })
                    },
                );
            }
        }
        Deed::Edit { room, which } => {
            if let Some(message) = message(world, RoomId(room), which) {
                let text = format!("edited {client_id}");
                wish(world, Command::EditMessage(EditMessage { client_id, room: RoomId(room), message, text }));
            }
        }
        Deed::Delete { room, which } => {
            if let Some(message) = message(world, RoomId(room), which) {
                wish(world, Command::DeleteMessage(DeleteMessage { client_id, room: RoomId(room), message }));
            }
        }
        Deed::Create if world.server.tables.rooms.len() < 3 => {
            let (visibility, history) = (Visibility::Private, History::Everything);
            let name = format!("room of {index}");
            wish(world, Command::CreateRoom(CreateRoom { client_id, name, visibility, history }));
        }
        Deed::Create => {}
        Deed::Rename { room } => {
            let name = format!("renamed {}", world.now_ms);
            wish(world, Command::RenameRoom(RenameRoom { client_id, room: RoomId(room), name }));
        }
        Deed::Join { room } => wish(world, Command::JoinRoom(JoinRoom { client_id, room: RoomId(room) })),
        Deed::Leave { room } => wish(world, Command::LeaveRoom(LeaveRoom { client_id, room: RoomId(room) })),
        Deed::Add { room, user } => {
            let username = person(user).name;
            wish(world, Command::AddMember(AddMember { client_id, room: RoomId(room), username }));
        }
        Deed::Remove { room, user } => {
            let username = person(user).name;
            wish(world, Command::RemoveMember(RemoveMember { client_id, room: RoomId(room), username }));
        }
        Deed::Open { room, at } => {
            let room = RoomId(room);
            let seq = Seq(1 + (at % 20) as u64);
            let at = [At::Unread, At::End, At::Line(seq)][at % 3];
            if !world.devices[index].shown.contains(&room) {
                world.devices[index].shown.push(room);
            }
            world.give(index, Input::Intent(Intent::Open { room, at }));
        }
        Deed::Close { room } => {
            world.devices[index].shown.retain(|shown| *shown != RoomId(room));
            world.give(index, Input::Intent(Intent::Close(RoomId(room))));
        }
        Deed::LoadOlder { room } => world.give(index, Input::Intent(Intent::LoadOlder(RoomId(room)))),
        Deed::LoadNewer { room } => world.give(index, Input::Intent(Intent::LoadNewer(RoomId(room)))),
        Deed::Read { room, back } => {
            if let Some(up_to) = shown_line(world, index, RoomId(room), back) {
                world.give(index, Input::Intent(Intent::Read { room: RoomId(room), up_to }));
            }
        }
        Deed::MarkUnread { room, back } => {
            if let Some(from) = shown_line(world, index, RoomId(room), back) {
                world.give(index, Input::Intent(Intent::MarkUnread { room: RoomId(room), from }));
            }
        }
        Deed::Cut => world.cut(index),
        Deed::GoSilent => world.go_silent(index),
        Deed::Reload => world.reload(index),
        Deed::Sleep { ms } => world.sleep(index, ms),
        Deed::Wake => world.give(index, Input::Wake),
        Deed::Crash { after_commit, down_ms } => world.crash(after_commit, down_ms),
        Deed::JumpClock { days } => world.server.clock_ms = days * 86_400_000,
        // A restored log is read after a restart.
        Deed::Restore => {
            world.crash(true, 100);
            world.server.tables.restore();
        }
    }
}

/// One of the last messages of a room, whoever wrote it.
fn message(world: &World, room: RoomId, which: usize) -> Option<Seq> {
    let lines = world.server.tables.rooms.get(&room)?.timeline().entries().rev().take(8);
    let messages: Vec<Seq> = lines
        .filter(|line| matches!(line.kind, EntryKind::Message { body: Body::Text { .. }, .. }))
        .map(|line| line.seq)
        .collect();
    messages.get(which % messages.len().max(1)).copied()
}

fn shown_line(world: &World, index: usize, room: RoomId, back: usize) -> Option<Seq> {
    let view = world.devices[index].engine.room(room)?;
    view.lines.iter().rev().filter_map(|line| line.seq).nth(back)
}

/// Lets a story happen, and what follows from it.
fn tell((seed, deeds): &Story, broken: Broken) -> Result<(), Wrong> {
    let mut world = World::new(*seed, broken);
    for index in 0..world.devices.len() {
        act(&mut world, index, &Deed::Open { room: 1, at: 0 });
    }
    world.run_for(1_500);
    for (index, deed, pause_ms) in deeds {
        act(&mut world, *index, deed);
        world.run_for(*pause_ms);
        shows_only_what_is_there(&world)?;
    }
    world.clears_up();
    all_is_well(&world)?;
    // Now nothing gets lost any more: what is said while others come back reaches them without any repair.
    world.is_calm();
    for round in 0..3 {
        act(&mut world, round, &Deed::Reload);
        act(&mut world, 3, &Deed::Cut);
        for _ in 0..3 {
            act(&mut world, (round + 1) % 3, &Deed::Post { room: 1, names: 9 });
            let pause_ms = world.rng.u64(1..600);
            world.run_for(pause_ms);
        }
        world.run_for(12_000);
        all_is_well(&world).map_err(|wrong| format!("in calm weather: {wrong}"))?;
    }
    Ok(())
}

fn runner(seed: u8, config: ProptestConfig) -> TestRunner {
    let config = ProptestConfig { failure_persistence: None, ..config };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

fn holds(seed: u8) {
    let config = ProptestConfig { cases: CASES, max_shrink_iters: 400, ..ProptestConfig::default() };
    let result =
        runner(seed, config).run(&story(), |story| tell(&story, Broken::default()).map_err(TestCaseError::fail));

    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn every_wish_is_decided_once_and_everyone_sees_the_same() {
    holds(1);
}

/// The same with other stories, on another core.
#[test]
fn every_wish_is_decided_once_and_everyone_sees_the_same_in_other_stories() {
    holds(2);
}

/// How the property fails, for some story, where a protection is taken away.
fn what_goes_wrong(broken: Broken) -> String {
    let config = ProptestConfig { cases: SEARCH_CASES, max_shrink_iters: 0, ..ProptestConfig::default() };
    match runner(3, config).run(&story(), |story| tell(&story, broken).map_err(TestCaseError::fail)) {
        Err(TestError::Fail(wrong, _)) => wrong.message().to_owned(),
        Err(TestError::Abort(why)) => panic!("{why}"),
        Ok(()) => panic!("{broken:?} is not noticed"),
    }
}

#[test]
fn a_server_that_does_not_know_retries_is_noticed() {
    let wrong = what_goes_wrong(Broken { no_dedupe: true, ..Broken::default() });

    assert!(wrong.contains("is in the log 2 times") || wrong.ends_with("twice"), "{wrong}");
}

#[test]
fn a_server_that_registers_followers_too_late_is_noticed() {
    let wrong = what_goes_wrong(Broken { no_splice: true, ..Broken::default() });

    assert!(wrong.contains("in calm weather"), "{wrong}");
}

#[test]
fn an_engine_that_steps_over_gaps_is_noticed() {
    let wrong = what_goes_wrong(Broken { no_gap_check: true, ..Broken::default() });

    assert!(
        ["lines", "unread", "mentions", "members", "instead of"].iter().any(|word| wrong.contains(word)),
        "{wrong}"
    );
}
