//! The public rooms, to look around and join.

use leptos::{either::Either, prelude::*};
use protocol::{limits::ROOM_NAME_CHARS_MAX, snapshot::DirectoryEntry};

use crate::{
    doorstep::JoinButton,
    frame::RoomsButton,
    icons::{Icon, Sign},
    initial::Open,
    place::Place,
    platform,
    session::Session,
};

/// A page of the list, as the server read it when the page was opened. Looking for a name and going on to the next
/// page are a plain form and a plain link, so that they need no program.
#[component]
pub(crate) fn Directory() -> impl IntoView {
    let session = expect_context::<Session>();
    let (rooms, name, more) = match session.opened_with() {
        Open::Directory { rooms, name, more } => (rooms, name, more),
        Open::Room(_) | Open::Doorstep(_) | Open::Diagnostics | Open::Missing => (Vec::new(), String::new(), None),
    };
    let nothing = rooms.is_empty().then(|| {
        if name.is_empty() {
            "There are no public rooms yet. Make the first one with “New room”.".to_owned()
        } else {
            format!("No public room has “{name}” in its name. Look for less of it.")
        }
    });
    platform::as_served(move || {
        view! {
            <main class="frame__main" id="main" tabindex="-1">
            <div class="bar">
                <RoomsButton/>
                <h1 class="bar__title">"Public rooms"</h1>
            </div>
            <div class="directory">
                <p class="directory__lead">"Everyone with an account here can find and join these rooms."</p>
                <form class="directory__search" method="get" action="/rooms" role="search">
                    <label class="visually-hidden" for="directory-name">"Part of a room’s name"</label>
                    <span class="directory__glass"><Icon sign=Sign::Search/></span>
                    <input
                        id="directory-name"
                        name="name"
                        type="search"
                        placeholder="Part of a room’s name"
                        autocomplete="off"
                        maxlength=ROOM_NAME_CHARS_MAX.to_string()
                        value=name
                    />
                    <button class="button" type="submit">"Search"</button>
                </form>
                <ul class="directory__list" hidden=nothing.is_some()>
                    {rooms.into_iter().map(|room| view! { <DirectoryRow room/> }).collect_view()}
                </ul>
                {nothing.map(|sentence| view! { <p class="empty">{sentence}</p> })}
                {more.map(|href| view! { <a class="button directory__more" href=href rel="external">"More rooms"</a> })}
            </div>
            </main>
        }
    })
}

#[component]
fn DirectoryRow(room: DirectoryEntry) -> impl IntoView {
    let DirectoryEntry { room, member_count, joined } = room;
    let action = if joined {
        Either::Left(view! {
            <span class="directory__joined">"Joined"</span>
            <a class="button button--small" href=Place::room_path(room.id, &room.name)>"Open"</a>
        })
    } else {
        Either::Right(view! { <JoinButton id=room.id name=room.name.clone() small=true/> })
    };
    view! {
        <li class="directory__row">
            <span class="directory__sign"><Icon sign=Sign::Hash/></span>
            <div class="directory__what">
                <a class="directory__name" href=Place::room_path(room.id, &room.name) rel="external">{room.name.clone()}</a>
                <span class="directory__count">{members_in_words(member_count)}</span>
            </div>
            <div class="directory__action">{action}</div>
        </li>
    }
}

/// `1 member`, `12 members`.
pub(crate) fn members_in_words(count: u32) -> String {
    if count == 1 { "1 member".to_owned() } else { format!("{count} members") }
}
