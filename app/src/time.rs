//! Times as people read them: in their own zone, quiet, and the same on the server and in the browser.
//!
//! The browser tells the server its zone in the cookie `zone`. Without it the server writes UTC, and the browser
//! starts with the same, so that hydration finds what it expects; then it switches. A zone that was chosen in the
//! settings comes before that of the device, on both sides.

use leptos::prelude::*;
use protocol::UnixMs;

use crate::{erased::effect, initial::Initial, platform};

/// The moment and the zone that times are written for.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    zone: RwSignal<Option<String>>,
    now: RwSignal<UnixMs>,
}

/// A moment as a calendar and a clock on the wall show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i16,
    /// From 1.
    pub(crate) month: u8,
    /// From 1.
    pub(crate) day: u8,
    /// From Monday, 0.
    pub(crate) weekday: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAY_MS: i64 = 86_400_000;

impl Times {
    /// Makes the zone of the page known to all components, and corrects it once the browser runs.
    pub(crate) fn provide<P>(initial: &Initial<P>) -> Self {
        let times = Self { zone: RwSignal::new(initial.zone.clone()), now: RwSignal::new(initial.now) };
        provide_context(times);
        let is_chosen = initial.is_zone_chosen;
        effect(move || {
            if is_chosen {
                return;
            }
            let own = platform::own_zone();
            if times.zone.get_untracked() != own {
                platform::remember_zone(own.as_deref());
                times.zone.set(own);
            }
        });
        times
    }

    /// What calendar and clock show; follows the zone.
    pub(crate) fn civil(self, at: UnixMs) -> Civil {
        self.zone.with(|zone| platform::civil(at, zone.as_deref()))
    }

    /// `14:03`.
    pub(crate) fn clock(self, at: UnixMs) -> String {
        let Civil { hour, minute, .. } = self.civil(at);
        format!("{hour:02}:{minute:02}")
    }

    /// `Today`, `Yesterday`, `Monday, 16 November`, and with the year where it is another one.
    pub(crate) fn day(self, at: UnixMs) -> String {
        let now = self.now.get();
        let (that, today) = (self.civil(at), self.civil(now));
        if that.is_same_day(today) {
            "Today".to_owned()
        } else if that.is_same_day(self.civil(UnixMs(now.0 - DAY_MS))) {
            "Yesterday".to_owned()
        } else {
            that.date(today.year)
        }
    }

    /// `at 14:03`, `yesterday`, `on Monday, 16 November`.
    pub(crate) fn when(self, at: UnixMs) -> String {
        match self.day(at).as_str() {
            "Today" => format!("at {}", self.clock(at)),
            "Yesterday" => "yesterday".to_owned(),
            date => format!("on {date}"),
        }
    }

    /// `Monday, 16 November 2026, 14:03`.
    pub(crate) fn full(self, at: UnixMs) -> String {
        format!("{}, {}", self.civil(at).date(0), self.clock(at))
    }

    /// Moves "now" on, so that yesterday is not called today for ever.
    pub(crate) fn tick(self, now: UnixMs) {
        if !self.civil_untracked(now).is_same_day(self.civil_untracked(self.now.get_untracked())) {
            self.now.set(now);
        }
    }

    /// Whoever calls this is called again in another zone.
    pub(crate) fn follow_zone(self) {
        self.zone.track();
    }

    /// As [`Times::civil`], without following the zone.
    pub(crate) fn civil_untracked(self, at: UnixMs) -> Civil {
        self.zone.with_untracked(|zone| platform::civil(at, zone.as_deref()))
    }
}

impl Civil {
    /// Whether both are on one day.
    pub(crate) fn is_same_day(self, other: Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }

    fn date(self, this_year: i16) -> String {
        let weekday = WEEKDAYS[usize::from(self.weekday) % 7];
        let month = MONTHS[usize::from(self.month.max(1) - 1) % 12];
        if self.year == this_year {
            format!("{weekday}, {} {month}", self.day)
        } else {
            format!("{weekday}, {} {month} {}", self.day, self.year)
        }
    }
}

/// RFC 3339 in UTC, for the `datetime` attribute.
pub(crate) fn machine(at: UnixMs) -> String {
    let Civil { year, month, day, hour, minute, .. } = platform::civil(at, None);
    let second = at.0.div_euclid(1000).rem_euclid(60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T03:30:00Z, a Saturday.
    const AT: UnixMs = UnixMs(1_795_231_800_000);

    #[test]
    fn times_follow_the_zone() {
        assert_eq!(platform::civil(AT, None).hour, 3);
        assert_eq!(platform::civil(AT, Some("Europe/Berlin")).hour, 4);
        assert_eq!(platform::civil(AT, Some("America/New_York")).day, 20);
        assert_eq!(platform::civil(AT, Some("Nowhere/Land")), platform::civil(AT, None));
    }

    #[test]
    fn dates_are_written_out() {
        assert_eq!(platform::civil(AT, None).date(2026), "Saturday, 21 November");
        assert_eq!(platform::civil(AT, None).date(2027), "Saturday, 21 November 2026");
        assert_eq!(machine(AT), "2026-11-21T03:30:00Z");
    }
}
