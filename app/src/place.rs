//! The addresses of the pages, made and read in one place for server and browser.

use protocol::{RoomId, Seq, rooms};

/// Where one can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/`: leads on to a room.
    Home,
    /// `/rooms`: the public rooms.
    Directory,
    /// `/rooms/<slug>`.
    Room(RoomId),
    /// `/diagnostics`: the connection, measured, and its history.
    Diagnostics,
    /// `/login`.
    LogIn,
    /// `/signup`.
    SignUp,
    /// Nowhere.
    Unknown,
}

impl Place {
    /// Reads the path of an address.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        match path {
            "/" => Self::Home,
            "/rooms" => Self::Directory,
            "/diagnostics" => Self::Diagnostics,
            "/login" => Self::LogIn,
            "/signup" => Self::SignUp,
            other => other
                .strip_prefix("/rooms/")
                .filter(|slug| !slug.contains('/'))
                .and_then(rooms::id_of_slug)
                .map_or(Self::Unknown, Self::Room),
        }
    }

    /// The path of a room.
    #[must_use]
    pub fn room_path(id: RoomId, name: &str) -> String {
        format!("/rooms/{}", rooms::slug(id, name))
    }

    /// Where the form that joins a room goes.
    #[must_use]
    pub fn join_path(id: RoomId, name: &str) -> String {
        format!("{}/join", Self::room_path(id, name))
    }

    /// Reads `at=<seq>`, the message that an address points at, from its query.
    #[must_use]
    pub fn at_of_query(query: &str) -> Option<Seq> {
        query.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix("at=")?.parse().ok().map(Seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rooms_path_leads_back_to_it_whatever_its_name() {
        for name in ["general", "Über uns!", "1-2-3", "///", ""] {
            assert_eq!(Place::of_path(&Place::room_path(RoomId(12), name)), Place::Room(RoomId(12)), "{name}");
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in ["/rooms/", "/rooms/x", "/rooms/-1", "/rooms/1/2", "/room", "rooms", "/rooms/99999999999999999999"]
        {
            assert_eq!(Place::of_path(path), Place::Unknown, "{path}");
        }
    }

    #[test]
    fn the_message_an_address_points_at_is_read_from_its_query() {
        assert_eq!(Place::at_of_query("?x=1&at=5"), Some(Seq(5)));
        assert_eq!(Place::at_of_query("at=x"), None);
        assert_eq!(Place::at_of_query(""), None);
    }
}
