//! One's name, one's status, and the zone that times are written in.

use leptos::prelude::*;
use protocol::{Status, UserRef};

use super::{PlainForm, status::StatusSettings};
use crate::{avatar::Avatar, initial::settings::Typed, platform};

/// The page.
#[component]
pub(super) fn Profile(
    user: UserRef,
    zone: Option<String>,
    status: Option<Status>,
    typed: Option<Typed>,
) -> impl IntoView {
    let name = user.name.to_string();
    let zones = platform::zones()
        .into_iter()
        .map(|name| {
            let is_chosen = zone.as_deref() == Some(name.as_str());
            let value = name.clone();
            view! { <option value=value selected=is_chosen>{name}</option> }
        })
        .collect_view();
    view! {
        <div class="settings__row settings__row--account">
            <Avatar name=name.clone()/>
            <div>
                <p class="settings__name">{name}</p>
                <p class="settings__facts">"Others know you by this name. It stays as it was chosen."</p>
            </div>
        </div>
        <StatusSettings status typed/>
        <h2 class="settings__subtitle">"Times"</h2>
        <PlainForm action="/settings/profile">
            <div class="field">
                <label for="zone">"Time zone"</label>
                <select id="zone" name="zone" aria-describedby="zone-hint">
                    <option value="" selected=zone.is_none()>"That of this device"</option>
                    {zones}
                </select>
                <p class="field__hint" id="zone-hint">"Kept in this browser, for the times that it shows you."</p>
            </div>
            <button class="button button--primary" type="submit">"Save"</button>
        </PlainForm>
    }
}
