//! The form that joins a public room.

use app::Place;
use axum::{extract::Path, response::Response};
use protocol::{Command, ErrorCode, members::JoinRoom, rooms};

use super::{Visit, see_other};
use crate::{error::ApiError, store::Actor};

/// On to the room, ready to write; or the page that says why not.
pub(super) async fn join(visit: Visit, Path(slug): Path<String>) -> Response {
    match joined(&visit, &slug).await {
        // Browsers give the focus to what the address points at.
        Ok(path) => see_other(&format!("{path}#composer")),
        Err(error) => visit.failure(&error),
    }
}

async fn joined(visit: &Visit, slug: &str) -> Result<String, ApiError> {
    let room = rooms::id_of_slug(slug).ok_or(ErrorCode::NotFound)?;
    visit.execute(Command::JoinRoom(JoinRoom { client_id: visit.client_id(), room })).await?;
    let facts = visit.app.store.facts(&Actor::from(&visit.session), room).await?;
    let info = facts.room.ok_or(ErrorCode::NotFound)?.info;
    Ok(Place::room_path(room, &info.name))
}
