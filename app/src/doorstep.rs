//! A public room that one is not in: what it is, and the way in.

use leptos::prelude::*;
use protocol::{RoomId, snapshot::Doorstep};

use crate::{
    directory::members_in_words,
    frame::RoomsButton,
    icons::{Icon, Sign},
    place::Place,
    platform,
};

/// The page of a room for someone who may join it.
#[component]
pub(crate) fn DoorstepPage(room: Doorstep) -> impl IntoView {
    let Doorstep { id, name, visibility: _, member_count } = room;
    platform::as_served(move || {
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
    })
}

/// Joins a room and goes there: a form, so that it needs no program.
#[component]
pub(crate) fn JoinButton(id: RoomId, name: String, #[prop(optional)] small: bool) -> impl IntoView {
    view! {
        <form method="post" action=Place::join_path(id, &name)>
            <button
                class="button"
                class:button--primary=!small
                class:button--soft=small
                class:button--small=small
                type="submit"
                aria-label=format!("Join {name}")
            >
                "Join"
            </button>
        </form>
    }
}
