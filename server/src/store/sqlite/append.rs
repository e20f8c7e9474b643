//! An event's way into its log, and into the tables derived from it.

use protocol::{
    ClientId, Epoch, Event, Mentions, Quote, Quoted, Record, RoomId, RoomInfo, Seq, StreamId, UnixMs, UserId, UserRef,
    effect::{Effect, Membership, Rooms},
    replies::plain_excerpt,
    rooms::{History, Setting, Visibility},
    timeline::{Body, Change, Entry, EntryKind},
};
use sqlx::{Row, SqliteConnection};

use super::{erase::hide, execute::Fingerprint, mentions, reactions, redact, rows};
use crate::store::StoreError;

/// Name of the room that everyone is in.
pub(super) const EVERYONE_ROOM: &str = "general";

/// Appends an event to its stream, which is made if it is new, and carries its effect out.
pub(super) async fn append(
    tx: &mut SqliteConnection,
    stream: StreamId,
    actor: &UserRef,
    cause: Option<(ClientId, Fingerprint)>,
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
    let insert = "INSERT INTO events (stream, seq, at_ms, actor_id, client_id, fingerprint, refers_to, event) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(stream.to_string())
        .bind(record.seq.0.cast_signed())
        .bind(now.0)
        .bind(actor.id.0.cast_signed())
        .bind(cause.map(|(client_id, _)| client_id.0.into_bytes().to_vec()))
        .bind(cause.map(|(_, fingerprint)| fingerprint.to_vec()))
        .bind(record.event.refers_to().map(|seq| seq.0.cast_signed()))
        .bind(protocol::encode(&record.event))
        .execute(&mut *tx)
        .await?;
    project(tx, &record).await?;
    Ok(record)
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
        move_member(tx, room, membership).await?;
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

async fn move_member(tx: &mut SqliteConnection, room: RoomId, membership: Membership) -> Result<(), StoreError> {
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
            // What was said before one came is there to be read, but it is not unread.
            let sql = "INSERT INTO read_cursors (user_id, room_id, version, seq) VALUES (?, ?, 0, ?) \
                       ON CONFLICT (user_id, room_id) DO UPDATE SET seq = max(seq, excluded.seq)";
            sqlx::query(sql).bind(user).bind(room).bind(since).execute(tx).await?;
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
                .bind(kept(&mentions))
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

/// A line as its row has it.
#[derive(Default)]
struct Columns {
    ordinal: Option<u64>,
    client_id: Option<ClientId>,
    body: String,
    has_tree: bool,
    excerpt: Option<String>,
    is_deleted: bool,
    quote: Option<Quote>,
    mentions: Mentions,
}

impl From<EntryKind> for Columns {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Message { client_id, ordinal, body, quote, reactions: _ } => {
                let line = Self { ordinal: Some(ordinal), client_id, quote, ..Self::default() };
                match body {
                    Body::Text { text, markup, mentions, edited_at: _ } => {
                        let excerpt = plain_excerpt(&text, &markup);
                        Self { body: text, has_tree: !markup.is_empty(), excerpt, mentions, ..line }
                    }
                    Body::Deleted => Self { is_deleted: true, ..line },
                }
            }
            EntryKind::Notice { notice } => Self { body: protocol::encode(&notice), ..Self::default() },
        }
    }
}

/// Who is named, as the column has it.
fn kept(mentions: &Mentions) -> Option<String> {
    (!mentions.is_empty()).then(|| protocol::encode(mentions))
}

async fn insert_line(tx: &mut SqliteConnection, room: RoomId, entry: Entry) -> Result<(), StoreError> {
    let (seq, line) = (entry.seq, Columns::from(entry.kind));
    let sql = "INSERT INTO entries (room_id, seq, at_ms, actor_id, ordinal, client_id, body, is_deleted, reply_to, \
                 is_quote_hidden, mentions, tree_seq, excerpt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(sql)
        .bind(room.0.cast_signed())
        .bind(seq.0.cast_signed())
        .bind(entry.at.0)
        .bind(entry.actor.id.0.cast_signed())
        .bind(line.ordinal.map(u64::cast_signed))
        .bind(line.client_id.map(|id| id.0.into_bytes().to_vec()))
        .bind(line.body)
        .bind(line.is_deleted)
        .bind(line.quote.as_ref().map(|quote| quote.message.0.cast_signed()))
        .bind(line.quote.is_some_and(|quote| quote.content == Quoted::Hidden))
        .bind(kept(&line.mentions))
        // The tree is in the event that made the line.
        .bind(line.has_tree.then_some(seq.0.cast_signed()))
        .bind(line.excerpt)
        .execute(&mut *tx)
        .await?;
    if !line.mentions.is_empty() {
        mentions::set(tx, room, seq, &line.mentions).await?;
    }
    if let Some(ordinal) = line.ordinal {
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
