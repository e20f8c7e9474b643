//! Rooms as their members see them.

use axum::extract::State;
use protocol::{
    ErrorCode, HistoryPage, InboxSnapshot, RoomId, RoomSnapshot, RoomSummary, Seq,
    command::Cost,
    limits::{CANDIDATES_MAX, DIRECTORY_ROOMS_MAX, DISPLAY_NAME_CHARS_MAX, HISTORY_ENTRIES_MAX, ROOM_NAME_CHARS_MAX},
    members::Candidate,
    snapshot::DirectoryEntry,
};
use serde::Deserialize;

use crate::{
    commands::{Action, authorize},
    error::ApiError,
    json::{Json, Path, Query},
    state::{App, AppState},
    store::{Actor, DirectoryAt, PageAt, WindowAt, accounts::Session},
};

/// Rooms that one request may ask about.
const SUMMARIES_MAX: usize = 500;

/// The user's rooms.
pub(super) async fn inbox(State(app): State<AppState>, session: Session) -> Result<Json<InboxSnapshot>, ApiError> {
    app.rates.check(Cost::Read, session.user.id)?;
    Ok(Json(app.store.inbox(session.user.id).await?))
}

/// `?name=<part of a name>&after=<name>&limit=<1 to 100>`, each optional
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DirectoryPage {
    name: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// A page of the public rooms.
pub(super) async fn directory(
    State(app): State<AppState>,
    session: Session,
    Query(page): Query<DirectoryPage>,
) -> Result<Json<Vec<DirectoryEntry>>, ApiError> {
    let limit = page.limit.unwrap_or(DIRECTORY_ROOMS_MAX);
    if !(1..=DIRECTORY_ROOMS_MAX).contains(&limit) {
        let message = format!("`limit` is a number from 1 to {DIRECTORY_ROOMS_MAX}.");
        return Err(ApiError::from(ErrorCode::Malformed).message(message));
    }
    let at = directory_at(page.name, page.after)?;
    app.rates.check(Cost::Read, session.user.id)?;
    Ok(Json(app.store.directory(session.user.id, &at, limit).await?))
}

/// Where in the directory to look: names of rooms, or parts of them.
pub(crate) fn directory_at(name: Option<String>, after: Option<String>) -> Result<DirectoryAt, ApiError> {
    let at = DirectoryAt { name: name.unwrap_or_default().trim().to_owned(), after: after.unwrap_or_default() };
    if [&at.name, &at.after].iter().any(|text| text.chars().count() > ROOM_NAME_CHARS_MAX) {
        let message = format!("The name of a room has at most {ROOM_NAME_CHARS_MAX} characters. Look for less.");
        return Err(ApiError::from(ErrorCode::TooLarge).message(message));
    }
    Ok(at)
}

/// `?ids=1,2,3`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ids {
    ids: String,
}

/// Some of the user's rooms.
pub(super) async fn summaries(
    State(app): State<AppState>,
    session: Session,
    Query(Ids { ids }): Query<Ids>,
) -> Result<Json<Vec<RoomSummary>>, ApiError> {
    app.rates.check(Cost::Read, session.user.id)?;
    let rooms = ids.split(',').map(|id| id.parse().map(RoomId)).collect::<Result<Vec<_>, _>>().map_err(|_| {
        ApiError::from(ErrorCode::Malformed).message("`ids` are numbers of rooms with commas between them.")
    })?;
    if rooms.len() > SUMMARIES_MAX {
        let message = format!("At most {SUMMARIES_MAX} rooms at once. Ask in parts.");
        return Err(ApiError::from(ErrorCode::TooLarge).message(message));
    }
    Ok(Json(app.store.summaries(session.user.id, &rooms).await?))
}

/// `?at=unread`, `?at=end`, `?at=<seq>`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct At {
    at: Option<String>,
}

/// A room with the lines to open with.
pub(super) async fn room(
    State(app): State<AppState>,
    session: Session,
    Path(room): Path<RoomId>,
    Query(At { at }): Query<At>,
) -> Result<Json<RoomSnapshot>, ApiError> {
    let at = match at.as_deref() {
        None | Some("unread") => WindowAt::Unread,
        Some("end") => WindowAt::End,
        Some(seq) => WindowAt::Line(seq.parse().map(Seq).map_err(|_| {
            ApiError::from(ErrorCode::Malformed).message("`at` is `unread`, `end` or the number of a message.")
        })?),
    };
    app.rates.check(Cost::Read, session.user.id)?;
    authorize_read(&app, &session, room).await?;
    // Who was removed in between is told what somebody is told who never was in.
    Ok(Json(app.store.room(session.user.id, room, at).await?.ok_or(ErrorCode::NotFound)?))
}

/// `?before=<seq>` or `?after=<seq>`, and `&limit=<1 to 100>`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    before: Option<Seq>,
    after: Option<Seq>,
    limit: Option<u32>,
}

/// Lines next to those that the client has.
pub(super) async fn history(
    State(app): State<AppState>,
    session: Session,
    Path(room): Path<RoomId>,
    Query(page): Query<Page>,
) -> Result<Json<HistoryPage>, ApiError> {
    let at = match (page.before, page.after) {
        (Some(seq), None) => PageAt::Before(seq),
        (None, Some(seq)) => PageAt::After(seq),
        (None, None) | (Some(_), Some(_)) => {
            return Err(
                ApiError::from(ErrorCode::Malformed).message("Ask for lines either `before` or `after` a number.")
            );
        }
    };
    let limit = page.limit.unwrap_or(HISTORY_ENTRIES_MAX);
    if !(1..=HISTORY_ENTRIES_MAX).contains(&limit) {
        let message = format!("`limit` is a number from 1 to {HISTORY_ENTRIES_MAX}.");
        return Err(ApiError::from(ErrorCode::Malformed).message(message));
    }
    app.rates.check(Cost::Read, session.user.id)?;
    authorize_read(&app, &session, room).await?;
    Ok(Json(app.store.history(session.user.id, room, at, limit).await?.ok_or(ErrorCode::NotFound)?))
}

/// `?name=<the beginning of a name>`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begun {
    name: Option<String>,
}

/// Some of those whom this user may bring in.
pub(super) async fn candidates(
    State(app): State<AppState>,
    session: Session,
    Path(room): Path<RoomId>,
    Query(Begun { name }): Query<Begun>,
) -> Result<Json<Vec<Candidate>>, ApiError> {
    let name = name.unwrap_or_default();
    let begun = name.trim();
    if begun.chars().count() > DISPLAY_NAME_CHARS_MAX {
        let message = format!("A name has at most {DISPLAY_NAME_CHARS_MAX} characters. Look for less.");
        return Err(ApiError::from(ErrorCode::TooLarge).message(message));
    }
    app.rates.check(Cost::Read, session.user.id)?;
    let facts = app.store.facts(&Actor::from(&session), room).await?;
    authorize(Action::ManageMembers, &facts)?;
    Ok(Json(app.store.candidates(room, begun, CANDIDATES_MAX).await?))
}

/// Asks the one gate whether this user may read this room.
pub(crate) async fn authorize_read(app: &App, session: &Session, room: RoomId) -> Result<(), ApiError> {
    let facts = app.store.facts(&Actor::from(session), room).await?;
    Ok(authorize(Action::Read, &facts)?)
}
