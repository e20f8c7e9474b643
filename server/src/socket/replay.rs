//! Reading what a follower missed: a few reads at a time, one for all who miss the same.
//!
//! Who is at the same place shares a page, whatever end of the stream each knows of: ends move with every event, and
//! after a restart thousands stand at one place. A read that has begun is shared only by those whose end it has
//! surely seen; so a page is never older than what its reader was let in by.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use protocol::{Epoch, Position, Seq, StreamId};
use tokio::sync::Semaphore;

use crate::{
    hub::Entry,
    maps::HashMap,
    store::{StoreError, StreamStore},
};

/// Events in one page. The next one is read when this one is written, so that it bounds what waits.
const PAGE_EVENTS_MAX: u64 = 100;

/// Bytes after which a page ends; the event that goes beyond is the last in it. As much as may wait for a socket.
const PAGE_BYTES_MAX: usize = 256 * 1024;

/// Pages read at the same time.
const READS_MAX: usize = 4;

type Page = Result<Arc<[Entry]>, StoreError>;

/// Where those are who want it: behind this event of this incarnation.
type Key = (StreamId, Epoch, Seq);

pub(super) struct Replays {
    permits: Arc<Semaphore>,
    running: Mutex<HashMap<Key, Running>>,
}

/// A read that somebody waits for.
struct Running {
    page: WeakShared<BoxFuture<'static, Page>>,
    has_begun: Arc<AtomicBool>,
    /// The end that was known when it was asked for.
    until: Seq,
}

impl Default for Replays {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(READS_MAX)), running: Mutex::default() }
    }
}

impl Replays {
    /// The events after `after`, of a stream that reaches at least to `until`. They may go beyond that.
    pub(super) async fn page(
        &self,
        store: Arc<dyn StreamStore>,
        stream: StreamId,
        after: Seq,
        until: Position,
    ) -> Page {
        let key = (stream, until.epoch, after);
        let read = {
            // Nothing in here panics half-way.
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that are read are kept by who asked for them; the rest is forgotten.
            running.retain(|_, read| read.page.upgrade().is_some());
            match running.get(&key).and_then(|read| read.share(until.seq)) {
                Some(read) => read,
                None => {
                    let has_begun = Arc::new(AtomicBool::new(false));
                    let read = self.read(store, stream, after, Arc::clone(&has_begun));
                    if let Some(page) = read.downgrade() {
                        running.insert(key, Running { page, has_begun, until: until.seq });
                    }
                    read
                }
            }
        };
        read.await
    }

    /// How many more pages could be read now.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.permits.available_permits()
    }

    fn read(
        &self,
        store: Arc<dyn StreamStore>,
        stream: StreamId,
        after: Seq,
        has_begun: Arc<AtomicBool>,
    ) -> Shared<BoxFuture<'static, Page>> {
        let permits = Arc::clone(&self.permits);
        let read = async move {
            let _permit = permits.acquire().await.expect("this semaphore is never closed");
            has_begun.store(true, Ordering::SeqCst);
            let records = store.replay(stream, after, PAGE_EVENTS_MAX).await?;
            let mut bytes = 0;
            let fits = |entry: &Entry| {
                let before = bytes;
                bytes += entry.bytes();
                before < PAGE_BYTES_MAX
            };
            Ok(records.iter().map(|record| Entry::encode(record)).take_while(fits).collect())
        };
        read.boxed().shared()
    }
}

impl Running {
    /// The read, for somebody who knows of this end, if it shows them that much.
    fn share(&self, until: Seq) -> Option<Shared<BoxFuture<'static, Page>>> {
        let is_recent = until <= self.until || !self.has_begun.load(Ordering::SeqCst);
        self.page.upgrade().filter(|_| is_recent)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::hub::fake::{FakeStore, STREAM, message, text};

    fn until(seq: u64) -> Position {
        Position { epoch: Epoch(1), seq: Seq(seq) }
    }

    #[tokio::test]
    async fn who_is_at_one_place_shares_a_read_whatever_end_they_know_of() {
        let store = Arc::new(FakeStore::default());
        store.keep(&(1..=150).map(message).collect::<Vec<_>>());
        let replays = Replays::default();

        // All readers are busy while they come.
        let busy = Arc::clone(&replays.permits).acquire_many_owned(READS_MAX as u32).await.unwrap();

        let pages = (20..=150).map(|end| replays.page(store.clone(), STREAM, Seq(10), until(end)));
        let (pages, ()) = tokio::join!(join_all(pages), async {
            tokio::task::yield_now().await;
            drop(busy);
        });

        assert!(pages.iter().all(|page| page.as_ref().is_ok_and(|page| page.len() == 100 && page[0].seq == Seq(11))));
        assert_eq!(store.reads(), 1);
    }

    #[tokio::test]
    async fn as_many_pages_are_read_at_once_as_may_be_and_the_next_one_waits() {
        let store = Arc::new(FakeStore::default());
        store.keep(&(1..=20).map(message).collect::<Vec<_>>());
        let replays = Replays::default();
        let page = |after| Box::pin(replays.page(store.clone(), STREAM, Seq(after), until(20)));
        let others = Arc::clone(&replays.permits).acquire_many_owned(READS_MAX as u32 - 1).await.unwrap();

        assert!(page(1).now_or_never().is_some(), "beside one less than may be");
        let last = Arc::clone(&replays.permits).acquire_owned().await.unwrap();
        let mut next = page(2);
        assert!(next.as_mut().now_or_never().is_none(), "beside as many as may be");

        drop((others, last));
        assert!(next.await.is_ok());
    }

    #[tokio::test]
    async fn a_page_ends_with_the_event_that_goes_beyond_its_bytes() {
        let store = Arc::new(FakeStore::default());
        store.keep(&(1..=100).map(|seq| text(seq, &"x".repeat(10_000))).collect::<Vec<_>>());

        let page = Replays::default().page(store, STREAM, Seq(0), until(100)).await.unwrap();

        let bytes: Vec<usize> = page.iter().map(Entry::bytes).collect();
        assert!(bytes.iter().sum::<usize>() >= PAGE_BYTES_MAX, "{bytes:?}");
        assert!(bytes[1..].iter().sum::<usize>() < PAGE_BYTES_MAX, "{bytes:?}");
    }

    #[tokio::test]
    async fn a_read_that_has_begun_is_not_shared_with_who_knows_of_more() {
        let replays = Replays::default();
        let (begun, waiting) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let read = replays.read(Arc::new(FakeStore::default()), STREAM, Seq(0), Arc::default());
        let running = |has_begun: &Arc<AtomicBool>| Running {
            page: read.downgrade().unwrap(),
            has_begun: Arc::clone(has_begun),
            until: Seq(5),
        };

        assert!(running(&begun).share(Seq(5)).is_some());
        assert!(running(&begun).share(Seq(6)).is_none(), "it may lack what they were let in by");
        assert!(running(&waiting).share(Seq(6)).is_some());
    }
}
