//! What the engine is told: by the socket, by HTTP, by the storage, by time, and by the user.

use protocol::{ClientId, Command, InboxSnapshot, RoomId, RoomPresence, RoomSnapshot, Seq, UserRef};

use crate::{
    fetch::{Answer, At, FetchFailure, FetchId},
    outbox::OutboxEntry,
};

/// What the engine starts from.
#[derive(Clone, Debug)]
pub struct Start {
    /// Whose engine this is.
    pub me: UserRef,
    /// For the jitter; the engine draws no randomness of its own.
    pub seed: u64,
    /// The user's rooms as the page was rendered with them; fetched where there are none.
    pub inbox: Option<InboxSnapshot>,
    /// The open rooms as the page was rendered with them.
    pub rooms: Vec<RoomSnapshot>,
    /// Who was there in the open rooms when the page was rendered.
    pub presence: Vec<RoomPresence>,
    /// Whether others see which room the user looks at.
    pub shows_viewing: bool,
    /// What was left unsent. With `None` it comes later as [`Input::Restored`], and nothing is sent before.
    pub outbox: Option<Vec<OutboxEntry>>,
    /// The build of the server for which this client was already loaded again ([`crate::Output::Reload`]).
    pub reloaded_for: Option<String>,
}

/// Numbers the connections of an engine; what is said about an earlier one counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What the engine is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// The socket that [`crate::Output::Connect`] asked for is open.
    Opened(ConnectionId),
    /// The reason in the close frame, where there is one; given before [`Input::Closed`]. A server that restarts says
    /// there when to come back.
    CloseReason {
        /// Of which connection.
        connection: ConnectionId,
        /// The text.
        reason: String,
    },
    /// It is closed, or could not be opened.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// The close code; none (browser: 1006) where the connection just broke.
        code: Option<u16>,
    },
    /// A text frame came.
    Frame {
        /// From which connection.
        connection: ConnectionId,
        /// The text.
        text: String,
    },
    /// The answer to [`crate::Output::Probe`].
    Probed {
        /// For which connection it was asked.
        connection: ConnectionId,
        /// The answer.
        probe: Probe,
    },
    /// The answer to [`crate::Output::Fetch`].
    Fetched {
        /// Which.
        id: FetchId,
        /// The answer.
        result: Result<Answer, FetchFailure>,
    },
    /// An [`crate::Output::Save`] is on disk, or could not be written: it may be sent.
    Saved(ClientId),
    /// What was left unsent, read from the storage.
    Restored(Vec<OutboxEntry>),
    /// The user wants something.
    Intent(Intent),
    /// Time has passed: the moment of [`crate::Output::WakeAt`] has come.
    Tick,
    /// The network is back, or the page is looked at again: try now.
    Wake,
}

/// Why a socket could not be opened, as `GET /api/v1/connect` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// 204: it should have worked; try again.
    Ready,
    /// 401: the session has ended.
    LoggedOut,
    /// 429 or 503: later.
    Later {
        /// `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// No answer.
    Unreachable,
}

impl Probe {
    /// Reads the answer of `GET /api/v1/connect`; `retry_after` is the header's value, in seconds.
    #[must_use]
    pub fn read(status: u16, retry_after: Option<&str>) -> Self {
        match status {
            200..300 => Self::Ready,
            401 => Self::LoggedOut,
            429 | 503 => Self::Later { retry_after_ms: retry_after_ms(retry_after) },
            _ => Self::Unreachable,
        }
    }
}

/// `Retry-After` (RFC 9110 §10.2.3) in its form of seconds, as milliseconds.
pub(crate) fn retry_after_ms(header: Option<&str>) -> Option<u64> {
    header?.trim().parse::<u64>().ok()?.checked_mul(1_000)
}

/// What the user wants.
#[derive(Clone, Debug)]
pub enum Intent {
    /// Carry out a command that has a `client_id` (post, edit, delete, create, rename, join, leave, add, remove, mute). It
    /// goes through the outbox; its fate is told by [`crate::Output::Answered`].
    Do(Command),
    /// Show a room; where it is shown already, go to another place in it.
    Open {
        /// Which.
        room: RoomId,
        /// Where.
        at: At,
    },
    /// Show it no more.
    Close(RoomId),
    /// The reader nears the oldest line of the window.
    LoadOlder(RoomId),
    /// The reader nears the newest line of the window.
    LoadNewer(RoomId),
    /// Everything up to a line was read.
    Read {
        /// Where.
        room: RoomId,
        /// The last line read.
        up_to: Seq,
    },
    /// A line and all that follow are unread.
    MarkUnread {
        /// Where.
        room: RoomId,
        /// The first unread line.
        from: Seq,
    },
    /// Everything in all rooms was read.
    ReadAll,
    /// Send a refused command once more, as it is.
    Retry(ClientId),
    /// Send a refused message with another text.
    Rewrite {
        /// Which.
        client_id: ClientId,
        /// The id of the new command: the old one stands for the old text.
        new_client_id: ClientId,
        /// The text.
        text: String,
    },
    /// Drop a refused command.
    Discard(ClientId),
    /// Drop everything unsent: the user logs out and was warned.
    ClearOutbox,
    /// The reader is at the end of a room and goes along with what comes, or has left it: then what comes pushes out
    /// nothing of what is above.
    Follow {
        /// Where.
        room: RoomId,
        /// Whether they are.
        follows: bool,
    },
    /// The user did something on this device; said every now and then. Who never says so is never away for having
    /// done nothing: a program.
    Touch,
    /// The page is out of sight, or is seen again.
    Hide(bool),
    /// This room is in front of the user now, or none is.
    Look(Option<RoomId>),
    /// Text was put into the composer of a room, or it was emptied. Given with every key, told once a second.
    Type {
        /// Where.
        room: RoomId,
        /// Whether there is text.
        typing: bool,
    },
    /// Let others see which room the user looks at, or not; on all devices.
    ShowViewing(bool),
    /// The page is about to go: say now what waits for a better moment (read cursors).
    Flush,
}
