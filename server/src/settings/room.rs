//! A room's settings: what its form asks for is a command like any other, so `commands::decide` says who may, and
//! everyone who is in the room is told as it happens.

use app::settings_pages::{Deed, Tab};
use axum::{
    Form,
    extract::{Path, rejection::FormRejection},
    response::Response,
};
use protocol::{
    Command, ErrorCode, RoomId, RoomInfo, Username,
    rooms::{DeleteRoom, RenameRoom, TransferRoom},
};
use serde::Deserialize;

use super::{Visit, done_at};
use crate::{
    commands::{Action, authorize},
    error::ApiError,
    store::Actor,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Name {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keeper {
    username: String,
}

pub(super) async fn show(visit: Visit, Path(room): Path<RoomId>) -> Response {
    visit.page_or_failure(kept(&visit, room).await.map(Tab::Room))
}

pub(super) async fn rename(
    visit: Visit,
    Path(room): Path<RoomId>,
    form: Result<Form<Name>, FormRejection>,
) -> Response {
    let command = form.map_err(ApiError::from).map(|Form(Name { name })| {
        Command::RenameRoom(RenameRoom { client_id: visit.client_id(), room, name: name.trim().to_owned() })
    });
    let here = format!("/settings/rooms/{room}");
    answer(&visit, room, command, done_at(&here, Deed::RoomRenamed)).await
}

pub(super) async fn transfer(
    visit: Visit,
    Path(room): Path<RoomId>,
    form: Result<Form<Keeper>, FormRejection>,
) -> Response {
    let command = form.map_err(ApiError::from).and_then(|Form(Keeper { username })| {
        let username = Username::parse(username.trim())?;
        Ok(Command::TransferRoom(TransferRoom { client_id: visit.client_id(), room, username }))
    });
    // Who has given it away may have no page of it any more.
    answer(&visit, room, command, done_at("/settings", Deed::RoomGivenAway)).await
}

pub(super) async fn delete(
    visit: Visit,
    Path(room): Path<RoomId>,
    form: Result<Form<Name>, FormRejection>,
) -> Response {
    let command = match (form, kept(&visit, room).await) {
        (_, Err(error)) => Err(error),
        (Err(rejection), Ok(_)) => Err(rejection.into()),
        (Ok(Form(Name { name })), Ok(info)) if name.trim() == info.name => {
            Ok(Command::DeleteRoom(DeleteRoom { client_id: visit.client_id(), room }))
        }
        (Ok(_), Ok(_)) => Err(ApiError::from(ErrorCode::Invalid)
            .message("That is not the name of this room. Nothing was deleted: type the name as it stands above.")),
    };
    answer(&visit, room, command, done_at("/settings", Deed::RoomDeleted)).await
}

async fn answer(visit: &Visit, room: RoomId, command: Result<Command, ApiError>, done: Response) -> Response {
    let result = match command {
        Ok(command) => visit.execute(command).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => done,
        Err(error) => visit.refused(kept(visit, room).await.map(Tab::Room), &error),
    }
}

/// The room, for those who may change it.
async fn kept(visit: &Visit, room: RoomId) -> Result<RoomInfo, ApiError> {
    let facts = visit.app.store.facts(&Actor::from(&visit.session), room).await?;
    authorize(Action::Change, &facts)?;
    Ok(facts.room.ok_or(ErrorCode::NotFound)?.info)
}
