//! Overwrites what is left of deleted rooms and messages, a batch at a time, beside the writer.

use std::{sync::Arc, time::Duration};

use protocol::{Event, Record};
use sqlx::SqlitePool;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    super::{redact, write::Lane},
    some,
};
use crate::store::{GO_ON, StoreError};

/// How soon it is tried again after the database failed.
const RETRY: Duration = Duration::from_secs(5);

/// How long closing waits for deleted messages to be overwritten: some ten thousand edits.
const FINISH_MAX: Duration = Duration::from_secs(10);

/// Wakes the task when something was deleted.
#[derive(Clone, Debug, Default)]
pub(in crate::store::sqlite) struct Erasing(Arc<Notify>);

impl Erasing {
    /// Whether it is to be woken once this is committed.
    pub(in crate::store::sqlite) fn concerns(records: &[Arc<Record>]) -> bool {
        records.iter().any(|record| matches!(record.event, Event::RoomDeleted(_) | Event::MessageDeleted(_)))
    }

    /// Something was deleted, and that is committed.
    pub(in crate::store::sqlite) fn wake(&self) {
        self.0.notify_one();
    }
}

/// Runs until `closing` is cancelled: first for what was deleted before, then for all that is.
pub(in crate::store::sqlite) fn spawn(
    lane: Lane,
    read: SqlitePool,
    erasing: Erasing,
    closing: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        while !closing.is_cancelled() {
            match batch(&lane, &read).await {
                Ok(true) => {}
                Ok(false) => tokio::select! {
                    () = erasing.0.notified() => {}
                    () = closing.cancelled() => {}
                },
                Err(error) => {
                    tracing::warn!(?error, "what was deleted could not be overwritten; trying again");
                    tokio::select! {
                        () = sleep(RETRY) => {}
                        () = closing.cancelled() => {}
                    }
                }
            }
        }
    })
}

/// One batch, in a turn of its own: who waits to write comes in between. Returns whether there was anything to do.
async fn batch(lane: &Lane, read: &SqlitePool) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM erasures) OR EXISTS (SELECT 1 FROM redactions)";
    let is_any: bool = sqlx::query_scalar(sql).fetch_one(read).await?;
    if is_any {
        let mut write = lane.begin().await?;
        lane.health.note(some(&mut write).await)?;
        write.commit().await?;
    }
    Ok(is_any)
}

/// Overwrites what is left of deleted messages before the store closes: a program of before there was a table of them would
/// read it from the log as if it had not been deleted. Rooms are hidden from such programs by their row.
pub(in crate::store::sqlite) async fn finish(lane: &Lane) {
    let rest = async {
        loop {
            let mut write = lane.begin().await?;
            let is_more = redact::some(&mut write).await?;
            write.commit().await?;
            if !is_more {
                return Ok::<(), StoreError>(());
            }
        }
    };
    match timeout(FINISH_MAX, rest).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(?error, "what was deleted could not be overwritten; {GO_ON}"),
        Err(_) => tracing::warn!("there was too much that was deleted to overwrite all of it; {GO_ON}"),
    }
}
