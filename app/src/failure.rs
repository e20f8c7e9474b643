//! When there is nothing to show: what happened, and what to do.

use leptos::prelude::*;

use crate::{icons::BrandMark, initial::Failure};

/// A page of its own, for when nothing else can be shown.
#[component]
pub(crate) fn FailurePage(failure: Failure) -> impl IntoView {
    let Failure { status, error } = failure;
    let correlation =
        error.correlation.map(|number| view! { <p class="failure__number">"Number " <code>{number}</code></p> });
    view! {
        <main class="failure failure--page">
            <p class="brand"><BrandMark/> "Parlor"</p>
            <h1>{if status == 404 { "There is nothing here" } else { "That did not work" }}</h1>
            <p>{error.message.into_owned()}</p>
            {correlation}
            <p><a class="button button--primary" href="/" rel="external">"Go to your rooms"</a></p>
        </main>
    }
}
