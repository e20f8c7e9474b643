//! What people do in the world, and what befalls it: drawn from the seed.

use client::{At, Input, Intent};
use fastrand::Rng;
use protocol::{
    Body, Command, EntryKind, RoomId, Seq,
    members::{AddMember, JoinRoom, LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage},
    mute::MuteRoom,
    reactions::{AddReaction, RemoveReaction},
    rooms::{CreateRoom, History, RenameRoom, Visibility},
};

use super::world::{World, person};

/// Deeds of a story at most.
const DEEDS_MAX: usize = 60;
/// Rooms that there are at most: what is drawn about others is refused.
const ROOMS_MAX: u64 = 4;

/// Something that somebody does, or that befalls them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Post {
        room: RoomId,
        names: u64,
    },
    Burst {
        room: RoomId,
        count: u64,
    },
    /// A text that no ring has room for.
    Shout {
        room: RoomId,
    },
    Answer {
        room: RoomId,
        which: usize,
    },
    React {
        room: RoomId,
        which: usize,
        adds: bool,
    },
    Edit {
        room: RoomId,
        which: usize,
    },
    Delete {
        room: RoomId,
        which: usize,
    },
    Create,
    Rename {
        room: RoomId,
    },
    Mute {
        room: RoomId,
        muted: bool,
    },
    Join {
        room: RoomId,
    },
    Leave {
        room: RoomId,
    },
    Add {
        room: RoomId,
        user: u64,
    },
    Remove {
        room: RoomId,
        user: u64,
    },
    Open {
        room: RoomId,
        at: usize,
    },
    Close {
        room: RoomId,
    },
    LoadOlder {
        room: RoomId,
    },
    LoadNewer {
        room: RoomId,
    },
    Read {
        room: RoomId,
        back: usize,
    },
    MarkUnread {
        room: RoomId,
        back: usize,
    },
    Cut,
    GoSilent,
    GoSlow,
    Reload,
    Sleep {
        ms: u64,
    },
    Wake,
    Crash {
        node: usize,
        is_silent: bool,
        down_ms: u64,
    },
    Restart {
        node: usize,
    },
    Isolate {
        node: usize,
        ms: u64,
    },
    SetClock {
        days: i64,
    },
}

/// Who does what, and how long after that the next thing happens, in milliseconds.
pub(crate) type Story = Vec<(usize, Deed, u64)>;

/// The story of a seed.
pub(crate) fn story(seed: u64) -> Story {
    let mut rng = Rng::with_seed(seed);
    let count = rng.usize(1..=DEEDS_MAX);
    let pause = |rng: &mut Rng| match rng.u32(0..7) {
        0..3 => rng.u64(0..50),
        3..6 => rng.u64(50..800),
        _ => rng.u64(800..5_000),
    };
    (0..count).map(|_| (rng.usize(0..4), deed(&mut rng), pause(&mut rng))).collect()
}

fn deed(rng: &mut Rng) -> Deed {
    let (room, user) = (RoomId(rng.u64(1..=ROOMS_MAX)), rng.u64(1..5));
    let (which, back, node) = (rng.usize(0..64), rng.usize(0..4), rng.usize(0..8));
    match rng.u32(0..72) {
        0..14 => Deed::Post { room, names: rng.u64(0..7) },
        14..16 => Deed::Burst { room, count: rng.u64(5..30) },
        16 => Deed::Shout { room },
        17..20 => Deed::Answer { room, which },
        20..24 => Deed::React { room, which, adds: rng.bool() },
        24..27 => Deed::Edit { room, which },
        27..30 => Deed::Delete { room, which },
        30 => Deed::Create,
        31 => Deed::Rename { room },
        32 => Deed::Mute { room, muted: rng.bool() },
        33..35 => Deed::Join { room },
        35 => Deed::Leave { room },
        36..38 => Deed::Add { room, user },
        38..40 => Deed::Remove { room, user },
        40..46 => Deed::Open { room, at: rng.usize(0..64) },
        46 => Deed::Close { room },
        47..49 => Deed::LoadOlder { room },
        49..51 => Deed::LoadNewer { room },
        51..54 => Deed::Read { room, back },
        54 => Deed::MarkUnread { room, back },
        55..58 => Deed::Cut,
        58 => Deed::GoSilent,
        59..61 => Deed::GoSlow,
        61..64 => Deed::Reload,
        64 => Deed::Sleep { ms: rng.u64(1_000..120_000) },
        65 => Deed::Wake,
        66..68 => Deed::Crash { node, is_silent: rng.bool(), down_ms: rng.u64(0..4_000) },
        68 => Deed::Restart { node },
        69..71 => Deed::Isolate { node, ms: rng.u64(100..8_000) },
        _ => Deed::SetClock { days: rng.i64(-1..=1) },
    }
}

