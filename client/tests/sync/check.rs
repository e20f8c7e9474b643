//! What has to hold, at any moment and in the end.

use std::collections::BTreeSet;

use client::{Content, Key, Line, RoomState, RoomView, Status};
use protocol::{Body, ClientId, Command, Entry, EntryKind, Event, Record, RoomId, StreamId, UserId};

use crate::{
    device::Device,
    tables::{Tables, Verdict},
    world::World,
};

/// What is wrong, in words.
pub(crate) type Wrong = String;

macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

/// Holds at any moment: what is shown as stored is in the log, nothing is shown twice, one's own posts that wait
/// were really written.
pub(crate) fn shows_only_what_is_there(world: &World) -> Result<(), Wrong> {
    for (index, device) in world.devices.iter().enumerate() {
        for room in &device.shown {
            let Some(view) = device.engine.room(*room) else { continue };
            let keys: BTreeSet<Key> = view.lines.iter().map(|line| line.key).collect();
            ensure!(keys.len() == view.lines.len(), "device {index} shows a line of room {room} twice");
            let numbers: Vec<_> = view.lines.iter().filter_map(|line| line.seq).collect();
            ensure!(numbers.is_sorted(), "device {index} shows room {room} out of order");
            for line in &view.lines {
                match line.seq {
                    Some(_) => is_in_the_log(&world.server.tables, *room, line)
                        .map_err(|wrong| format!("device {index}, room {room}: {wrong}"))?,
                    None => {
                        let Key::Own(id) = line.key else { return Err(format!("{line:?} is nobody's")) };
                        let wrote = device.journal.iter().any(|wanted| wanted.client_id == id);
                        ensure!(wrote, "device {index} shows {line:?}, which nobody wrote");
                    }
                }
            }
        }
    }
    Ok(())
}

fn is_in_the_log(tables: &Tables, room: RoomId, line: &Line) -> Result<(), Wrong> {
    let log = &tables.logs[&StreamId::Room(room)];
    let seq = line.seq.unwrap();
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
    for (index, device) in world.devices.iter().enumerate() {
        ensure!(device.is_online(), "device {index} is not online");
        every_wish_was_decided_once(world, device).map_err(|wrong| format!("device {index}: {wrong}"))?;
        posts_are_in_the_order_of_intention(world, device).map_err(|wrong| format!("device {index}: {wrong}"))?;
        the_list_is_right(world, device).map_err(|wrong| format!("device {index}: {wrong}"))?;
        for room in &device.shown {
            let view = device.engine.room(*room).ok_or(format!("device {index} does not show room {room}"))?;
            the_room_is_right(world, device, *room, &view).map_err(|wrong| format!("device {index}: {wrong}"))?;
        }
    }
    Ok(())
}

fn events_of(world: &World, author: UserId, id: ClientId) -> Vec<&Record> {
    let records = world.server.tables.logs.values().flatten();
    records.filter(|record| record.actor.id == author && record.client_id == Some(id)).collect()
}

fn every_wish_was_decided_once(world: &World, device: &Device) -> Result<(), Wrong> {
    for wanted in &device.journal {
        let id = wanted.client_id;
        let events = events_of(world, device.user.id, id);
        ensure!(events.len() <= 1, "{:?} is in the log {} times", wanted.command, events.len());
        let verdict = world.server.tables.verdicts.get(&(device.user.id, id));
        match verdict {
            Some(Verdict::Done(protocol::Done::Appended { .. })) => {
                ensure!(events.len() == 1, "{:?} was acknowledged and is not in the log", wanted.command);
                ensure!(!device.stored.contains_key(&id), "{:?} is done and still in the outbox", wanted.command);
            }
            Some(Verdict::Done(protocol::Done::Unchanged)) => {}
            Some(Verdict::Refused(code)) => {
                let is_message = matches!(
                    wanted.command,
                    Command::PostMessage(_) | Command::EditMessage(_) | Command::DeleteMessage(_)
                );
                let kept = device.stored.get(&id).and_then(|entry| entry.refused.as_ref());
                ensure!(!is_message || kept.is_some(), "{:?} was refused ({code:?}) and is gone", wanted.command);
            }
            None => {
                return Err(format!("{:?} was never decided: {:?}", wanted.command, wanted.answer));
            }
        }
    }
    let waiting = device.stored.values().filter(|entry| entry.refused.is_none()).count();
    ensure!(waiting == 0, "{waiting} commands are still waiting to be sent");
    ensure!(device.engine.unsent() == device.stored.len(), "the engine's outbox is not the stored one");
    Ok(())
}

fn posts_are_in_the_order_of_intention(world: &World, device: &Device) -> Result<(), Wrong> {
    let rooms: BTreeSet<RoomId> = device.journal.iter().filter_map(|wanted| wanted.command.room()).collect();
    for room in rooms {
        let posts = device
            .journal
            .iter()
            .filter(|wanted| wanted.command.room() == Some(room) && matches!(wanted.command, Command::PostMessage(_)));
        let places =
            posts.flat_map(|wanted| events_of(world, device.user.id, wanted.client_id)).map(|record| record.seq);
        ensure!(places.is_sorted(), "posts in room {room} are not in the order in which they were written");
    }
    Ok(())
}

fn the_list_is_right(world: &World, device: &Device) -> Result<(), Wrong> {
    let tables = &world.server.tables;
    let user = device.user.id;
    let there = tables.inbox(user).rooms;
    let shown = device.engine.rooms();
    ensure!(shown.len() == there.len(), "the list has {} rooms instead of {}", shown.len(), there.len());
    for (shown, there) in shown.iter().zip(&there) {
        let room = there.room.id;
        ensure!(shown.room == there.room, "the list shows {:?} instead of {:?}", shown.room, there.room);
        ensure!(shown.cursor == there.cursor, "room {room} is read to {:?}, not {:?}", there.cursor, shown.cursor);
        ensure!(shown.since == there.since, "room {room} was joined at {:?}, not {:?}", there.since, shown.since);
        ensure!(shown.unread == there.unread, "room {room} shows {} unread, not {}", shown.unread, there.unread);
        ensure!(
            shown.mentions == there.mentions,
            "room {room} shows {} mentions, not {}",
            shown.mentions,
            there.mentions
        );
    }
    Ok(())
}

fn the_room_is_right(world: &World, device: &Device, id: RoomId, view: &RoomView) -> Result<(), Wrong> {
    let tables = &world.server.tables;
    if !tables.is_member(device.user.id, id) {
        ensure!(matches!(view.state, RoomState::Gone(_)), "room {id} is shown to someone who is not in it");
        return Ok(());
    }
    ensure!(view.state == RoomState::Open, "room {id} is {:?}", view.state);
    ensure!(view.is_live, "room {id} is not followed");
    let there = &tables.rooms[&id];
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
    let left = view.lines.iter().filter(|line| line.seq.is_none());
    for line in left {
        ensure!(matches!(line.status, Status::Refused(_)), "{line:?} still waits");
    }
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
