//! Read cursors: those of a batch are moved together.

use protocol::{ReadCursor, RoomId, UserId};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{many, snapshots};
use crate::store::{
    StoreError,
    writer::{CursorJob, Cursors},
};

/// Moves cursors as `ReadCursor::merge` says and returns where they are now, without those of who is no member.
///
/// Of several for one user and room only what they come to is written.
pub(super) async fn move_all(tx: &mut SqliteConnection, jobs: &[&CursorJob]) -> Result<Cursors, StoreError> {
    let mut asked = Cursors::new();
    for CursorJob { user, room, cursor, reply: _ } in jobs {
        let merged = asked.get(&(*user, *room)).map_or(*cursor, |before| before.merge(*cursor));
        asked.insert((*user, *room), merged);
    }
    let asked: Vec<_> = asked.into_iter().collect();
    if asked.is_empty() {
        return Ok(Cursors::new());
    }
    // Nobody has read what is not there yet. The comparison is the merge: the larger pair of version and place.
    let sql = "INSERT INTO read_cursors (user_id, room_id, version, seq) \
               SELECT a.user_id, a.room_id, a.version, min(a.seq, s.head) FROM asked a \
                 JOIN members m ON m.room_id = a.room_id AND m.user_id = a.user_id \
                 JOIN rooms r ON r.id = a.room_id JOIN streams s ON s.name = 'room:' || a.room_id WHERE true \
               ON CONFLICT (user_id, room_id) DO UPDATE SET version = excluded.version, seq = excluded.seq \
               WHERE (excluded.version, excluded.seq) > (version, seq)";
    of_asked(&asked, sql).build().execute(&mut *tx).await?;
    let sql = "SELECT c.version, c.seq, c.user_id, c.room_id FROM asked a \
                 JOIN members m ON m.room_id = a.room_id AND m.user_id = a.user_id \
                 JOIN read_cursors c ON c.user_id = a.user_id AND c.room_id = a.room_id";
    let rows = of_asked(&asked, sql).build().fetch_all(tx).await?;
    let found = rows.iter().map(|row| {
        let user = UserId(row.try_get::<i64, _>(2)?.cast_unsigned());
        let room = RoomId(row.try_get::<i64, _>(3)?.cast_unsigned());
        Ok(((user, room), snapshots::cursor(row, 0)?))
    });
    found.collect()
}

/// A statement about what is asked.
fn of_asked(asked: &[((UserId, RoomId), ReadCursor)], sql: &'static str) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("WITH asked (user_id, room_id, version, seq) AS (");
    query.push_values(many::padded(asked), |mut row, ((user, room), cursor)| {
        row.push_bind(user.0.cast_signed()).push_bind(room.0.cast_signed());
        row.push_bind(cursor.version.cast_signed()).push_bind(cursor.seq.0.cast_signed());
    });
    query.push(") ").push(sql);
    query
}
