//! One's name, and the zone that times are written in.

use leptos::prelude::*;
use protocol::UserRef;

use super::PlainForm;
use crate::{avatar::Avatar, platform};

/// The page.
#[component]
pub(super) fn Profile(user: UserRef, zone: Option<String>) -> impl IntoView {
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
