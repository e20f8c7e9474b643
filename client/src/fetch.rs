//! What is read over HTTP: snapshots and history, each "as of" an event.

use std::time::Duration;

use protocol::{ErrorBody, ErrorCode, HistoryPage, InboxSnapshot, RoomId, RoomSnapshot, RoomSummary, Seq, json};

use crate::{backoff, input::retry_after_ms, time::Instant};

/// Rooms asked for in one request for summaries.
pub const SUMMARIES_MAX: usize = 100;
/// Lines asked for in one page of history.
pub const PAGE_ENTRIES: u32 = 60;
/// Tries to join a page to a window that changes meanwhile.
const JOINS_MAX: u32 = 3;

/// Numbers the requests of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub u64);

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// The user's rooms.
    Inbox,
    /// A room and the lines around a place.
    Room {
        /// Which.
        room: RoomId,
        /// Where.
        at: At,
    },
    /// More lines of a room.
    History {
        /// Which.
        room: RoomId,
        /// Which lines.
        page: Page,
        /// How many at most.
        limit: u32,
    },
    /// Some of the user's rooms.
    Summaries(Vec<RoomId>),
}

/// The place at which a room opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The first unread line; the end where there is none.
    Unread,
    /// The newest line.
    End,
    /// This line.
    Line(Seq),
}

/// Lines before or after one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Older than this one.
    Before(Seq),
    /// Newer than this one.
    After(Seq),
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Fetch::Inbox`].
    Inbox(InboxSnapshot),
    /// To [`Fetch::Room`].
    Room(Box<RoomSnapshot>),
    /// To [`Fetch::History`].
    History(HistoryPage),
    /// To [`Fetch::Summaries`].
    Summaries(Vec<RoomSummary>),
}

/// Why nothing came: the server's words, or none where it could not be reached in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchFailure(pub Option<ErrorBody>);

impl Fetch {
    /// The address: path and query.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Inbox => "/api/v1/inbox".to_owned(),
            Self::Room { room, at: At::Unread } => format!("/api/v1/rooms/{room}?at=unread"),
            Self::Room { room, at: At::End } => format!("/api/v1/rooms/{room}?at=end"),
            Self::Room { room, at: At::Line(seq) } => format!("/api/v1/rooms/{room}?at={seq}"),
            Self::History { room, page: Page::Before(seq), limit } => {
                format!("/api/v1/rooms/{room}/history?before={seq}&limit={limit}")
            }
            Self::History { room, page: Page::After(seq), limit } => {
                format!("/api/v1/rooms/{room}/history?after={seq}&limit={limit}")
            }
            Self::Summaries(rooms) => {
                let ids: Vec<String> = rooms.iter().map(ToString::to_string).collect();
                format!("/api/v1/rooms?ids={}", ids.join(","))
            }
        }
    }

    /// Reads the response: status, `Retry-After` header, body.
    ///
    /// # Errors
    /// The server's words, or why the answer could not be read.
    pub fn read(&self, status: u16, retry_after: Option<&str>, body: &str) -> Result<Answer, FetchFailure> {
        if !(200..300).contains(&status) {
            let mut error = json::read::<ErrorBody>(body).unwrap_or_else(|| code_of(status).into());
            error.retry_after_ms = error.retry_after_ms.or(retry_after_ms(retry_after));
            return Err(FetchFailure(Some(error)));
        }
        let answer = match self {
            Self::Inbox => json::read(body).map(Answer::Inbox),
            Self::Room { .. } => json::read(body).map(Answer::Room),
            Self::History { .. } => json::read(body).map(Answer::History),
            Self::Summaries(_) => json::read(body).map(Answer::Summaries),
        };
        answer.ok_or_else(|| FetchFailure(Some(ErrorCode::Malformed.into())))
    }
}

fn code_of(status: u16) -> ErrorCode {
    match status {
        401 => ErrorCode::Unauthorized,
        403 => ErrorCode::Forbidden,
        404 => ErrorCode::NotFound,
        429 => ErrorCode::RateLimited,
        503 => ErrorCode::Unavailable,
        400..500 => ErrorCode::Malformed,
        _ => ErrorCode::Internal,
    }
}

/// Something that is to be read: at most one request for it at a time, and not too soon after a failure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load {
    wanted: bool,
    in_flight: Option<FetchId>,
    not_before: Instant,
    failures: u32,
}

impl Load {
    /// Asks for it; a request that is on its way is good enough.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// Asks for it, not before a moment.
    pub(crate) fn want_at(&mut self, at: Instant) {
        self.wanted = true;
        self.not_before = self.not_before.max(at);
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.wanted || self.in_flight.is_some()
    }

    pub(crate) fn due(&self, now: Instant) -> bool {
        self.wanted && self.in_flight.is_none() && self.not_before <= now
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        (self.wanted && self.in_flight.is_none()).then_some(self.not_before)
    }

    pub(crate) fn sent(&mut self, id: FetchId) {
        self.wanted = false;
        self.in_flight = Some(id);
    }

    /// Whether this answer is the one waited for.
    pub(crate) fn takes(&mut self, id: FetchId) -> bool {
        let ours = self.in_flight == Some(id);
        if ours {
            self.in_flight = None;
        }
        ours
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Tries again later.
    pub(crate) fn failed(&mut self, error: Option<&ErrorBody>, now: Instant, rng: &mut fastrand::Rng) {
        self.rest(error, now, rng);
        self.wanted = true;
    }

    /// Is not wanted any more, and if it is wanted again, then later.
    pub(crate) fn rest(&mut self, error: Option<&ErrorBody>, now: Instant, rng: &mut fastrand::Rng) {
        self.failures += 1;
        self.not_before = now + backoff::after(error, self.failures, rng);
    }

    /// The page did not fit any more: ask again, at most a few times in a row.
    pub(crate) fn mismatched(&mut self, now: Instant) {
        self.failures += 1;
        if self.failures < JOINS_MAX {
            self.wanted = true;
        } else {
            self.failures = 0;
            self.not_before = now + Duration::from_millis(backoff::BACKOFF_MS_MIN);
        }
    }

    /// Forgets the request that is on its way.
    pub(crate) fn cancel(&mut self) {
        *self = Self::default();
    }

    /// The network is back: do not wait any longer.
    pub(crate) fn hurry(&mut self) {
        self.not_before = Instant::default();
    }
}
