//! What messages said before they were edited.

use axum::extract::State;
use protocol::{ErrorCode, RoomId, Seq, command::Cost, edits::Edits};

use super::authorize_read;
use crate::{
    error::ApiError,
    json::{Json, Path},
    state::AppState,
    store::accounts::Session,
};

/// The earlier texts of a message; of one that is deleted, or older than what one may read, there is nothing.
pub(super) async fn edits(
    State(app): State<AppState>,
    session: Session,
    Path((room, message)): Path<(RoomId, Seq)>,
) -> Result<Json<Edits>, ApiError> {
    app.rates.check(Cost::Read, session.user.id)?;
    authorize_read(&app, &session, room).await?;
    Ok(Json(app.store.edits(session.user.id, room, message).await?.ok_or(ErrorCode::NotFound)?))
}
