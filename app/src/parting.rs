//! Asking before somebody is out of a room: the reader who leaves it, or a member who is put out.
//!
//! One press must not cost what one cannot take back: nobody comes back to a private room by themselves, and the next
//! member's button slides under the pointer as soon as one member is gone.

use leptos::{html, prelude::*};
use protocol::{
    Command,
    members::{LeaveRoom, RemoveMember},
    rooms::Visibility,
};

use crate::{address::Address, frame::MEMBERS_PANEL, place::Place, platform, session::Session, shown::ShownRoom};

/// The question, about the one who is about to go. It is drawn while it is asked.
#[component]
pub(crate) fn PartingDialog(room: ShownRoom, address: Address) -> impl IntoView {
    let session = expect_context::<Session>();
    let dialog = NodeRef::<html::Dialog>::new();
    let parting = room.doing.parting;
    let me = session.me().user;
    let leaves = parting.get_untracked() == Some(me.id);
    let user = parting.with_untracked(|parting| {
        room.members
            .with_untracked(|all| all.iter().map(|member| &member.user).find(|user| Some(user.id) == *parting).cloned())
    });
    let called = untrack(|| user.as_ref().map(|user| room.called(user)).unwrap_or_default());
    let name = untrack(|| room.name.get().unwrap_or_default());
    let (label, heading, button) = if leaves {
        ("Leave room", format!("Leave {name}?"), "Leave")
    } else {
        ("Remove member", format!("Remove {called} from {name}?"), "Remove")
    };
    let meaning = untrack(|| meaning(room, me.id, leaves));
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            platform::open_dialog(&dialog);
        }
    });
    let user = StoredValue::new(user);
    let go = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
        // What had the focus goes with who is gone.
        platform::focus(MEMBERS_PANEL);
        if leaves {
            session.run(
                |client_id| Command::LeaveRoom(LeaveRoom { client_id, room: room.id }),
                move |result| match result {
                    // Who has gone on meanwhile is left in peace.
                    Ok(_) if address.place_untracked() != Place::Room(room.id) => {}
                    Ok(_) => address.go(&session.elsewhere(room.id)),
                    Err(error) => session.complain(Err(error)),
                },
            );
        } else if let Some(user) = user.get_value() {
            session.run(
                |client_id| Command::RemoveMember(RemoveMember { client_id, room: room.id, username: user.name }),
                move |result| session.complain(result),
            );
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-label=label on:close=move |_| parting.set(None)>
            <h2 class="dialog__title">{heading}</h2>
            {meaning.into_iter().map(|sentence| view! { <p>{sentence}</p> }).collect_view()}
            <form method="dialog" class="dialog__buttons">
                <button class="button" type="submit">{if leaves { "Stay" } else { "Keep" }}</button>
                <button class="button button--danger" type="button" on:click=go>{button}</button>
            </form>
        </dialog>
    }
}

/// What it comes to.
fn meaning(room: ShownRoom, me: protocol::UserId, leaves: bool) -> Vec<&'static str> {
    let is_private = match room.visibility.get() {
        Visibility::Public => false,
        Visibility::Private => true,
    };
    if !leaves {
        return vec![if is_private {
            "They see nothing of the room any more, until they are added again."
        } else {
            "They are out of the room. It is public: they may join it again."
        }];
    }
    let is_alone = room.member_count.get() <= 1;
    let mut meaning = vec![match (is_private, is_alone) {
        (false, _) => "You may join it again: it is among the public rooms.",
        (true, false) => "It is private: you come back only if somebody adds you again.",
        (true, true) => {
            "It is private and nobody else is in it: nobody can come back to it, and what was said there is lost."
        }
    }];
    if room.creator.get() == Some(me) && !is_alone {
        meaning.push("You keep this room. To have somebody look after it, give it away in the room settings first.");
    }
    meaning
}
