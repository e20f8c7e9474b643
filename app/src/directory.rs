//! The public rooms, to look around and join.

use leptos::{either::Either, prelude::*};
use protocol::snapshot::DirectoryEntry;

use crate::{
    doorstep::JoinButton,
    frame::RoomsButton,
    icons::{Icon, Sign},
    initial::Open,
    place::Place,
    session::Session,
};

/// The list, as the server read it when the page was opened.
#[component]
pub(crate) fn Directory() -> impl IntoView {
    let session = expect_context::<Session>();
    let rooms = match session.opened_with() {
        Open::Directory { rooms } => rooms,
        Open::Room(_) | Open::Doorstep(_) | Open::Missing => Vec::new(),
    };
    let is_empty = rooms.is_empty();
    view! {
        <main class="frame__main" id="main" tabindex="-1">
        <div class="bar">
            <RoomsButton/>
            <h1 class="bar__title">"Public rooms"</h1>
        </div>
        <div class="directory">
            <p class="directory__lead">"Everyone with an account here can find and join these rooms."</p>
            <ul class="directory__list">
                {rooms.into_iter().map(|room| view! { <DirectoryRow room/> }).collect_view()}
            </ul>
            {is_empty
                .then(|| view! { <p class="empty">"There are no public rooms yet. Make the first one with “New room”."</p> })}
        </div>
        </main>
    }
}

#[component]
fn DirectoryRow(room: DirectoryEntry) -> impl IntoView {
    let DirectoryEntry { room, member_count, joined } = room;
    let action = if joined {
        Either::Left(view! { <a class="button button--small" href=Place::room_path(room.id, &room.name)>"Open"</a> })
    } else {
        Either::Right(view! { <JoinButton id=room.id name=room.name.clone() small=true/> })
    };
    view! {
        <li class="directory__row">
            <span class="directory__sign"><Icon sign=Sign::Hash/></span>
            <a class="directory__name" href=Place::room_path(room.id, &room.name) rel="external">{room.name.clone()}</a>
            <span class="directory__count">{members_in_words(member_count)}</span>
            {action}
        </li>
    }
}

/// `1 member`, `12 members`.
pub(crate) fn members_in_words(count: u32) -> String {
    if count == 1 { "1 member".to_owned() } else { format!("{count} members") }
}
