//! What happens to a new account in the same transaction that makes it: the place where accounts meet streams.

use std::sync::Arc;

use protocol::{
    Event, Record, RoomId, StreamId, UnixMs, UserRef,
    members::{MemberJoined, RoomJoined},
    rooms::{RoomRef, Visibility},
};
use sqlx::{Row, SqliteConnection};

use super::append::{EVERYONE_ROOM, append, everyone_room};
use crate::store::StoreError;

/// Lets a new account into the room that everyone is in: appends to the room's stream and to the account's inbox.
/// `is_first` says that it owns the server, so the room has to be made.
///
/// The caller commits; what is returned is told to followers after that, not before.
///
/// # Errors
/// The database failed; the account is then not made either.
pub(super) async fn welcome(
    tx: &mut SqliteConnection,
    user: &UserRef,
    is_first: bool,
    now: UnixMs,
) -> Result<Vec<Arc<Record>>, StoreError> {
    let (room, event) = if is_first {
        let id = RoomId(1);
        let room = RoomRef { id, name: EVERYONE_ROOM.to_owned(), visibility: Visibility::Public };
        (room, everyone_room())
    } else {
        let row = sqlx::query("SELECT id, name FROM rooms WHERE is_everyone = 1").fetch_one(&mut *tx).await?;
        let id = RoomId(row.try_get::<i64, _>(0)?.cast_unsigned());
        let room = RoomRef { id, name: row.try_get(1)?, visibility: Visibility::Public };
        (room, Event::MemberJoined(MemberJoined {}))
    };
    let joined = Event::RoomJoined(RoomJoined { room: room.clone() });
    Ok(vec![
        Arc::new(append(tx, StreamId::Room(room.id), user, None, event, now).await?),
        Arc::new(append(tx, StreamId::Inbox(user.id), user, None, joined, now).await?),
    ])
}
