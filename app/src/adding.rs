//! Bringing somebody into a room.

use leptos::{either::Either, ev::SubmitEvent, html, prelude::*};
use protocol::{Command, Username, limits::USERNAME_CHARS_MAX, members::AddMember};

use crate::{erased::on, session::Session, shown::ShownRoom};

/// The form that brings somebody in by name.
#[component]
pub(crate) fn AddForm(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let input = NodeRef::<html::Input>::new();
    let said = RwSignal::new(None::<Said>);
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            _ = input.focus();
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
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength=USERNAME_CHARS_MAX.to_string()
                    node_ref=input
                />
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
