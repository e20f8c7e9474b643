//! What one looks at when the connection is slow or goes away: round trips to the server, measured, and the history of
//! this tab's own connection and messages.
//!
//! The page itself is the heading and an empty place; everything else is loaded when the page is opened first. The engine
//! goes on as on every page: looking at the connection does not change it.

use leptos::{html, prelude::*};

use crate::{
    frame::RoomsButton,
    later::{self, Drawn},
    platform::{self, Ticking},
    session::Session,
};

mod drawing;
mod history;
mod measuring;
mod messages;
mod round_trips;

use history::History;
use messages::LastMessages;
use round_trips::RoundTripsRegion;

/// What the page is called.
pub(crate) const TITLE: &str = "Diagnostics";

/// How often the history is looked at anew, in milliseconds.
const LOOK_INTERVAL_MS: u32 = 500;

/// What happens with a connection to the echo.
#[allow(dead_code, reason = "on the server nothing happens")]
pub(crate) enum Echoed {
    /// It is open.
    Opened,
    /// A text came back.
    Text(String),
    /// Bytes came back.
    Bytes(Vec<u8>),
    /// It is closed, with this code if it has one, or could not be opened.
    Closed(Option<u16>),
}

/// The page.
#[component]
pub(crate) fn DiagnosticsPage() -> impl IntoView {
    let session = expect_context::<Session>();
    let host = NodeRef::<html::Div>::new();
    let drawn = StoredValue::new_local(None::<Drawn>);
    session.title.set(TITLE.to_owned());
    Effect::new(move |_| {
        if let Some(host) = host.get() {
            later::load(session, later::diagnostics(host.into(), session, drawn));
        }
    });
    // Taken out first: what it does when it goes may look here.
    on_cleanup(move || _ = drawn.try_update_value(Option::take));
    view! {
        <main class="frame__main" id="main" tabindex="-1">
            <div class="bar">
                <RoomsButton/>
                <h1 class="bar__title">{TITLE}</h1>
            </div>
            <div class="diagnostics">
                <div class="diagnostics__parts" node_ref=host></div>
                <p class="diagnostics__loading">"Loading the diagnostics … They need JavaScript."</p>
            </div>
        </main>
    }
}

/// What is on the page, once it is loaded.
#[component]
pub(crate) fn Diagnostics(session: Session) -> impl IntoView {
    let journal = RwSignal::new(session.journal());
    let looking = Ticking::every(LOOK_INTERVAL_MS, move || {
        let now = session.journal();
        let is_same = journal.with_untracked(|shown| {
            (shown.happenings(), shown.counts(), shown.messages()) == (now.happenings(), now.counts(), now.messages())
        });
        if !is_same {
            journal.set(now);
        }
    });
    let looking = StoredValue::new_local(Some(looking));
    on_cleanup(move || _ = looking.try_update_value(Option::take));
    // The engine's clock counts from when the page was opened.
    let offset_ms = platform::now().0 - i64::try_from(platform::monotonic().0).unwrap_or(0);
    view! {
        <RoundTripsRegion/>
        <History journal times=session.times() offset_ms/>
        <LastMessages journal session/>
    }
}

/// A time as people read it, from microseconds: short ones with a decimal.
fn in_ms(us: u64) -> String {
    if us < 9_950 {
        format!("{}.{} ms", (us + 50) / 1_000, (us + 50) % 1_000 / 100)
    } else {
        format!("{} ms", (us + 500) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::in_ms;

    #[test]
    fn times_are_rounded_to_what_matters() {
        let written = [0, 49, 50, 449, 1_950, 9_949, 9_950, 12_499, 12_500, 1_234_567].map(in_ms);

        assert_eq!(
            written,
            ["0.0 ms", "0.0 ms", "0.1 ms", "0.4 ms", "2.0 ms", "9.9 ms", "10 ms", "12 ms", "13 ms", "1235 ms"]
        );
    }
}
