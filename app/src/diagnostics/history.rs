//! What happened to the connection of this tab, the latest first.

use client::{Counts, Happening, Journal, Loss, Reason, What};
use leptos::prelude::*;
use protocol::{UnixMs, close};

use crate::time::{Times, machine};

#[component]
pub(super) fn History(journal: RwSignal<Journal>, times: Times, offset_ms: i64) -> impl IntoView {
    let lines = move || {
        let line = |happening: &Happening| {
            let at = UnixMs(offset_ms + i64::try_from(happening.at.0).unwrap_or(0));
            let clock = format!("{}:{:02}", times.clock(at), at.0.div_euclid(1_000).rem_euclid(60));
            view! {
                <li class="diagnostics__happening" data-bad=is_bad(happening.what).then_some("")>
                    <time datetime=machine(at)>{clock}</time>
                    <span>{sentence(*happening)}</span>
                </li>
            }
        };
        journal.with(|journal| journal.happenings().iter().rev().map(line).collect_view())
    };
    let counts = move || {
        let Counts { connected, lost, resumed, gaps, resets } = journal.with(Journal::counts);
        [("Connected", connected), ("Lost", lost), ("Resumed", resumed), ("Gaps filled", gaps), ("Resets", resets)]
            .map(|(name, count)| view! { <div><dt>{name}</dt><dd>{count}</dd></div> })
            .collect_view()
    };
    let is_empty = move || journal.with(|journal| journal.happenings().is_empty());
    view! {
        <section class="diagnostics__part" aria-labelledby="connection-history">
            <h2 class="diagnostics__title" id="connection-history">"Connection history"</h2>
            <p class="diagnostics__lead">
                "What happened to the connection of this tab since the page was loaded, the latest first. A stream is a room, or your list of rooms."
            </p>
            <dl class="diagnostics__counts">{counts}</dl>
            {move || is_empty().then(|| view! { <p class="diagnostics__note">"Nothing has happened yet."</p> })}
            <ol class="diagnostics__history">{lines}</ol>
        </section>
    }
}

/// Whether it is something that nobody wishes for.
fn is_bad(what: What) -> bool {
    match what {
        What::Lost(_) | What::Failed(_) | What::Reset => true,
        What::Connected | What::Resumed { .. } | What::Filled { .. } => false,
    }
}

fn sentence(happening: Happening) -> String {
    let said = match happening.what {
        What::Connected => "Connected.".to_owned(),
        What::Lost(loss) => format!("Connection lost: {}.", why(loss)),
        What::Failed(Reason::Offline) => "Could not connect: the server cannot be reached.".to_owned(),
        What::Failed(Reason::Busy) => {
            "Could not connect: the server has too much to do, or you have too many connections.".to_owned()
        }
        What::Failed(Reason::Lost) => "Could not connect: the connection broke while it was opened.".to_owned(),
        What::Resumed { streams, missed } => {
            format!("Resumed {}; {}.", counted(streams.into(), "stream"), caught_up(missed))
        }
        What::Filled { missed } => format!("Noticed a gap; {} that were missing came.", counted(missed, "event")),
        What::Reset => "Too much was missed: a stream was loaded afresh.".to_owned(),
    };
    match (happening.what, happening.times) {
        (What::Failed(_), times @ 2..) => format!("{said} ({times} times)"),
        _ => said,
    }
}

fn why(loss: Loss) -> String {
    match loss {
        Loss::Silent => "nothing was heard from the server any more".to_owned(),
        Loss::Unanswered => "the server did not answer".to_owned(),
        Loss::Closed(Some(close::RESTART)) => "the server restarts".to_owned(),
        Loss::Closed(Some(close::GOING_AWAY)) => "the server went away".to_owned(),
        Loss::Closed(Some(close::TRY_AGAIN_LATER)) => "the server had too much to do".to_owned(),
        Loss::Closed(Some(close::SESSION_ENDED)) => "the session has ended".to_owned(),
        // What browsers say of a connection that just broke (RFC 6455 §7.1.5).
        Loss::Closed(None | Some(1005 | 1006)) => "it broke".to_owned(),
        Loss::Closed(Some(code)) => format!("it was closed with code {code}"),
    }
}

fn caught_up(missed: u64) -> String {
    match missed {
        0 => "nothing was missed".to_owned(),
        missed => format!("{} came that {} missed", counted(missed, "event"), if missed == 1 { "was" } else { "were" }),
    }
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use client::Instant;

    use super::*;

    fn said(what: What, times: u32) -> String {
        sentence(Happening { at: Instant(0), what, times })
    }

    #[test]
    fn what_happened_is_told_in_sentences() {
        assert_eq!(said(What::Lost(Loss::Closed(Some(1012))), 1), "Connection lost: the server restarts.");
        assert_eq!(said(What::Lost(Loss::Closed(Some(4001))), 1), "Connection lost: it was closed with code 4001.");
        assert_eq!(said(What::Resumed { streams: 1, missed: 0 }, 1), "Resumed 1 stream; nothing was missed.");
        assert_eq!(
            said(What::Resumed { streams: 2, missed: 3 }, 2),
            "Resumed 2 streams; 3 events came that were missed."
        );
        assert_eq!(
            said(What::Failed(Reason::Offline), 4),
            "Could not connect: the server cannot be reached. (4 times)"
        );
    }
}
