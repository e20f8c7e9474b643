//! When what has changed is drawn: at once, but what the server tells in quick succession together.
//!
//! Drawing a room costs the same for one new message as for many, and keys wait while it is drawn. So after something was
//! drawn there is a rest for what else the server has to tell. What the user does is never kept waiting.

use std::time::Duration;

use client::{Change, Instant};

/// After something was drawn, what the server tells waits this long, in milliseconds.
const REST_MS: u64 = 100;

/// What is to be drawn.
#[derive(Default)]
pub(crate) struct Pace {
    changed: Vec<Change>,
    is_urgent: bool,
    rests_until: Instant,
    is_waiting: bool,
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
            let changed = std::mem::take(&mut self.changed);
            return if changed.is_empty() { Due::Nothing } else { Due::Now(changed) };
        }
        if self.changed.is_empty() || std::mem::replace(&mut self.is_waiting, true) {
            return Due::Nothing;
        }
        Due::In(rest)
    }

    /// What was due is drawn.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.rests_until = now + Duration::from_millis(REST_MS);
    }

    /// The wait that was asked for is over.
    pub(crate) fn waited(&mut self) {
        self.is_waiting = false;
        self.hurry();
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
    fn what_the_user_does_does_not_wait() {
        let mut pace = Pace::default();
        pace.rest(Instant(1_000));
        pace.note(Change::Rooms);

        pace.hurry();

        assert_eq!(pace.due(Instant(1_001)), Due::Now(vec![Change::Rooms]));
    }
}
