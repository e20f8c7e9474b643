//! The connection: when to open one, when to give one up, and what to tell the user meanwhile.

use std::time::Duration;

use protocol::{ErrorBody, close, limits::CLIENT_SILENCE_MS_MAX};

use crate::{
    backoff,
    input::{ConnectionId, Probe},
    time::Instant,
};

/// Opening a connection, up to the first frame, and asking why it failed may take this long each, in milliseconds.
pub const CONNECT_MS_MAX: u64 = 15_000;
/// A connection that held this long was a good one, in milliseconds: the next failure is the first again.
const GOOD_MS_MIN: u64 = 10_000;
/// After waking, the server has to be heard within this time, in milliseconds.
const CHECK_MS_MAX: u64 = 5_000;

/// How it stands with the connection, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Being opened.
    Connecting,
    /// Open, and the server has greeted.
    Online,
    /// Gone; the next try is at this moment.
    Waiting {
        /// The next try.
        until: Instant,
        /// What is known about it.
        reason: Reason,
    },
    /// The session has ended; there will be no further try.
    LoggedOut,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was lost, or the server restarts.
    Lost,
    /// The server has too much to do, or there are too many connections.
    Busy,
    /// The server cannot be reached: offline.
    Offline,
}

/// What has to be done about the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Connect(ConnectionId),
    Close(ConnectionId),
    Probe(ConnectionId),
    LoggedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle { until: Instant, reason: Option<Reason> },
    Opening { since: Instant },
    Greeting { since: Instant },
    Probing { since: Instant },
    Online { since: Instant, heard: Instant, check: Option<Instant> },
    LoggedOut,
}

