//! When what has changed is drawn: at once, but what the server tells in quick succession together.
//!
//! Keys wait while a room is drawn. So after something was drawn there is a rest for what else the server has to tell: a
//! short one, or, where drawing takes this device long, one that leaves most of its time to who reads, and nearly all of
//! it to who writes. What the user does is never kept waiting, and never waits for what the server tells: a key or the
//! wheel draws nothing of it.

use std::time::Duration;

use client::{Change, Instant};

/// After something was drawn, what the server tells waits this long, in milliseconds.
const REST_MS: u64 = 100;

/// A draw that was in the picture within this time costs nobody anything, in milliseconds: two pictures.
const TOOK_MS_MIN: u64 = 34;

/// What it took longer, the rest is longer by as many times.
const REST_TIMES: u64 = 4;

/// Nobody who reads is kept waiting longer than this, in milliseconds; neither is a page out of sight, of which there are
/// no pictures.
const REST_MS_MAX: u64 = 500;

/// Who has pressed a key within this time writes, in milliseconds.
const WRITES_MS: u64 = 1_000;

/// As [`REST_TIMES`], for who writes: of 30 letters, one meets a draw.
const REST_TIMES_WRITING: u64 = 32;

/// As [`REST_MS_MAX`], for who writes.
const REST_MS_MAX_WRITING: u64 = 4_000;

/// Which wait was asked for.
pub(crate) type Wait = u32;

/// What is to be drawn.
#[derive(Default)]
pub(crate) struct Pace {
    changed: Vec<Change>,
    is_urgent: bool,
    rests_until: Instant,
    /// The same for who writes; never before it.
    rests_until_writing: Instant,
    /// Until when the last wait that was asked for goes, and its number.
    waits_until: Option<Instant>,
    wait: Wait,
    /// Something waits.
    is_late: bool,
    /// What was drawn last had waited: more comes than is drawn at once.
    had_waited: bool,
    /// What was drawn last, at that time, is not in the picture yet.
    is_timed: bool,
    drawn: Instant,
    /// When the user has last written.
    written: Option<Instant>,
}

