//! Where one is logged in.

use leptos::{either::Either, prelude::*};
use protocol::sessions::SessionInfo;

use super::{
    ButtonForm,
    signs::{Glyph, PageGlyph},
};
use crate::time::Times;

/// The page.
#[component]
pub(super) fn Sessions(sessions: Vec<SessionInfo>) -> impl IntoView {
    let others = sessions.iter().filter(|session| !session.current).count();
    let end_all = (others > 0).then(|| {
        view! {
            <ButtonForm
                action="/settings/sessions/end-others"
                word="End all other sessions"
                label="End all other sessions"
                is_danger=true
            />
        }
    });
    view! {
        <p class="settings__lead">
            "Each log-in is a session. End those that you do not know, and change your password then."
        </p>
        <ul class="settings__list">
            {sessions.into_iter().map(|session| view! { <SessionRow session/> }).collect_view()}
        </ul>
        {end_all}
    }
}

#[component]
fn SessionRow(session: SessionInfo) -> impl IntoView {
    let times = expect_context::<Times>();
    let SessionInfo { id, device, created_at, seen_at, current } = session;
    let device = if device.is_empty() { "Unknown device".to_owned() } else { device };
    let label = format!("End session {id}, {device}");
    let action = if current {
        Either::Left(view! { <p class="settings__tag">"This session"</p> })
    } else {
        Either::Right(view! { <ButtonForm action=format!("/settings/sessions/{id}/end") word="End" label/> })
    };
    view! {
        <li class="settings__row settings__row--account">
            <span class="settings__sign"><PageGlyph glyph=Glyph::Device/></span>
            <div>
                <p class="settings__name">{device}</p>
                <p class="settings__facts">{format!("Last used {}", times.full(seen_at))}</p>
                <p class="settings__facts">{format!("Logged in {}", times.full(created_at))}</p>
            </div>
            {action}
        </li>
    }
}
