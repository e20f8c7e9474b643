//! Reading what a follower missed: a few reads at a time, one for all who miss the same.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use protocol::{Position, Seq, StreamId};
use tokio::sync::Semaphore;

use crate::{
    hub::Entry,
    store::{StoreError, StreamStore},
};

/// Events in one page. The next one is read when this one is written, so that it bounds the bytes that wait.
const PAGE_EVENTS_MAX: u64 = 100;

/// Pages read at the same time.
const READS_MAX: usize = 4;

type Page = Result<Arc<[Entry]>, StoreError>;

/// A page is the same for all who are at one place and know of one end.
type Key = (StreamId, Seq, Position);

pub(super) struct Replays {
    permits: Arc<Semaphore>,
    running: Mutex<HashMap<Key, WeakShared<BoxFuture<'static, Page>>>>,
}

impl Default for Replays {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(READS_MAX)), running: Mutex::default() }
    }
}

impl Replays {
    /// The events after `after`, of a stream that reaches at least to `until`.
    pub(super) async fn page(
        &self,
        store: Arc<dyn StreamStore>,
        stream: StreamId,
        after: Seq,
        until: Position,
    ) -> Page {
        let key = (stream, after, until);
        let read = {
            // Nothing in here panics half-way.
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that are read are kept by who asked for them; the rest is forgotten.
            running.retain(|_, read| read.upgrade().is_some());
            match running.get(&key).and_then(WeakShared::upgrade) {
                Some(read) => read,
                None => {
                    let read = self.read(store, stream, after, until);
                    if let Some(weak) = read.downgrade() {
                        running.insert(key, weak);
                    }
                    read
                }
            }
        };
        read.await
    }

    fn read(
        &self,
        store: Arc<dyn StreamStore>,
        stream: StreamId,
        after: Seq,
        until: Position,
    ) -> Shared<BoxFuture<'static, Page>> {
        let permits = Arc::clone(&self.permits);
        let limit = until.seq.0.saturating_sub(after.0).min(PAGE_EVENTS_MAX);
        let read = async move {
            let _permit = permits.acquire().await.expect("this semaphore is never closed");
            let records = store.replay(stream, after, limit).await?;
            Ok(records.iter().map(|record| Entry::encode(record)).collect())
        };
        read.boxed().shared()
    }
}