/// The connection of an engine; only the newest one counts.
#[derive(Debug)]
pub(crate) struct Link {
    state: State,
    connection: ConnectionId,
    failures: u32,
    /// What the server asked for before it closed the connection.
    hint: Option<u64>,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Idle { until: Instant::default(), reason: None },
            connection: ConnectionId(0),
            failures: 0,
            hint: None,
        }
    }

    pub(crate) fn view(&self) -> Connection {
        match self.state {
            State::Idle { until, reason: Some(reason) } => Connection::Waiting { until, reason },
            State::Idle { reason: None, .. }
            | State::Opening { .. }
            | State::Greeting { .. }
            | State::Probing { .. } => Connection::Connecting,
            State::Online { .. } => Connection::Online,
            State::LoggedOut => Connection::LoggedOut,
        }
    }

    /// The connection on which commands may be sent.
    pub(crate) fn online(&self) -> Option<ConnectionId> {
        matches!(self.state, State::Online { .. }).then_some(self.connection)
    }

    pub(crate) fn current(&self) -> ConnectionId {
        self.connection
    }

    pub(crate) fn is_current(&self, connection: ConnectionId) -> bool {
        connection == self.connection
    }

    pub(crate) fn opened(&mut self, now: Instant) {
        if let State::Opening { .. } = self.state {
            self.state = State::Greeting { since: now };
        }
    }

    /// The first frame. Whether it was expected.
    pub(crate) fn greeted(&mut self, now: Instant) -> bool {
        let expected = matches!(self.state, State::Greeting { .. });
        if expected {
            self.state = State::Online { since: now, heard: now, check: None };
            self.hint = None;
        }
        expected
    }

    pub(crate) fn heard(&mut self, now: Instant) {
        if let State::Online { heard, check, .. } = &mut self.state {
            *heard = now;
            *check = None;
        }
    }

    pub(crate) fn hint(&mut self, error: &ErrorBody) {
        self.hint = error.retry_after_ms.or(self.hint);
    }

    /// `retry_after_ms=1500` in a close frame says when to come back.
    pub(crate) fn reason(&mut self, reason: &str) {
        let asked = reason.strip_prefix("retry_after_ms=").and_then(|number| number.parse().ok());
        self.hint = asked.or(self.hint);
    }

    pub(crate) fn closed(&mut self, code: Option<u16>, now: Instant, rng: &mut fastrand::Rng) -> Option<Action> {
        match self.state {
            State::Opening { .. } => {
                self.state = State::Probing { since: now };
                Some(Action::Probe(self.connection))
            }
            State::Greeting { .. } | State::Online { .. } if code == Some(close::SESSION_ENDED) => self.log_out(),
            State::Greeting { .. } | State::Online { .. } => {
                let reason = if code == Some(close::TRY_AGAIN_LATER) { Reason::Busy } else { Reason::Lost };
                self.wait(reason, now, rng);
                None
            }
            State::Idle { .. } | State::Probing { .. } | State::LoggedOut => None,
        }
    }

    pub(crate) fn probed(&mut self, probe: Probe, now: Instant, rng: &mut fastrand::Rng) -> Option<Action> {
        let State::Probing { .. } = self.state else { return None };
        match probe {
            Probe::LoggedOut => return self.log_out(),
            Probe::Ready => self.wait(Reason::Lost, now, rng),
            Probe::Unreachable => self.wait(Reason::Offline, now, rng),
            Probe::Later { retry_after_ms } => {
                self.hint = retry_after_ms;
                self.wait(Reason::Busy, now, rng);
            }
        }
        None
    }

    pub(crate) fn log_out(&mut self) -> Option<Action> {
        let news = self.state != State::LoggedOut;
        self.state = State::LoggedOut;
        news.then_some(Action::LoggedOut)
    }

    fn wait(&mut self, reason: Reason, now: Instant, rng: &mut fastrand::Rng) {
        if let State::Online { since, .. } = self.state
            && now - since >= Duration::from_millis(GOOD_MS_MIN)
        {
            self.failures = 0;
        }
        let delay = match self.hint.take() {
            // A server that says when it will be back has not failed: where it restarts often, nobody waits the longer.
            Some(retry_after_ms) => backoff::asked(retry_after_ms, rng),
            None => {
                self.failures += 1;
                backoff::delay(self.failures, rng)
            }
        };
        self.state = State::Idle { until: now + delay, reason: Some(reason) };
    }

    /// Gives the connection up.
    pub(crate) fn drop_connection(&mut self, now: Instant, rng: &mut fastrand::Rng) -> Action {
        self.wait(Reason::Lost, now, rng);
        Action::Close(self.connection)
    }

    /// Tries now. Whether the connection that is there should be tested by asking something.
    pub(crate) fn wake(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Idle { until, .. } => {
                *until = now;
                false
            }
            State::Online { check, .. } => {
                check.get_or_insert(now + Duration::from_millis(CHECK_MS_MAX));
                true
            }
            State::Opening { .. } | State::Greeting { .. } | State::Probing { .. } | State::LoggedOut => false,
        }
    }

    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let connect = Duration::from_millis(CONNECT_MS_MAX);
        match self.state {
            State::Idle { until, .. } => Some(until),
            State::Opening { since } | State::Greeting { since } | State::Probing { since } => Some(since + connect),
            State::Online { heard, check, .. } => {
                let silence = heard + Duration::from_millis(CLIENT_SILENCE_MS_MAX);
                Some(check.map_or(silence, |check| check.min(silence)))
            }
            State::LoggedOut => None,
        }
    }

    /// Does what is due; asked until nothing is.
    pub(crate) fn due(&mut self, now: Instant, rng: &mut fastrand::Rng) -> Option<Action> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        match self.state {
            State::Idle { .. } => {
                self.connection = ConnectionId(self.connection.0 + 1);
                self.state = State::Opening { since: now };
                Some(Action::Connect(self.connection))
            }
            State::Opening { .. } | State::Greeting { .. } | State::Online { .. } => {
                Some(self.drop_connection(now, rng))
            }
            State::Probing { .. } => {
                self.wait(Reason::Offline, now, rng);
                None
            }
            State::LoggedOut => None,
        }
    }
}
