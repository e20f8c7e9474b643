//! A model of the whole: the writer's queue, the server's hub, presence, sockets and commands, on one to three nodes, with real
//! sync engines on the other end, over a simulated network, bus and store. A hundred stories in a run of the tests, or as many as one likes
//! (`SIM_SEEDS`), each of which follows from its seed (in builds with `failpoints`, see below).
//!
//! What is real: `server/src/{hub,presence,socket,commands}` with the frames of RFC 6455, but for handshake and admission; the queue, batches and answers
//! of `server/src/store/writer.rs`, and `client::Engine`. What is simulated is what a machine gives: time (one thread whose clock
//! goes on when all wait), bytes under way ([`network`]), the bus ([`bus`]), and the database ([`disk`], [`tables`]), which keeps the
//! contract of every store. SQLite has threads of its own, which no seed decides; what it does with a crash is tried by
//! `server/tests/it/faults.rs` on a real one. HTTP and logging in are left out. Run, and judged only by what they do to the rest,
//! are presence, typing and read cursors. What heads tell is judged in everybody's list of rooms, once all is quiet: where each
//! room ends and what is unread there, also of rooms that the device does not follow. That nobody is shown what was said before they
//! came where they may not is judged by `server/tests/it/socket_membership.rs`.
//!
//! Not turmoil, and no harness that steps the parts itself: tokio's paused clock runs the parts as they are, and what a socket reads
//! from is generic. For that, `select!` is `biased` in these parts, and their maps have one order in builds for tests (`server/src/maps.rs`).
//!
//! What has to hold is in [`wire`] (of each frame) and [`check`] (of what is shown). `SIM_SEED=7 SIM_DEEDS=3` tells one story, or its
//! beginning, and prints what every device hears; `SIM_SEEDS=10000` tells that many.

mod accounts;
mod bus;
mod check;
mod device;
mod disk;
mod facts;
mod faults;
mod network;
mod node;
mod reading;
#[cfg(feature = "failpoints")]
mod removed_parts;
mod store;
mod story;
mod tables;
mod wire;
mod world;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use protocol::{
    Command, RoomId, UnixMs,
    members::{AddMember, JoinRoom},
    rooms::{CreateRoom, History, Visibility},
};
use server::{sabotage::Without, store::Actor};

use self::{
    check::{all_is_well, shows_only_what_is_there},
    story::{Deed, Story, act, story},
    wire::Wrong,
    world::{World, person},
};
pub(crate) use self::{
    disk::{Disk, Wear},
    reading::Windows,
    store::SimStore,
    tables::Tables,
};

/// Stories told in one run of the suite, by each of two tests.
const STORIES: u64 = 50;

/// Stories that have gone wrong once.
const REMEMBERED: [u64; 6] = [
    307_290_062_048_318,
    449_757_246_742_369,
    482_575_388_277_532,
    50_032_932_462_001,
    198_232_082_088_320,
    236_929_707_748_337,
];

/// How a story is told.
#[derive(Clone, Copy)]
struct Telling {
    without: Without,
    is_printed: bool,
}

const ALL_THERE: Telling = Telling { without: Without::NOTHING, is_printed: false };

/// Tells a story to its end. What every device has heard, as one number.
#[expect(clippy::print_stderr, reason = "who asks for one story wants to read it")]
async fn tell(seed: u64, deeds: &[(usize, Deed, u64)], telling: Telling) -> Result<u64, Wrong> {
    let nodes = 1 + usize::try_from(seed % 3).unwrap();
    let mut world = World::new(seed, furnished(), nodes, telling.without, telling.is_printed);
    for index in 0..world.devices.len() {
        act(&mut world, index, Deed::Open { room: RoomId(2), at: 0 });
    }
    world.run_for(1_500).await;
    for (index, deed, pause_ms) in deeds {
        if telling.is_printed {
            eprintln!("{:>8} {index} {deed:?}", world.now_ms);
        }
        act(&mut world, *index, *deed);
        world.run_for(*pause_ms).await;
        so_far(&mut world)?;
    }
    world.clears_up().await;
    so_far(&mut world)?;
    all_is_well(&world)?;
    // Now nothing gets lost any more: what is said while others come back reaches them soon, without any repair.
    for round in 0..3 {
        act(&mut world, round, Deed::Reload);
        act(&mut world, 3, Deed::Cut);
        for _ in 0..3 {
            act(&mut world, (round + 1) % 3, Deed::Post { room: RoomId(2), names: 9 });
            // Some follow this one, others are only told where it ends.
            act(&mut world, (round + 2) % 3, Deed::Post { room: RoomId(1), names: 0 });
            let pause_ms = world.rng.u64(1..400);
            world.run_for(pause_ms).await;
        }
        world.run_for(8_000).await;
        so_far(&mut world)?;
        all_is_well(&world).map_err(|wrong| format!("in calm weather: {wrong}"))?;
    }
    world.all_go().await?;
    Ok(world.trace.hash)
}

