//! Takes a deleted room out of the database: all that was said in it, its settings and who is in it.
//!
//! Of its log only the places stay, with who made each event and when, so that sequences keep no holes and a retry
//! still gets its first answer: each event has become the one that says that the room is gone. The inboxes of those who
//! were in it still say that they joined a room of that name. Who is still being served from the log ends there.

use protocol::{Event, RoomId, StreamId, rooms::RoomDeleted};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::StoreError;

/// Erases a room inside the transaction that deletes it. `secure_delete` overwrites what is taken out.
pub(super) async fn erase(tx: &mut SqliteConnection, room: RoomId) -> Result<(), StoreError> {
    // What belongs to a room says so in a column `room_id`, so a table that is added later is not forgotten here. They
    // refer to each other: that is looked at when all are done.
    sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *tx).await?;
    let sql = "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c ON c.name = 'room_id' \
               WHERE t.type = 'table'";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *tx).await?;
    for table in tables {
        // The names are those of our own migrations.
        let delete = format!("DELETE FROM \"{table}\" WHERE room_id = ?");
        sqlx::query(AssertSqlSafe(delete)).bind(room.0.cast_signed()).execute(&mut *tx).await?;
    }
    sqlx::query("DELETE FROM rooms WHERE id = ?").bind(room.0.cast_signed()).execute(&mut *tx).await?;
    sqlx::query("UPDATE events SET event = ?, fingerprint = NULL, refers_to = NULL WHERE stream = ?")
        .bind(protocol::encode(&Event::RoomDeleted(RoomDeleted {})))
        .bind(StreamId::Room(room).to_string())
        .execute(tx)
        .await?;
    Ok(())
}
