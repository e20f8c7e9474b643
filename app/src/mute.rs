//! Muting a room: it shows no count and stands back in the list, on all of one's devices.

use leptos::prelude::*;
use protocol::{Command, mute::MuteRoom};

use crate::{
    erased::{live, memo, on},
    icons::{Icon, Sign},
    session::Session,
    shown::ShownRoom,
};

/// Mutes the room, or lets it be heard again.
#[component]
pub(crate) fn MuteButton(room: ShownRoom) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_muted = memo(move || session.rooms.with(|rooms| rooms.iter().any(|item| item.id == room.id && item.muted)));
    let toggle = move |_| {
        let muted = !is_muted.get_untracked();
        session.run(
            |client_id| Command::MuteRoom(MuteRoom { client_id, room: room.id, muted }),
            move |result| session.complain(result),
        );
    };
    view! {
        <button class="members__action" type="button" aria-pressed=live(move || is_muted.get().to_string()) on:click=on(toggle)>
            <Icon sign=Sign::Muted/>
            "Mute room"
        </button>
    }
}
