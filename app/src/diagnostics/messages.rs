//! How long the last messages of this tab took from stage to stage. They are named by where they are: what they said may
//! have been deleted meanwhile.

use client::{Instant, Journal, Timed};
use leptos::{either::Either, prelude::*};

use crate::{place::Place, session::Session};

#[component]
pub(super) fn LastMessages(journal: RwSignal<Journal>, session: Session) -> impl IntoView {
    let rows = move || {
        journal.with(|journal| journal.messages().iter().rev().map(|message| row(message, session)).collect_view())
    };
    let is_empty = move || journal.with(|journal| journal.messages().is_empty());
    view! {
        <section class="diagnostics__part" aria-labelledby="last-messages">
            <h2 class="diagnostics__title" id="last-messages">"Last messages"</h2>
            <p class="diagnostics__lead">
                "What you wrote in this tab, by room and number, the latest first: how long it took until it was sent, from there until the server had it on disk, \
                 and from there until somebody else had read it. Who hides which room they look at is not counted."
            </p>
            <table class="diagnostics__table" hidden=is_empty>
                <caption class="visually-hidden">"Last messages"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Message"</th>
                        <th scope="col">"Queued → sent"</th>
                        <th scope="col">"→ stored"</th>
                        <th scope="col">"→ seen by another"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {move || is_empty().then(|| view! {
                <p class="diagnostics__note">"You have written nothing in this tab yet. Write in a room, then come back."</p>
            })}
        </section>
    }
}

fn row(message: &Timed, session: Session) -> impl IntoView + use<> {
    let stored = message.stored.map(|(_, at)| at);
    let room = message.room;
    let name = session.rooms.with(|rooms| rooms.iter().find(|known| known.id == room).map(|known| known.name.clone()));
    let name = name.unwrap_or_else(|| format!("Room {room}"));
    let named = match message.stored {
        Some((seq, _)) => {
            let href = format!("{}?at={seq}", Place::room_path(room, &name));
            Either::Left(view! { <a href=href>{format!("{name}, {seq}")}</a> })
        }
        None => Either::Right(name),
    };
    view! {
        <tr>
            <th scope="row" class="diagnostics__message">{named}</th>
            <td>{took(Some(message.queued), message.sent, message.refused)}</td>
            <td>{took(message.sent, stored, message.refused)}</td>
            <td>{took(stored, message.seen, false)}</td>
        </tr>
    }
}

/// How long a stage took; that it is not over, or never will be.
fn took(from: Option<Instant>, to: Option<Instant>, is_refused: bool) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{} ms", (to - from).as_millis()),
        (Some(_), None) if is_refused => "refused".to_owned(),
        (Some(_), None) => "waiting".to_owned(),
        (None, _) => "–".to_owned(),
    }
}
