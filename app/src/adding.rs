//! Bringing somebody into a room: by a name that is written, or one of those that the server offers meanwhile.

use leptos::{either::Either, ev::SubmitEvent, html, prelude::*};
use protocol::{
    Command, Username, json,
    limits::USERNAME_CHARS_MAX,
    members::{AddMember, Candidate},
};

use crate::{
    erased::{on, redrawn},
    platform,
    session::Session,
    shown::ShownRoom,
};

/// The id of the names that are offered.
const NAMES: &str = "add-member-names";

/// The form that brings somebody in by name.
#[component]
pub(crate) fn AddForm(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let input = NodeRef::<html::Input>::new();
    let said = RwSignal::new(None::<Said>);
    let offered = RwSignal::new(Vec::<Candidate>::new());
    // What is typed may be the beginning of several names. The latest answer to what stands there holds.
    let look = move || {
        let Some(typed) = input.get_untracked().map(|input| input.value()) else { return };
        let begun = platform::encoded(typed.trim().trim_start_matches('@'));
        platform::read(format!("/api/v1/rooms/{}/candidates?name={begun}", room.id), move |answer| {
            let is_asked = input.try_get_untracked().flatten().is_some_and(|input| input.value() == typed);
            // Without an answer, whoever knows the name writes it.
            if let Some(found) = answer.as_deref().and_then(json::read).filter(|_| is_asked) {
                _ = offered.try_set(found);
            }
        });
    };
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            _ = input.focus();
            look();
        }
    });
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else { return };
        let typed = input.value();
        let username = match Username::parse(typed.trim().trim_start_matches('@')) {
            Ok(username) => username,
            Err(invalid) => {
                said.set(Some(Said::Refused(invalid.to_string())));
                return;
            }
        };
        let name = username.to_string();
        session.run(
            |client_id| Command::AddMember(AddMember { client_id, room: room.id, username }),
            move |result| match result {
                Ok(_) => {
                    input.set_value("");
                    look();
                    said.set(Some(Said::Done(format!("{name} is in."))));
                }
                Err(error) => said.set(Some(Said::Refused(error.message.into_owned()))),
            },
        );
    };
    view! {
        <form class="members__add" on:submit=on(add)>
            <label for="add-member">"Add by username"</label>
            <div class="members__add-row">
                <input
                    id="add-member"
                    type="text"
                    autocomplete="off"
                    list=NAMES
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength=USERNAME_CHARS_MAX.to_string()
                    node_ref=input
                    on:input=move |_| look()
                />
                <datalist id=NAMES>
                    {redrawn(move || {
                        let options = offered.get().into_iter().map(|Candidate { user, called }| {
                            let name = user.name.to_string();
                            let called = called.unwrap_or_else(|| name.clone());
                            view! { <option value=name>{called}</option> }
                        });
                        options.collect::<Vec<_>>()
                    })}
                </datalist>
                <button class="button" type="submit">"Add"</button>
            </div>
            <div role="status">
                {move || match said.get() {
                    Some(Said::Done(sentence)) => Some(Either::Left(view! { <p class="notice">{sentence}</p> })),
                    Some(Said::Refused(sentence)) => {
                        Some(Either::Right(view! { <p class="notice notice--refused">{sentence}</p> }))
                    }
                    None => None,
                }}
            </div>
        </form>
    }
}

/// What came of adding someone.
#[derive(Clone)]
enum Said {
    Done(String),
    Refused(String),
}
