//! [`StreamStore`] on SQLite: commands go to the writer, everything else reads a snapshot.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::{
    Command, Done, HistoryPage, InboxSnapshot, Position, ReadCursor, Record, RoomId, RoomSnapshot, RoomSummary, Seq,
    StreamId, UnixMs, UserId,
    edits::Edits,
    members::Candidate,
    rooms::{RoomRef, Visibility},
    snapshot::{DirectoryEntry, Doorstep},
};
use sqlx::{AssertSqlSafe, QueryBuilder, Row, Sqlite};

use super::{
    SqliteStore, edits,
    erase::GONE,
    facts,
    redact::Pending,
    rows::{self, RECORD_COLUMNS},
    snapshots, windows,
};
use crate::{
    commands::Facts,
    store::{Actor, DirectoryAt, ExecuteError, PageAt, StoreError, StreamStore, WindowAt},
};

#[async_trait]
impl StreamStore for SqliteStore {
    async fn execute(&self, actor: &Actor, command: Command, now: UnixMs) -> Result<Done, ExecuteError> {
        self.writer.execute(actor, command, now).await
    }

    async fn set_read_cursor(
        &self,
        user: UserId,
        room: RoomId,
        cursor: ReadCursor,
    ) -> Result<Option<ReadCursor>, StoreError> {
        self.writer.set_read_cursor(user, room, cursor).await
    }

    async fn facts(&self, actor: &Actor, room: RoomId) -> Result<Facts, StoreError> {
        let mut connection = self.read.acquire().await?;
        let room = facts::room(&mut connection, actor.user.id, room).await?;
        Ok(Facts { room, ..Facts::about(actor.clone()) })
    }

