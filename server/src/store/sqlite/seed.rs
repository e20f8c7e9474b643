//! Many messages in little time, so that rooms of a million can be measured.
//!
//! It is the writer's own way with plain posts ([`posts::run`]): each is decided, gets its place, and makes the same rows. Only
//! the batches are larger, and nobody is told: there is nobody yet. A test holds it against the same posts one by one. No
//! server does this, and none has it: it is there for tests, and with the feature `seed`.

use protocol::{Command, UnixMs, markup, messages::PostMessage};
use tokio::sync::oneshot;

use super::{SqliteStore, posts};
use crate::store::{Actor, ExecuteError, StoreError, writer::CommandJob};

/// Posts whose rows are written by one statement: SQLite takes 32,766 values in one, and a line has 13.
const POSTS_AT_ONCE: usize = 2_048;

/// A message that somebody posts at a time.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Who.
    pub actor: Actor,
    /// What: it answers nothing and names nobody.
    pub post: PostMessage,
    /// When.
    pub now: UnixMs,
}

impl SqliteStore {
    /// Posts all of them, in order and in one transaction.
    ///
    /// # Errors
    /// One of them is refused, is no plain post, or they cannot be written; then none of them is there.
    pub async fn seed(&self, seeds: Vec<Seed>) -> Result<(), ExecuteError> {
        let jobs: Vec<CommandJob> = seeds.into_iter().map(job).collect();
        let mut write = self.begin_write().await?;
        for some in jobs.chunks(POSTS_AT_ONCE) {
            let plain: Option<Vec<_>> = some.iter().map(|job| Some((job, posts::plain(job)?))).collect();
            let plain = plain.ok_or_else(|| StoreError::internal(NotPlain))?;
            let (answers, _) = posts::run(&mut write, &plain).await?;
            for answer in answers {
                answer?;
            }
        }
        Ok(write.commit().await?)
    }
}

fn job(Seed { actor, post, now }: Seed) -> CommandJob {
    // Nobody waits for the answers.
    let (reply, _) = oneshot::channel();
    let markup = markup::parse(&post.text);
    CommandJob { actor, markup, command: Command::PostMessage(post), rooms_per_user: 0, now, reply }
}

#[derive(Debug, thiserror::Error)]
#[error("only plain posts can be posted at once")]
struct NotPlain;
