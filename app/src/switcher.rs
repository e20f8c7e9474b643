//! The room switcher: a few letters, arrows and Enter lead to any room.
//!
//! The focus stays in the field; which room Enter opens is told by `aria-activedescendant` (ARIA Authoring Practices,
//! combobox with a listbox).

use leptos::{either::Either, ev::KeyboardEvent, html, prelude::*};
use protocol::{RoomId, rooms::Visibility, unread};

use crate::{
    address::Address,
    icons::{Icon, Sign},
    neighbours::ranked,
    place::Place,
    platform,
    rooms::RoomItem,
    session::Session,
};

/// Rooms shown at a time: who does not find one among these types another letter.
const SHOWN_MAX: usize = 12;

/// The dialog. It opens, or closes, whenever `asked` changes.
#[component]
pub(crate) fn Switcher(session: Session, address: Address, asked: ReadSignal<u32>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    // The rooms as they were when it was opened, or a letter was typed: what is about to be chosen does not move.
    let found = RwSignal::new(Vec::<RoomItem>::new());
    let search = move || {
        let here = match address.place_untracked() {
            Place::Room(id) => Some(id),
            Place::Home | Place::Directory | Place::Diagnostics | Place::LogIn | Place::SignUp | Place::Unknown => None,
        };
        let recent = platform::recent_rooms(session.me().user.id);
        let mut rooms =
            session.rooms.with_untracked(|rooms| typed.with_untracked(|typed| ranked(rooms, typed, &recent, here)));
        rooms.truncate(SHOWN_MAX);
        chosen.set(0);
        found.set(rooms);
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let go = move |room: &RoomItem| {
        close();
        address.go(&Place::room_path(room.id, &room.name));
    };
    Effect::new(move |_| {
        asked.track();
        let (Some(dialog), Some(input)) = (dialog.get(), input.get_untracked()) else { return };
        if dialog.open() {
            dialog.close();
            return;
        }
        input.set_value("");
        typed.set(String::new());
        search();
        // A dialog in a column would stay open in it, unseen: the column is hidden by what opens over it.
        platform::close_over();
        _ = dialog.show_modal();
    });
    let on_key = move |event: KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if count != 0 => chosen.update(|chosen| *chosen = (*chosen + 1) % count),
            "ArrowUp" if count != 0 => chosen.update(|chosen| *chosen = (*chosen + count - 1) % count),
            "Enter" if !event.is_composing() => {
                if let Some(room) = found.with_untracked(|found| found.get(chosen.get_untracked()).cloned()) {
                    go(&room);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let active = move || found.with(|found| found.get(chosen.get()).map(|room| option_id(room.id)));
    view! {
        <dialog class="dialog switcher" node_ref=dialog aria-label="Switch rooms">
            <input
                class="switcher__input"
                type="text"
                role="combobox"
                aria-label="Switch to room"
                aria-expanded="true"
                aria-controls="switcher-rooms"
                aria-autocomplete="list"
                aria-activedescendant=active
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                placeholder="Where to?"
                node_ref=input
                on:input=move |event| {
                    typed.set(event_target_value(&event));
                    search();
                }
                on:keydown=on_key
            />
            <ul class="switcher__rooms" id="switcher-rooms" role="listbox" aria-label="Rooms that fit">
                <For each=move || found.get() key=|room| room.id let(room)>
                    <Choice room found chosen go/>
                </For>
            </ul>
            <p class="switcher__hint" role="status">
                {move || match found.with(Vec::len) {
                    0 => Either::Left(view! {
                        "You are in no room of such a name. " <a href="/rooms" rel="external">"Look through the public rooms"</a>
                    }),
                    _ => Either::Right("↑ and ↓ choose, Enter goes there, Escape stays."),
                }}
            </p>
        </dialog>
    }
}

#[component]
fn Choice(
    room: RoomItem,
    found: RwSignal<Vec<RoomItem>>,
    chosen: RwSignal<usize>,
    go: impl Fn(&RoomItem) + 'static,
) -> impl IntoView {
    let id = room.id;
    let is_chosen = move || found.with(|found| found.get(chosen.get()).is_some_and(|room| room.id == id));
    let sign = match room.visibility {
        Visibility::Public => Sign::Hash,
        Visibility::Private => Sign::Lock,
    };
    let name = room.name.clone();
    let unread = room.is_waiting().then(|| match room.unread {
        0 => Either::Left(view! { <span class="badge badge--new">"New"</span> }),
        unread => Either::Right(view! {
            <span class="badge">{unread::label(unread)} <span class="visually-hidden">" unread"</span></span>
        }),
    });
    view! {
        <li
            class="switcher__room"
            id=option_id(id)
            role="option"
            aria-selected=move || is_chosen().to_string()
            on:click=move |_| go(&room)
        >
            <Icon sign/>
            <span class="switcher__name">{name}</span>
            {unread}
        </li>
    }
}

fn option_id(room: RoomId) -> String {
    format!("switcher-{room}")
}
