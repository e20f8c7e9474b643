//! Who may sign up, for the owner.

use leptos::{either::Either, prelude::*};

use super::PlainForm;
use crate::initial::Registration;

/// The page.
#[component]
pub(super) fn RegistrationMode(mode: Registration, is_fixed: bool) -> impl IntoView {
    if is_fixed {
        let (_, name, meaning) = words(mode);
        return Either::Left(view! {
            <p class="settings__lead">
                {format!("{name}: {meaning}")}
            </p>
            <p>
                "This was set where the server was started, by the flag "
                <code>"--registration"</code> ", its variable or its line in the file of settings, which come before what is decided here. Remove it there to decide it here."
            </p>
        });
    }
    let choices = [Registration::Open, Registration::Invite, Registration::Closed]
        .into_iter()
        .map(|choice| {
            let (value, name, meaning) = words(choice);
            let meaning_id = format!("{value}-meaning");
            view! {
                <div class="choice">
                    <input
                        type="radio"
                        name="mode"
                        value=value
                        id=value
                        checked=choice == mode
                        aria-describedby=meaning_id.clone()
                    />
                    <label for=value>{name}</label>
                    <span class="choice__meaning" id=meaning_id>{meaning}</span>
                </div>
            }
        })
        .collect_view();
    Either::Right(view! {
        <PlainForm action="/settings/registration">
            <fieldset class="choices">
                <legend>"Who may sign up"</legend>
                {choices}
            </fieldset>
            <button class="button button--primary" type="submit">"Save"</button>
        </PlainForm>
    })
}

/// The value in the form, the name, and what it means.
fn words(mode: Registration) -> (&'static str, &'static str, &'static str) {
    match mode {
        Registration::Open => ("open", "Open", "Everyone who reaches this server may make an account."),
        Registration::Invite => ("invite", "By invitation", "Whoever has an invitation link may make an account."),
        Registration::Closed => ("closed", "Closed", "Nobody may make an account."),
    }
}
