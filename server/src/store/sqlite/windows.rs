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
         WHERE e.room_id = ? AND e.seq > ? AND e.seq < ? ORDER BY e.seq DESC LIMIT ?"
    );
    let (mut entries, all) = lines(tx, sql, view.room, unseen(view.visible_from), seq, limit).await?;
    entries.reverse();
    Ok((entries, all))
}

/// At most `limit` lines after `seq`, oldest first, and whether there are no newer ones.
async fn after(tx: &mut SqliteConnection, view: View, seq: Seq, limit: u32) -> Result<(Vec<Entry>, bool), StoreError> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM {ENTRY_TABLES} \
         WHERE e.room_id = ? AND e.seq > ? AND e.seq < ? ORDER BY e.seq LIMIT ?"
    );
    // One place to begin at: of two, SQLite looks for one, and reads from there to the other line by line.
    lines(tx, sql, view.room, unseen(view.visible_from).max(seq), Seq(u64::MAX), limit).await
}

/// The last place that somebody may not see, where this is the first that they may.
pub(super) fn unseen(visible_from: Seq) -> Seq {
    Seq(visible_from.0.saturating_sub(1))
}

async fn lines(
    tx: &mut SqliteConnection,
    sql: String,
    room: RoomId,
    after: Seq,
    before: Seq,
    limit: u32,
) -> Result<(Vec<Entry>, bool), StoreError> {
    // Only constants of this crate are in the text.
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(room.0.cast_signed())
        .bind(place(after))
        .bind(place(before))
        // One more than asked for tells whether there are more.
        .bind(i64::from(limit) + 1)
        .fetch_all(&mut *tx)
        .await?;
    let all = rows.len() <= limit as usize;
    let mut entries = rows.iter().take(limit as usize).map(rows::entry).collect::<Result<Vec<_>, _>>()?;
    reactions::attach(tx, room, &mut entries).await?;
    Ok((entries, all))
}

/// A place as the columns have it; beyond the last one there can be is that one.
fn place(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use protocol::{ClientId, UnixMs, messages::PostMessage};

    use super::*;
    use crate::store::sqlite::{
        bench::{Bench, GENERAL, NOW},
        seed::Seed,
    };

    async fn room(messages: u64) -> (Bench, View) {
        let bench = Bench::new().await;
        let seed = |n: u64| {
            let post = PostMessage::new(ClientId(uuid::Uuid::from_u128(n.into())), GENERAL, format!("message {n}"));
            Seed { actor: bench.ada.clone(), post, now: UnixMs(NOW.0) }
        };
        bench.store.seed((0..messages).map(seed).collect()).await.unwrap();
        let as_of = bench.log(GENERAL).await.last().unwrap().seq;
        (bench, View { room: GENERAL, visible_from: Seq(0), as_of })
    }

    /// How many steps SQLite takes for a page after the middle, one before it, and a window around it.
    async fn steps(messages: u64) -> [u64; 3] {
        let (bench, view) = room(messages).await;
        let mut connection = bench.store.read.acquire().await.unwrap();
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        connection.lock_handle().await.unwrap().set_progress_handler(1, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            true
        });
        let middle = Seq(view.as_of.0 / 2);
        let after = page(&mut connection, view, PageAt::After(middle), 50).await.unwrap();
        let first = count.swap(0, Ordering::Relaxed);
        let before = page(&mut connection, view, PageAt::Before(middle), 50).await.unwrap();
        let second = count.swap(0, Ordering::Relaxed);
        around(&mut connection, view, middle).await.unwrap();
        assert_eq!((after.entries[0].seq, before.entries[49].seq.next()), (middle.next(), middle));
        [first, second, count.swap(0, Ordering::Relaxed)]
    }

    #[tokio::test]
    async fn a_page_costs_the_same_however_long_the_room_is() {
        let (short, long) = (steps(300).await, steps(6_000).await);

        for (short, long) in short.into_iter().zip(long) {
            assert!(long <= short + short / 10, "{long} steps instead of {short}");
        }
    }

    #[tokio::test]
    async fn beyond_the_last_place_there_can_be_is_the_end() {
        let (bench, view) = room(9).await;
        let mut connection = bench.store.read.acquire().await.unwrap();

        for seq in [u64::MAX, u64::MAX - 1, 1 << 63] {
            let before = page(&mut connection, view, PageAt::Before(Seq(seq)), 5).await.unwrap();
            assert_eq!(before.entries.last().map(|line| line.seq), Some(view.as_of));
            let after = page(&mut connection, view, PageAt::After(Seq(seq)), 5).await.unwrap();
            assert!(after.entries.is_empty() && after.at_end);
        }
    }
}
