//! What the engine wants done. The transport does it, in order, and reports back by [`crate::Input`].

use litemap::LiteMap;
use protocol::{ClientId, Done, ErrorBody, RoomId};

use crate::{
    fetch::{Fetch, FetchId},
    input::ConnectionId,
    outbox::OutboxEntry,
    time::Instant,
};

/// What the engine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a socket at `/ws` with the subprotocol `parlor.v1`, now. An older one is of no use any more.
    Connect(ConnectionId),
    /// Close it.
    Close(ConnectionId),
    /// Send a text frame.
    Send {
        /// On which connection.
        connection: ConnectionId,
        /// The text.
        text: String,
    },
    /// Ask [`PROBE_PATH`] why the socket could not be opened; answered by [`crate::Input::Probed`].
    Probe(ConnectionId),
    /// `GET` [`Fetch::path`]; answered by [`crate::Input::Fetched`], always, so with a time limit.
    Fetch {
        /// Comes back with the answer.
        id: FetchId,
        /// What.
        request: Fetch,
    },
    /// Write an entry to the storage under its `client_id`, replacing an older one; answered by
    /// [`crate::Input::Saved`]. Removing and saving happen in the order in which they were asked for.
    Save(OutboxEntry),
    /// Remove it from the storage.
    Remove(ClientId),
    /// Give [`crate::Input::Tick`] at this moment; replaces the one asked for before.
    WakeAt(Instant),
    /// What is shown has changed.
    Changed(Change),
    /// What became of a command of the user. A refused message stays in the outbox and is shown; other commands
    /// that are refused are gone, and so is a message that could not even be queued.
    Answered {
        /// Which.
        client_id: ClientId,
        /// What came of it.
        result: Result<Done, ErrorBody>,
    },
    /// A newer server was deployed: load the client again, and start it with `reloaded_for` set to this build.
    Reload {
        /// The server's build.
        build: String,
    },
    /// The session has ended: go to the log-in page. The outbox stays.
    LoggedOut,
}

/// What is asked after a socket could not be opened.
pub const PROBE_PATH: &str = "/api/v1/connect";

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// [`crate::Engine::connection`] or [`crate::Engine::is_outdated`].
    Connection,
    /// [`crate::Engine::rooms`].
    Rooms,
    /// [`crate::Engine::room`].
    Room(RoomId),
    /// [`crate::Engine::presence`].
    Presence(RoomId),
    /// [`crate::Engine::typing`].
    Typing(RoomId),
    /// [`crate::Engine::shows_viewing`].
    Viewing,
}

/// What has changed, each thing once.
#[derive(Debug, Default)]
pub(crate) struct Changes(pub(crate) LiteMap<Change, ()>);

impl Changes {
    pub(crate) fn insert(&mut self, change: Change) {
        self.0.insert(change, ());
    }

    pub(crate) fn extend(&mut self, changes: impl IntoIterator<Item = Change>) {
        changes.into_iter().for_each(|change| self.insert(change));
    }
}
