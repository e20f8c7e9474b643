//! What keys do wherever one is: going from room to room.

use leptos::{ev, prelude::*};
use web_sys::KeyboardEvent;

use crate::{
    address::Address,
    erased::effect,
    neighbours::{Step, neighbour},
    overlays::Overlays,
    place::Place,
    platform,
    session::Session,
};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    SwitchRooms,
    ShowShortcuts,
    ReadAll,
    Go(Step),
}

/// Listens from now on, for as long as the page lives.
pub(crate) fn follow(session: Session, address: Address, overlays: Overlays) {
    effect(move || {
        let on_key = window_event_listener(ev::keydown, move |event| {
            let Some(wish) = wish(&event) else { return };
            // What is open over the page has the keys, but for the one that closes it.
            if platform::has_open_dialog() && wish != Wish::SwitchRooms {
                return;
            }
            event.prevent_default();
            match wish {
                Wish::SwitchRooms => overlays.switch_rooms(),
                Wish::ShowShortcuts => overlays.show_shortcuts(),
                Wish::ReadAll => session.read_all(),
                Wish::Go(step) => go(session, address, step),
            }
        });
        on_cleanup(move || on_key.remove());
    });
}

fn wish(event: &KeyboardEvent) -> Option<Wish> {
    if event.default_prevented() || event.is_composing() {
        return None;
    }
    let (ctrl, alt, shift) = (event.ctrl_key() || event.meta_key(), event.alt_key(), event.shift_key());
    match (event.key().as_str(), ctrl, alt, shift) {
        ("k" | "K", true, false, false) => Some(Wish::SwitchRooms),
        ("?", false, false, _) if !platform::is_typing() => Some(Wish::ShowShortcuts),
        ("Escape", false, false, true) => Some(Wish::ReadAll),
        (key @ ("ArrowUp" | "ArrowDown"), false, true, is_to_unread) => {
            Some(Wish::Go(Step { is_forward: key == "ArrowDown", is_to_unread }))
        }
        _ => None,
    }
}

fn go(session: Session, address: Address, step: Step) {
    let here = match address.place_untracked() {
        Place::Room(id) => Some(id),
        Place::Home | Place::Directory | Place::Diagnostics | Place::LogIn | Place::SignUp | Place::Unknown => None,
    };
    let to = session
        .rooms
        .with_untracked(|rooms| neighbour(rooms, here, step).map(|room| Place::room_path(room.id, &room.name)));
    if let Some(to) = to {
        address.go(&to);
    }
}
