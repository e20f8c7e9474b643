//! Changing what a room is about.

use leptos::{ev::SubmitEvent, html, prelude::*};
use protocol::{
    Command,
    rooms::{SetTopic, TOPIC_CHARS_MAX},
};

use crate::{session::Session, shown::ShownRoom};

/// The form in the room's heading.
#[component]
pub(crate) fn TopicForm(room: ShownRoom, topic: Memo<String>, is_edited: RwSignal<bool>) -> impl IntoView {
    let session = expect_context::<Session>();
    let input = NodeRef::<html::Input>::new();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else { return };
        let topic = input.value().trim().to_owned();
        session.run(
            |client_id| Command::SetTopic(SetTopic { client_id, room: room.id, topic }),
            move |result| match result {
                Ok(_) => _ = is_edited.try_set(false),
                Err(error) => session.complain(Err(error)),
            },
        );
    };
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            _ = input.focus();
        }
    });
    view! {
        <form class="bar__form" on:submit=save on:keydown=move |event| if event.key() == "Escape" { is_edited.set(false) }>
            <input
                type="text"
                aria-label="Topic"
                autocomplete="off"
                maxlength=TOPIC_CHARS_MAX.to_string()
                prop:value=topic.get_untracked()
                node_ref=input
            />
            <button class="button button--small" type="submit">"Save"</button>
        </form>
    }
}
