//! Which room is next to which: for going from one to another by keys, and for finding one by a few letters.

use protocol::{RoomId, sorted};

use crate::{platform, rooms::RoomItem};

/// A way through the list of rooms; its ends meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Towards the end of the list.
    pub(crate) is_forward: bool,
    /// Only to rooms with something unread that is not muted.
    pub(crate) is_to_unread: bool,
}

/// The room that a step leads to.
pub(crate) fn neighbour(rooms: &[RoomItem], here: Option<RoomId>, step: Step) -> Option<&RoomItem> {
    let place = here.and_then(|here| rooms.iter().position(|room| room.id == here));
    // From nowhere, the first step is to one of the ends.
    let (before, after) = match place {
        Some(place) => (&rooms[..place], &rooms[place + 1..]),
        None => (&rooms[..0], rooms),
    };
    let fits = |room: &&RoomItem| !step.is_to_unread || room.is_waiting();
    if step.is_forward {
        after.iter().chain(before).find(fits)
    } else {
        before.iter().rev().chain(after.iter().rev()).find(fits)
    }
}

/// The rooms that a few letters mean, best first: those that fit better, then those with something unread, then
/// those where one was last. Where one is comes last, for nobody wants to go there.
pub(crate) fn ranked(rooms: &[RoomItem], typed: &str, recent: &[RoomId], here: Option<RoomId>) -> Vec<RoomItem> {
    let wanted: Vec<char> = platform::lower_case(typed.trim()).chars().collect();
    let found = rooms.iter().enumerate().filter_map(|(index, room)| {
        let misfit = misfit(&room.name, &wanted)?;
        let visited = recent.iter().position(|id| *id == room.id).unwrap_or(recent.len());
        Some(((misfit, Some(room.id) == here, !room.is_waiting(), visited, room.muted, index), room.clone()))
    });
    sorted(found).into_iter().map(|(_, room)| room).collect()
}

/// How badly letters fit a name, 0 being best; nothing where the name does not have them in this order.
///
/// Letters may be left out, which costs 1 each between two that were typed; a part of the name is best begun where
/// a word begins.
fn misfit(name: &str, wanted: &[char]) -> Option<u32> {
    let name: Vec<char> = platform::lower_case(name).chars().collect();
    let Some(first) = wanted.first() else { return Some(0) };
    let starts = name.iter().enumerate().filter(|(_, c)| *c == first).map(|(start, _)| start);
    starts.filter_map(|start| misfit_from(&name, start, wanted)).min()
}

fn misfit_from(name: &[char], start: usize, wanted: &[char]) -> Option<u32> {
    let begins_word = start == 0 || !name[start - 1].is_alphanumeric();
    let mut left_out = if start == 0 { 0 } else { 1 + u32::from(!begins_word) * 2 };
    let mut place = start;
    for letter in wanted {
        let skipped = name.get(place..)?.iter().position(|c| c == letter)?;
        left_out += u32::try_from(skipped).unwrap_or(u32::MAX);
        place += skipped + 1;
    }
    Some(left_out)
}

#[cfg(test)]
mod tests {
    use protocol::rooms::Visibility;

    use super::*;

    fn room(id: u64, name: &str, unread: u32, muted: bool) -> RoomItem {
        RoomItem {
            id: RoomId(id),
            name: name.to_owned(),
            visibility: Visibility::Public,
            unread,
            mentions: 0,
            muted,
            is_new: false,
        }
    }

    fn house() -> Vec<RoomItem> {
        vec![
            room(1, "general", 0, false),
            room(2, "garden", 4, true),
            room(3, "kitchen", 1, false),
            room(4, "attic", 0, false),
        ]
    }

    fn after(here: Option<u64>, is_forward: bool, is_to_unread: bool) -> Option<u64> {
        let step = Step { is_forward, is_to_unread };
        neighbour(&house(), here.map(RoomId), step).map(|room| room.id.0)
    }

    fn names(typed: &str, recent: &[u64], here: u64) -> Vec<String> {
        let recent: Vec<RoomId> = recent.iter().copied().map(RoomId).collect();
        ranked(&house(), typed, &recent, Some(RoomId(here))).into_iter().map(|room| room.name).collect()
    }

    #[test]
    fn the_next_and_the_previous_room_go_around_the_list() {
        assert_eq!((after(Some(1), true, false), after(Some(4), true, false)), (Some(2), Some(1)));
        assert_eq!((after(Some(2), false, false), after(Some(1), false, false)), (Some(1), Some(4)));
        assert_eq!((after(None, true, false), after(None, false, false)), (Some(1), Some(4)));
        assert_eq!(neighbour(&[], None, Step { is_forward: true, is_to_unread: false }), None);
    }

    #[test]
    fn the_next_unread_room_is_one_that_is_not_muted_and_not_this_one() {
        assert_eq!((after(Some(1), true, true), after(Some(4), true, true)), (Some(3), Some(3)));
        assert_eq!((after(Some(1), false, true), after(Some(3), true, true)), (Some(3), None));
    }

    #[test]
    fn nothing_typed_shows_unread_rooms_then_recent_ones_and_this_one_last() {
        assert_eq!(names("", &[4, 1], 1), ["kitchen", "attic", "garden", "general"]);
        assert_eq!(names("", &[], 4), ["kitchen", "general", "garden", "attic"]);
    }

    #[test]
    fn letters_find_the_names_that_have_them_in_this_order() {
        assert_eq!(names("g", &[], 4), ["general", "garden"]);
        assert_eq!(names("GDN", &[], 4), ["garden"]);
        assert_eq!(names("en", &[], 4), ["kitchen", "general", "garden"]);
        assert_eq!(names("itch", &[], 4), ["kitchen"]);
        assert_eq!(names("tk", &[], 4), [""; 0]);
    }
}
