//! Runs of a room's lines: the window that a room opens with, and pages of its history.

use protocol::{
    Entry, HistoryPage, RoomId, Seq,
    limits::{HISTORY_ENTRIES_MAX, WINDOW_CONTEXT_ENTRIES, WINDOW_ENTRIES},
};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::{
    reactions,
    rows::{self, ENTRY_COLUMNS, ENTRY_TABLES},
};
use crate::store::{PageAt, StoreError};

/// Whose lines: of a room, from the first one that the viewer may see, as of an event.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) room: RoomId,
    pub(super) visible_from: Seq,
    pub(super) as_of: Seq,
}

/// The newest lines.
pub(super) async fn at_end(tx: &mut SqliteConnection, view: View) -> Result<HistoryPage, StoreError> {
    let (entries, at_start) = before(tx, view, view.as_of.next(), WINDOW_ENTRIES).await?;
    Ok(HistoryPage { as_of: view.as_of, before: None, after: None, entries, at_start, at_end: true })
}

/// A line with some context above it and more below.
pub(super) async fn around(tx: &mut SqliteConnection, view: View, line: Seq) -> Result<HistoryPage, StoreError> {
    let (mut entries, at_start) = before(tx, view, line, WINDOW_CONTEXT_ENTRIES).await?;
    let last_before = Seq(line.0.saturating_sub(1));
    let (rest, at_end) = after(tx, view, last_before, WINDOW_ENTRIES - WINDOW_CONTEXT_ENTRIES).await?;
    if rest.is_empty() {
        return self::at_end(tx, view).await;
    }
    entries.extend(rest);
    Ok(HistoryPage { as_of: view.as_of, before: None, after: None, entries, at_start, at_end })
}

/// A page next to lines that the viewer has.
pub(super) async fn page(
    tx: &mut SqliteConnection,
    view: View,
    at: PageAt,
    limit: u32,
) -> Result<HistoryPage, StoreError> {
    let limit = limit.clamp(1, HISTORY_ENTRIES_MAX);
    let empty = HistoryPage {
        as_of: view.as_of,
        before: None,
        after: None,
        entries: Vec::new(),
        at_start: false,
        at_end: false,
    };
    Ok(match at {
        PageAt::Before(seq) => {
            let (entries, at_start) = before(tx, view, seq, limit).await?;
            HistoryPage { before: Some(seq), entries, at_start, ..empty }
        }
        PageAt::After(seq) => {
            let (entries, at_end) = after(tx, view, seq, limit).await?;
            HistoryPage { after: Some(seq), entries, at_end, ..empty }
        }
    })
}

/// At most `limit` lines before `seq`, oldest first, and whether there are no older ones.
async fn before(tx: &mut SqliteConnection, view: View, seq: Seq, limit: u32) -> Result<(Vec<Entry>, bool), StoreError> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM {ENTRY_TABLES} \
         WHERE e.room_id = ? AND e.seq >= ? AND e.seq < ? ORDER BY e.seq DESC LIMIT ?"
    );
    let (mut entries, all) = lines(tx, sql, view.room, view.visible_from, seq, limit).await?;
    entries.reverse();
    Ok((entries, all))
}

/// At most `limit` lines after `seq`, oldest first, and whether there are no newer ones.
async fn after(tx: &mut SqliteConnection, view: View, seq: Seq, limit: u32) -> Result<(Vec<Entry>, bool), StoreError> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM {ENTRY_TABLES} \
         WHERE e.room_id = ? AND e.seq >= ? AND e.seq > ? ORDER BY e.seq LIMIT ?"
    );
    lines(tx, sql, view.room, view.visible_from, seq, limit).await
}

async fn lines(
    tx: &mut SqliteConnection,
    sql: String,
    room: RoomId,
    from: Seq,
    bound: Seq,
    limit: u32,
) -> Result<(Vec<Entry>, bool), StoreError> {
    // Only constants of this crate are in the text.
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(room.0.cast_signed())
        .bind(from.0.cast_signed())
        .bind(bound.0.cast_signed())
        // One more than asked for tells whether there are more.
        .bind(i64::from(limit) + 1)
        .fetch_all(&mut *tx)
        .await?;
    let all = rows.len() <= limit as usize;
    let mut entries = rows.iter().take(limit as usize).map(rows::entry).collect::<Result<Vec<_>, _>>()?;
    reactions::attach(tx, room, &mut entries).await?;
    Ok((entries, all))
}
