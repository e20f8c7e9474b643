//! `/style`, in development builds only: every part of the pages in each of its states, drawn by the parts themselves. It is drawn on
//! the server, is never brought to life, and is for looking at: nothing here does anything.

use client::Status;
use leptos::{children::TypedChildren, context::Provider, prelude::*};
use protocol::{ErrorBody, ErrorCode, PresenceState, UserId, UserPresence, json};

use crate::{
    address::Address,
    avatar::Avatar,
    connection::{ConnectionStatus, ConnectionView},
    doorstep::JoinButton,
    frame::NoRoom,
    icons::{BrandMark, Icon, Sign},
    initial::Inside,
    message::RowLine,
    new_room::NewRoomDialog,
    overlays::Overlays,
    presence::{Company, PresenceDot, ViewingSwitch},
    rooms::RoomList,
    session::Session,
    shortcuts::Shortcuts,
    shown::ShownRoom,
    switcher::Switcher,
    theme::ThemeButton,
};

/// A room with a message of each kind.
const INSIDE: &str = include_str!("style/inside.json");

fn inside() -> Inside {
    json::read(INSIDE).expect("the file holds what a page would")
}

/// The page.
#[component]
pub(crate) fn StylePage(address: Address) -> impl IntoView {
    provide_context(address);
    let session = Session::start(inside());
    provide_context(session);
    provide_context(Overlays::new(session, address));
    let room = session.show(protocol::RoomId(1), None);
    let asked = RwSignal::new(0);
    view! {
        <main class="style">
            <h1 class="style__title"><BrandMark/> "Style"</h1>
            <Specimen title="Buttons"><Buttons/></Specimen>
            <Specimen title="Fields"><Fields/></Specimen>
            <Specimen title="Notices and empty places"><Notices/></Specimen>
            <Specimen title="Avatars and presence"><Faces/></Specimen>
            <Specimen title="Messages"><Messages room/></Specimen>
            <Specimen title="Connection"><Banners/></Specimen>
            <Specimen title="Rooms"><nav aria-label="Rooms"><RoomList/></nav></Specimen>
            <Specimen title="Members"><Company room may_remove=Memo::new(|_| true)/> <ViewingSwitch/></Specimen>
            <Specimen title="New room"><NewRoomDialog session address asked/></Specimen>
            <Specimen title="Room switcher"><Switcher session address asked=asked.read_only()/></Specimen>
            <Specimen title="Shortcuts"><Shortcuts asked=asked.read_only()/></Specimen>
            <Specimen title="In no room"><NoRoom/></Specimen>
        </main>
    }
}

/// A part and its name.
#[component]
fn Specimen<V: IntoView + 'static>(title: &'static str, children: TypedChildren<V>) -> impl IntoView {
    view! {
        <section class="style__part" aria-label=title>
            <h2 class="style__name">{title}</h2>
            {children.into_inner()()}
        </section>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    view! {
        <div class="style__row">
            <button class="button button--primary" type="button">"Primary"</button>
            <button class="button" type="button">"Plain"</button>
            <button class="button button--danger" type="button">"Danger"</button>
            <button class="button button--primary" type="button" disabled>"Waits"</button>
            <button class="button button--small" type="button">"Small"</button>
            <button class="button button--small" type="button"><Icon sign=Sign::Retry/> "With a sign"</button>
            <JoinButton id=protocol::RoomId(9) name="garden".to_owned() small=true/>
            <button class="icon-button" type="button" aria-label="Search"><Icon sign=Sign::Search/></button>
            <ThemeButton/>
        </div>
    }
}

#[component]
fn Fields() -> impl IntoView {
    view! {
        <div class="style__form">
            <div class="field">
                <label for="plain">"Plain"</label>
                <input id="plain" type="text" value="What was typed" aria-describedby="plain-hint"/>
                <p class="field__hint" id="plain-hint">"What it is for, where the name does not say it."</p>
            </div>
            <div class="field">
                <label for="refused">"Refused"</label>
                <input id="refused" type="text" value="a b" aria-invalid="true" aria-describedby="refused-why"/>
                <p class="notice notice--refused" id="refused-why">"Usernames have no blanks. Take a dot or a dash."</p>
            </div>
            <div class="field">
                <label for="choice">"Choice"</label>
                <select id="choice"><option>"a week"</option></select>
            </div>
        </div>
    }
}

#[component]
fn Notices() -> impl IntoView {
    view! {
        <p class="notice">"Something was done."</p>
        <p class="notice notice--refused">"Something was refused, and this is why."</p>
        <p class="empty">"There is nothing here yet. This is what to do about it."</p>
        <p class="loading">"Something is on its way …"</p>
    }
}

#[component]
fn Faces() -> impl IntoView {
    let names = ["ada", "bob", "cid", "dora", "eve", "fay", "gus", "hal", "ina", "jon", "kim", "lea"];
    let states = [Some(PresenceState::Online), Some(PresenceState::Away), Some(PresenceState::Offline), None];
    let present = states.into_iter().map(|state| {
        let state = state.map(|state| UserPresence { user: UserId(1), state, here: false, last_seen: None });
        view! { <span class="member__face"><Avatar name="ada"/><PresenceDot presence=Memo::new(move |_| state)/></span> }
    });
    view! {
        <div class="style__row">{names.map(|name| view! { <Avatar name/> }).collect_view()}</div>
        <div class="style__row">{present.collect_view()}</div>
    }
}

/// The rows of the room; the last three are made what a page would show before and instead of *stored*.
#[component]
fn Messages(room: ShownRoom) -> impl IntoView {
    let rows = room.rows.get_untracked();
    let refusal = Status::Refused(ErrorBody::from(ErrorCode::Forbidden));
    for (row, status) in rows.iter().rev().zip([refusal, Status::Sent, Status::Queued]) {
        row.view.update(|view| view.status = status);
    }
    view! { <div class="style__log">{rows.into_iter().map(|row| view! { <RowLine room row/> }).collect_view()}</div> }
}

#[component]
fn Banners() -> impl IntoView {
    [ConnectionView::Trying, ConnectionView::Waiting { next_try_s: 7 }, ConnectionView::Outdated]
        .map(|state| {
            let session = Session::start(inside());
            session.connection.set(state);
            view! { <div><Provider value=session><ConnectionStatus/></Provider></div> }
        })
        .collect_view()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_holds_what_a_page_would() {
        assert!(super::inside().inbox.rooms.len() > 1);
    }
}
