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
    pub(crate) path: RwSignal<String>,
    query: StoredValue<String>,
}

impl Address {
    /// The address that the page was opened with, as path and query.
    pub(crate) fn new(address: &str) -> Self {
        let (path, query) = split(address);
        Self { path: RwSignal::new(path.to_owned()), query: StoredValue::new(query.to_owned()) }
    }

    /// What is there.
    pub(crate) fn place(self) -> Place {
        self.path.with(|path| Place::of_path(path))
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
        if self.path.with_untracked(|before| before != path) {
            self.path.set(path.to_owned());
        }
    }
}

fn split(address: &str) -> (&str, &str) {
    let without_fragment = address.split_once('#').map_or(address, |(before, _)| before);
    without_fragment.split_once('?').unwrap_or((without_fragment, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_and_a_query() {
        assert_eq!(split("/rooms/1-a?at=5#x"), ("/rooms/1-a", "at=5"));
        assert_eq!(split("/rooms#a?b"), ("/rooms", ""));
        assert_eq!(split("/"), ("/", ""));
    }
}
