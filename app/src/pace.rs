//! When what has changed is drawn: at once, but what the server tells in quick succession together.
//!
//! Keys wait while a room is drawn. So after something was drawn there is a rest for what else the server has to tell: a
//! short one, or, where drawing takes this device long, one that leaves most of its time to who writes. What the user
//! does is never kept waiting.

use std::time::Duration;

use client::{Change, Instant};

/// After something was drawn, what the server tells waits this long, in milliseconds.
const REST_MS: u64 = 100;

/// A draw that was in the picture within this time costs nobody anything, in milliseconds: two pictures.
const TOOK_MS_MIN: u64 = 34;

/// What it took longer, the rest is longer by as many times.
const REST_TIMES: u64 = 4;

/// Nobody is kept waiting longer than this, in milliseconds.
const REST_MS_MAX: u64 = 500;

/// What is to be drawn.
#[derive(Default)]
pub(crate) struct Pace {
    changed: Vec<Change>,
    is_urgent: bool,
    rests_until: Instant,
    is_waiting: bool,
    /// Something waits.
    is_late: bool,
    /// What was drawn last had waited: more comes than is drawn at once.
    had_waited: bool,
    is_timed: bool,
}

/// What is to be done about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// Draw this now.
    Now(Vec<Change>),
    /// Ask again once this has passed.
    In(Duration),
}

impl Pace {
    /// Something has changed.
    pub(crate) fn note(&mut self, change: Change) {
        if !self.changed.contains(&change) {
            self.changed.push(change);
        }
    }

    /// What has changed, or changes now, is to be drawn without waiting.
    pub(crate) fn hurry(&mut self) {
        self.is_urgent = true;
    }

    /// What is due; a wait is asked for once.
    pub(crate) fn due(&mut self, now: Instant) -> Due {
        let rest = self.rests_until - now;
        if self.is_urgent || rest.is_zero() {
            self.is_urgent = false;
            let changed = self.take();
            self.had_waited = self.is_late && !changed.is_empty();
            self.is_late = false;
            return if changed.is_empty() { Due::Nothing } else { Due::Now(changed) };
        }
        self.is_late |= !self.changed.is_empty();
        if self.changed.is_empty() || std::mem::replace(&mut self.is_waiting, true) {
            return Due::Nothing;
        }
        Due::In(rest)
    }

    /// What has changed since: it is drawn together with what was due.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changed)
    }

    /// What was due is drawn.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.rests_until = now + Duration::from_millis(REST_MS);
    }

    /// Whether a draw is being timed already; from now on one is.
    pub(crate) fn is_timed(&mut self) -> bool {
        std::mem::replace(&mut self.is_timed, true)
    }

    /// What was drawn at `start` is in the picture. What comes alone does not make the next wait.
    pub(crate) fn took(&mut self, start: Instant, now: Instant) {
        self.is_timed = false;
        if !self.had_waited {
            return;
        }
        let took = u64::try_from((now - start).as_millis()).unwrap_or(u64::MAX);
        let rest = took.saturating_sub(TOOK_MS_MIN).saturating_mul(REST_TIMES).min(REST_MS_MAX);
        self.rests_until = self.rests_until.max(now + Duration::from_millis(rest));
    }

    /// The wait that was asked for is over.
    pub(crate) fn waited(&mut self) {
        self.is_waiting = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_quick_succession_is_drawn_together_after_a_rest() {
        let mut pace = Pace::default();
        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_000)), Due::Now(vec![Change::Rooms]), "the first at once");
        pace.rest(Instant(1_010));

        pace.note(Change::Rooms);
        pace.note(Change::Viewing);
        assert_eq!(pace.due(Instant(1_020)), Due::In(Duration::from_millis(REST_MS - 10)));
        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_030)), Due::Nothing, "the wait was asked for");

        pace.waited();
        assert_eq!(pace.due(Instant(1_110)), Due::Now(vec![Change::Rooms, Change::Viewing]));
        assert_eq!(pace.due(Instant(1_110)), Due::Nothing);
    }

    #[test]
    fn where_drawing_takes_long_what_goes_on_coming_waits_longer() {
        let rests = |took_ms: u64| {
            let mut pace = Pace::default();
            pace.rest(Instant(1_000));
            pace.note(Change::Rooms);
            assert_eq!(pace.due(Instant(1_000)), Due::In(Duration::from_millis(REST_MS)));
            pace.waited();
            assert_eq!(pace.due(Instant(1_100)), Due::Now(vec![Change::Rooms]));
            pace.rest(Instant(1_100));
            pace.took(Instant(1_100), Instant(1_100 + took_ms));
            pace.note(Change::Rooms);
            pace.due(Instant(1_100 + took_ms))
        };

        assert_eq!(rests(TOOK_MS_MIN), Due::In(Duration::from_millis(REST_MS - TOOK_MS_MIN)));
        assert_eq!(rests(TOOK_MS_MIN + 50), Due::In(Duration::from_millis(50 * REST_TIMES)));
        assert_eq!(rests(10_000), Due::In(Duration::from_millis(REST_MS_MAX)));
    }

    #[test]
    fn what_came_alone_makes_nothing_wait_however_long_it_took() {
        let mut pace = Pace::default();
        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_000)), Due::Now(vec![Change::Rooms]));
        pace.rest(Instant(1_000));

        pace.took(Instant(1_000), Instant(1_900));

        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_900)), Due::Now(vec![Change::Rooms]));
    }

    #[test]
    fn what_the_user_does_does_not_wait() {
        let mut pace = Pace::default();
        pace.rest(Instant(1_000));
        pace.note(Change::Rooms);

        pace.hurry();

        assert_eq!(pace.due(Instant(1_001)), Due::Now(vec![Change::Rooms]));
    }
}
