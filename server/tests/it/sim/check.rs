//! What has to hold of what is shown: at any moment, and in the end.

use std::{collections::BTreeSet, sync::Arc};

use client::{Content, Key, Line, RoomState, RoomView, Status};
use protocol::{Body, ClientId, Command, Done, Entry, EntryKind, Event, Record, RoomId, StreamId, UserId};

use super::{
    device::{Device, Wanted},
    tables::Tables,
    wire::Wrong,
    world::World,
};

macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

/// Holds at any moment: what is shown as stored is on disk, nothing is shown twice, one's own posts that wait were
/// really written.
pub(crate) fn shows_only_what_is_there(world: &World) -> Result<(), Wrong> {
    let tables = world.tables();
    for (index, device) in world.devices.iter().enumerate() {
        for room in &device.shown {
            let Some(view) = device.engine.room(*room) else { continue };
            let keys: BTreeSet<Key> = view.lines.iter().map(|line| line.key).collect();
            ensure!(keys.len() == view.lines.len(), "device {index} shows a line of room {room} twice");
            let numbers: Vec<_> = view.lines.iter().filter_map(|line| line.seq).collect();
            ensure!(numbers.is_sorted(), "device {index} shows room {room} out of order");
            for line in &view.lines {
                is_there(&tables, device, *room, line)
                    .map_err(|wrong| format!("device {index}, room {room}: {wrong}"))?;
            }
        }
    }
    Ok(())
}

fn is_there(tables: &Tables, device: &Device, room: RoomId, line: &Line) -> Result<(), Wrong> {
    let Some(seq) = line.seq else {
        let Key::Own(id) = line.key else { return Err(format!("{line:?} is nobody's")) };
        ensure!(device.journal.iter().any(|wanted| wanted.client_id == id), "{line:?} was written by nobody");
        return Ok(());
    };
    let log = tables.log(StreamId::Room(room));
    let record = log.iter().find(|record| record.seq == seq).ok_or(format!("{line:?} is not in the log"))?;
    ensure!(record.actor == line.actor && record.at == line.at, "{line:?} is not {record:?}");
    let is_same = match (&line.content, &record.event) {
        (Content::Notice(notice), event) => notice == event,
        (Content::Message(_), Event::MessagePosted(_)) => true,
        (Content::Message(_), _) => false,
    };
    ensure!(is_same, "{line:?} is not what {record:?} says");
    Ok(())
}

/// Holds when all is quiet.
pub(crate) fn all_is_well(world: &World) -> Result<(), Wrong> {
    shows_only_what_is_there(world)?;
    let tables = world.tables();
    for (stream, log) in &tables.logs {
        let numbers = log.iter().map(|record| record.seq.0);
        ensure!(numbers.eq(1..=log.len() as u64), "{stream} has holes");
    }
    for (index, device) in world.devices.iter().enumerate() {
        of(&tables, device, world.is_shared()).map_err(|wrong| format!("device {index}: {wrong}"))?;
    }
    Ok(())
}

fn of(tables: &Tables, device: &Device, is_shared: bool) -> Result<(), Wrong> {
    ensure!(device.is_online(), "it is not online");
    for wanted in &device.journal {
        was_decided_once(tables, device, wanted)?;
    }
    let waiting = device.stored.values().filter(|entry| entry.refused.is_none()).count();
    ensure!(waiting == 0, "{waiting} commands are still waiting to be sent");
    ensure!(device.engine.unsent() == device.stored.len(), "the engine's outbox is not the stored one");
    posts_are_in_the_order_of_intention(tables, device)?;
    the_list_is_right(tables, device, is_shared)?;
    for room in &device.shown {
        let view = device.engine.room(*room).ok_or(format!("room {room} is not shown"))?;
        the_room_is_right(tables, device, *room, &view)?;
    }
    Ok(())
}

fn events_of(tables: &Tables, author: UserId, id: ClientId) -> Vec<&Arc<Record>> {
    let records = tables.logs.values().flat_map(|log| log.iter());
    records.filter(|record| record.actor.id == author && record.client_id == Some(id)).collect()
}

fn was_decided_once(tables: &Tables, device: &Device, wanted: &Wanted) -> Result<(), Wrong> {
    let (id, command) = (wanted.client_id, &wanted.command);
    let events = events_of(tables, device.user.id, id);
    ensure!(events.len() <= 1, "{command:?} is in the log {} times", events.len());
    match &wanted.answer {
        Some(Ok(Done::Appended { stream, seq, .. })) => {
            let is_it = events.first().is_some_and(|record| (record.stream, record.seq) == (*stream, *seq));
            ensure!(is_it, "{command:?} was acknowledged as {seq} of {stream}, and in the log is {events:?}");
            ensure!(!device.stored.contains_key(&id), "{command:?} is done and still in the outbox");
        }
        Some(Ok(Done::Unchanged)) => ensure!(events.is_empty(), "{command:?} changed nothing, and is in the log"),
        Some(Err(error)) => {
            let is_message =
                matches!(command, Command::PostMessage(_) | Command::EditMessage(_) | Command::DeleteMessage(_));
            let is_kept = device.stored.get(&id).is_some_and(|entry| entry.refused.is_some());
            ensure!(!is_message || is_kept, "{command:?} was refused ({error:?}) and is gone");
            ensure!(events.is_empty(), "{command:?} was refused ({error:?}) and is in the log");
        }
        None => return Err(format!("{command:?} was never decided")),
    }
    Ok(())
}

