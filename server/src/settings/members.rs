//! The accounts of the server, for its owner.

use app::settings_pages::{AccountRow, Deed, Tab};
use axum::{extract::Path, response::Response};
use protocol::{ErrorCode, UserId};

use super::{OwnerVisit, Visit, done_at};
use crate::{
    auth::{connected::SessionsRevoked, log_in::tell_ended},
    error::ApiError,
    store::accounts::{Account, Role},
};

const PATH: &str = "/settings/members";

/// Accounts on one page.
const PAGE_ACCOUNTS_MAX: u32 = 50;

pub(super) async fn show(OwnerVisit(visit): OwnerVisit) -> Response {
    visit.page_or_failure(tab(&visit).await)
}

pub(super) async fn disable(OwnerVisit(visit): OwnerVisit, Path(user): Path<UserId>) -> Response {
    let app = &visit.app;
    let disabled = app.store.disable_member(user, app.clock.now()).await;
    if let Ok(true) = disabled {
        tell_ended(app, SessionsRevoked { user, except: None, only: None });
        tracing::info!(%user, by = %visit.session.user.id, "account disabled");
    }
    let refusal = "The owner’s account cannot be disabled. Hand this server over first.";
    answer(&visit, disabled.map_err(ApiError::from), Deed::Disabled, refusal).await
}

pub(super) async fn enable(OwnerVisit(visit): OwnerVisit, Path(user): Path<UserId>) -> Response {
    let enabled = visit.app.store.set_disabled(user, None).await.map(|()| true);
    answer(&visit, enabled.map_err(ApiError::from), Deed::Enabled, "").await
}

pub(super) async fn hand_over(OwnerVisit(visit): OwnerVisit, Path(to): Path<UserId>) -> Response {
    let from = visit.session.user.id;
    let handed_over = visit.app.store.hand_over(from, to).await;
    match handed_over {
        Ok(true) => {
            tracing::info!(%from, %to, "server handed over");
            // No page of the owner's any more.
            done_at("/settings", Deed::HandedOver)
        }
        Ok(false) | Err(_) => {
            let refusal = "That account cannot own this server: it is disabled, or there is none.";
            answer(&visit, handed_over.map_err(ApiError::from), Deed::HandedOver, refusal).await
        }
    }
}

async fn answer(visit: &Visit, result: Result<bool, ApiError>, deed: Deed, refusal: &'static str) -> Response {
    match result {
        Ok(true) => done_at(PATH, deed),
        Ok(false) => visit.refused(tab(visit).await, &ApiError::from(ErrorCode::Forbidden).message(refusal)),
        Err(error) => visit.refused(tab(visit).await, &error),
    }
}

async fn tab(visit: &Visit) -> Result<Tab, ApiError> {
    let after = visit.parameter("after").and_then(|id| id.parse().ok()).unwrap_or(0);
    // One more than is shown tells whether there are more.
    let mut accounts = visit.app.store.accounts(UserId(after), PAGE_ACCOUNTS_MAX + 1).await?;
    let has_more = accounts.len() > PAGE_ACCOUNTS_MAX as usize;
    accounts.truncate(PAGE_ACCOUNTS_MAX as usize);
    let more = accounts.last().filter(|_| has_more).map(|last| last.user.id);
    Ok(Tab::Members { accounts: accounts.into_iter().map(row).collect(), more })
}

fn row(account: Account) -> AccountRow {
    let owner = match account.role {
        Role::Owner => true,
        Role::Member => false,
    };
    let Account { user, created_at, disabled_at, role: _ } = account;
    AccountRow { user, owner, disabled: disabled_at.is_some(), created_at }
}
