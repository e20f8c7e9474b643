//! The settings: plain pages with plain forms, one file a page. They are drawn on the server and are never brought to
//! life, so they work without any program and add nothing to it.

use leptos::{children::TypedChildren, either::EitherOf8, prelude::*};

use crate::{
    diagnostics,
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
mod signs;
mod status;

use invites::Invites;
use members::Accounts;
use password::Password;
use profile::Profile;
use registration::RegistrationMode;
use room::RoomSettings;
use sessions::Sessions;
use signs::{Glyph, PageGlyph};

/// A page, as the navigation has it.
struct Entry {
    path: &'static str,
    name: &'static str,
    /// What one does there.
    about: &'static str,
    glyph: Glyph,
    /// Whether it is for the owner alone.
    for_owner: bool,
}

/// The pages in the order of the navigation.
const PAGES: [Entry; 7] = [
    own(
        "/settings/profile",
        "Profile",
        "Your names, your status, and the time zone that times are written in.",
        Glyph::Person,
    ),
    own("/settings/password", "Password", "Change your password.", Glyph::Key),
    own("/settings/sessions", "Sessions", "See where you are logged in, and log out there.", Glyph::Device),
    own("/diagnostics", diagnostics::TITLE, "See how quick and steady your connection is.", Glyph::Pulse),
    owners("/settings/invites", "Invitations", "Make links that let people sign up.", Glyph::Letter),
    owners("/settings/members", "Accounts", "Disable accounts, or hand this server over.", Glyph::People),
    owners("/settings/registration", "Registration", "Decide who may sign up.", Glyph::Door),
];

const fn own(path: &'static str, name: &'static str, about: &'static str, glyph: Glyph) -> Entry {
    Entry { path, name, about, glyph, for_owner: false }
}

const fn owners(path: &'static str, name: &'static str, about: &'static str, glyph: Glyph) -> Entry {
    Entry { path, name, about, glyph, for_owner: true }
}

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
                PAGES.iter().find(|page| page.path == self.path()).map_or("Settings", |page| page.name)
            }
        }
    }
}

/// A page: the way around, what was done or refused, and the page's own part.
#[component]
pub(crate) fn SettingsPage(settings: Settings) -> impl IntoView {
    let Settings { me, tab, done, error } = settings;
    let (path, name, is_owner) = (tab.path(), tab.name(), me.owner);
    let done = done.map(|done| view! { <p class="notice" role="status">{done.sentence()}</p> });
    let error = error.map(|error| {
        view! { <p class="notice notice--refused" role="alert" id="error">{error.message.into_owned()}</p> }
    });
    let user = me.user.clone();
    let here = match tab {
        Tab::Overview => EitherOf8::A(view! { <Overview is_owner/> }),
        Tab::Profile { zone, name, status, typed } => EitherOf8::B(view! { <Profile user name zone status typed/> }),
        Tab::Password => EitherOf8::C(view! { <Password/> }),
        Tab::Sessions(sessions) => EitherOf8::D(view! { <Sessions sessions/> }),
        Tab::Invites { invites, made, registration } => EitherOf8::E(view! { <Invites invites made registration/> }),
        Tab::Members { accounts, more } => EitherOf8::F(view! { <Accounts me accounts more/> }),
        Tab::Room(room) => EitherOf8::H(view! { <RoomSettings room/> }),
        Tab::Registration { mode, is_fixed } => EitherOf8::G(view! { <RegistrationMode mode is_fixed/> }),
    };
    let is_overview = path == "/settings";
    view! {
        <div class="settings" class:settings--overview=is_overview>
            <a class="skip" href="#main">"Skip to the settings"</a>
            <header class="settings__side">
                <div class="settings__head">
                    <a class="brand" href="/"><BrandMark/> "Parlor"</a>
                    <a class="settings__up" href=if is_overview { "/" } else { "/settings" }>
                        <PageGlyph glyph=Glyph::Back/> {if is_overview { "Rooms" } else { "Settings" }}
                    </a>
                </div>
                <nav class="settings__nav" aria-label="Settings">
                    <ul>
                        <NavLink path name="Overview" href="/settings" glyph=Glyph::Overview/>
                    </ul>
                    <NavGroup path title="Your account" for_owner=false/>
                    {is_owner.then(|| view! { <NavGroup path title="This server" for_owner=true/> })}
                </nav>
                <a class="settings__link settings__back" href="/"><PageGlyph glyph=Glyph::Back/> "Back to the rooms"</a>
            </header>
            <main class="settings__main" id="main" tabindex="-1">
                <h1 class="settings__title">{name}</h1>
                {done}
                {error}
                {here}
            </main>
        </div>
    }
}

/// The pages for everyone, or those for the owner.
#[component]
fn NavGroup(path: &'static str, title: &'static str, for_owner: bool) -> impl IntoView {
    let links = pages(for_owner)
        .map(|page| view! { <NavLink path name=page.name href=page.path glyph=page.glyph/> })
        .collect_view();
    view! {
        <h2 class="settings__group">{title}</h2>
        <ul>{links}</ul>
    }
}

#[component]
fn NavLink(path: &'static str, name: &'static str, href: &'static str, glyph: Glyph) -> impl IntoView {
    view! {
        <li>
            <a class="settings__link" href=href aria-current=(href == path).then_some("page")>
                <PageGlyph glyph/> {name}
            </a>
        </li>
    }
}

fn pages(for_owner: bool) -> impl Iterator<Item = &'static Entry> {
    PAGES.iter().filter(move |page| page.for_owner == for_owner)
}

/// Where everything is.
#[component]
fn Overview(is_owner: bool) -> impl IntoView {
    view! {
        <h2 class="settings__subtitle">"Your account"</h2>
        <OverviewList for_owner=false/>
        {is_owner.then(|| view! {
            <h2 class="settings__subtitle">"This server"</h2>
            <OverviewList for_owner=true/>
        })}
    }
}

#[component]
fn OverviewList(for_owner: bool) -> impl IntoView {
    let rows = pages(for_owner)
        .map(|page| {
            view! {
                <li class="settings__row settings__row--link">
                    <span class="settings__sign"><PageGlyph glyph=page.glyph/></span>
                    <div>
                        <a class="settings__name" href=page.path>{page.name}</a>
                        <p class="settings__facts">{page.about}</p>
                    </div>
                    <span class="settings__on"><PageGlyph glyph=Glyph::Onward/></span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="settings__list">{rows}</ul> }
}

/// A form that sends itself to `action`, with its fields one under the other.
#[component]
fn PlainForm<V: IntoView + 'static>(#[prop(into)] action: String, children: TypedChildren<V>) -> impl IntoView {
    view! { <form class="settings__form settings__card" method="post" action=action>{children.into_inner()()}</form> }
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
