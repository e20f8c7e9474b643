//! What somebody is shown at the end – their rooms, and the list of them – and what the server tells them, against the logs.

use std::collections::BTreeMap;

use client::RoomView;
use protocol::{Room, RoomId, RoomSummary, UserId};

use super::{disk, room};

/// What somebody was shown at the end.
#[derive(Debug)]
pub struct Shown {
    /// How they are called in what is printed.
    pub who: String,
    /// Who they are.
    pub user: UserId,
    /// The rooms that are open and shown to their end.
    pub views: Vec<(RoomId, RoomView)>,
    /// Their list of rooms.
    pub list: Vec<RoomSummary>,
    /// What the server tells them of their rooms at the same moment.
    pub told: Vec<RoomSummary>,
}

impl Shown {
    /// Where that is not what the logs of all rooms say. They are shown each room that they are in, and no other one: open,
    /// in their list, and in what they are told.
    #[must_use]
    pub fn differences(&self, rooms: &[Room]) -> Vec<String> {
        let Self { who, user, views, list, told } = self;
        let is_theirs = |room: &&Room| room.members().any(|member| member.user.id == *user);
        let theirs: BTreeMap<RoomId, &Room> =
            rooms.iter().filter(is_theirs).map(|room| (room.info().id, room)).collect();
        let mut wrong = Vec::new();
        let seen: [(&str, Vec<RoomId>); 3] = [
            ("is shown the rooms", views.iter().map(|(room, _)| *room).collect()),
            ("has a list of the rooms", list.iter().map(|summary| summary.room.id).collect()),
            ("is told of the rooms", told.iter().map(|summary| summary.room.id).collect()),
        ];
        for (how, mut seen) in seen {
            seen.sort_unstable();
            if !seen.iter().eq(theirs.keys()) {
                wrong.push(format!("{who} {how} {seen:?} and is in {:?}", theirs.keys()));
            }
        }
        for (number, view) in views {
            let difference = theirs.get(number).and_then(|room| room::difference(room, view, *user));
            wrong.extend(difference.map(|what| format!("{who}, room {number}: {what}")));
        }
        if list != told {
            wrong.push(format!("{who} is shown {list:?} and told {told:?}"));
        }
        for summary in list {
            let miscounted = theirs.get(&summary.room.id).and_then(|room| disk::miscounted(room, summary, *user));
            wrong.extend(miscounted.map(|what| format!("{who}: {what}")));
        }
        wrong
    }
}

#[cfg(test)]
mod tests;
