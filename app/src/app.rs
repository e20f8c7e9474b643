//! Which page it is. Forms and failures need no program, so the browser has neither them nor this choice.

use leptos::{either::EitherOf5, prelude::*};

use crate::{
    address::Address,
    auth::AuthPage,
    failure::FailurePage,
    frame::Inhabited,
    initial::{Initial, Page},
    settings::SettingsPage,
    style::StylePage,
    time::Times,
};

/// All that stands in the page's body. The forms and the failures stay as the server wrote them; only what is for
/// people who are logged in comes to life.
#[component]
pub(crate) fn App(initial: Initial, address: Address) -> impl IntoView {
    Times::provide(&initial);
    match initial.page {
        Page::Auth(form) => EitherOf5::A(view! { <AuthPage form/> }),
        Page::Failure(failure) => EitherOf5::B(view! { <FailurePage failure/> }),
        Page::Inside(inside) => EitherOf5::C(view! { <Inhabited inside address/> }),
        Page::Settings(settings) => EitherOf5::D(view! { <SettingsPage settings/> }),
        // Whose condition is known when it is compiled, so a release does not carry the page.
        Page::Style => EitherOf5::E(cfg!(debug_assertions).then(|| view! { <StylePage address/> })),
    }
}
