//! A public room that one is not in: what it is, and the way in.

use leptos::prelude::*;
use protocol::{Command, RoomId, members::JoinRoom, snapshot::Doorstep};

use crate::{
    address::Address,
    directory::members_in_words,
    erased::{live, on},
    frame::RoomsButton,
    icons::{Icon, Sign},
    place::Place,
    session::Session,
};

/// The page of a room for someone who may join it.
#[component]
pub(crate) fn DoorstepPage(room: Doorstep) -> impl IntoView {
    let Doorstep { id, name, visibility: _, member_count } = room;
    view! {
        <main class="frame__main" id="main" tabindex="-1">
        <div class="bar">
            <RoomsButton/>
            <h1 class="bar__title">{name.clone()}</h1>
        </div>
        <div class="doorstep">
            <span class="doorstep__sign"><Icon sign=Sign::Hash/></span>
            <p class="doorstep__lead">"You are not in this room yet."</p>
            <p class="doorstep__facts">{format!("A public room with {}.", members_in_words(member_count))}</p>
            <JoinButton id name/>
        </div>
        </main>
    }
}

/// Joins a room and goes there.
#[component]
pub(crate) fn JoinButton(id: RoomId, name: String, #[prop(optional)] small: bool) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let refusal = RwSignal::new(None::<String>);
    let waits = RwSignal::new(false);
    let label = format!("Join {name}");
    let path = Place::room_path(id, &name);
    let join = move |_| {
        waits.set(true);
        let path = path.clone();
        session.run(
            |client_id| Command::JoinRoom(JoinRoom { client_id, room: id }),
            move |result| {
                waits.set(false);
                match result {
                    Ok(_) => {
                        session.show(id, None);
                        address.go(&path);
                    }
                    Err(error) => refusal.set(Some(error.message.into_owned())),
                }
            },
        );
    };
    view! {
        <button
            class="button"
            class:button--primary=!small
            class:button--soft=small
            class:button--small=small
            type="button"
            aria-label=label
            disabled=live(move || waits.get())
            on:click=on(join)
        >
            {move || if waits.get() { "Joining …" } else { "Join" }}
        </button>
        {move || refusal.get().map(|message| view! { <p class="notice notice--refused" role="alert">{message}</p> })}
    }
}
