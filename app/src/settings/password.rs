//! Another password.

use leptos::prelude::*;
use protocol::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};

use super::PlainForm;

/// The page.
#[component]
pub(super) fn Password() -> impl IntoView {
    view! {
        <p class="settings__lead">"A new password ends all your other sessions: log in there with the new one."</p>
        <PlainForm action="/settings/password">
            <PasswordField id="current-password" name="current_password" label="Current password" is_new=false/>
            <PasswordField id="new-password" name="new_password" label="New password" is_new=true/>
            <p class="field__hint" id="password-hint">
                {format!("At least {PASSWORD_CHARS_MIN} characters. A few words in a row are good ones.")}
            </p>
            <PasswordField id="repeated-password" name="repeated_password" label="New password, once more" is_new=true/>
            <button class="button button--primary" type="submit">"Change password"</button>
        </PlainForm>
    }
}

#[component]
fn PasswordField(id: &'static str, name: &'static str, label: &'static str, is_new: bool) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=name
                type="password"
                required
                autocomplete=if is_new { "new-password" } else { "current-password" }
                minlength=is_new.then(|| PASSWORD_CHARS_MIN.to_string())
                maxlength=PASSWORD_CHARS_MAX.to_string()
                aria-describedby=is_new.then_some("password-hint")
            />
        </div>
    }
}
