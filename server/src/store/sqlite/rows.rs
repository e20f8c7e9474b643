//! Rows to the types of the wire.

use std::str::FromStr;

use protocol::{
    Body, ClientId, Entry, EntryKind, Epoch, Mentions, Position, Quote, Quoted, Record, RoomId, RoomInfo, Seq,
    StreamId, UnixMs, UserId, UserRef, Username,
    markup::{self, Node},
};
use serde::Deserialize;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::store::StoreError;

#[cfg(test)]
mod tests;

/// The columns of [`entry`], of [`ENTRY_TABLES`]. Of what is quoted, one character more than is shown; of the text's markup, the
/// event that has it.
pub(super) const ENTRY_COLUMNS: &str = "e.seq, e.at_ms, e.actor_id, u.username, e.ordinal, e.client_id, e.body, \
    e.edited_at_ms, e.is_deleted, e.mentions, e.reply_to, e.is_quote_hidden, q.is_deleted, q.actor_id, qu.username, \
    coalesce(q.excerpt, substr(q.body, 1, 201)), t.event";

/// The lines with their authors, what they quote, and the event that set a text with markup.
pub(super) const ENTRY_TABLES: &str = "entries e JOIN users u ON u.id = e.actor_id \
    LEFT JOIN entries q ON q.room_id = e.room_id AND q.seq = e.reply_to LEFT JOIN users qu ON qu.id = q.actor_id \
    LEFT JOIN events t ON t.stream = 'room:' || e.room_id AND t.seq = e.tree_seq";

const _: () = assert!(protocol::limits::EXCERPT_CHARS_MAX + 1 == 201, "as in the columns");

/// The columns of [`record`], of `events e` joined with `users u` on the actor and `streams s`.
pub(super) const RECORD_COLUMNS: &str = "e.seq, e.at_ms, e.actor_id, u.username, e.client_id, e.event, s.epoch";

/// A line of a room, without its reactions.
pub(super) fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let body: String = row.try_get(6)?;
    let kind = match row.try_get::<Option<i64>, _>(4)? {
        Some(ordinal) => EntryKind::Message {
            client_id: client_id(row.try_get(5)?)?,
            ordinal: ordinal.cast_unsigned(),
            body: if row.try_get(8)? {
                Body::Deleted
            } else {
                Body::Text {
                    markup: match row.try_get(16)? {
                        Some(event) => tree(event)?,
                        // Plain, which costs nothing to see, or from before it was noted where the tree is.
                        None => markup::parse(&body),
                    },
                    text: body,
                    edited_at: row.try_get::<Option<i64>, _>(7)?.map(UnixMs),
                    mentions: mentions(row.try_get(9)?)?,
                }
            },
            quote: row.try_get::<Option<i64>, _>(10)?.map(|message| quote(row, seq(message))).transpose()?,
            reactions: Vec::new(),
        },
        None => EntryKind::Notice { notice: serde_json::from_str(&body).map_err(StoreError::internal)? },
    };
    Ok(Entry { seq: seq(row.try_get(0)?), at: UnixMs(row.try_get(1)?), actor: user(row, 2)?, kind })
}

/// The tree in an event that set a text.
fn tree(event: &str) -> Result<Vec<Node>, StoreError> {
    #[derive(Deserialize)]
    struct Marked {
        #[serde(default)]
        markup: Vec<Node>,
    }

    let Marked { markup } = serde_json::from_str(event).map_err(StoreError::internal)?;
    Ok(markup)
}

fn mentions(json: Option<&str>) -> Result<Mentions, StoreError> {
    json.map_or(Ok(Mentions::default()), |json| serde_json::from_str(json).map_err(StoreError::internal))
}

fn quote(row: &SqliteRow, message: Seq) -> Result<Quote, StoreError> {
    Ok(if row.try_get(11)? {
        Quote::hidden(message)
    } else if row.try_get(12)? {
        Quote { message, content: Quoted::Deleted }
    } else {
        Quote::of(message, user(row, 13)?, row.try_get(15)?)
    })
}

/// An entry of a log.
pub(super) fn record(stream: StreamId, row: &SqliteRow) -> Result<Record, StoreError> {
    Ok(Record {
        stream,
        epoch: Epoch(row.try_get(6)?),
        seq: seq(row.try_get(0)?),
        at: UnixMs(row.try_get(1)?),
        actor: user(row, 2)?,
        client_id: client_id(row.try_get(4)?)?,
        event: serde_json::from_str(row.try_get(5)?).map_err(StoreError::internal)?,
    })
}

/// An account from its number at `index` and its name after that.
pub(super) fn user(row: &SqliteRow, index: usize) -> Result<UserRef, StoreError> {
    Ok(UserRef { id: UserId(row.try_get::<i64, _>(index)?.cast_unsigned()), name: username(row.try_get(index + 1)?)? })
}

/// A name that was checked when the account was made.
pub(super) fn username(text: &str) -> Result<Username, StoreError> {
    Username::parse(text).map_err(StoreError::internal)
}

/// What a room is, if there is one of that number.
pub(super) async fn room_info(tx: &mut SqliteConnection, room: RoomId) -> Result<Option<RoomInfo>, StoreError> {
    let info: Option<String> =
        sqlx::query_scalar("SELECT info FROM rooms WHERE id = ?").bind(room.0.cast_signed()).fetch_optional(tx).await?;
    info.map(|info| parse_info(&info)).transpose()
}

/// What a room is, from the column `info`.
pub(super) fn parse_info(json: &str) -> Result<RoomInfo, StoreError> {
    serde_json::from_str(json).map_err(StoreError::internal)
}

/// A place from the epoch at `index` and the sequence number after that.
pub(super) fn position(row: &SqliteRow, index: usize) -> Result<Position, StoreError> {
    Ok(Position { epoch: Epoch(row.try_get(index)?), seq: seq(row.try_get(index + 1)?) })
}

/// A sequence number.
pub(super) fn seq(number: i64) -> Seq {
    Seq(number.cast_unsigned())
}

/// One of the words that a `CHECK` allows.
pub(super) fn parse<T: FromStr<Err = strum::ParseError>>(word: &str) -> Result<T, StoreError> {
    word.parse().map_err(StoreError::internal)
}

fn client_id(bytes: Option<Vec<u8>>) -> Result<Option<ClientId>, StoreError> {
    bytes.map(|bytes| uuid::Uuid::from_slice(&bytes).map(ClientId).map_err(StoreError::internal)).transpose()
}