fn posts_are_in_the_order_of_intention(tables: &Tables, device: &Device) -> Result<(), Wrong> {
    let rooms: BTreeSet<RoomId> = device.journal.iter().filter_map(|wanted| wanted.command.room()).collect();
    for room in rooms {
        let posts = device
            .journal
            .iter()
            .filter(|wanted| wanted.command.room() == Some(room) && matches!(wanted.command, Command::PostMessage(_)));
        let places =
            posts.flat_map(|wanted| events_of(tables, device.user.id, wanted.client_id)).map(|record| record.seq);
        ensure!(places.is_sorted(), "posts in room {room} are not in the order in which they were written");
    }
    Ok(())
}

fn the_list_is_right(tables: &Tables, device: &Device, is_shared: bool) -> Result<(), Wrong> {
    let there = tables.inbox(device.user.id).rooms;
    let shown = device.engine.rooms();
    ensure!(shown.len() == there.len(), "the list has {} rooms instead of {}", shown.len(), there.len());
    for (shown, there) in shown.iter().zip(&there) {
        let room = there.room.id;
        ensure!(shown.room == there.room, "the list shows {:?} instead of {:?}", shown.room, there.room);
        // That a cursor moved on another device is told once, and the bus may lose it; but it never moves back, and what
        // is unread is counted from where it is shown to be.
        let is_known = shown.cursor == there.cursor || is_shared && there.cursor.merge(shown.cursor) == there.cursor;
        ensure!(is_known, "room {room} is read to {:?}, not {:?}", there.cursor, shown.cursor);
        let there = tables.counted(device.user.id, room, shown.cursor).ok_or("a room that is not theirs")?;
        ensure!(shown.since == there.since, "room {room} was joined at {:?}, not {:?}", there.since, shown.since);
        ensure!(shown.unread == there.unread, "room {room} shows {} unread, not {}", shown.unread, there.unread);
        ensure!(
            shown.mentions == there.mentions,
            "room {room} shows {} mentions, not {}",
            shown.mentions,
            there.mentions
        );
        // Of rooms that it does not follow, too: that is what heads are for.
        ensure!(shown.head == there.head, "room {room} is said to end at {:?}, not {:?}", shown.head, there.head);
        ensure!(shown.muted == there.muted, "room {room} is listed as muted: {}", shown.muted);
    }
    Ok(())
}

fn the_room_is_right(tables: &Tables, device: &Device, id: RoomId, view: &RoomView) -> Result<(), Wrong> {
    let Some(kept) = tables.room_of(device.user.id, id) else {
        ensure!(matches!(view.state, RoomState::Gone(_)), "room {id} is shown to someone who is not in it");
        return Ok(());
    };
    ensure!(view.state == RoomState::Open, "room {id} is {:?}", view.state);
    ensure!(view.is_live, "room {id} is not followed");
    let there = &kept.room;
    ensure!(view.info.as_ref() == Some(there.info()), "room {id} is described as {:?}", view.info);
    ensure!(view.members.iter().eq(there.members()), "room {id} shows the wrong members");
    ensure!(view.member_count as usize == view.members.len(), "room {id} miscounts its members");
    let stored: Vec<&Line> = view.lines.iter().filter(|line| line.seq.is_some()).collect();
    let (Some(first), Some(last)) = (stored.first().and_then(|line| line.seq), stored.last().and_then(|line| line.seq))
    else {
        return Err(format!("room {id} shows nothing"));
    };
    let lines: Vec<&Entry> = there.timeline().entries().filter(|e| e.seq >= first && e.seq <= last).collect();
    ensure!(lines.len() == stored.len(), "room {id} shows {} of {} lines", stored.len(), lines.len());
    for (shown, there) in stored.iter().zip(lines) {
        ensure!(is_same(shown, there), "room {id} shows {shown:?} instead of {there:?}");
    }
    let end = there.timeline().entries().next_back().map(|line| line.seq);
    ensure!(!view.at_end || Some(last) == end, "room {id} is shown to its end, and that is not the end");
    let mut left = view.lines.iter().filter(|line| line.seq.is_none());
    let waits = left.find(|line| !matches!(line.status, Status::Refused(_)));
    ensure!(waits.is_none(), "{waits:?} still waits");
    Ok(())
}

fn is_same(shown: &Line, there: &Entry) -> bool {
    match (&shown.content, &there.kind) {
        // A refused change leaves the line as it is; there are no others left.
        (
            Content::Message(Body::Text { text, mentions, .. }),
            EntryKind::Message { body: Body::Text { text: other, mentions: named, .. }, quote, reactions, .. },
        ) => (text, mentions, &shown.quote, &shown.reactions) == (other, named, quote, reactions),
        (Content::Message(Body::Deleted), EntryKind::Message { body: Body::Deleted, .. }) => {
            shown.quote.is_none() && shown.reactions.is_empty()
        }
        (Content::Notice(notice), EntryKind::Notice { notice: other }) => notice == other,
        (Content::Message(_), _) | (Content::Notice(_), _) => false,
    }
}
