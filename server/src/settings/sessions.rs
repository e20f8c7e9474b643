//! Where one is logged in.

use app::settings_pages::{Deed, Tab};
use axum::{extract::Path, response::Response};
use protocol::SessionId;

use super::{Visit, done_at};
use crate::{
    auth::{
        log_in::{end_other, end_others as end_all_others},
        sessions::sessions_of,
    },
    error::ApiError,
};

const PATH: &str = "/settings/sessions";

pub(super) async fn show(visit: Visit) -> Response {
    visit.page_or_failure(tab(&visit).await)
}

/// A session that is over already, or somebody else's, is answered like one that was ended: there is none of that
/// number among one's own afterwards.
pub(super) async fn end(visit: Visit, Path(id): Path<SessionId>) -> Response {
    match end_other(&visit.app, &visit.session, id).await {
        Ok(_) => done_at(PATH, Deed::SessionEnded),
        Err(error) => visit.failure(&error.into()),
    }
}

pub(super) async fn end_others(visit: Visit) -> Response {
    match end_all_others(&visit.app, &visit.session).await {
        Ok(()) => done_at(PATH, Deed::OthersEnded),
        Err(error) => visit.failure(&error.into()),
    }
}

async fn tab(visit: &Visit) -> Result<Tab, ApiError> {
    Ok(Tab::Sessions(sessions_of(&visit.app, &visit.session).await?))
}