fn so_far(world: &mut World) -> Result<(), Wrong> {
    world.look_for_panics();
    match world.wrong.take() {
        Some(wrong) => Err(wrong),
        None => shows_only_what_is_there(world),
    }
}

/// Three people in a room for everyone, one for who wants, and one in which nobody reads what was said before they came.
fn furnished() -> Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(furnish).clone()
}

fn furnish() -> Tables {
    let (mut tables, at) = (Tables::default(), UnixMs(0));
    let actors: Vec<Actor> =
        (1..=4).map(|user| Actor { user: tables.sign_up(person(user), at).0, is_owner: false }).collect();
    let mut number = 0;
    let mut id = || {
        number += 1;
        protocol::ClientId(uuid::Uuid::from_u128(number))
    };
    for (name, visibility, history) in
        [("garden", Visibility::Public, History::Everything), ("den", Visibility::Private, History::SinceJoining)]
    {
        let create = CreateRoom { client_id: id(), name: name.to_owned(), visibility, history };
        tables.run(&actors[0], Command::CreateRoom(create), at);
    }
    for actor in &actors[1..3] {
        tables.run(actor, Command::JoinRoom(JoinRoom { client_id: id(), room: RoomId(2) }), at);
    }
    let add = AddMember { client_id: id(), room: RoomId(3), username: person(2) };
    tables.run(&actors[0], Command::AddMember(add), at);
    tables
}

/// Tells a story on a thread whose clock goes on when all wait.
fn told(seed: u64, deeds: &[(usize, Deed, u64)], telling: Telling) -> Result<u64, Wrong> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(tell(seed, deeds, telling))));
    outcome.unwrap_or_else(|_| Err("something panicked".to_owned()))
}

/// Tells the story of a seed; where it goes wrong, with as few of its deeds as it takes.
fn holds(seed: u64, telling: Telling) {
    let mut story = story(seed);
    if telling.is_printed {
        story.truncate(number_of("SIM_DEEDS").map_or(story.len(), |count| usize::try_from(count).unwrap()));
    }
    let Err(wrong) = told(seed, &story, telling) else { return };
    let (count, wrong) = shortened(seed, &story, wrong);
    let deeds: Vec<String> = story[..count].iter().map(|(who, deed, ms)| format!("{who} {deed:?}, {ms} ms")).collect();
    panic!(
        "seed {seed}: {wrong}\nafter the first {count} deeds:\n  {}\nSIM_SEED={seed} SIM_DEEDS={count} tells it again",
        deeds.join("\n  ")
    );
}

fn shortened(seed: u64, story: &Story, wrong: Wrong) -> (usize, Wrong) {
    let mut prefixes = 0..story.len();
    let shorter = prefixes.find_map(|count| told(seed, &story[..count], ALL_THERE).err().map(|wrong| (count, wrong)));
    shorter.unwrap_or((story.len(), wrong))
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|number| number.parse().ok())
}

/// Stories of which every second one is told: by this test, or by the other.
fn stories(half: u64) {
    if let Some(seed) = number_of("SIM_SEED") {
        return if seed % 2 == half {
            holds(seed, Telling { is_printed: true, ..ALL_THERE })
        };
    }
    // Other ones for who asks for many; the suite's own are the same in each run, so that it says the same.
    let (first, count) = match number_of("SIM_SEEDS") {
        Some(count) => (RandomState::new().build_hasher().finish() >> 16, count / 2),
        None => (0, STORIES),
    };
    for number in 0..count {
        holds((first + number) * 2 + half, ALL_THERE);
    }
}

#[test]
fn whatever_happens_everyone_sees_the_same_in_the_end() {
    stories(0);
}

/// The same with other stories, on another core.
#[test]
fn whatever_else_happens_everyone_sees_the_same_in_the_end() {
    stories(1);
}

#[test]
fn what_has_gone_wrong_once_does_not_again() {
    for seed in REMEMBERED {
        holds(seed, ALL_THERE);
    }
}

#[cfg(feature = "failpoints")]
#[test]
fn a_seed_tells_the_same_story_each_time() {
    let tell = |seed| told(seed, &story(seed), ALL_THERE).unwrap();

    let (once, again) = ((1..=6).map(tell).collect::<Vec<_>>(), (1..=6).map(tell).collect::<Vec<_>>());

    assert_eq!(once, again);
    assert!(once.is_sorted_by(|one, other| one != other), "and another one tells another: {once:?}");
}
