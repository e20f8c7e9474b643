//! Following one stream: subscribing, noticing that something is missing, subscribing again.

use std::time::Duration;

use protocol::{CommandId, ErrorBody, Seq};

use crate::{backoff, journal::CaughtUp, time::Instant};

/// A stream may be this long behind the head that a heartbeat told, in milliseconds.
pub const BEHIND_MS_MAX: u64 = 2_000;

/// How it stands with a stream on the present connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be subscribed to, from the cursor.
    Off,
    /// Not before a moment: the server said so.
    Paused { until: Instant },
    /// Subscribed; what is missing is on its way. At most one subscription is.
    Asked { command: CommandId, since: Instant },
    /// Up to date, and events come as they happen.
    Live,
    /// To be subscribed to once a fresh snapshot is there.
    Resetting,
    /// Not to be followed: ended, or it holds what this client does not know.
    Stopped,
}

/// Following one stream.
#[derive(Clone, Debug)]
pub(crate) struct Follow {
    state: State,
    /// The end that a heartbeat told while events up to there had not come, and when.
    behind: Option<(Seq, Instant)>,
    /// Subscriptions in a row that did not become live.
    failures: u32,
    /// The cursor from which it was subscribed to last.
    asked_after: Seq,
    lived: Lived,
}

/// Whether a stream was live, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lived {
    Never,
    Here,
    Before,
}

impl Follow {
    pub(crate) fn new() -> Self {
        Self { state: State::Off, behind: None, failures: 0, asked_after: Seq::default(), lived: Lived::Never }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.state == State::Live
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.state == State::Stopped
    }

    /// Whether the server follows it for us.
    pub(crate) fn is_on(&self) -> bool {
        matches!(self.state, State::Live | State::Asked { .. })
    }

    /// Whether a subscription is to be sent now.
    pub(crate) fn due(&mut self, cursor: Seq, now: Instant) -> bool {
        match self.state {
            State::Off => true,
            State::Paused { until } => until <= now,
            State::Live => self.is_behind(cursor, now),
            State::Asked { .. } | State::Resetting | State::Stopped => false,
        }
    }

    fn is_behind(&mut self, cursor: Seq, now: Instant) -> bool {
        match self.behind {
            Some((head, _)) if cursor >= head => {
                self.behind = None;
                false
            }
            Some((_, since)) => now - since >= Duration::from_millis(BEHIND_MS_MAX),
            None => false,
        }
    }

    pub(crate) fn deadline(&self, answer_within: Duration) -> Option<Instant> {
        match self.state {
            State::Paused { until } => Some(until),
            State::Asked { since, .. } => Some(since + answer_within),
            State::Live => self.behind.map(|(_, since)| since + Duration::from_millis(BEHIND_MS_MAX)),
            State::Off | State::Resetting | State::Stopped => None,
        }
    }

    /// Whether the server owes an answer for longer than this.
    pub(crate) fn is_overdue(&self, now: Instant, answer_within: Duration) -> bool {
        matches!(self.state, State::Asked { since, .. } if now - since >= answer_within)
    }

    pub(crate) fn asked(&mut self, command: CommandId, after: Seq, now: Instant) {
        self.asked_after = after;
        self.state = State::Asked { command, since: now };
        self.behind = None;
    }

    pub(crate) fn is_asked_by(&self, id: CommandId) -> bool {
        matches!(self.state, State::Asked { command, .. } if command == id)
    }

    /// All that was missing has been sent. Where the cursor is not at the head all the same, the next moments show.
    /// How it came to be so.
    pub(crate) fn live(&mut self, head: Seq, cursor: Seq, now: Instant) -> CaughtUp {
        let missed = head.0.saturating_sub(self.asked_after.0);
        let caught = match (self.state, self.lived) {
            (State::Asked { .. }, Lived::Never) => CaughtUp::First,
            (State::Asked { .. }, Lived::Here) => CaughtUp::Here { missed },
            (State::Asked { .. }, Lived::Before) => CaughtUp::Again { missed },
            (State::Off | State::Paused { .. } | State::Live | State::Resetting | State::Stopped, _) => {
                CaughtUp::Here { missed: 0 }
            }
        };
        if let State::Asked { .. } | State::Live = self.state {
            self.state = State::Live;
            self.lived = Lived::Here;
            self.failures = 0;
            self.head(head, cursor, now);
        }
        caught
    }

    /// The server's end of a stream that is live.
    pub(crate) fn head(&mut self, head: Seq, cursor: Seq, now: Instant) {
        if self.state == State::Live && head > cursor && self.behind.is_none() {
            self.behind = Some((head, now));
        }
    }

    /// Something is missing: subscribe again, unless that is under way.
    pub(crate) fn gap(&mut self) {
        if self.state == State::Live {
            self.state = State::Off;
        }
    }

    /// Subscribe again in any case.
    pub(crate) fn restart(&mut self) {
        self.state = State::Off;
        self.behind = None;
    }

    /// A fresh snapshot is needed; how long to wait for it where the last one did not help.
    pub(crate) fn reset(&mut self, rng: &mut fastrand::Rng) -> Duration {
        self.state = State::Resetting;
        self.lived = Lived::Never;
        self.behind = None;
        self.failures += 1;
        if self.failures > 1 { backoff::delay(self.failures, rng) } else { Duration::ZERO }
    }

    pub(crate) fn postponed(&mut self, error: &ErrorBody, now: Instant, rng: &mut fastrand::Rng) {
        self.failures += 1;
        self.state = State::Paused { until: now + backoff::after(Some(error), self.failures, rng) };
    }

    pub(crate) fn stop(&mut self) {
        self.state = State::Stopped;
        self.behind = None;
    }

    pub(crate) fn disconnected(&mut self) {
        if self.lived == Lived::Here {
            self.lived = Lived::Before;
        }
        match self.state {
            State::Paused { .. } | State::Asked { .. } | State::Live => self.restart(),
            State::Off | State::Resetting | State::Stopped => {}
        }
    }
}
