//! The mark on an edited message: it shows what the message said before.

use leptos::prelude::*;
use protocol::{UnixMs, edits::Edits, json};

use crate::{
    platform,
    rows::RowView,
    session::Session,
    shown::ShownRoom,
    time::{self, Times},
};

/// *edited*; pressed, it lists the earlier texts, which are asked for then.
#[component]
pub(crate) fn EditedMark(room: ShownRoom, view: RwSignal<RowView>, edited_at: UnixMs) -> impl IntoView {
    let session = expect_context::<Session>();
    let times = expect_context::<Times>();
    let earlier = RwSignal::new(None::<Edits>);
    let toggle = move |_| {
        if earlier.with_untracked(Option::is_some) {
            earlier.set(None);
            return;
        }
        let Some(message) = view.with_untracked(|view| view.seq) else { return };
        platform::read(format!("/api/v1/rooms/{}/messages/{message}/edits", room.id), move |answer| {
            match answer.as_deref().and_then(json::read::<Edits>) {
                Some(edits) => _ = earlier.try_set(Some(edits)),
                None => {
                    let sentence = "The earlier texts could not be read. Try again in a moment.";
                    session.complaint.set(Some(sentence.to_owned()));
                }
            }
        });
    };
    view! {
        <button
            class="message__edited"
            type="button"
            aria-expanded=move || earlier.with(Option::is_some).to_string()
            title=move || format!("Show earlier texts; edited {}", times.full(edited_at))
            on:click=toggle
        >
            "edited"
        </button>
        {move || {
            earlier.get().map(|edits| {
                view! {
                    <ol class="earlier" aria-label="Earlier texts">
                        {edits.earlier
                            .into_iter()
                            .map(|text| {
                                view! {
                                    <li class="earlier__text" dir="auto">
                                        <time class="message__time" datetime=time::machine(text.at)>{times.full(text.at)}</time>
                                        <p>{text.text}</p>
                                    </li>
                                }
                            })
                            .collect::<Vec<_>>()}
                    </ol>
                }
            })
        }}
    }
}
