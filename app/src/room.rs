//! A room: its heading, its messages, the composer, its members.

use leptos::{
    either::{Either, EitherOf4},
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
};
use protocol::{
    Command, RoomId,
    rooms::{SetTopic, TOPIC_CHARS_MAX, Visibility},
};

use crate::{
    address::Address,
    composer::Composer,
    doorstep::DoorstepPage,
    erased::{effect, live, memo, on, redrawn},
    frame::{Bare, MEMBERS_PANEL, MissingPage, RoomsButton},
    icons::{Icon, Sign},
    initial::Open,
    members::Members,
    news::NewsTeller,
    session::Session,
    shown::{RoomState, ShownRoom},
    timeline::TimelineView,
};

/// What the address of a room shows: the room, the way into it, or that there is none.
#[component]
pub(crate) fn RoomPage(id: RoomId) -> impl IntoView {
    let session = expect_context::<Session>();
    let at = expect_context::<Address>().at();
    let room = session.show(id, at);
    let state = memo(move || room.state.get());
    effect(move || {
        if let Some(name) = room.name.get() {
            session.title.set(name);
            crate::platform::remember_room(session.me().user.id, id);
        }
    });
    redrawn(move || match state.get() {
        RoomState::Ready => EitherOf4::A(view! { <Inside room/> }),
        RoomState::Loading => EitherOf4::B(view! {
            <Bare>
                <p class="loading" role="status">"Opening the room …"</p>
            </Bare>
        }),
        RoomState::Outside => EitherOf4::C(match session.opened_with() {
            Open::Doorstep(doorstep) if doorstep.id == id => Either::Left(view! { <DoorstepPage room=doorstep/> }),
            Open::Doorstep(_) | Open::Room(_) | Open::Directory { .. } | Open::Diagnostics | Open::Missing => {
                Either::Right(view! { <MissingPage was=room.name.get_untracked()/> })
            }
        }),
        RoomState::Failed(reason) => EitherOf4::D(view! {
            <Bare>
            <div class="failure">
                <h1>"The room could not be opened"</h1>
                <p>{reason}</p>
                <p>
                    <button class="button" type="button" on:click=on(move |_| session.wake())>"Try again"</button>
                </p>
            </div>
            </Bare>
        }),
    })
}

#[component]
fn Inside(room: ShownRoom) -> impl IntoView {
    let name = move || room.name.get().unwrap_or_default();
    let sign = move || match room.visibility.get() {
        Visibility::Public => Sign::Hash,
        Visibility::Private => Sign::Lock,
    };
    let kind = move || match room.visibility.get() {
        Visibility::Public => "Public room",
        Visibility::Private => "Private room",
    };
    let count = move || room.member_count.get();
    view! {
        <main class="frame__main room" id="main" tabindex="-1">
            <header class="bar">
                <RoomsButton/>
                <span class="bar__sign" title=live(kind)>{redrawn(move || view! { <Icon sign=sign()/> })}</span>
                <h1 class="bar__title">{live(name)}</h1>
                <Topic room/>
                <RoomSettingsLink room/>
                <button
                    class="bar__members"
                    type="button"
                    popovertarget=MEMBERS_PANEL
                    aria-label=live(move || format!("Show members, {}", count()))
                >
                    <Icon sign=Sign::Members/>
                    <span>{live(count)}</span>
                </button>
            </header>
            <TimelineView room/>
            <NewsTeller news=room.news/>
            <Composer room/>
        </main>
        <Members room/>
    }
}

/// To the page on which the room is renamed, given away or deleted. It is drawn by the server, so it costs nothing here.
#[component]
fn RoomSettingsLink(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let may_change = memo(move || session.moderates(room));
    view! {
        <a
            class="icon-button"
            href=format!("/settings/rooms/{}", room.id)
            rel="external"
            aria-label="Room settings"
            title="Room settings"
            hidden=live(move || !may_change.get())
        >
            <Icon sign=Sign::Settings/>
        </a>
    }
}

/// What the room is about; who keeps the room changes it here.
#[component]
fn Topic(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_edited = RwSignal::new(false);
    let topic = memo(move || room.topic());
    let may_set = memo(move || session.moderates(room));
    redrawn(move || {
        if is_edited.get() {
            Either::Left(view! { <TopicForm room topic is_edited/> })
        } else {
            Either::Right(view! {
                <p class="bar__note" title=live(move || topic.get())>{live(move || topic.get())}</p>
                <button
                    class="icon-button"
                    type="button"
                    aria-label="Change topic"
                    title="Change topic"
                    hidden=live(move || !may_set.get())
                    on:click=on(move |_| is_edited.set(true))
                >
                    <Icon sign=Sign::Edit/>
                </button>
            })
        }
    })
}

/// The form that changes it.
#[component]
fn TopicForm(room: ShownRoom, topic: Memo<String>, is_edited: RwSignal<bool>) -> impl IntoView {
    let session = expect_context::<Session>();
    let input = NodeRef::<html::Input>::new();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else { return };
        let topic = input.value().trim().to_owned();
        session.run(
            |client_id| Command::SetTopic(SetTopic { client_id, room: room.id, topic }),
            move |result| match result {
                Ok(_) => _ = is_edited.try_set(false),
                Err(error) => session.complain(Err(error)),
            },
        );
    };
    let cancel = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            is_edited.set(false);
        }
    };
    effect(move || {
        if let Some(input) = input.get() {
            _ = input.focus();
        }
    });
    view! {
        <form class="bar__form" on:submit=on(save) on:keydown=on(cancel)>
            <input
                type="text"
                aria-label="Topic"
                autocomplete="off"
                maxlength=TOPIC_CHARS_MAX.to_string()
                prop:value=topic.get_untracked()
                node_ref=input
            />
            <button class="button button--small" type="submit">"Save"</button>
        </form>
    }
}
