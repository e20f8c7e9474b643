//! Whose page this is, and the way out.

use leptos::prelude::*;

use crate::{
    avatar::Avatar,
    erased::{live, on},
    icons::{Icon, Sign},
    platform,
    session::Session,
    theme::ThemeButton,
};

/// One's own name, and *Log out*: a plain form, so that it works without a program.
#[component]
pub(crate) fn AccountBar() -> impl IntoView {
    let session = expect_context::<Session>();
    let me = session.me();
    let (role, meaning) =
        if me.owner { ("Owner", "Owner of this server") } else { ("Member", "Member of this server") };
    let name = me.user.name.to_string();
    let warning = NodeRef::<leptos::html::Dialog>::new();
    let form = NodeRef::<leptos::html::Form>::new();
    let unsent = move || session.unsent.get();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        if session.unsent.get_untracked() != 0
            && let Some(dialog) = warning.get_untracked()
        {
            event.prevent_default();
            platform::open_dialog(&dialog);
        }
    };
    let drop_and_go = move |_| {
        if let (Some(dialog), Some(form)) = (warning.get_untracked(), form.get_untracked()) {
            dialog.close();
            platform::submit(session, form, Box::new(move || session.drop_unsent()));
        }
    };
    view! {
        <div class="account">
            <a class="account__me" href="/settings/profile" rel="external" title="Your name and status">
                <Avatar name=name.clone()/>
                <span class="account__who">
                    <bdi class="account__name">{me.called.unwrap_or(name)}</bdi>
                    <span class="account__role" title=meaning>{role}</span>
                </span>
            </a>
            <ThemeButton/>
            <a class="icon-button" href="/settings" rel="external" aria-label="Settings" title="Settings">
                <Icon sign=Sign::Settings/>
            </a>
            <form method="post" action="/logout" node_ref=form on:submit=on(on_submit)>
                <button class="icon-button" type="submit" aria-label="Log out" title="Log out">
                    <Icon sign=Sign::LogOut/>
                </button>
            </form>
            <dialog class="dialog" node_ref=warning aria-labelledby="unsent-title">
                <h2 class="dialog__title" id="unsent-title">"Log out with unsent messages?"</h2>
                <p>
                    {live(move || match unsent() {
                        1 => "One message has not been sent yet. Logging out deletes it.".to_owned(),
                        count => format!("{count} messages have not been sent yet. Logging out deletes them."),
                    })}
                </p>
                <form method="dialog" class="dialog__buttons">
                    <button class="button" type="submit">"Stay"</button>
                    <button class="button button--danger" type="button" on:click=on(drop_and_go)>"Delete and log out"</button>
                </form>
            </dialog>
        </div>
    }
}
