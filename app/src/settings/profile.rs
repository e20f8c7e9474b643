//! One's names, one's status, and the zone that times are written in.

use leptos::{either::Either, prelude::*};
use protocol::{Status, UserRef, limits::DISPLAY_NAME_CHARS_MAX};

use super::{PlainForm, status::StatusSettings};
use crate::{avatar::Avatar, initial::settings::Typed, platform};

/// The page.
#[component]
pub(super) fn Profile(
    user: UserRef,
    name: Option<String>,
    zone: Option<String>,
    status: Option<Status>,
    typed: Typed,
) -> impl IntoView {
    let Typed { name: typed_name, status: typed_status } = typed;
    let filled = typed_name.or_else(|| name.clone()).unwrap_or_default();
    view! {
        <Names user name/>
        <PlainForm action="/settings/profile/name">
            <div class="field">
                <label for="name">"Display name"</label>
                <input
                    id="name"
                    name="name"
                    autocomplete="name"
                    maxlength=DISPLAY_NAME_CHARS_MAX.to_string()
                    aria-describedby="name-hint"
                    value=filled
                />
                <p class="field__hint" id="name-hint">
                    "In place of your username, which stays beside it. Leave it empty to go by your username."
                </p>
            </div>
            <button class="button button--primary" type="submit">"Save name"</button>
        </PlainForm>
        <StatusSettings status typed=typed_status/>
        <h2 class="settings__subtitle">"Times"</h2>
        <Zone zone/>
    }
}

/// What one is called.
#[component]
fn Names(user: UserRef, name: Option<String>) -> impl IntoView {
    let username = user.name.to_string();
    let handle = format!("@{username}");
    let called = match name {
        Some(name) => Either::Left(view! { <bdi>{name}</bdi> " " <span class="settings__handle">{handle}</span> }),
        None => Either::Right(username.clone()),
    };
    view! {
        <div class="settings__row settings__row--account">
            <Avatar name=username/>
            <div>
                <p class="settings__name">{called}</p>
                <p class="settings__facts">"Your username stays as it was chosen: you log in with it, and it is what @mentions name."</p>
            </div>
        </div>
    }
}

#[component]
fn Zone(zone: Option<String>) -> impl IntoView {
    let zones = platform::zones()
        .into_iter()
        .map(|name| {
            let is_chosen = zone.as_deref() == Some(name.as_str());
            let value = name.clone();
            view! { <option value=value selected=is_chosen>{name}</option> }
        })
        .collect_view();
    view! {
        <PlainForm action="/settings/profile">
            <div class="field">
                <label for="zone">"Time zone"</label>
                <select id="zone" name="zone" aria-describedby="zone-hint">
                    <option value="" selected=zone.is_none()>"That of this device"</option>
                    {zones}
                </select>
                <p class="field__hint" id="zone-hint">"Kept in this browser, for the times that it shows you."</p>
            </div>
            <button class="button button--primary" type="submit">"Save time zone"</button>
        </PlainForm>
    }
}
