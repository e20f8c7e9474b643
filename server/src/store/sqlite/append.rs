//! An event's way into its log, and into the tables derived from it.

use protocol::{
    ClientId, Epoch, Event, Record, RoomId, RoomInfo, Seq, StreamId, UnixMs, UserId, UserRef,
    effect::{Effect, Membership, Rooms},
    rooms::{History, Setting, Visibility},
    timeline::{Change, Entry},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{
    erase::hide,
    execute::Fingerprint,
    lines::{self, Line},
    many, mentions, reactions, redact, rows,
};
use crate::store::StoreError;

/// Name of the room that everyone is in.
pub(super) const EVERYONE_ROOM: &str = "general";

/// Appends an event to its stream, which is made if it is new, and carries its effect out.
pub(super) async fn append(
    tx: &mut SqliteConnection,
    stream: StreamId,
    actor: &UserRef,
    cause: Option<Cause>,
    event: Event,
    now: UnixMs,
) -> Result<Record, StoreError> {
    let next = "INSERT INTO streams (name, epoch, head) VALUES (?, (SELECT epoch FROM server), 1) \
                ON CONFLICT (name) DO UPDATE SET head = head + 1 RETURNING epoch, head";
    let place = sqlx::query(next).bind(stream.to_string()).fetch_one(&mut *tx).await?;
    let record = Record {
        stream,
        epoch: Epoch(place.try_get(0)?),
        seq: Seq(place.try_get::<i64, _>(1)?.cast_unsigned()),
        at: now,
        actor: actor.clone(),
        client_id: cause.map(|(client_id, _)| client_id),
        event,
    };
    insert_events(tx, &[(&record, cause)]).await?;
    project(tx, &record).await?;
    Ok(record)
}

/// The command that an event comes from, and what tells it from others with the same id.
pub(super) type Cause = (ClientId, Fingerprint);

/// Writes events into their logs, in order. Where the logs end by then is for the caller to write.
pub(super) async fn insert_events(
    tx: &mut SqliteConnection,
    events: &[(&Record, Option<Cause>)],
) -> Result<(), StoreError> {
    for piece in many::pieces(events) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO events (stream, seq, at_ms, actor_id, client_id, fingerprint, refers_to, event) ",
        );
        query.push_values(piece, |mut row, (record, cause)| {
            row.push_bind(record.stream.to_string())
                .push_bind(record.seq.0.cast_signed())
                .push_bind(record.at.0)
                .push_bind(record.actor.id.0.cast_signed())
                .push_bind(cause.map(|(client_id, _)| client_id.0.into_bytes().to_vec()))
                .push_bind(cause.map(|(_, fingerprint)| fingerprint.to_vec()))
                .push_bind(record.event.refers_to().map(|seq| seq.0.cast_signed()))
                .push_bind(protocol::encode(&record.event));
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

async fn project(tx: &mut SqliteConnection, record: &Record) -> Result<(), StoreError> {
    let Some(Effect { setting, membership, timeline, rooms }) = record.effect() else { return Ok(()) };
    let room = match record.stream {
        StreamId::Room(room) => room,
        StreamId::Inbox(user) => return change_inbox(tx, user, rooms).await,
    };
    if let Some(setting) = setting {
        set(tx, room, setting).await?;
    }
    if let Some(membership) = membership {
        move_member(tx, room, membership, record.actor.id).await?;
    }
    if let Some(change) = timeline {
        change_lines(tx, room, record.seq, change).await?;
    }
    Ok(())
}

/// Who is in which room is the table `members`, which the rooms' own events have changed already.
async fn change_inbox(tx: &mut SqliteConnection, user: UserId, rooms: Option<Rooms>) -> Result<(), StoreError> {
    match rooms {
        Some(Rooms::Muted(room, muted)) => {
            sqlx::query("UPDATE members SET is_muted = ? WHERE room_id = ? AND user_id = ?")
                .bind(muted)
                .bind(room.0.cast_signed())
                .bind(user.0.cast_signed())
                .execute(tx)
                .await?;
            Ok(())
        }
        Some(Rooms::Joined(_) | Rooms::Left(_)) | None => Ok(()),
    }
}

/// Keeps what the room is as `protocol` folds it, so that a new setting needs nothing here.
async fn set(tx: &mut SqliteConnection, room: RoomId, setting: Setting) -> Result<(), StoreError> {
    let info = match rows::room_info(tx, room).await? {
        Some(mut info) => {
            info.set(setting);
            info
        }
        None => {
            let info = RoomInfo::new(setting).ok_or_else(|| StoreError::internal(NoRoom(room)))?;
            count_room(tx, &info).await?;
            info
        }
    };
    let sql = "INSERT INTO rooms (id, info, name, name_key, visibility, history, is_everyone) VALUES (?, ?, ?, ?, ?, ?, ?) \
               ON CONFLICT (id) DO UPDATE SET info = excluded.info, name = excluded.name, name_key = excluded.name_key, \
                 visibility = excluded.visibility, history = excluded.history";
    sqlx::query(sql)
        .bind(room.0.cast_signed())
        .bind(protocol::encode(&info))
        .bind(&info.name)
        .bind(info.name.to_lowercase())
        .bind(<&str>::from(info.visibility))
        .bind(<&str>::from(info.history))
        .bind(info.everyone)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE server SET rooms = max(rooms, ?)").bind(room.0.cast_signed()).execute(tx).await?;
    Ok(())
}

/// Counts a new room as one of those that its creator has made.
async fn count_room(tx: &mut SqliteConnection, info: &RoomInfo) -> Result<(), StoreError> {
    let sql = "UPDATE users SET rooms_made = rooms_made + 1 WHERE id = ? AND NOT ?";
    sqlx::query(sql).bind(info.creator.id.0.cast_signed()).bind(info.everyone).execute(tx).await?;
    Ok(())
}

async fn move_member(
    tx: &mut SqliteConnection,
    room: RoomId,
    membership: Membership,
    by: UserId,
) -> Result<(), StoreError> {
    match membership {
        Membership::In(member) => {
            let (room, user) = (room.0.cast_signed(), member.user.id.0.cast_signed());
            let since = member.since.0.cast_signed();
            sqlx::query("INSERT OR REPLACE INTO members (room_id, user_id, since) VALUES (?, ?, ?)")
                .bind(room)
                .bind(user)
                .bind(since)
                .execute(&mut *tx)
                .await?;
            // What was said before one came is there to be read, but it is not unread. Who was brought in has yet to see it.
            let read = if member.user.id == by { since } else { since - 1 };
            let sql = "INSERT INTO read_cursors (user_id, room_id, version, seq) VALUES (?, ?, 0, ?) \
                       ON CONFLICT (user_id, room_id) DO UPDATE SET seq = max(seq, excluded.seq)";
            sqlx::query(sql).bind(user).bind(room).bind(read).execute(tx).await?;
        }
        Membership::AllOut => hide(tx, room).await?,
        Membership::Out(user) => {
            sqlx::query("DELETE FROM members WHERE room_id = ? AND user_id = ?")
                .bind(room.0.cast_signed())
                .bind(user.0.cast_signed())
                .execute(tx)
                .await?;
        }
    }
    Ok(())
}

async fn change_lines(tx: &mut SqliteConnection, room: RoomId, seq: Seq, change: Change) -> Result<(), StoreError> {
    match change {
        Change::Insert(entry) => insert_line(tx, room, entry).await,
        Change::SetText { message, text, edited_at, mentions, markup, excerpt } => {
            let sql = "UPDATE entries SET body = ?, edited_at_ms = ?, mentions = ?, tree_seq = ?, excerpt = ? \
                       WHERE room_id = ? AND seq = ? AND is_deleted = 0";
            sqlx::query(sql)
                .bind(text)
                .bind(edited_at.0)
                .bind(lines::kept(&mentions))
                // The tree is in this event.
                .bind((!markup.is_empty()).then_some(seq.0.cast_signed()))
                .bind(excerpt)
                .bind(room.0.cast_signed())
                .bind(message.0.cast_signed())
                .execute(&mut *tx)
                .await?;
            mentions::set(tx, room, message, &mentions).await
        }
        Change::Redact { message } => {
            let sql = "UPDATE entries SET body = '', edited_at_ms = NULL, is_deleted = 1, mentions = NULL, reply_to = NULL, \
                         is_quote_hidden = 0, tree_seq = NULL, excerpt = NULL WHERE room_id = ? AND seq = ?";
            sqlx::query(sql).bind(room.0.cast_signed()).bind(message.0.cast_signed()).execute(&mut *tx).await?;
            mentions::clear(tx, room, message).await?;
            reactions::clear(tx, room, message).await?;
            redact::at_once(tx, room, message).await
        }
        Change::React { message, reaction } => reactions::add(tx, room, message, seq, &reaction).await,
        Change::Unreact { message, emoji, user } => reactions::remove(tx, room, message, &emoji, user).await,
    }
}

async fn insert_line(tx: &mut SqliteConnection, room: RoomId, entry: Entry) -> Result<(), StoreError> {
    let (seq, line) = (entry.seq, Line::new(room, entry));
    lines::insert(tx, std::slice::from_ref(&line)).await?;
    if !line.mentions().is_empty() {
        mentions::set(tx, room, seq, line.mentions()).await?;
    }
    if let Some(ordinal) = line.ordinal() {
        sqlx::query("UPDATE rooms SET messages = ? WHERE id = ?")
            .bind(ordinal.cast_signed())
            .bind(room.0.cast_signed())
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// A room's log began with something else than its making.
#[derive(Debug, thiserror::Error)]
#[error("room {0} was changed before it was made")]
struct NoRoom(RoomId);

/// The event that makes the room that everyone is in.
pub(super) fn everyone_room() -> Event {
    Event::RoomCreated(protocol::rooms::RoomCreated {
        name: EVERYONE_ROOM.to_owned(),
        visibility: Visibility::Public,
        history: History::Everything,
        everyone: true,
    })
}
