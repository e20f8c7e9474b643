//! The frame of everything inside: the rooms on one side, what is open beside them.

use leptos::{children::TypedChildren, either::EitherOf5, prelude::*};
use web_sys::MouseEvent;

use crate::{
    account::AccountBar,
    address::Address,
    connection::ConnectionStatus,
    diagnostics::DiagnosticsPage,
    directory::Directory,
    erased::{effect, live, memo, on, redrawn},
    icons::{BrandMark, Icon, Sign},
    initial::Inside,
    keys, later,
    new_room::NewRoom,
    overlays::{OverlayHosts, Overlays},
    place::Place,
    platform,
    room::RoomPage,
    rooms::{NewRooms, RoomItem, RoomList},
    session::Session,
    title,
};

/// Everything inside, around the session that feeds it.
#[component]
pub(crate) fn Inhabited(inside: Inside, address: Address) -> impl IntoView {
    provide_context(address);
    let session = Session::start(inside);
    provide_context(session);
    title::follow(session);
    let overlays = Overlays::new(session, address);
    provide_context(overlays);
    keys::follow(session, address, overlays);
    effect(move || platform::follow_links(session, address));
    effect(later::prepare_tools);
    let session = expect_context::<Session>();
    effect(move || {
        session.look(match address.place() {
            Place::Room(id) => Some(id),
            Place::Home | Place::Directory | Place::Diagnostics | Place::LogIn | Place::SignUp | Place::Unknown => None,
        });
    });
    view! { <Frame/> }
}

/// The id of the list of rooms, which a button opens where there is no place for both columns.
pub(crate) const ROOMS_PANEL: &str = "rooms";
/// The id of the list of members, likewise.
pub(crate) const MEMBERS_PANEL: &str = "members";

/// The columns. On narrow screens the outer ones are popovers, which browsers open without any program.
#[component]
fn Frame() -> impl IntoView {
    let overlays = expect_context::<Overlays>();
    let owns = expect_context::<Session>().me().owner;
    // Not gone to: an entry of the history is a place in a room.
    let skip = on(|event: MouseEvent| {
        event.prevent_default();
        platform::close_over();
        platform::focus("main");
    });
    view! {
        <div class="frame">
            <a class="skip" href="#main" on:click=skip>"Skip to the messages"</a>
            <header class="frame__rooms panel" id=ROOMS_PANEL popover>
                <div class="sidebar">
                    <div class="sidebar__head">
                        <a class="brand" href="/" rel="external"><BrandMark/> "Parlor"</a>
                        <button
                            class="icon-button"
                            type="button"
                            aria-label="Switch rooms"
                            title="Switch rooms (Ctrl K)"
                            on:click=on(move |_| overlays.switch_rooms())
                        >
                            <Icon sign=Sign::Search/>
                        </button>
                        <button
                            class="icon-button panel__close"
                            type="button"
                            popovertarget=ROOMS_PANEL
                            popovertargetaction="hide"
                            aria-label="Close rooms"
                        >
                            <Icon sign=Sign::Close/>
                        </button>
                    </div>
                    <nav class="sidebar__rooms" aria-label="Rooms">
                        <RoomList/>
                    </nav>
                    <div class="sidebar__actions">
                        <NewRoom/>
                        <a class="sidebar__action" href="/rooms" rel="external">
                            <Icon sign=Sign::Compass/> "Public rooms"
                        </a>
                        {owns.then(|| view! {
                            <a class="sidebar__action" href="/settings/invites" rel="external">
                                <Icon sign=Sign::Members/> "Invite people"
                            </a>
                        })}
                    </div>
                    <AccountBar/>
                </div>
            </header>
            <div class="frame__open">
                <ConnectionStatus/>
                <Here/>
            </div>
            <Complaint/>
            <NewRooms/>
            <OverlayHosts/>
        </div>
    }
}

/// Why something that was asked for did not happen, where no other place says so.
#[component]
fn Complaint() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <div role="alert">
            {redrawn(move || {
                session.complaint
                    .get()
                    .map(|sentence| {
                        view! {
                            <div class="complaint">
                                <p>{sentence}</p>
                                <button
                                    class="icon-button"
                                    type="button"
                                    aria-label="Dismiss"
                                    on:click=on(move |_| session.complaint.set(None))
                                >
                                    <Icon sign=Sign::Close/>
                                </button>
                            </div>
                        }
                    })
            })}
        </div>
    }
}

/// What the address names.
#[component]
fn Here() -> impl IntoView {
    let address = expect_context::<Address>();
    // A memo, because a room may have several addresses and is opened once.
    let place = memo(move || address.place());
    redrawn(move || match place.get() {
        Place::Home => EitherOf5::A(view! { <Nowhere/> }),
        Place::Directory => EitherOf5::B(view! { <Directory/> }),
        Place::Room(id) => EitherOf5::C(view! { <RoomPage id/> }),
        Place::Diagnostics => EitherOf5::D(view! { <DiagnosticsPage/> }),
        Place::LogIn | Place::SignUp | Place::Unknown => EitherOf5::E(view! { <MissingPage was=None/> }),
    })
}

/// The address of the house itself: the server leads on to a room, so this is for someone who is in none.
#[component]
fn Nowhere() -> impl IntoView {
    view! {
        <Bare>
            <NoRoom/>
        </Bare>
    }
}

/// That one is in no room, and what to do about it.
#[component]
pub(crate) fn NoRoom() -> impl IntoView {
    view! {
        <div class="failure">
            <h1>"You are in no room yet"</h1>
            <p>"Join one of the public rooms, or make one and bring others in."</p>
            <p><a class="button" href="/rooms" rel="external">"Public rooms"</a></p>
        </div>
    }
}

/// What is no room: the way to the rooms on narrow screens, and what there is to say.
#[component]
pub(crate) fn Bare<V: IntoView + 'static>(children: TypedChildren<V>) -> impl IntoView {
    view! {
        <main class="frame__main" id="main" tabindex="-1">
            <div class="bar bar--bare">
                <RoomsButton/>
            </div>
            {children.into_inner()()}
        </main>
    }
}

/// That there is no such room, or no more of the one that one was in, beside the list of those that there are.
#[component]
pub(crate) fn MissingPage(was: Option<String>) -> impl IntoView {
    let (heading, words) = match was {
        Some(name) => (
            format!("You are not in {name} any more"),
            "You left it, somebody took you out of it, or it was deleted. Ask someone who was in it with you.",
        ),
        None => (
            "There is nothing here".to_owned(),
            "This room does not exist, or you are not in it. Check the address, ask someone in the room to add you, \
             or look through the public rooms.",
        ),
    };
    view! {
        <Bare>
            <div class="failure">
                <h1>{heading}</h1>
                <p>{words}</p>
                <p><a class="button" href="/rooms" rel="external">"Public rooms"</a></p>
            </div>
        </Bare>
    }
}

/// Opens the list of rooms where it is not beside the messages, and shows that there is something to read in it.
#[component]
pub(crate) fn RoomsButton() -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let calls = memo(move || {
        let here = address.place();
        let is_news = |room: &RoomItem| room.is_waiting() && Place::Room(room.id) != here;
        session.rooms.with(|rooms| rooms.iter().any(is_news))
    });
    view! {
        <button
            class="icon-button bar__rooms"
            class:bar__rooms--unread=calls
            type="button"
            popovertarget=ROOMS_PANEL
            aria-label="Show rooms"
            aria-description=live(move || calls.get().then_some("Something is new in other rooms"))
        >
            <Icon sign=Sign::Menu/>
        </button>
    }
}
