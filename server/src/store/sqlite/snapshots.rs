//! Rooms and inboxes as of an event, each read in one transaction.

use protocol::{
    Epoch, InboxSnapshot, Position, ReadCursor, RoomId, RoomSnapshot, RoomSummary, Seq, StreamId, UserId,
    limits::{MEMBERS_LISTED_MAX, UNREAD_MAX},
    members::Member,
    rooms::{History, RoomInfo, RoomRef},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{
    mentions, rows,
    windows::{self, View},
};
use crate::store::{StoreError, WindowAt};

/// A room as a member sees it.
pub(super) async fn room(
    tx: &mut SqliteConnection,
    user: UserId,
    room: RoomId,
    at: WindowAt,
) -> Result<Option<RoomSnapshot>, StoreError> {
    let Some((info, head, view)) = view(tx, user, room).await? else { return Ok(None) };
    let sql = "SELECT version, seq FROM read_cursors WHERE user_id = ? AND room_id = ?";
    let cursor = sqlx::query(sql)
        .bind(user.0.cast_signed())
        .bind(room.0.cast_signed())
        .fetch_optional(&mut *tx)
        .await?
        .map_or(Ok(ReadCursor::default()), |row| cursor(&row, 0))?;
    let unread = unread_after(tx, view, user, cursor.seq).await?;
    let first_unread = unread.first().copied();
    let mentions = mentions::unread_after(tx, view, user, cursor.seq).await?;
    let window = match (at, first_unread) {
        (WindowAt::Line(line), _) => windows::around(tx, view, line).await?,
        (WindowAt::Unread, Some(line)) => windows::around(tx, view, line).await?,
        (WindowAt::Unread, None) | (WindowAt::End, _) => windows::at_end(tx, view).await?,
    };
    Ok(Some(RoomSnapshot {
        info,
        epoch: head.epoch,
        members: members(tx, room).await?,
        member_count: member_count(tx, room).await?,
        window,
        cursor,
        first_unread,
        unread: u32::try_from(unread.len()).unwrap_or(UNREAD_MAX),
        mentions,
    }))
}

/// What the room is, where its log ends, and which of its lines the user may see; `None` for who is no member.
pub(super) async fn view(
    tx: &mut SqliteConnection,
    user: UserId,
    room: RoomId,
) -> Result<Option<(RoomInfo, Position, View)>, StoreError> {
    let sql = "SELECT r.info, m.since, s.epoch, s.head FROM rooms r \
               JOIN members m ON m.room_id = r.id AND m.user_id = ? JOIN streams s ON s.name = ? WHERE r.id = ?";
    let row = sqlx::query(sql)
        .bind(user.0.cast_signed())
        .bind(StreamId::Room(room).to_string())
        .bind(room.0.cast_signed())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let info = rows::parse_info(row.try_get(0)?)?;
    let head = rows::position(&row, 2)?;
    let visible_from = match info.history {
        History::Everything => Seq(0),
        History::SinceJoining => rows::seq(row.try_get(1)?),
    };
    Ok(Some((info, head, View { room, visible_from, as_of: head.seq })))
}

/// The first [`UNREAD_MAX`] lines that count as unread: `protocol::unread::is_unread`, in SQL.
async fn unread_after(
    tx: &mut SqliteConnection,
    view: View,
    user: UserId,
    cursor: Seq,
) -> Result<Vec<Seq>, StoreError> {
    let sql = "SELECT seq FROM entries WHERE room_id = ? AND seq > ? AND actor_id <> ? \
               AND ordinal IS NOT NULL AND is_deleted = 0 ORDER BY seq LIMIT ?";
    let seqs: Vec<i64> = sqlx::query_scalar(sql)
        .bind(view.room.0.cast_signed())
        .bind(cursor.max(windows::unseen(view.visible_from)).0.cast_signed())
        .bind(user.0.cast_signed())
        .bind(i64::from(UNREAD_MAX))
        .fetch_all(tx)
        .await?;
    Ok(seqs.into_iter().map(rows::seq).collect())
}

async fn members(tx: &mut SqliteConnection, room: RoomId) -> Result<Vec<Member>, StoreError> {
    let sql = "SELECT m.user_id, u.username, m.since FROM members m JOIN users u ON u.id = m.user_id \
               WHERE m.room_id = ? ORDER BY m.user_id LIMIT ?";
    let rows = sqlx::query(sql).bind(room.0.cast_signed()).bind(i64::from(MEMBERS_LISTED_MAX)).fetch_all(tx).await?;
    rows.iter().map(|row| Ok(Member { user: rows::user(row, 0)?, since: rows::seq(row.try_get(2)?) })).collect()
}

/// How many are in a room.
pub(super) async fn member_count(tx: &mut SqliteConnection, room: RoomId) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM members WHERE room_id = ?";
    Ok(sqlx::query_scalar(sql).bind(room.0.cast_signed()).fetch_one(tx).await?)
}

