//! Which page it is. Forms and failures need no program, so the browser has neither them nor this choice.

use leptos::{either::EitherOf4, prelude::*};

use crate::{
    address::Address,
    auth::AuthPage,
    failure::FailurePage,
    frame::Inhabited,
    initial::{Initial, Page},
    settings::SettingsPage,
    time::Times,
};

/// All that stands in the page's body. The forms and the failures stay as the server wrote them; only what is for
/// people who are logged in comes to life.
#[component]
pub(crate) fn App(initial: Initial, address: Address) -> impl IntoView {
    Times::provide(&initial);
    match initial.page {
        Page::Auth(form) => EitherOf4::A(view! { <AuthPage form/> }),
        Page::Failure(failure) => EitherOf4::B(view! { <FailurePage failure/> }),
        Page::Inside(inside) => EitherOf4::C(view! { <Inhabited inside address/> }),
        Page::Settings(settings) => EitherOf4::D(view! { <SettingsPage settings/> }),
    }
}
