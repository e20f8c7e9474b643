//! Making a room: a button, and the dialog that is loaded when it is first pressed.

use leptos::{ev::SubmitEvent, html, prelude::*};
use protocol::{
    Command, Done, StreamId,
    limits::ROOM_NAME_CHARS_MAX,
    rooms::{CreateRoom, History, Visibility, check_name},
};

use crate::{
    address::Address,
    erased::{effect, on},
    icons::{Icon, Sign},
    later,
    place::Place,
    platform,
    session::Session,
};

/// The button.
#[component]
pub(crate) fn NewRoom() -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let host = NodeRef::<html::Div>::new();
    let asked = RwSignal::new(0_u32);
    let open = move |_| {
        asked.update(|asked| *asked += 1);
        if let Some(host) = host.get_untracked()
            && host.child_element_count() == 0
        {
            later::load(session, later::new_room(host.into(), session, address, asked));
        }
    };
    view! {
        <button class="sidebar__action" type="button" on:click=on(open)>
            <Icon sign=Sign::Add/> "New room"
        </button>
        <div node_ref=host></div>
    }
}

/// The dialog; it opens whenever `asked` changes.
#[component]
pub(crate) fn NewRoomDialog(session: Session, address: Address, asked: RwSignal<u32>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let name_input = NodeRef::<html::Input>::new();
    let visibility = RwSignal::new(Visibility::Public);
    let refusal = RwSignal::new(None::<String>);
    let waits = RwSignal::new(false);

    effect(move || {
        asked.track();
        refusal.set(None);
        let (Some(dialog), Some(input)) = (dialog.get(), name_input.get_untracked()) else { return };
        // That one is still being made: this is about another one.
        if waits.get_untracked() {
            waits.set(false);
            input.set_value("");
        }
        platform::open_dialog(&dialog);
    });
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let create = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = name_input.get_untracked() else { return };
        let name = input.value().trim().to_owned();
        if let Err(invalid) = check_name(&name) {
            refusal.set(Some(invalid.to_string()));
            return;
        }
        refusal.set(None);
        waits.set(true);
        let time = asked.get_untracked();
        let visibility = visibility.get_untracked();
        let named = name.clone();
        session.run(
            |client_id| {
                Command::CreateRoom(CreateRoom { client_id, name: named, visibility, history: History::default() })
            },
            move |result| {
                let is_asked = asked.get_untracked() == time;
                if is_asked {
                    waits.set(false);
                    if result.is_ok() {
                        input.set_value("");
                    }
                }
                if !is_asked || !dialog.get_untracked().is_some_and(|dialog| dialog.open()) {
                    // Who did not wait for it finds the room in the list, or hears why there is none.
                    if let Err(error) = result {
                        session.complaint.set(Some(format!("“{name}” was not made. {}", error.message)));
                    }
                    return;
                }
                match result {
                    Ok(Done::Appended { stream: StreamId::Room(room), .. }) => {
                        close();
                        session.show(room, None);
                        address.go(&Place::room_path(room, &name));
                    }
                    Ok(Done::Appended { stream: StreamId::Inbox(_), .. } | Done::Unchanged) => close(),
                    Err(error) => refusal.set(Some(error.message.into_owned())),
                }
            },
        );
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="new-room-title">
            <form class="dialog__form" on:submit=create>
                <h2 class="dialog__title" id="new-room-title">"New room"</h2>
                <div class="field">
                    <label for="room-name">"Room name"</label>
                    <input
                        id="room-name"
                        type="text"
                        autocomplete="off"
                        autofocus
                        maxlength=ROOM_NAME_CHARS_MAX.to_string()
                        node_ref=name_input
                        aria-describedby="room-refusal"
                    />
                </div>
                <fieldset class="choices">
                    <legend>"Who may find it"</legend>
                    <Choice value=Visibility::Public chosen=visibility/>
                    <Choice value=Visibility::Private chosen=visibility/>
                </fieldset>
                <div id="room-refusal" role="alert">
                    {move || refusal.get().map(|message| view! { <p class="notice notice--refused">{message}</p> })}
                </div>
                <div class="dialog__buttons">
                    <button class="button" type="button" on:click=on(move |_| close())>"Cancel"</button>
                    <button class="button button--primary" type="submit" disabled=move || waits.get()>"Create room"</button>
                </div>
            </form>
        </dialog>
    }
}

/// One of the two kinds of room.
#[component]
fn Choice(value: Visibility, chosen: RwSignal<Visibility>) -> impl IntoView {
    let (id, word, meaning) = match value {
        Visibility::Public => ("room-public", "Public", "Everyone with an account can find and join it."),
        Visibility::Private => ("room-private", "Private", "Only people who are added know that it exists."),
    };
    let meaning_id = format!("{id}-meaning");
    view! {
        <div class="choice">
            <input
                type="radio"
                name="visibility"
                id=id
                checked=value == Visibility::Public
                on:change=on(move |_| chosen.set(value))
                aria-describedby=meaning_id.clone()
            />
            <label for=id>{word}</label>
            <span class="choice__meaning" id=meaning_id>{meaning}</span>
        </div>
    }
}