/// What is to be done about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// Draw this now.
    Now(Vec<Change>),
    /// Ask again once this has passed.
    In(Duration, Wait),
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

    /// The user did something else than to write.
    pub(crate) fn stops_writing(&mut self) {
        self.written = None;
    }

    /// The user writes.
    pub(crate) fn writes(&mut self, now: Instant) {
        self.written = Some(now);
    }

    /// What is due; a wait is asked for once. Where nothing may be drawn in passing, what is due comes right after.
    pub(crate) fn due(&mut self, now: Instant, may_draw: bool) -> Due {
        let rest = self.rest_at(now);
        if self.is_urgent || may_draw && rest.is_zero() {
            self.is_urgent = false;
            self.had_waited = self.is_late && !self.changed.is_empty();
            let changed = self.take();
            return if changed.is_empty() { Due::Nothing } else { Due::Now(changed) };
        }
        self.is_late |= !self.changed.is_empty();
        let until = now + rest;
        if self.changed.is_empty() || self.waits_until.is_some_and(|asked| asked <= until) {
            return Due::Nothing;
        }
        self.waits_until = Some(until);
        self.wait = self.wait.wrapping_add(1);
        Due::In(rest, self.wait)
    }

    fn rest_at(&self, now: Instant) -> Duration {
        let rest = self.rest_of(now) - now;
        // Nothing is drawn on top of what is not in the picture yet.
        let is_behind = self.is_timed && now - self.drawn < Duration::from_millis(REST_MS_MAX);
        if is_behind && rest.is_zero() { Duration::from_millis(REST_MS) } else { rest }
    }

    /// Until when there is rest. Who pauses is told at once what was kept back for the next letter.
    fn rest_of(&self, now: Instant) -> Instant {
        let writes_until = self.written.map(|written| written + Duration::from_millis(WRITES_MS));
        match writes_until {
            Some(until) if until > now => self.rests_until_writing.min(until.max(self.rests_until)),
            Some(_) | None => self.rests_until,
        }
    }

    /// What has changed since: it is drawn together with what was due.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        self.is_late = false;
        std::mem::take(&mut self.changed)
    }

    /// What was due is drawn.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.drawn = now;
        self.rests_until = now + Duration::from_millis(REST_MS);
        self.rests_until_writing = self.rests_until;
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
        let rest = |times: u64, most| {
            now + Duration::from_millis(took.saturating_sub(TOOK_MS_MIN).saturating_mul(times).min(most))
        };
        self.rests_until = self.rests_until.max(rest(REST_TIMES, REST_MS_MAX));
        self.rests_until_writing = self.rests_until.max(rest(REST_TIMES_WRITING, REST_MS_MAX_WRITING));
    }

    /// A wait is over. Whether it is the one that was asked for last: those before were asked for in vain.
    pub(crate) fn waited(&mut self, wait: Wait) -> bool {
        let is_last = wait == self.wait;
        if is_last {
            self.waits_until = None;
        }
        is_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long the wait is that is asked for, in milliseconds; its number is the next.
    fn wait(due: Due) -> Option<(u64, Wait)> {
        let Due::In(rest, wait) = due else { return None };
        Some((u64::try_from(rest.as_millis()).unwrap(), wait))
    }

    #[test]
    fn what_comes_in_quick_succession_is_drawn_together_after_a_rest() {
        let mut pace = Pace::default();
        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_000), true), Due::Now(vec![Change::Rooms]), "the first at once");
        pace.rest(Instant(1_010));

        pace.note(Change::Rooms);
        pace.note(Change::Viewing);
        assert_eq!(wait(pace.due(Instant(1_020), true)), Some((REST_MS - 10, 1)));
        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_030), true), Due::Nothing, "the wait was asked for");

        assert!(pace.waited(1));
        assert_eq!(pace.due(Instant(1_110), true), Due::Now(vec![Change::Rooms, Change::Viewing]));
        assert_eq!(pace.due(Instant(1_110), true), Due::Nothing);
    }

    /// More comes than is drawn at once, and a draw was in the picture at 20 000 after so long; who looks at it has last
    /// written then. What is due at `now`.
    fn due_after(took_ms: u64, written: Option<u64>, now: u64) -> Due {
        let mut pace = Pace::default();
        let start = 20_000 - took_ms;
        pace.rest(Instant(start - REST_MS));
        pace.note(Change::Rooms);
        assert_eq!(wait(pace.due(Instant(start - REST_MS), true)), Some((REST_MS, 1)));
        assert!(pace.waited(1));
        assert_eq!(pace.due(Instant(start), true), Due::Now(vec![Change::Rooms]));
        pace.rest(Instant(start));
        pace.took(Instant(start), Instant(20_000));
        if let Some(written) = written {
            pace.writes(Instant(written));
        }
        pace.note(Change::Rooms);
        pace.due(Instant(now), true)
    }

    #[test]
    fn where_drawing_takes_long_what_goes_on_coming_waits_longer() {
        let rest = |took_ms| wait(due_after(took_ms, None, 20_000)).unwrap().0;

        assert_eq!(rest(TOOK_MS_MIN), REST_MS - TOOK_MS_MIN);
        assert_eq!(rest(TOOK_MS_MIN + 50), 50 * REST_TIMES);
        assert_eq!(rest(10_000), REST_MS_MAX);
    }

    #[test]
    fn who_writes_has_nearly_all_of_the_time() {
        let writing = |now| wait(due_after(TOOK_MS_MIN + 50, Some(now), now));

        let rest = 50 * REST_TIMES_WRITING;
        assert_eq!(writing(20_000), Some((WRITES_MS, 2)), "should this be the last letter");
        assert_eq!(writing(20_000 + rest - 10), Some((10, 2)));
        assert_eq!(writing(20_000 + rest), None, "and is drawn then");
        assert!(matches!(due_after(900, Some(20_000), 20_000 + REST_MS_MAX_WRITING), Due::Now(_)));
    }

    #[test]
    fn who_pauses_sees_what_was_kept_back_for_the_next_letter() {
        let due = |now| due_after(900, Some(20_100), now);

        assert_eq!(wait(due(20_100 + WRITES_MS - 1)), Some((1, 2)));
        assert!(matches!(due(20_100 + WRITES_MS), Due::Now(_)));
    }

    #[test]
    fn a_key_draws_nothing_of_what_the_server_tells_and_it_comes_right_after() {
        let mut pace = Pace::default();
        pace.note(Change::Rooms);

        assert_eq!(wait(pace.due(Instant(1_000), false)), Some((0, 1)));

        assert!(pace.waited(1));
        assert_eq!(pace.due(Instant(1_001), true), Due::Now(vec![Change::Rooms]));
    }

    #[test]
    fn nothing_is_drawn_on_top_of_what_is_not_in_the_picture_yet() {
        let mut pace = Pace::default();
        pace.rest(Instant(1_000));
        assert!(!pace.is_timed());
        pace.note(Change::Rooms);

        for n in 1..=2 {
            assert_eq!(wait(pace.due(Instant(1_100 + 100 * u64::from(n)), true)), Some((REST_MS, n)));
            assert!(pace.waited(n));
        }
        pace.took(Instant(1_000), Instant(1_350));
        assert_eq!(pace.due(Instant(1_400), true), Due::Now(vec![Change::Rooms]));
    }

    #[test]
    fn a_page_out_of_sight_of_which_no_pictures_are_made_is_drawn_all_the_same() {
        let mut pace = Pace::default();
        pace.rest(Instant(1_000));
        assert!(!pace.is_timed());
        pace.note(Change::Rooms);

        assert_eq!(pace.due(Instant(1_000 + REST_MS_MAX), true), Due::Now(vec![Change::Rooms]));
    }

    #[test]
    fn who_has_sent_something_sees_the_answer_before_a_longer_rest_is_over() {
        let mut pace = Pace::default();
        pace.rests_until = Instant(3_000);
        pace.rests_until_writing = pace.rests_until;
        pace.note(Change::Rooms);
        assert_eq!(wait(pace.due(Instant(1_000), true)), Some((2_000, 1)));

        pace.hurry();
        assert!(matches!(pace.due(Instant(1_500), true), Due::Now(_)));
        pace.rest(Instant(1_500));
        pace.note(Change::Rooms);

        assert_eq!(wait(pace.due(Instant(1_550), true)), Some((REST_MS - 50, 2)));
        assert!(!pace.waited(1), "it was asked for in vain");
        assert!(pace.waited(2));
    }

    #[test]
    fn what_came_alone_makes_nothing_wait_however_long_it_took() {
        let mut pace = Pace::default();
        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_000), true), Due::Now(vec![Change::Rooms]));
        pace.rest(Instant(1_000));

        pace.took(Instant(1_000), Instant(1_900));

        pace.note(Change::Rooms);
        assert_eq!(pace.due(Instant(1_900), true), Due::Now(vec![Change::Rooms]));
    }

    #[test]
    fn what_the_user_does_does_not_wait() {
        let mut pace = Pace::default();
        pace.rest(Instant(1_000));
        pace.note(Change::Rooms);

        pace.hurry();

        assert_eq!(pace.due(Instant(1_001), true), Due::Now(vec![Change::Rooms]));
    }
}
