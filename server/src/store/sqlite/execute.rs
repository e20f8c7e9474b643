//! One command inside a write transaction: retry? – facts – decision – events.

use std::sync::Arc;

use protocol::{Command, Done, Epoch, ErrorCode, Record, Seq, StreamId};
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};

use super::{append::append, facts};
use crate::{
    commands::{Decision, decide},
    sabotage::Without,
    store::{Actor, ExecuteError, StoreError, writer::CommandJob},
};

/// What tells one command from another with the same id; not reversible for whoever does not know the text.
pub(super) type Fingerprint = [u8; 16];

/// Carries a command out. What is returned is to be told once the transaction is committed.
pub(super) async fn execute(
    tx: &mut SqliteConnection,
    job: &CommandJob,
    without: Without,
) -> Result<(Done, Vec<Arc<Record>>), ExecuteError> {
    let CommandJob { actor, command, markup, rooms_per_user, now, reply: _ } = job;
    let fingerprint = fingerprint(command);
    // Before permissions: who has left still learns the fate of what was stored.
    if !without.has(Without::LOOK_UP)
        && let Some(done) = earlier(tx, actor, command, fingerprint).await?
    {
        return Ok((done, Vec::new()));
    }
    let facts = facts::of_command(tx, actor, command, markup, *rooms_per_user).await?;
    let events = match decide(command, &facts)? {
        Decision::Append(events) => events,
        Decision::Nothing => return Ok((Done::Unchanged, Vec::new())),
    };

    let mut records = Vec::with_capacity(events.len());
    let mut cause = command.client_id().map(|client_id| (client_id, fingerprint));
    for (stream, event) in events {
        // The first event is the answer; what follows from it carries no id, which can appear only once.
        records.push(Arc::new(append(tx, stream, &actor.user, cause.take(), event, *now).await?));
    }
    let done = records.first().map_or(Done::Unchanged, |first| Done::Appended {
        stream: first.stream,
        epoch: first.epoch,
        seq: first.seq,
    });
    Ok((done, records))
}

/// The answer that this command got before.
async fn earlier(
    tx: &mut SqliteConnection,
    actor: &Actor,
    command: &Command,
    fingerprint: Fingerprint,
) -> Result<Option<Done>, ExecuteError> {
    let Some(client_id) = command.client_id() else { return Ok(None) };
    let sql = "SELECT e.stream, s.epoch, e.seq, e.fingerprint FROM events e JOIN streams s ON s.name = e.stream \
               WHERE e.actor_id = ? AND e.client_id = ?";
    let row = sqlx::query(sql)
        .bind(actor.user.id.0.cast_signed())
        .bind(client_id.0.as_bytes().as_slice())
        .fetch_optional(tx)
        .await
        .map_err(StoreError::from)?;
    let Some(row) = row else { return Ok(None) };
    let of = |error| ExecuteError::Store(StoreError::from(error));
    let stored: Option<Vec<u8>> = row.try_get(3).map_err(of)?;
    if stored.is_some_and(|stored| stored != fingerprint) {
        return Err(ExecuteError::Refused(ErrorCode::Conflict.into()));
    }
    let name: String = row.try_get(0).map_err(of)?;
    let stream: StreamId = name.parse().map_err(StoreError::internal)?;
    let epoch = Epoch(row.try_get(1).map_err(of)?);
    let seq = Seq(row.try_get::<i64, _>(2).map_err(of)?.cast_unsigned());
    Ok(Some(Done::Appended { stream, epoch, seq }))
}

/// The fingerprint of a command.
pub(super) fn fingerprint(command: &Command) -> Fingerprint {
    let hash = Sha256::digest(protocol::encode(command).as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}
