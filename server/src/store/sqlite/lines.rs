//! The lines of rooms, as the table `entries` has them.

use protocol::{
    ClientId, Mentions, Quote, Quoted, RoomId, Seq, UnixMs, UserId,
    replies::plain_excerpt,
    timeline::{Body, Entry, EntryKind},
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::many;
use crate::store::StoreError;

/// A line as its row has it.
pub(super) struct Line {
    room: RoomId,
    seq: Seq,
    at: UnixMs,
    author: UserId,
    columns: Columns,
}

impl Line {
    pub(super) fn new(room: RoomId, entry: Entry) -> Self {
        Self { room, seq: entry.seq, at: entry.at, author: entry.actor.id, columns: Columns::from(entry.kind) }
    }

    /// How many messages the room has with this one; `None` for a notice.
    pub(super) fn ordinal(&self) -> Option<u64> {
        self.columns.ordinal
    }

    /// Who is named.
    pub(super) fn mentions(&self) -> &Mentions {
        &self.columns.mentions
    }
}

/// What the rows of messages and of notices have in different ways.
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
pub(super) fn kept(mentions: &Mentions) -> Option<String> {
    (!mentions.is_empty()).then(|| protocol::encode(mentions))
}

/// Writes the rows. What is counted and looked up beside them is for the caller to write.
pub(super) async fn insert(tx: &mut SqliteConnection, lines: &[Line]) -> Result<(), StoreError> {
    for piece in many::pieces(lines) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO entries (room_id, seq, at_ms, actor_id, ordinal, client_id, body, is_deleted, reply_to, \
               is_quote_hidden, mentions, tree_seq, excerpt) ",
        );
        query.push_values(piece, |mut row, Line { room, seq, at, author, columns }| {
            row.push_bind(room.0.cast_signed())
                .push_bind(seq.0.cast_signed())
                .push_bind(at.0)
                .push_bind(author.0.cast_signed())
                .push_bind(columns.ordinal.map(u64::cast_signed))
                .push_bind(columns.client_id.map(|id| id.0.into_bytes().to_vec()))
                .push_bind(columns.body.clone())
                .push_bind(columns.is_deleted)
                .push_bind(columns.quote.as_ref().map(|quote| quote.message.0.cast_signed()))
                .push_bind(columns.quote.as_ref().is_some_and(|quote| quote.content == Quoted::Hidden))
                .push_bind(kept(&columns.mentions))
                // The tree is in the event that made the line.
                .push_bind(columns.has_tree.then_some(seq.0.cast_signed()))
                .push_bind(columns.excerpt.clone());
        });
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}
