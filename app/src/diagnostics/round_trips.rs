//! Round trips: the button, the drawing, and the figures.

use client::{ROUND_TRIP_MS_MAX, ROUND_TRIPS_WINDOW, RoundTrips, Summary};
use leptos::prelude::*;

use super::{
    drawing::{self, HEIGHT, WIDTH},
    in_ms,
    measuring::{Measured, Measuring},
};

/// What is said of a figure that there is not yet.
const NOTHING: &str = "–";

#[component]
pub(super) fn RoundTripsRegion() -> impl IntoView {
    let measuring = Measuring::new();
    let (phase, measured) = (measuring.phase, measuring.measured);
    let press = move |_| if phase.get_untracked().is_running() { measuring.stop() } else { measuring.start() };
    let label = move || if phase.get().is_running() { "Stop measuring" } else { "Start measuring" };
    view! {
        <section class="diagnostics__part" aria-labelledby="round-trips">
            <h2 class="diagnostics__title" id="round-trips">"Round trips"</h2>
            <p class="diagnostics__lead">
                "Eight small frames a second go to the server and come back, text and binary in turn, over a connection of their own. \
                 A frame that is not back after " {ROUND_TRIP_MS_MAX / 1_000} " seconds is lost."
            </p>
            <div class="diagnostics__control">
                <button
                    class="button"
                    class:button--primary=move || !phase.get().is_running()
                    type="button"
                    on:click=press
                >
                    {label}
                </button>
                <p class="diagnostics__state" role="status" aria-label="Measurement">{move || phase.get().sentence()}</p>
            </div>
            <Drawing measured/>
            <table class="diagnostics__table">
                <caption class="visually-hidden">"Round trips"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Frames"</th>
                        <th scope="col">"Sent"</th>
                        <th scope="col">"Answered"</th>
                        <th scope="col">"Lost"</th>
                        <th scope="col">"Loss"</th>
                        <th scope="col">"Median"</th>
                        <th scope="col"><abbr title="95th percentile">"p95"</abbr></th>
                    </tr>
                </thead>
                <tbody>
                    <Figures name="Text" summary=Signal::derive(move || measured.with(|both| both.text.summary()))/>
                    <Figures name="Binary" summary=Signal::derive(move || measured.with(|both| both.binary.summary()))/>
                </tbody>
            </table>
            <p class="diagnostics__note">
                "Loss, median and p95 (95 of 100 frames were at least as quick) are of the last " {ROUND_TRIPS_WINDOW}
                " frames of each kind."
            </p>
        </section>
    }
}

#[component]
fn Figures(name: &'static str, summary: Signal<Summary>) -> impl IntoView {
    let time = |us: Option<u64>| us.map_or_else(|| NOTHING.to_owned(), in_ms);
    let loss = move || summary.get().loss_percent.map_or_else(|| NOTHING.to_owned(), |loss| format!("{loss} %"));
    view! {
        <tr>
            <th scope="row"><span class="diagnostics__key" data-kind=name></span> {name}</th>
            <td>{move || summary.get().sent}</td>
            <td>{move || summary.get().answered}</td>
            <td>{move || summary.get().lost}</td>
            <td>{loss}</td>
            <td>{move || time(summary.get().median_us)}</td>
            <td>{move || time(summary.get().p95_us)}</td>
        </tr>
    }
}

/// The times as lines, one a kind.
#[component]
fn Drawing(measured: RwSignal<Measured>) -> impl IntoView {
    let top = Memo::new(move |_| {
        let longest = |trips: &RoundTrips| trips.fates().iter().flatten().copied().max().unwrap_or(0);
        measured.with(|both| drawing::top_us(longest(&both.text).max(longest(&both.binary))))
    });
    let line =
        move |pick: fn(&Measured) -> &RoundTrips| measured.with(|both| drawing::line(pick(both).fates(), top.get()));
    let losses =
        move || measured.with(|both| drawing::losses(both.text.fates()) + &drawing::losses(both.binary.fates()));
    let quarter = HEIGHT / 4;
    let grid = format!("M0 {quarter}H{WIDTH}M0 {}H{WIDTH}M0 {}H{WIDTH}", 2 * quarter, 3 * quarter);
    view! {
        <div class="diagnostics__drawing">
            <span class="diagnostics__scale" aria-hidden="true">{move || in_ms(top.get())}</span>
            <span class="diagnostics__scale" aria-hidden="true">{move || in_ms(top.get() / 2)}</span>
            <span class="diagnostics__scale" aria-hidden="true">"0"</span>
            <svg
                class="diagnostics__picture"
                viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                preserveAspectRatio="none"
                role="img"
                aria-label=move || measured.with(in_words)
            >
                <path class="diagnostics__grid" d=grid/>
                <path class="diagnostics__losses" d=losses/>
                <path class="diagnostics__line" data-kind="Binary" d=move || line(|both| &both.binary)/>
                <path class="diagnostics__line" data-kind="Text" d=move || line(|both| &both.text)/>
            </svg>
        </div>
    }
}

/// What the drawing shows.
fn in_words(measured: &Measured) -> String {
    let of = |trips: &RoundTrips| match trips.summary() {
        Summary { median_us: Some(median), p95_us: Some(p95), .. } => {
            format!("mostly {}, at times {}", in_ms(median), in_ms(p95))
        }
        Summary { .. } => "nothing yet".to_owned(),
    };
    let lost = measured.text.summary().lost + measured.binary.summary().lost;
    format!(
        "Round trips drawn over time. Text: {}. Binary: {}. Lost: {lost}.",
        of(&measured.text),
        of(&measured.binary)
    )
}
