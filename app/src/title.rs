//! The title of the page: what is open, and how much is unread. The tab shows it, and the icon says it too.

use leptos::prelude::*;
use protocol::unread;

use crate::{
    diagnostics,
    erased::{effect, memo},
    initial::Open,
    platform,
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

/// What is unread in all rooms that are not muted; each is given as whether it is, and its count.
pub(crate) fn unread_in(rooms: impl Iterator<Item = (bool, u32)>) -> u32 {
    rooms.filter(|(muted, _)| !muted).fold(0, |sum, (_, unread)| unread::add(sum, unread.into()))
}

/// Keeps title and icon as they should be.
pub(crate) fn follow(session: Session) {
    let unread =
        memo(move || session.rooms.with(|rooms| unread_in(rooms.iter().map(|room| (room.muted, room.unread)))));
    effect(move || platform::set_title(&session.title.with(|open| whole(unread.get(), open))));
    effect(move || platform::set_badge(unread.get()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_counts_what_is_unread_in_rooms_that_are_not_muted() {
        let title = |rooms: &[(bool, u32)]| whole(unread_in(rooms.iter().copied()), "general");

        assert_eq!(title(&[(false, 1), (false, 2), (true, 9)]), "(3) general · Parlor");
        assert_eq!(title(&[(false, 0), (true, 9)]), "general · Parlor");
        assert_eq!(title(&[(false, 999), (false, 2)]), "(999+) general · Parlor");
    }
}