/// A user's rooms and where their inbox ends.
pub(super) async fn inbox(tx: &mut SqliteConnection, user: UserId) -> Result<InboxSnapshot, StoreError> {
    let sql = "SELECT epoch, head FROM streams WHERE name = ?";
    let row = sqlx::query(sql).bind(StreamId::Inbox(user).to_string()).fetch_optional(&mut *tx).await?;
    let position = row.map_or(Ok(Position { epoch: Epoch(1), seq: Seq(0) }), |row| rows::position(&row, 0))?;
    Ok(InboxSnapshot { position, rooms: summaries(tx, user, None).await? })
}

/// A user's rooms, by number: all, or one.
pub(super) async fn summaries(
    tx: &mut SqliteConnection,
    user: UserId,
    only: Option<RoomId>,
) -> Result<Vec<RoomSummary>, StoreError> {
    // The inner counts are `protocol::unread::count` and `count_mentions`.
    let sql = "SELECT r.id, r.name, r.visibility, s.epoch, s.head, r.messages, \
                 coalesce(c.version, 0), coalesce(c.seq, 0), \
                 (SELECT count(*) FROM (SELECT 1 FROM entries e WHERE e.room_id = r.id \
                    AND e.seq > max(coalesce(c.seq, 0), CASE r.history WHEN 'since_joining' THEN m.since - 1 ELSE 0 END) \
                    AND e.actor_id <> m.user_id AND e.ordinal IS NOT NULL AND e.is_deleted = 0 LIMIT ?1)), \
                 (SELECT count(*) FROM (SELECT DISTINCT n.seq FROM mentions n WHERE n.room_id = r.id \
                    AND n.user_id IN (m.user_id, 0) \
                    AND n.seq > max(coalesce(c.seq, 0), CASE r.history WHEN 'since_joining' THEN m.since - 1 ELSE 0 END) \
                    AND n.author_id <> m.user_id LIMIT ?1)), \
                 m.is_muted, m.since \
               FROM members m JOIN rooms r ON r.id = m.room_id JOIN streams s ON s.name = 'room:' || r.id \
               LEFT JOIN read_cursors c ON c.user_id = m.user_id AND c.room_id = m.room_id \
               WHERE m.user_id = ?2 AND (?3 IS NULL OR r.id = ?3) ORDER BY r.id";
    let rows = sqlx::query(sql)
        .bind(i64::from(UNREAD_MAX))
        .bind(user.0.cast_signed())
        .bind(only.map(|room| room.0.cast_signed()))
        .fetch_all(tx)
        .await?;
    rows.iter().map(summary).collect()
}

fn summary(row: &SqliteRow) -> Result<RoomSummary, StoreError> {
    Ok(RoomSummary {
        room: RoomRef {
            id: RoomId(row.try_get::<i64, _>(0)?.cast_unsigned()),
            name: row.try_get(1)?,
            visibility: rows::parse(row.try_get(2)?)?,
        },
        head: rows::position(row, 3)?,
        messages: row.try_get::<i64, _>(5)?.cast_unsigned(),
        cursor: cursor(row, 6)?,
        unread: row.try_get(8)?,
        mentions: row.try_get(9)?,
        muted: row.try_get(10)?,
        since: rows::seq(row.try_get(11)?),
    })
}

/// A read cursor from the version at `index` and the place after that.
pub(super) fn cursor(row: &SqliteRow, index: usize) -> Result<ReadCursor, StoreError> {
    Ok(ReadCursor { version: row.try_get::<i64, _>(index)?.cast_unsigned(), seq: rows::seq(row.try_get(index + 1)?) })
}
