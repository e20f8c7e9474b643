//! One's status: what it is now, setting another one with one press or in one's own words, and clearing it.

use leptos::{either::Either, prelude::*};
use protocol::{Status, UnixMs, limits::STATUS_CHARS_MAX};

use super::{ButtonForm, PlainForm};
use crate::{initial::settings::StatusEnd, platform, time::Times};

const MINUTE_MS: i64 = 60_000;
const DAYS_OF_WEEK: u8 = 7;

/// What people often say, and for how long.
const USUAL: [(&str, &str, StatusEnd); 6] = [
    ("📅", "In a meeting", StatusEnd::Hour),
    ("🍽️", "At lunch", StatusEnd::Hour),
    ("🎧", "Focusing", StatusEnd::FourHours),
    ("🏡", "Working from home", StatusEnd::Today),
    ("🤒", "Out sick", StatusEnd::Today),
    ("🌴", "On holiday", StatusEnd::Never),
];

/// Emoji that are offered while one is chosen; every other one may be typed.
const EMOJI: [&str; 20] = [
    "💬", "📅", "🍽️", "☕", "🎧", "🏡", "🚆", "✈️", "🌴", "🤒", "👶", "🎓", "🧪", "🐛", "🚀", "🎉", "🏃", "😴", "🔕",
    "👀",
];

impl StatusEnd {
    /// The moment: counted from now in the zone of who sets it. `before` is when the one before ends.
    #[must_use]
    pub fn at(self, now: UnixMs, zone: Option<&str>, before: Option<UnixMs>) -> Option<UnixMs> {
        let after = |minutes: i64| Some(UnixMs(now.0 + minutes * MINUTE_MS));
        match self {
            Self::Kept => before,
            Self::Never => None,
            Self::HalfHour => after(30),
            Self::Hour => after(60),
            Self::FourHours => after(240),
            Self::Today => Some(platform::midnight(now, zone, 0)),
            Self::Week => {
                let left = DAYS_OF_WEEK - 1 - platform::civil(now, zone).weekday % DAYS_OF_WEEK;
                Some(platform::midnight(now, zone, left))
            }
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Kept => "As it was",
            Self::Never => "Never",
            Self::HalfHour => "30 minutes",
            Self::Hour => "1 hour",
            Self::FourHours => "4 hours",
            Self::Today => "Today",
            Self::Week => "This week",
        }
    }
}

/// All of it.
#[component]
pub(super) fn StatusSettings(status: Option<Status>, typed: Option<(String, String)>) -> impl IntoView {
    let until = status.as_ref().and_then(|status| status.until);
    let set = || status.as_ref().map(|status| (status.emoji.clone(), status.text.clone()));
    let (emoji, text) = typed.or_else(set).unwrap_or_default();
    let now = match status {
        Some(status) => Either::Left(view! { <StatusNow status/> }),
        None => Either::Right(view! {
            <p class="settings__facts">"A status stands beside your name, for those who share a room with you."</p>
        }),
    };
    let usual = USUAL.map(|(emoji, text, end)| view! { <li><UsualStatus emoji text end/></li> });
    view! {
        <h2 class="settings__subtitle">"Status"</h2>
        {now}
        <ul class="status__usual" aria-label="Usual statuses">{usual}</ul>
        <PlainForm action="/settings/profile/status">
            <div class="status__words">
                <div class="field">
                    <label for="status-emoji">"Emoji"</label>
                    <input
                        id="status-emoji"
                        name="emoji"
                        class="status__emoji"
                        list="status-emoji-list"
                        autocomplete="off"
                        placeholder="💬"
                        value=emoji
                    />
                    <datalist id="status-emoji-list">{EMOJI.map(|emoji| view! { <option value=emoji></option> })}</datalist>
                </div>
                <div class="field">
                    <label for="status-text">"Status"</label>
                    <input
                        id="status-text"
                        name="text"
                        autocomplete="off"
                        placeholder="What are you up to?"
                        maxlength=STATUS_CHARS_MAX.to_string()
                        required
                        value=text
                    />
                </div>
            </div>
            <div class="field">
                <label for="status-end">"Clear it after"</label>
                <select id="status-end" name="end"><Ends until/></select>
            </div>
            <button class="button button--primary" type="submit">"Set status"</button>
        </PlainForm>
    }
}

