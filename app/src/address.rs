//! The address of the page, and going from one to another without loading it anew.
//!
//! [`Place`] says what an address means. There are so few that a table of routes would be longer than a `match`.

use leptos::prelude::*;
use protocol::Seq;

use crate::{place::Place, platform};

/// Where the page is. Copies are the same address.
#[derive(Clone, Copy)]
pub(crate) struct Address {
    /// The path.
    path: RwSignal<String>,
    query: StoredValue<String>,
    /// Whether the page has gone anywhere since it was loaded.
    has_moved: StoredValue<bool>,
    /// Counts the arrivals at another part of what is open already: a message that a link points at, a place in the
    /// history of the tab.
    pub(crate) arrivals: RwSignal<u32>,
}

impl Address {
    /// The address that the page was opened with, as path and query.
    pub(crate) fn new(address: &str) -> Self {
        let (path, query) = split(address);
        let (path, query) = (RwSignal::new(path.to_owned()), StoredValue::new(query.to_owned()));
        Self { path, query, has_moved: StoredValue::new(false), arrivals: RwSignal::new(0) }
    }

    /// What is there.
    pub(crate) fn place(self) -> Place {
        self.path.with(|path| Place::of_path(path))
    }

    /// What is there, without following it.
    pub(crate) fn place_untracked(self) -> Place {
        self.path.with_untracked(|path| Place::of_path(path))
    }

    /// Whether this is another place than the one that the page was loaded with.
    pub(crate) fn has_moved(self) -> bool {
        self.has_moved.get_value()
    }

    /// The message that it points at.
    pub(crate) fn at(self) -> Option<Seq> {
        self.query.with_value(|query| Place::at_of_query(query))
    }

    /// Goes somewhere, as a link does.
    pub(crate) fn go(self, to: &str) {
        platform::push_address(to);
        self.arrive(to);
    }

    /// The browser has gone somewhere.
    pub(crate) fn arrive(self, at: &str) {
        let (path, query) = split(at);
        self.query.set_value(query.to_owned());
        self.has_moved.set_value(true);
        // The path of the same room may be written in several ways.
        if self.place_untracked() != Place::of_path(path) {
            self.path.set(path.to_owned());
        } else {
            self.arrivals.update(|arrivals| *arrivals += 1);
        }
    }
}

fn split(address: &str) -> (&str, &str) {
    let without_fragment = address.split_once('#').map_or(address, |(before, _)| before);
    without_fragment.split_once('?').unwrap_or((without_fragment, ""))
}

#[cfg(test)]
mod tests {
    use protocol::RoomId;

    use super::*;

    #[test]
    fn a_message_of_the_open_room_is_an_arrival_however_the_room_is_written() {
        Owner::new().with(|| {
            let address = Address::new("/rooms/2-gärten");

            address.arrive("/rooms/2-g%C3%A4rten?at=5");
            assert_eq!((address.arrivals.get_untracked(), address.at()), (1, Some(Seq(5))));
            address.arrive("/rooms/3-shed");
            assert_eq!((address.arrivals.get_untracked(), address.place_untracked()), (1, Place::Room(RoomId(3))));
        });
    }

    #[test]
    fn an_address_is_a_path_and_a_query() {
        assert_eq!(split("/rooms/1-a?at=5#x"), ("/rooms/1-a", "at=5"));
        assert_eq!(split("/rooms#a?b"), ("/rooms", ""));
        assert_eq!(split("/"), ("/", ""));
    }
}
