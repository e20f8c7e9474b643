//! Writing: the composer below a room, and the same for changing a message.
//!
//! The text stays in the element and is read from there: what was typed before the program came is kept. Every
//! `<textarea>` is rendered empty, because its children would not be escaped.

use leptos::{
    ev::{Event, KeyboardEvent},
    html,
    prelude::*,
};
use protocol::{
    Command,
    messages::{self, check_text},
};

use crate::{
    actions::{Doing, last_own},
    address::Address,
    completion::{Completion, LIST, Offer},
    erased::{effect, live, memo, on, redrawn},
    icons::{Icon, Sign},
    later::{self, Later, Tool},
    message::Handle,
    picker::{PICKER_BUTTON, Picking},
    platform,
    session::Session,
    shown::ShownRoom,
    typing::TypingLine,
};

/// The id of a room's composer.
pub(crate) const COMPOSER: &str = "composer";

/// The composer of a room. Enter sends, Shift+Enter breaks the line.
#[component]
pub(crate) fn Composer(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let me = session.me().user.id;
    let input = NodeRef::<html::Textarea>::new();
    let refusal = RwSignal::new(None::<String>);
    let Doing { answering, picking, .. } = room.doing;
    let is_answer = memo(move || answering.with(Option::is_some));
    let completion = Completion::new(room, me, input);
    let label = move || format!("Message {}", room.name.get().unwrap_or_default());

    effect(move || {
        if let Some(input) = input.get() {
            let typed_early = input.value();
            if typed_early.is_empty() {
                input.set_value(&platform::draft(me, room.id));
            } else {
                platform::keep_draft(me, room.id, &typed_early);
            }
            if address.has_moved() {
                platform::take_focus(&input);
            }
        }
    });
    effect(move || {
        if answering.get().is_some() {
            platform::focus(COMPOSER);
        }
    });
    let send = move || {
        let Some(input) = input.get_untracked() else { return };
        let text = input.value().trim_end().to_owned();
        if text.trim().is_empty() {
            return;
        }
        if let Err(invalid) = check_text(&text) {
            refusal.set(Some(invalid.to_string()));
            return;
        }
        refusal.set(None);
        input.set_value("");
        platform::keep_draft(me, room.id, "");
        session.post(room.id, text, answering.get_untracked().map(|answered| answered.message));
        answering.set(None);
        completion.close();
        _ = input.focus();
    };
    let on_key = move |event: KeyboardEvent| {
        let is_empty = input.get_untracked().is_none_or(|input| input.value().is_empty());
        if !event.is_composing() && !event.shift_key() && !event.alt_key() && completion.takes(&event.key()) {
            event.prevent_default();
        } else if is_plain_enter(&event) {
            event.prevent_default();
            send();
        } else if event.key() == "Escape" && !event.shift_key() && answering.with_untracked(Option::is_some) {
            answering.set(None);
        } else if event.key() == "ArrowUp" && !event.alt_key() && is_empty {
            let own = || last_own(room, &session.me().user);
            if own().is_none() && room.hides_older() {
                session.draw_older(room, true);
            }
            if let Some(last) = own() {
                event.prevent_default();
                room.doing.editing.set(Some(last));
            }
        }
    };
    let on_input = move |event: Event| {
        let text = event_target_value(&event);
        later::prepare_markup(&text);
        platform::keep_draft(me, room.id, &text);
        session.types(room.id, !text.is_empty());
        if refusal.with_untracked(Option::is_some) {
            refusal.set(None);
        }
        completion.look(&event);
    };
    view! {
        <div class="composer">
            <TypingLine room/>
            <div role="alert">
                {redrawn(move || refusal.get().map(|reason| view! { <p class="notice notice--refused">{reason}</p> }))}
            </div>
            <Offer completion/>
            {redrawn(move || is_answer.get().then(|| view! { <Later room tool=Tool::Reply/> }))}
            <div class="composer__box">
                <textarea
                    class="composer__input"
                    id=COMPOSER
                    rows="1"
                    dir="auto"
                    aria-label=live(label)
                    aria-autocomplete="list"
                    aria-haspopup="listbox"
                    aria-controls=live(move || completion.is_open().then_some(LIST))
                    aria-activedescendant=live(move || completion.active())
                    placeholder=live(label)
                    node_ref=input
                    on:keydown=on(on_key)
                    on:input=on(on_input)
                    on:blur=on(move |_| completion.close())
                ></textarea>
                <button
                    class="icon-button composer__emoji"
                    id=PICKER_BUTTON
                    type="button"
                    aria-label="Emoji"
                    title="Emoji"
                    aria-haspopup="dialog"
                    on:click=on(move |_| picking.set(Some(Picking::Text)))
                >
                    <Icon sign=Sign::Smile/>
                </button>
                <button class="composer__send" type="button" aria-label="Send" title="Send (Enter)" on:click=on(move |_| send())>
                    <Icon sign=Sign::Send/>
                </button>
            </div>
            {redrawn(move || picking.get().map(|picking| view! { <Later room tool=Tool::Picker(picking)/> }))}
            <p class="composer__hint" aria-hidden="true"><kbd>"Enter"</kbd>" sends, "<kbd>"Shift Enter"</kbd>" breaks the line"</p>
        </div>
    }
}

/// Enter by itself, and not the Enter that ends a composition of an input method.
fn is_plain_enter(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing()
}

/// Changes the text of a message that was stored, or of one that was refused.
#[component]
pub(crate) fn EditMessage(room: ShownRoom, handle: Handle, text: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let input = NodeRef::<html::Textarea>::new();
    let refusal = RwSignal::new(None::<String>);
    let before = StoredValue::new(text);
    let on_done = move || {
        room.doing.editing.set(None);
        platform::focus(COMPOSER);
    };

    effect(move || {
        if let Some(input) = input.get() {
            before.with_value(|text| input.set_value(text));
            _ = input.focus();
        }
    });
    let save = move || {
        let Some(input) = input.get_untracked() else { return };
        let text = input.value().trim_end().to_owned();
        // What was refused is tried again, even as it was.
        if matches!(handle, Handle::Stored(_)) && before.with_value(|before| *before == text) {
            on_done();
            return;
        }
        if let Err(invalid) = check_text(&text) {
            refusal.set(Some(invalid.to_string()));
            return;
        }
        match handle {
            Handle::Stored(message) => session.run(
                |client_id| Command::EditMessage(messages::EditMessage { client_id, room: room.id, message, text }),
                // A refused change says so at the message.
                |_| {},
            ),
            Handle::Refused(client_id) => session.rewrite(client_id, text),
        }
        on_done();
    };
    let on_key = move |event: KeyboardEvent| {
        if is_plain_enter(&event) {
            event.prevent_default();
            save();
        } else if event.key() == "Escape" {
            event.prevent_default();
            on_done();
        }
    };
    view! {
        <div class="edit">
            <textarea class="edit__input" rows="2" dir="auto" aria-label="Edit message" node_ref=input on:keydown=on(on_key) on:input=on(move |event| {
                    session.writes();
                    later::prepare_markup(&event_target_value(&event));
                })
            ></textarea>
            {redrawn(move || refusal.get().map(|reason| view! { <p class="notice notice--refused" role="alert">{reason}</p> }))}
            <div class="edit__buttons">
                <button class="button button--small" type="button" on:click=on(move |_| on_done())>"Cancel"</button>
                <button class="button button--small button--primary" type="button" on:click=on(move |_| save())>"Save"</button>
            </div>
        </div>
    }
}
