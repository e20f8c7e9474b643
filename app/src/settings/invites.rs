//! Invitations: making a link, and the links that still let people in.

use leptos::prelude::*;
use protocol::{
    invites::Invite,
    limits::{INVITE_AGE_S_MAX, INVITE_USES_MAX},
};

use super::{ButtonForm, PlainForm};
use crate::{initial::Registration, time::Times};

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 24 * HOUR_S;

/// How long a link may be good for. The form opens with a week.
const AGES: [(u64, &str); 5] = [
    (HOUR_S, "an hour"),
    (DAY_S, "a day"),
    (7 * DAY_S, "a week"),
    (30 * DAY_S, "30 days"),
    (INVITE_AGE_S_MAX, "a year"),
];
const USUAL_AGE_S: u64 = 7 * DAY_S;

/// The page.
#[component]
pub(super) fn Invites(invites: Vec<Invite>, made: Option<String>, registration: Registration) -> impl IntoView {
    let lead = match registration {
        Registration::Open => {
            "Everyone who reaches this server may sign up at the moment, with or without an invitation."
        }
        Registration::Invite => "People sign up here with an invitation. Send each of them a link.",
        Registration::Closed => "Nobody may sign up at the moment, not even with an invitation.",
    };
    let ages = AGES
        .into_iter()
        .map(|(seconds, words)| view! { <option value=seconds.to_string() selected=seconds == USUAL_AGE_S>{words}</option> })
        .collect_view();
    let is_empty = invites.is_empty();
    let nothing = is_empty.then(|| view! { <p class="settings__facts">"There is no invitation that can be used."</p> });
    view! {
        <p class="settings__lead">{lead}</p>
        {made.map(|link| view! { <Made link/> })}
        <PlainForm action="/settings/invites">
            <div class="field">
                <label for="uses">"People it lets in"</label>
                <input
                    id="uses"
                    name="uses"
                    type="number"
                    inputmode="numeric"
                    min="1"
                    max=INVITE_USES_MAX.to_string()
                    value="1"
                    required
                />
            </div>
            <div class="field">
                <label for="expires">"Good for"</label>
                <select id="expires" name="expires_in_s">{ages}</select>
            </div>
            <button class="button button--primary" type="submit">"Make link"</button>
        </PlainForm>
        <h2 class="settings__subtitle">"Links that let people in"</h2>
        {nothing}
        <ul class="settings__list" hidden=is_empty>
            {invites.into_iter().map(|invite| view! { <InviteRow invite/> }).collect_view()}
        </ul>
    }
}

/// The new link, this once.
#[component]
fn Made(link: String) -> impl IntoView {
    view! {
        <section class="settings__made" aria-labelledby="made-title">
            <h2 class="settings__subtitle" id="made-title">"The link is made"</h2>
            <p>"Copy it now: it is shown this once, and only its holder can use it."</p>
            <div class="settings__copy">
                <input id="invite-link" type="text" readonly aria-label="Invitation link" value=link/>
                // Needs a script, which shows it; without one the field is copied by hand.
                <button class="button" type="button" id="copy-link" hidden>"Copy"</button>
            </div>
        </section>
    }
}

#[component]
fn InviteRow(invite: Invite) -> impl IntoView {
    let times = expect_context::<Times>();
    let Invite { id, uses, uses_max, created_at, expires_at } = invite;
    let people = if uses_max == 1 { "1 person".to_owned() } else { format!("{uses_max} people") };
    let made = times.full(created_at);
    view! {
        <li class="settings__row">
            <div>
                <p class="settings__name">{format!("For {people}, {uses} came")}</p>
                <p class="settings__facts">{format!("Until {}", times.full(expires_at))}</p>
                <p class="settings__facts">{format!("Made {made}")}</p>
            </div>
            <ButtonForm action=format!("/settings/invites/{id}/revoke") word="Revoke" label=format!("Revoke invitation {id}, made {made}")/>
        </li>
    }
}
