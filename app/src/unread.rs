//! Marking messages as unread, and everything as read.

use leptos::prelude::*;
use protocol::Seq;

use crate::{
    erased::{live, memo, on},
    icons::{Icon, Sign},
    session::Session,
    shown::ShownRoom,
};

/// In a message's toolbar: it, and what follows, is unread again.
#[component]
pub(crate) fn MarkUnread(room: ShownRoom, message: Seq) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <button
            class="actions__button"
            type="button"
            aria-label="Mark as unread"
            title="Mark as unread"
            on:click=move |_| session.mark_unread(room.id, message)
        >
            <Icon sign=Sign::Unread/>
        </button>
    }
}

/// Above the list of rooms, while there is something to read.
#[component]
pub(crate) fn ReadAll() -> impl IntoView {
    let session = expect_context::<Session>();
    let is_unread = memo(move || session.rooms.with(|rooms| rooms.iter().any(|room| room.unread != 0 || room.is_new)));
    view! {
        <button
            class="sidebar__read"
            type="button"
            hidden=live(move || !is_unread.get())
            on:click=on(move |_| session.read_all())
        >
            "Mark all as read"
        </button>
    }
}
