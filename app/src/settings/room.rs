//! A room's settings, for who keeps it and for the owner: another name, another keeper, the end.

use leptos::{either::Either, prelude::*};
use protocol::{
    RoomInfo,
    limits::{ROOM_NAME_CHARS_MAX, USERNAME_CHARS_MAX},
};

use super::PlainForm;
use crate::place::Place;

/// The page.
#[component]
pub(super) fn RoomSettings(room: RoomInfo) -> impl IntoView {
    let path = format!("/settings/rooms/{}", room.id);
    let (name, everyone) = (room.name.clone(), room.everyone);
    let delete = if everyone {
        Either::Left(view! { <p class="settings__facts">"Everyone is in this room, and nobody can delete it."</p> })
    } else {
        Either::Right(view! { <Delete action=format!("{path}/delete") name=name.clone()/> })
    };
    view! {
        <p class="settings__lead">
            {format!("{} keeps the room ", room.creator.name)}
            <a href=Place::room_path(room.id, &name)>{name.clone()}</a> "."
        </p>
        <PlainForm action=format!("{path}/rename")>
            <div class="field">
                <label for="room-name">"Room name"</label>
                <input
                    id="room-name"
                    name="name"
                    type="text"
                    autocomplete="off"
                    required
                    maxlength=ROOM_NAME_CHARS_MAX.to_string()
                    value=name
                />
            </div>
            <button class="button button--primary" type="submit">"Rename room"</button>
        </PlainForm>
        <h2 class="settings__subtitle">"Give the room away"</h2>
        <PlainForm action=format!("{path}/transfer")>
            <div class="field">
                <label for="keeper">"Username of a member"</label>
                <input
                    id="keeper"
                    name="username"
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    maxlength=USERNAME_CHARS_MAX.to_string()
                    aria-describedby="keeper-hint"
                />
                <p class="field__hint" id="keeper-hint">"They keep the room from then on; you stay a member."</p>
            </div>
            <button class="button" type="submit">"Give away"</button>
        </PlainForm>
        <h2 class="settings__subtitle">"Delete the room"</h2>
        {delete}
    }
}

/// Asks for the name, so that nobody deletes a room by a slip.
#[component]
fn Delete(action: String, name: String) -> impl IntoView {
    view! {
        <PlainForm action=action>
            <div class="field">
                <label for="confirmed-name">"Type the room’s name"</label>
                <input
                    id="confirmed-name"
                    name="name"
                    type="text"
                    autocomplete="off"
                    required
                    maxlength=ROOM_NAME_CHARS_MAX.to_string()
                    aria-describedby="delete-hint"
                />
                <p class="field__hint" id="delete-hint">
                    {format!("Everything that was said in {name} is deleted with it, for everyone. It does not come back.")}
                </p>
            </div>
            <button class="button button--danger" type="submit">"Delete room"</button>
        </PlainForm>
    }
}
