//! The accounts of the server, for its owner.

use leptos::{either::EitherOf3, prelude::*};
use protocol::UserId;

use super::ButtonForm;
use crate::{
    avatar::Avatar,
    initial::{Me, settings::AccountRow},
    time::Times,
};

/// The page.
#[component]
pub(super) fn Accounts(me: Me, accounts: Vec<AccountRow>, more: Option<UserId>) -> impl IntoView {
    let rows = accounts.into_iter().map(|account| view! { <Row account me=me.user.id/> }).collect_view();
    view! {
        <p class="settings__lead">
            "Nobody can log in to a disabled account; what its user has written stays. One account owns this server."
        </p>
        <ul class="settings__list">{rows}</ul>
        {more.map(|after| view! { <a class="button" href=format!("/settings/members?after={after}")>"More accounts"</a> })}
    }
}

#[component]
fn Row(account: AccountRow, me: UserId) -> impl IntoView {
    let times = expect_context::<Times>();
    let AccountRow { user, owner, disabled, created_at } = account;
    let (id, name) = (user.id, user.name.to_string());
    let path = format!("/settings/members/{id}");
    let actions = if owner || id == me {
        EitherOf3::A(view! { <p class="settings__tag">"Owner"</p> })
    } else if disabled {
        EitherOf3::B(
            view! { <ButtonForm action=format!("{path}/enable") word="Enable" label=format!("Enable {name}")/> },
        )
    } else {
        EitherOf3::C(view! {
            <ButtonForm action=format!("{path}/disable") word="Disable" label=format!("Disable {name}")/>
            <details class="settings__more">
                <summary>{format!("Make {name} the owner")}</summary>
                <p>
                    {format!("{name} will own this server, and you will be a member. Only {name} can give it back to you.")}
                </p>
                <ButtonForm
                    action=format!("{path}/hand-over")
                    word="Hand this server over"
                    label=format!("Hand this server over to {name}")
                    is_danger=true
                />
            </details>
        })
    };
    view! {
        <li class="settings__row settings__row--account" aria-label=name.clone()>
            <Avatar name=name.clone()/>
            <div>
                <p class="settings__name">{name.clone()}</p>
                <p class="settings__facts">
                    {if disabled { "Disabled. " } else { "" }} {format!("Here since {}", times.full(created_at))}
                </p>
            </div>
            <div class="settings__actions">{actions}</div>
        </li>
    }
}
