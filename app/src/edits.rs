//! The mark on an edited message: it shows what the message said before.

use leptos::prelude::*;
use protocol::{Seq, UnixMs, edits::Edits, json};

use crate::{
    erased::{live, on, redrawn},
    later::{Later, Tool},
    platform,
    rows::RowView,
    session::Session,
    shown::ShownRoom,
    time::{self, Times},
};

/// *edited*; pressed, it lists the earlier texts.
#[component]
pub(crate) fn EditedMark(room: ShownRoom, view: RwSignal<RowView>, edited_at: UnixMs) -> impl IntoView {
    let times = expect_context::<Times>();
    let is_open = RwSignal::new(false);
    let message = move || view.with_untracked(|view| view.seq);
    view! {
        <button
            class="message__edited"
            type="button"
            aria-expanded=live(move || is_open.get().to_string())
            title=live(move || format!("Show earlier texts; edited {}", times.full(edited_at)))
            on:click=on(move |_| is_open.update(|is_open| *is_open = !*is_open))
        >
            "edited"
        </button>
        {redrawn(move || {
            message().filter(|_| is_open.get()).map(|message| view! { <Later room tool=Tool::Earlier { message, is_open }/> })
        })}
    }
}

/// The earlier texts of a message, which are asked for now.
#[component]
pub(crate) fn EarlierTexts(room: ShownRoom, message: Seq, is_open: RwSignal<bool>) -> impl IntoView {
    let session = expect_context::<Session>();
    let times = expect_context::<Times>();
    let earlier = RwSignal::new(None::<Edits>);
    platform::read(format!("/api/v1/rooms/{}/messages/{message}/edits", room.id), move |answer| {
        match answer.as_deref().and_then(json::read::<Edits>) {
            Some(edits) => _ = earlier.try_set(Some(edits)),
            None => {
                let sentence = "The earlier texts could not be read. Try again in a moment.";
                session.complaint.set(Some(sentence.to_owned()));
                is_open.try_set(false);
            }
        }
    });
    move || {
        earlier.get().map(|edits| {
            let texts = edits.earlier.into_iter().map(|text| {
                view! {
                    <li class="earlier__text" dir="auto">
                        <time class="message__time" datetime=time::machine(text.at)>{times.full(text.at)}</time>
                        <p>{text.text}</p>
                    </li>
                }
            });
            view! { <ol class="earlier" aria-label="Earlier texts">{texts.collect::<Vec<_>>()}</ol> }
        })
    }
}