/// Lets it happen.
pub(crate) fn act(world: &mut World, index: usize, deed: Deed) {
    let client_id = world.client_id();
    match deed {
        Deed::Post { room, names } => {
            // Somebody, everybody, or nobody.
            let text = match names {
                0 => format!("{client_id} @room"),
                1..5 => format!("{client_id} @user{names}"),
                _ => format!("{client_id}"),
            };
            wish(world, index, Command::PostMessage(PostMessage::new(client_id, room, text)));
        }
        Deed::Burst { room, count } => {
            for _ in 0..count {
                let id = world.client_id();
                wish(world, index, Command::PostMessage(PostMessage::new(id, room, format!("**{id}** and more"))));
            }
        }
        Deed::Shout { room } => {
            let text = format!("{client_id} {}", "loud ".repeat(800));
            wish(world, index, Command::PostMessage(PostMessage::new(client_id, room, text)));
        }
        Deed::Answer { room, which } => {
            let reply_to = message(world, room, which);
            let post = PostMessage::new(client_id, room, format!("{client_id}"));
            wish(world, index, Command::PostMessage(PostMessage { reply_to, ..post }));
        }
        Deed::React { room, which, adds } => {
            let Some(message) = message(world, room, which) else { return };
            let emoji = ["\u{1f44d}", "\u{1f389}"][which % 2].to_owned();
            let command = if adds {
                Command::AddReaction(AddReaction { client_id, room, message, emoji })
            } else {
                Command::RemoveReaction(RemoveReaction { client_id, room, message, emoji })
            };
            wish(world, index, command);
        }
        Deed::Edit { room, which } => {
            let Some(message) = message(world, room, which) else { return };
            let text = format!("edited {client_id}");
            wish(world, index, Command::EditMessage(EditMessage { client_id, room, message, text }));
        }
        Deed::Delete { room, which } => {
            let Some(message) = message(world, room, which) else { return };
            wish(world, index, Command::DeleteMessage(DeleteMessage { client_id, room, message }));
        }
        Deed::Create if (world.tables().rooms.len() as u64) < ROOMS_MAX => {
            let (visibility, history) = (Visibility::Private, History::Everything);
            let name = format!("room of {index}");
            wish(world, index, Command::CreateRoom(CreateRoom { client_id, name, visibility, history }));
        }
        Deed::Create => {}
        Deed::Rename { room } => {
            let name = format!("renamed {}", world.now_ms);
            wish(world, index, Command::RenameRoom(RenameRoom { client_id, room, name }));
        }
        Deed::Mute { room, muted } => wish(world, index, Command::MuteRoom(MuteRoom { client_id, room, muted })),
        Deed::Join { room } => wish(world, index, Command::JoinRoom(JoinRoom { client_id, room })),
        Deed::Leave { room } => wish(world, index, Command::LeaveRoom(LeaveRoom { client_id, room })),
        Deed::Add { room, user } => {
            wish(world, index, Command::AddMember(AddMember { client_id, room, username: person(user) }));
        }
        Deed::Remove { room, user } => {
            wish(world, index, Command::RemoveMember(RemoveMember { client_id, room, username: person(user) }));
        }
        Deed::Open { .. }
        | Deed::Close { .. }
        | Deed::LoadOlder { .. }
        | Deed::LoadNewer { .. }
        | Deed::Read { .. }
        | Deed::MarkUnread { .. } => look(world, index, deed),
        Deed::Cut => world.cut(index),
        Deed::GoSilent => world.go_silent(index),
        Deed::GoSlow => world.go_slow(index),
        Deed::Reload => world.reload(index),
        Deed::Sleep { ms } => world.sleep(index, ms),
        Deed::Wake => world.give(index, Input::Wake),
        Deed::Crash { node, is_silent, down_ms } => world.crash(node, is_silent, down_ms),
        Deed::Restart { node } => world.restart(node),
        Deed::Isolate { node, ms } => world.isolate(node, ms),
        Deed::SetClock { days } => world.set_clock(days),
    }
}

fn wish(world: &mut World, index: usize, command: Command) {
    world.give(index, Input::Intent(Intent::Do(command)));
}

/// What changes nothing but what one's own device shows.
fn look(world: &mut World, index: usize, deed: Deed) {
    let intent = match deed {
        Deed::Open { room, at } => {
            let seq = Seq(1 + (at % 20) as u64);
            if !world.devices[index].shown.contains(&room) {
                world.devices[index].shown.push(room);
            }
            Some(Intent::Open { room, at: [At::Unread, At::End, At::Line(seq)][at % 3] })
        }
        Deed::Close { room } => {
            world.devices[index].shown.retain(|shown| *shown != room);
            Some(Intent::Close(room))
        }
        Deed::LoadOlder { room } => Some(Intent::LoadOlder(room)),
        Deed::LoadNewer { room } => Some(Intent::LoadNewer(room)),
        Deed::Read { room, back } => line(world, index, room, back).map(|up_to| Intent::Read { room, up_to }),
        Deed::MarkUnread { room, back } => line(world, index, room, back).map(|from| Intent::MarkUnread { room, from }),
        _ => None,
    };
    if let Some(intent) = intent {
        world.give(index, Input::Intent(intent));
    }
}

/// One of the last messages of a room, whoever wrote it.
fn message(world: &World, room: RoomId, which: usize) -> Option<Seq> {
    let tables = world.tables();
    let lines = tables.rooms.get(&room)?.room.timeline().entries().rev().take(8);
    let is_text = |kind: &EntryKind| matches!(kind, EntryKind::Message { body: Body::Text { .. }, .. });
    let messages: Vec<Seq> = lines.filter(|line| is_text(&line.kind)).map(|line| line.seq).collect();
    messages.get(which % messages.len().max(1)).copied()
}

fn line(world: &World, index: usize, room: RoomId, back: usize) -> Option<Seq> {
    let view = world.devices[index].engine.room(room)?;
    view.lines.iter().rev().filter_map(|line| line.seq).nth(back)
}