/// The ends that can be chosen; what ends already may go on doing so.
#[component]
fn Ends(until: Option<UnixMs>) -> impl IntoView {
    let times = expect_context::<Times>();
    let offered = StatusEnd::ALL.into_iter().filter(move |end| *end != StatusEnd::Kept || until.is_some());
    offered
        .map(|end| {
            let is_kept = end == StatusEnd::Kept;
            let label = match until.filter(|_| is_kept) {
                Some(until) => format!("{}: {}", end.label(), moment(times, until)),
                None => end.label().to_owned(),
            };
            view! { <option value=end.word() selected=is_kept>{label}</option> }
        })
        .collect_view()
}

/// What others see, and clearing it.
#[component]
fn StatusNow(status: Status) -> impl IntoView {
    let times = expect_context::<Times>();
    let ends = match status.until {
        Some(until) => format!("Until {}.", moment(times, until)),
        None => "Until you clear it.".to_owned(),
    };
    view! {
        <div class="settings__card">
            <div class="settings__row settings__row--account">
                <span class="settings__sign status__sign">{status.emoji}</span>
                <div>
                    <p class="settings__name">{status.text}</p>
                    <p class="settings__facts">{ends}</p>
                </div>
                <ButtonForm action="/settings/profile/status/clear" word="Clear" label="Clear status"/>
            </div>
        </div>
    }
}

/// `14:03`, and with the day where it is another one.
fn moment(times: Times, at: UnixMs) -> String {
    match times.day(at).as_str() {
        "Today" => times.clock(at),
        date => format!("{date}, {}", times.clock(at)),
    }
}

/// One that is set with one press.
#[component]
fn UsualStatus(emoji: &'static str, text: &'static str, end: StatusEnd) -> impl IntoView {
    let how_long = match end {
        StatusEnd::Never => None,
        StatusEnd::Kept
        | StatusEnd::HalfHour
        | StatusEnd::Hour
        | StatusEnd::FourHours
        | StatusEnd::Today
        | StatusEnd::Week => Some(view! { <span class="status__long">{end.label()}</span> }),
    };
    view! {
        <form method="post" action="/settings/profile/status">
            <input type="hidden" name="emoji" value=emoji/>
            <input type="hidden" name="text" value=text/>
            <input type="hidden" name="end" value=end.word()/>
            <button class="status__chip" type="submit">
                <span class="status__sign">{emoji}</span>
                " " {text} " "
                {how_long}
            </button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T23:30:00Z, a Saturday; in Berlin it is Sunday already.
    const NOW: UnixMs = UnixMs(1_795_303_800_000);
    const HALF_HOUR_MS: i64 = 30 * MINUTE_MS;

    fn later(end: StatusEnd, zone: Option<&str>) -> Option<i64> {
        end.at(NOW, zone, Some(UnixMs(NOW.0 + 5))).map(|at| at.0 - NOW.0)
    }

    #[test]
    fn an_end_is_counted_from_now_in_the_zone_of_who_sets_it() {
        let day_ms = 48 * HALF_HOUR_MS;
        assert_eq!(later(StatusEnd::Never, None), None);
        assert_eq!(later(StatusEnd::Kept, None), Some(5));
        assert_eq!(later(StatusEnd::HalfHour, None), Some(HALF_HOUR_MS));
        assert_eq!(later(StatusEnd::Today, None), Some(HALF_HOUR_MS));
        assert_eq!(later(StatusEnd::Week, None), Some(HALF_HOUR_MS + day_ms), "the week ends with Sunday");
        assert_eq!(later(StatusEnd::Today, Some("Europe/Berlin")), Some(day_ms - HALF_HOUR_MS));
        assert_eq!(later(StatusEnd::Week, Some("Europe/Berlin")), Some(day_ms - HALF_HOUR_MS));
    }

    #[test]
    fn a_day_with_25_hours_ends_at_midnight() {
        // 2026-10-24T22:30:00Z: in Berlin, half an hour into the day on which summer time ends.
        let begun = UnixMs(1_792_881_000_000);

        let end = StatusEnd::Today.at(begun, Some("Europe/Berlin"), None).unwrap();

        assert_eq!(end.0 - begun.0, 49 * HALF_HOUR_MS);
    }

    #[test]
    fn each_end_has_a_word_of_its_own() {
        for end in StatusEnd::ALL {
            assert_eq!(StatusEnd::of_word(end.word()), Some(end));
        }
        assert_eq!(StatusEnd::of_word("tomorrow"), None);
    }

    #[test]
    fn what_is_offered_is_taken() {
        for (emoji, text, end) in USUAL {
            let status = Status { emoji: emoji.to_owned(), text: text.to_owned(), until: end.at(NOW, None, None) };
            assert!(status.check(NOW).is_ok(), "{text}");
        }
        for emoji in EMOJI {
            assert!(protocol::reactions::check_emoji(emoji).is_ok(), "{emoji}");
        }
    }
}
