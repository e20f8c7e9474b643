//! Which page it is.

use leptos::prelude::*;

use crate::{
    auth::AuthPage,
    failure::FailurePage,
    frame::Inhabited,
    initial::{Initial, Page},
    time::Times,
};

/// All that stands in the page's body. The forms and the failures stay as the server wrote them; only what is for
/// people who are logged in comes to life.
#[component]
pub(crate) fn App(initial: Initial) -> impl IntoView {
    Times::provide(&initial);
    match initial.page {
        Page::Auth(form) => view! { <AuthPage form/> }.into_any(),
        Page::Failure(failure) => view! { <FailurePage failure/> }.into_any(),
        Page::Inside(inside) => view! { <Inhabited inside/> }.into_any(),
    }
}
