//! Who is there, in words and by shape: filled is online, half is away, hollow is offline.
//!
//! The words are part of a member's name for screen readers, and nothing is read out when they change: in a lively
//! room that would never end. Who wants to know looks at the list.

use leptos::prelude::*;
use protocol::{PresenceState, UserPresence, members::Member};

use crate::{
    erased::{memo, on},
    members::MemberRow,
    session::Session,
    shown::ShownRoom,
    time::Times,
};

/// The parts of the list of members, in their order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Online,
    Away,
    Offline,
    /// Of whom nothing is told: the room is too large for that, or the news is on its way.
    Others,
}

const PARTS: [Part; 4] = [Part::Online, Part::Away, Part::Offline, Part::Others];

impl Part {
    fn of(presence: Option<UserPresence>) -> Self {
        match presence.map(|presence| presence.state) {
            Some(PresenceState::Online) => Self::Online,
            Some(PresenceState::Away) => Self::Away,
            Some(PresenceState::Offline) => Self::Offline,
            None => Self::Others,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Online => "Online",
            Self::Away => "Away",
            Self::Offline => "Offline",
            Self::Others => "Everyone else",
        }
    }
}

/// The presence of a member, once it is known.
pub(crate) fn presence_of(room: ShownRoom, member: &Member) -> Memo<Option<UserPresence>> {
    let id = member.user.id;
    memo(move || room.presence.with(|presence| presence.as_ref()?.of(id)))
}

/// All members, by presence and then by name.
#[component]
pub(crate) fn Company(room: ShownRoom, may_remove: Memo<bool>) -> impl IntoView {
    PARTS.map(|part| view! { <PartOfCompany room part may_remove/> }).collect_view()
}

#[component]
fn PartOfCompany(room: ShownRoom, part: Part, may_remove: Memo<bool>) -> impl IntoView {
    let members = memo(move || {
        room.presence.with(|presence| {
            let of = |member: &Member| Part::of(presence.as_ref().and_then(|presence| presence.of(member.user.id)));
            room.members.with(|all| all.iter().filter(|member| of(member) == part).cloned().collect::<Vec<_>>())
        })
    });
    // In a large room more are counted than are listed.
    let count = move || {
        let counted = room.presence.with(|presence| {
            presence.as_ref().map_or(0, |presence| match part {
                Part::Online => presence.online,
                Part::Away => presence.away,
                Part::Offline | Part::Others => 0,
            })
        });
        members.with(Vec::len).max(usize::try_from(counted).unwrap_or(0))
    };
    let is_empty = move || count() == 0;
    view! {
        <section class="company" hidden=is_empty>
            <h3 class="company__title">{part.title()} " " <span class="members__count">{count}</span></h3>
            <ul class="members__list">
                <For each=move || members.get() key=|member| member.user.id let(member)>
                    <MemberRow room member may_remove/>
                </For>
            </ul>
        </section>
    }
}

/// All of it in words, for the member's name, and their status.
pub(crate) fn words(presence: Option<UserPresence>, status: &str, times: Times) -> String {
    let Some(presence) = presence else { return String::new() };
    let state = match presence.state {
        PresenceState::Online => ", online",
        PresenceState::Away => ", away",
        PresenceState::Offline => ", offline",
    };
    let mut words = state.to_owned();
    for part in [&*note(Some(presence), times), status] {
        if !part.is_empty() {
            words = words + ", " + part;
        }
    }
    words
}

/// What the title of their part of the list does not say.
fn note(presence: Option<UserPresence>, times: Times) -> String {
    match presence {
        Some(UserPresence { here: true, .. }) => "in this room".to_owned(),
        Some(UserPresence { last_seen: Some(at), .. }) => format!("last seen {}", times.when(at)),
        Some(_) | None => String::new(),
    }
}

/// The line below a member's name: the user name where that is another one, their status, and the note.
pub(crate) fn aside(handle: Option<&str>, status: &str, presence: Option<UserPresence>, times: Times) -> String {
    let note = note(presence, times);
    let mut aside = handle.unwrap_or_default().to_owned();
    for part in [status, &*note] {
        if !aside.is_empty() && !part.is_empty() {
            aside += " · ";
        }
        aside += part;
    }
    aside
}

/// The sign on somebody's picture.
#[component]
pub(crate) fn PresenceDot(presence: Memo<Option<UserPresence>>) -> impl IntoView {
    let class = move || match Part::of(presence.get()) {
        Part::Online => "presence presence--online",
        Part::Away => "presence presence--away",
        Part::Offline => "presence presence--offline",
        Part::Others => "presence presence--unknown",
    };
    view! { <span class=class aria-hidden="true"></span> }
}

/// Whether others see which room one looks at; holds on all devices at once.
#[component]
pub(crate) fn ViewingSwitch() -> impl IntoView {
    let session = expect_context::<Session>();
    let is_on = move || session.shows_viewing.get();
    view! {
        <label class="company__switch">
            <input
                type="checkbox"
                role="switch"
                checked=session.shows_viewing.get_untracked()
                prop:checked=is_on
                on:change=on(move |event| session.show_viewing(event_target_checked(&event)))
            />
            "Show others which room I am in"
        </label>
    }
}
