//! Log-in and sign-up: plain forms that the browser sends by itself, without any program.

use leptos::prelude::*;
use protocol::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, USERNAME_CHARS_MAX};

use crate::{
    icons::BrandMark,
    initial::{AuthForm, Form, Registration},
};

/// The words of one of the two forms.
struct Words {
    heading: &'static str,
    lead: &'static str,
    action: &'static str,
    button: &'static str,
    password_is: &'static str,
}

impl Words {
    fn of(form: &AuthForm) -> Self {
        match form.form {
            Form::LogIn => Self {
                heading: "Welcome back",
                lead: "Log in to go on where you left off.",
                action: "/login",
                button: "Log in",
                password_is: "current-password",
            },
            Form::SignUp if form.first => Self {
                heading: "Open the house",
                lead: "Nobody has an account here yet. The first one, yours, will own this server.",
                action: "/signup",
                button: "Create account",
                password_is: "new-password",
            },
            Form::SignUp => Self {
                heading: "Come on in",
                lead: "Choose a name that others will know you by.",
                action: "/signup",
                button: "Create account",
                password_is: "new-password",
            },
        }
    }
}

/// The page of either form.
#[component]
pub(crate) fn AuthPage(form: AuthForm) -> impl IntoView {
    let words = Words::of(&form);
    let is_new = form.form == Form::SignUp;
    let error = form.error.as_ref().map(|error| error.message.clone().into_owned());
    let has_error = error.is_some();
    let invite = form.invite.clone().filter(|_| is_new);
    let next = form.next.clone();
    let other = other_form(&form);
    let described = match (has_error, is_new) {
        (true, true) => Some("error username-hint"),
        (true, false) => Some("error"),
        (false, true) => Some("username-hint"),
        (false, false) => None,
    };
    let hint = is_new.then(|| {
        view! {
            <p class="field__hint" id="password-hint">
                {format!("At least {PASSWORD_CHARS_MIN} characters. A few words in a row are good ones.")}
            </p>
        }
    });
    view! {
        <main class="auth">
            <div class="auth__card">
                <p class="brand"><BrandMark/> "Parlor"</p>
                <h1 class="auth__heading">{words.heading}</h1>
                <p class="auth__lead">{words.lead}</p>
                {error.map(|message| view! { <p class="notice notice--refused" role="alert" id="error">{message}</p> })}
                <form class="auth__form" method="post" action=words.action>
                    {invite.map(|invite| view! { <input type="hidden" name="invite" value=invite/> })}
                    {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
                    <div class="field">
                        <label for="username">"Username"</label>
                        <input
                            id="username"
                            name="username"
                            type="text"
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            required
                            autofocus
                            maxlength=USERNAME_CHARS_MAX.to_string()
                            value=form.username
                            aria-describedby=described
                        />
                        {is_new.then(|| view! {
                            <p class="field__hint" id="username-hint">
                                "One word, such as ada or ada.lovelace. You can add your full name once you are in."
                            </p>
                        })}
                    </div>
                    <div class="field">
                        <label for="password">"Password"</label>
                        <input
                            id="password"
                            name="password"
                            type="password"
                            autocomplete=words.password_is
                            required
                            minlength=is_new.then(|| PASSWORD_CHARS_MIN.to_string())
                            maxlength=PASSWORD_CHARS_MAX.to_string()
                            aria-describedby=is_new.then_some("password-hint")
                        />
                        {hint}
                    </div>
                    <button class="button button--primary button--wide" type="submit">{words.button}</button>
                </form>
                {other}
                {(!is_new).then(|| view! {
                    <p class="auth__other">"Forgotten your password? Whoever runs this server can set a new one."</p>
                })}
            </div>
        </main>
    }
}

/// The way to the other form, or why there is none.
fn other_form(form: &AuthForm) -> impl IntoView + use<> {
    let (words, link) = match (form.form, form.registration) {
        (Form::SignUp, _) if form.first => ("Once you are in, you can invite the others.", None),
        (Form::SignUp, _) => ("You have an account? ", Some(("/login", "Log in"))),
        (Form::LogIn, Registration::Open) => ("New here? ", Some(("/signup", "Create an account"))),
        (Form::LogIn, _) if form.first => ("Nobody is here yet. ", Some(("/signup", "Create the first account"))),
        (Form::LogIn, Registration::Invite) => ("New here? Ask someone who is in for an invitation.", None),
        (Form::LogIn, Registration::Closed) => ("New accounts are made by the owner of this server only.", None),
    };
    view! { <p class="auth__other">{words} {link.map(|(href, label)| view! { <a href=href>{label}</a> })}</p> }
}
