//! The settings: plain pages with plain forms, one file a page. They are drawn on the server and are never brought to
//! life, so they work without any program and add nothing to it.

use leptos::{children::TypedChildren, either::EitherOf8, prelude::*};

use crate::{
    icons::BrandMark,
    initial::settings::{Settings, Tab},
};

mod invites;
mod members;
mod password;
mod profile;
mod registration;
mod room;
mod sessions;

use invites::Invites;
use members::Accounts;
use password::Password;
use profile::Profile;
use registration::RegistrationMode;
use room::RoomSettings;
use sessions::Sessions;

/// The pages in the order of the navigation: path, name, what one does there, whether it is for the owner alone.
const PAGES: [(&str, &str, &str, bool); 6] = [
    ("/settings/profile", "Profile", "Your name, and the time zone that times are written in.", false),
    ("/settings/password", "Password", "Change your password.", false),
    ("/settings/sessions", "Sessions", "See where you are logged in, and log out there.", false),
    ("/settings/invites", "Invitations", "Make links that let people sign up.", true),
    ("/settings/members", "Accounts", "Disable accounts, or hand this server over.", true),
    ("/settings/registration", "Registration", "Decide who may sign up.", true),
];

impl Tab {
    /// The path of the page, as the navigation has it.
    pub(crate) fn path(&self) -> &'static str {
        match self {
            Self::Overview => "/settings",
            Self::Profile { .. } => "/settings/profile",
            Self::Password => "/settings/password",
            Self::Sessions(_) => "/settings/sessions",
            Self::Invites { .. } => "/settings/invites",
            Self::Members { .. } => "/settings/members",
            Self::Room(_) => "/settings/rooms",
            Self::Registration { .. } => "/settings/registration",
        }
    }

    /// The name of the page.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Overview => "Settings",
            Self::Room(_) => "Room settings",
            Self::Profile { .. }
            | Self::Password
            | Self::Sessions(_)
            | Self::Invites { .. }
            | Self::Members { .. }
            | Self::Registration { .. } => {
                PAGES.iter().find(|(path, ..)| *path == self.path()).map_or("Settings", |(_, name, ..)| name)
            }
        }
    }
}

/// A page: the way around, what was done or refused, and the page's own part.
#[component]
pub(crate) fn SettingsPage(settings: Settings) -> impl IntoView {
    let Settings { me, tab, done, error } = settings;
    let (path, name, is_owner) = (tab.path(), tab.name(), me.owner);
    let links = PAGES
        .into_iter()
        .filter(move |(.., for_owner)| is_owner || !for_owner)
        .map(|(href, name, ..)| {
            view! { <li><a class="settings__link" href=href aria-current=(href == path).then_some("page")>{name}</a></li> }
        })
        .collect_view();
    let done = done.map(|done| view! { <p class="notice" role="status">{done.sentence()}</p> });
    let error = error.map(|error| {
        view! { <p class="notice notice--refused" role="alert" id="error">{error.message.into_owned()}</p> }
    });
    let user = me.user.clone();
    let here = match tab {
        Tab::Overview => EitherOf8::A(view! { <Overview is_owner/> }),
        Tab::Profile { zone } => EitherOf8::B(view! { <Profile user zone/> }),
        Tab::Password => EitherOf8::C(view! { <Password/> }),
        Tab::Sessions(sessions) => EitherOf8::D(view! { <Sessions sessions/> }),
        Tab::Invites { invites, made, registration } => EitherOf8::E(view! { <Invites invites made registration/> }),
        Tab::Members { accounts, more } => EitherOf8::F(view! { <Accounts me accounts more/> }),
        Tab::Room(room) => EitherOf8::H(view! { <RoomSettings room/> }),
        Tab::Registration { mode, is_fixed } => EitherOf8::G(view! { <RegistrationMode mode is_fixed/> }),
    };
    view! {
        <div class="settings">
            <a class="skip" href="#main">"Skip to the settings"</a>
            <header class="settings__head">
                <a class="brand" href="/"><BrandMark/> "Parlor"</a>
                <a class="button button--small" href="/">"Back to the rooms"</a>
            </header>
            <nav class="settings__nav" aria-label="Settings">
                <ul>
                    <li>
                        <a class="settings__link" href="/settings" aria-current=(path == "/settings").then_some("page")>
                            "Overview"
                        </a>
                    </li>
                    {links}
                </ul>
            </nav>
            <main class="settings__main" id="main" tabindex="-1">
                <h1 class="settings__title">{name}</h1>
                {done}
                {error}
                {here}
            </main>
        </div>
    }
}

/// Where everything is.
#[component]
fn Overview(is_owner: bool) -> impl IntoView {
    let rows = PAGES
        .into_iter()
        .filter(|(.., for_owner)| is_owner || !for_owner)
        .map(|(href, name, about, _)| {
            view! {
                <li class="settings__row">
                    <a class="settings__name" href=href>{name}</a>
                    <p class="settings__facts">{about}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="settings__list">{rows}</ul> }
}

/// A form that sends itself to `action`, with its fields one under the other.
#[component]
fn PlainForm<V: IntoView + 'static>(#[prop(into)] action: String, children: TypedChildren<V>) -> impl IntoView {
    view! { <form class="settings__form" method="post" action=action>{children.into_inner()()}</form> }
}

/// A form that is one button. `label` tells it from others of its kind.
#[component]
fn ButtonForm(
    #[prop(into)] action: String,
    word: &'static str,
    #[prop(into)] label: String,
    #[prop(optional)] is_danger: bool,
) -> impl IntoView {
    view! {
        <form method="post" action=action>
            <button class="button button--small" class:button--danger=is_danger type="submit" aria-label=label>{word}</button>
        </form>
    }
}