    async fn heads(&self, streams: &[StreamId]) -> Result<Vec<(StreamId, Position)>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT name, epoch, head FROM streams WHERE name IN (");
        let mut names = query.separated(", ");
        for stream in streams {
            names.push_bind(stream.to_string());
        }
        query.push(")");
        let rows = query.build().fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                let stream = row.try_get::<&str, _>(0)?.parse().map_err(StoreError::internal)?;
                Ok((stream, rows::position(row, 1)?))
            })
            .collect()
    }

    async fn replay(&self, stream: StreamId, after: Seq, limit: u64) -> Result<Vec<Arc<Record>>, StoreError> {
        let sql = format!(
            "SELECT {RECORD_COLUMNS}, EXISTS (SELECT 1 FROM erasures WHERE room = ?) \
             FROM events e JOIN users u ON u.id = e.actor_id JOIN streams s ON s.name = e.stream \
             WHERE e.stream = ? AND e.seq > ? ORDER BY e.seq LIMIT ?"
        );
        let mut tx = self.read.begin().await?;
        let pending = Pending::of(&mut tx, stream).await?;
        // Only constants of this crate are in the text.
        let room = match stream {
            StreamId::Room(room) => Some(room.0.cast_signed()),
            StreamId::Inbox(_) => None,
        };
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(room)
            .bind(stream.to_string())
            .bind(after.0.cast_signed())
            .bind(limit.cast_signed())
            .fetch_all(&mut *tx)
            .await?;
        drop(tx);
        rows.iter()
            .map(|row| {
                let record = rows::record(stream, row)?;
                // What is still to be overwritten reads as it will be.
                let event = if row.try_get(7)? { GONE } else { pending.read(record.event) };
                Ok(Arc::new(Record { event, ..record }))
            })
            .collect()
    }

    async fn inbox(&self, user: UserId) -> Result<InboxSnapshot, StoreError> {
        let mut tx = self.read.begin().await?;
        snapshots::inbox(&mut tx, user).await
    }

    async fn summaries(&self, user: UserId, rooms: &[RoomId]) -> Result<Vec<RoomSummary>, StoreError> {
        let mut tx = self.read.begin().await?;
        let mut summaries = Vec::with_capacity(rooms.len());
        for room in rooms {
            summaries.extend(snapshots::summaries(&mut tx, user, Some(*room)).await?);
        }
        Ok(summaries)
    }

    async fn room(&self, user: UserId, room: RoomId, at: WindowAt) -> Result<Option<RoomSnapshot>, StoreError> {
        let mut tx = self.read.begin().await?;
        snapshots::room(&mut tx, user, room, at).await
    }

    async fn history(
        &self,
        user: UserId,
        room: RoomId,
        at: PageAt,
        limit: u32,
    ) -> Result<Option<HistoryPage>, StoreError> {
        let mut tx = self.read.begin().await?;
        let Some((_, _, view)) = snapshots::view(&mut tx, user, room).await? else { return Ok(None) };
        Ok(Some(windows::page(&mut tx, view, at, limit).await?))
    }

    async fn edits(&self, user: UserId, room: RoomId, message: Seq) -> Result<Option<Edits>, StoreError> {
        let mut tx = self.read.begin().await?;
        edits::earlier(&mut tx, user, room, message).await
    }

    async fn directory(&self, user: UserId, at: &DirectoryAt, limit: u32) -> Result<Vec<DirectoryEntry>, StoreError> {
        let sql = "SELECT r.id, r.name, (SELECT count(*) FROM members m WHERE m.room_id = r.id), \
                     EXISTS (SELECT 1 FROM members m WHERE m.room_id = r.id AND m.user_id = ?) \
                   FROM rooms r WHERE r.visibility = 'public' AND r.name_key > ? AND instr(r.name_key, ?) > 0 \
                   ORDER BY r.name_key LIMIT ?";
        let rows = sqlx::query(sql)
            .bind(user.0.cast_signed())
            .bind(at.after.to_lowercase())
            .bind(at.name.to_lowercase())
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                let id = RoomId(row.try_get::<i64, _>(0)?.cast_unsigned());
                let room = RoomRef { id, name: row.try_get(1)?, visibility: Visibility::Public };
                Ok(DirectoryEntry { room, member_count: row.try_get(2)?, joined: row.try_get(3)? })
            })
            .collect()
    }

    async fn candidates(&self, room: RoomId, begun: &str, limit: u32) -> Result<Vec<Candidate>, StoreError> {
        // SQLite knows the case of ASCII letters only.
        let sql = "SELECT u.id, u.username, u.display_name FROM users u WHERE u.disabled_at_ms IS NULL \
                   AND NOT EXISTS (SELECT 1 FROM members m WHERE m.room_id = ?1 AND m.user_id = u.id) \
                   AND (instr(u.username_key, ?2) = 1 OR instr(' ' || lower(u.display_name), ' ' || ?2) > 0 \
                     OR instr(' ' || u.display_name, ' ' || ?3) > 0 OR instr(' ' || u.display_name, ' ' || ?4) > 0) \
                   ORDER BY u.username_key LIMIT ?5";
        let rows = sqlx::query(sql)
            .bind(room.0.cast_signed())
            .bind(begun.to_lowercase())
            .bind(begun)
            .bind(capitalised(begun))
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| Ok(Candidate { user: rows::user(row, 0)?, called: row.try_get(2)? })).collect()
    }

    async fn doorstep(&self, room: RoomId) -> Result<Option<Doorstep>, StoreError> {
        let mut tx = self.read.begin().await?;
        let name: Option<String> = sqlx::query_scalar("SELECT name FROM rooms WHERE id = ? AND visibility = 'public'")
            .bind(room.0.cast_signed())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(name) = name else { return Ok(None) };
        let member_count = snapshots::member_count(&mut tx, room).await?;
        Ok(Some(Doorstep { id: room, name, visibility: Visibility::Public, member_count }))
    }

    async fn room_named(&self, user: UserId, name: &str) -> Result<Option<RoomId>, StoreError> {
        let sql = "SELECT r.id FROM rooms r LEFT JOIN members m ON m.room_id = r.id AND m.user_id = ? \
                   WHERE r.name_key = ? AND (r.visibility = 'public' OR m.user_id IS NOT NULL) \
                   ORDER BY m.user_id IS NULL, r.visibility = 'private', r.id LIMIT 1";
        let id: Option<i64> = sqlx::query_scalar(sql)
            .bind(user.0.cast_signed())
            .bind(name.to_lowercase())
            .fetch_optional(&self.read)
            .await?;
        Ok(id.map(|id| RoomId(id.cast_unsigned())))
    }

    fn write_health(&self) -> Result<(), &'static str> {
        self.lane.health.reason().map_or(Ok(()), Err)
    }
}

/// A text whose first letter is a capital one.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
