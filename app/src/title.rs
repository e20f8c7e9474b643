//! The title of the page: what is open, and how much is unread. The tab shows it, and the icon says it too.

use leptos::prelude::*;
use protocol::unread;

use crate::{
    diagnostics,
    erased::{effect, memo},
    initial::Open,
    platform,
    rooms::RoomItem,
    session::Session,
};

/// What stands before the name of the house.
pub(crate) fn of_open(open: &Open) -> &str {
    match open {
        Open::Room(room) => &room.info.name,
        Open::Doorstep(room) => &room.name,
        Open::Directory { .. } => "Public rooms",
        Open::Diagnostics => diagnostics::TITLE,
        Open::Missing => "Not found",
    }
}

/// `(3) general · Parlor`.
pub(crate) fn whole(unread: u32, open: &str) -> String {
    match unread {
        0 => format!("{open} · Parlor"),
        count => format!("({}) {open} · Parlor", unread::label(count)),
    }
}

/// What is unread in all rooms that are not muted; a new one counts where nothing is unread in it.
pub(crate) fn unread_in(rooms: &[RoomItem]) -> u32 {
    let waiting = rooms.iter().filter(|room| room.is_waiting());
    waiting.fold(0, |sum, room| unread::add(sum, room.unread.max(1).into()))
}

/// Keeps title and icon as they should be.
pub(crate) fn follow(session: Session) {
    let unread = memo(move || session.rooms.with(|rooms| unread_in(rooms)));
    effect(move || platform::set_title(&session.title.with(|open| whole(unread.get(), open))));
    effect(move || platform::set_badge(unread.get()));
}

#[cfg(test)]
mod tests {
    use protocol::{RoomId, rooms::Visibility};

    use super::*;

    fn title(rooms: &[(bool, u32, bool)]) -> String {
        let item = |&(muted, unread, is_new)| RoomItem {
            id: RoomId(1),
            name: String::new(),
            visibility: Visibility::Public,
            unread,
            mentions: 0,
            muted,
            is_new,
        };
        whole(unread_in(&rooms.iter().map(item).collect::<Vec<_>>()), "general")
    }

    #[test]
    fn the_title_counts_what_is_unread_in_rooms_that_are_not_muted() {
        assert_eq!(title(&[(false, 1, false), (false, 2, false), (true, 9, false)]), "(3) general · Parlor");
        assert_eq!(title(&[(false, 0, false), (true, 9, false)]), "general · Parlor");
        assert_eq!(title(&[(false, 999, false), (false, 2, false)]), "(999+) general · Parlor");
    }

    #[test]
    fn a_new_room_counts_where_nothing_is_unread_in_it() {
        assert_eq!(title(&[(false, 0, true), (false, 2, false)]), "(3) general · Parlor");
        assert_eq!(title(&[(false, 4, true), (true, 0, true)]), "(4) general · Parlor");
    }
}
