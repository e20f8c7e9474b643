//! The list of one's rooms.

use leptos::prelude::*;
use protocol::{RoomId, RoomSummary, rooms::Visibility, unread};

use crate::{
    address::Address,
    erased::{effect, live, memo, redrawn},
    icons::{Icon, Sign},
    place::Place,
    session::Session,
    unread::ReadAll,
};

/// A room as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoomItem {
    pub(crate) id: RoomId,
    pub(crate) name: String,
    pub(crate) visibility: Visibility,
    pub(crate) unread: u32,
    /// How many of those name the user.
    pub(crate) mentions: u32,
    /// Its user does not want to be told of what is unread.
    pub(crate) muted: bool,
    /// Somebody brought the user in, who has not been there since.
    pub(crate) is_new: bool,
}

impl From<RoomSummary> for RoomItem {
    fn from(summary: RoomSummary) -> Self {
        Self {
            id: summary.room.id,
            name: summary.room.name,
            visibility: summary.room.visibility,
            unread: summary.unread,
            mentions: summary.mentions,
            muted: summary.muted,
            is_new: unread::is_new_room(summary.cursor.seq, summary.since),
        }
    }
}

impl RoomItem {
    /// Whether something is there to be looked at.
    pub(crate) fn is_waiting(&self) -> bool {
        (self.unread != 0 || self.is_new) && !self.muted
    }
}

/// All rooms that the user is in, in the order in which they were made: a list whose rows stay where they are.
#[component]
pub(crate) fn RoomList() -> impl IntoView {
    let session = expect_context::<Session>();
    let ids = memo(move || session.rooms.with(|rooms| rooms.iter().map(|room| room.id).collect::<Vec<_>>()));
    let is_empty = memo(move || ids.with(Vec::is_empty));
    view! {
        <div class="sidebar__title">
            <h2 aria-hidden="true">"Rooms"</h2>
            <ReadAll/>
        </div>
        <ul class="rooms">
            <For each=move || ids.get() key=|id| *id let(id)>
                <RoomLink id/>
            </For>
        </ul>
        {redrawn(move || {
            is_empty.get()
                .then(|| {
                    view! {
                        <p class="sidebar__empty">"You are in no room yet. Make one, or look through the public rooms."</p>
                    }
                })
        })}
    }
}

/// Tells screen readers of rooms that one is brought into. Not in the list, which is hidden on narrow screens.
#[component]
pub(crate) fn NewRooms() -> impl IntoView {
    let session = expect_context::<Session>();
    let told = RwSignal::new(String::new());
    let known = StoredValue::new(Vec::new());
    effect(move || {
        session.rooms.with(|rooms| {
            let new = || rooms.iter().filter(|room| room.is_new && room.is_waiting());
            let was_known = known.get_value();
            let names: Vec<&str> =
                new().filter(|room| !was_known.contains(&room.id)).map(|room| room.name.as_str()).collect();
            if !names.is_empty() {
                told.set(format!("You were brought into {}.", names.join(", ")));
            } else if was_known.iter().any(|id| new().all(|room| room.id != *id)) {
                told.set(String::new());
            }
            known.set_value(new().map(|room| room.id).collect::<Vec<_>>());
        });
    });
    view! { <p class="visually-hidden" role="status" aria-label="New rooms">{live(move || told.get())}</p> }
}

#[component]
fn RoomLink(id: RoomId) -> impl IntoView {
    let session = expect_context::<Session>();
    let address = expect_context::<Address>();
    let item = memo(move || session.rooms.with(|rooms| rooms.iter().find(|room| room.id == id).cloned()));
    let name = memo(move || item.with(|item| item.as_ref().map(|item| item.name.clone()).unwrap_or_default()));
    let sign = move || {
        item.with(|item| match item.as_ref().map(|item| item.visibility) {
            Some(Visibility::Private) => Sign::Lock,
            Some(Visibility::Public) | None => Sign::Hash,
        })
    };
    let is_muted = memo(move || item.with(|item| item.as_ref().is_some_and(|item| item.muted)));
    // What is shown of it: of a muted room nothing.
    let counts = memo(move || {
        item.with(|item| item.as_ref().filter(|item| !item.muted).map_or((0, 0), |item| (item.unread, item.mentions)))
    });
    let unread = move || counts.get().0;
    let mentions = move || counts.get().1;
    let is_open = memo(move || address.place() == Place::Room(id));
    let is_new = memo(move || {
        let is_waiting = item.with(|item| item.as_ref().is_some_and(|item| item.is_new && item.is_waiting()));
        is_waiting && unread() == 0 && !is_open.get()
    });
    view! {
        <li
            class="rooms__item"
            class:rooms__item--unread=live(move || unread() != 0 || is_new.get())
            class:rooms__item--muted=is_muted
        >
            <span class="rooms__sign">{redrawn(move || view! { <Icon sign=sign()/> })}</span>
            <a
                class="rooms__link"
                href=live(move || name.with(|name| Place::room_path(id, name)))
                aria-current=live(move || is_open.get().then_some("page"))
            >
                {name}
            </a>
            <span class="rooms__muted" hidden=live(move || !is_muted.get())>
                <Icon sign=Sign::Muted/>
                <span class="visually-hidden">"muted"</span>
            </span>
            <span class="badge badge--new" hidden=live(move || !is_new.get())>"New"</span>
            {redrawn(move || {
                let count = mentions();
                (count != 0).then(|| {
                    let words = if count == 1 { " mention, " } else { " mentions, " };
                    view! {
                        <span class="badge badge--mention">
                            <span aria-hidden="true">"@"</span>
                            {unread::label(count)} <span class="visually-hidden">{words}</span>
                        </span>
                    }
                })
            })}
            {redrawn(move || {
                let count = unread();
                (count != 0)
                    .then(|| {
                        let label = unread::label(count);
                        view! {
                            <span class="badge">
                                {label} <span class="visually-hidden">" unread"</span>
                            </span>
                        }
                    })
            })}
        </li>
    }
}
