//! Rings the followers of the streams that have grown, beside the writer.
//!
//! A commit appends to its streams' rings and puts them in this line; a pass over ten thousand followers is not the
//! writer's business. The dispatcher takes a channel out of the line *before* the pass, so what is appended meanwhile
//! lines up again; what was appended before it looked is in the same pass. Followers are rung in slices, and others
//! do something in between: sockets that were woken take more with each write the longer a pass takes.
//!
//! A pass costs as much for one event as for ten: what each of the followers pays is a write. So where more is about to be
//! told, a pass waits for it. That alone decides what many people who talk at once cost: without it they come to be
//! told in two halves, each committed while the other is being told, for ever.
//!
//! There is one dispatcher a node. It is one task: with many cores, the line could have several.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, timeout},
};

use super::channel::Channel;
use crate::store::underway::Underway;

/// Followers that are rung before others do something: about 20 µs.
pub(super) const RINGS_AT_ONCE: usize = 256;

/// How long passes wait for what is about to be told: as long as the last ones took, since that is what may be saved,
/// but at least for a commit of a good disk, and never so long that somebody notices.
pub(super) const JOINED_LEAST: Duration = Duration::from_millis(5);
pub(super) const JOINED_MAX: Duration = Duration::from_millis(100);

/// Places that the line keeps while it is empty; what a burst has needed beyond is given back.
const LINE_KEPT: usize = 256;

/// See the module. Each channel is in the line once at most, so it is as long as there are followed streams.
#[derive(Debug, Default)]
pub(super) struct Dispatch {
    line: Mutex<Vec<Arc<Channel>>>,
    /// How often something was told.
    told: AtomicU64,
    wake: Notify,
    underway: Underway,
}

impl Dispatch {
    /// Where the store counts what is about to be told.
    pub(super) fn underway(&self) -> Underway {
        self.underway.clone()
    }

    /// A stream has grown: its followers are rung in a moment.
    pub(super) fn ring(&self, channel: &Arc<Channel>) {
        if channel.line_up() {
            self.with(|line| line.push(Arc::clone(channel)));
        }
        self.told.fetch_add(1, Relaxed);
        self.wake.notify_one();
    }

    /// Runs for ever.
    pub(super) async fn run(&self) -> Infallible {
        let (mut round, mut last) = (Vec::new(), Duration::ZERO);
        loop {
            while self.with(|line| !line.is_empty()) {
                self.joined(last).await;
                self.with(|line| std::mem::swap(line, &mut round));
                let began = Instant::now();
                for channel in round.drain(..) {
                    pass(&channel).await;
                }
                last = began.elapsed();
                round.shrink_to(LINE_KEPT);
            }
            self.wake.notified().await;
        }
    }

    /// Waits for what is about to be told, where there is something: once, and not for everything that comes after it.
    async fn joined(&self, last: Duration) {
        let told = self.told.load(Relaxed);
        if !self.underway.is_any() {
            return;
        }
        let next = async {
            while self.told.load(Relaxed) == told {
                self.wake.notified().await;
            }
        };
        // Nothing may come of it.
        let _ = timeout(patience(last), next).await;
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<Arc<Channel>>) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long to wait, where the last passes took so long.
fn patience(last: Duration) -> Duration {
    last.clamp(JOINED_LEAST, JOINED_MAX)
}

async fn pass(channel: &Channel) {
    channel.step_out();
    let mut rung = None;
    while let Some(last) = channel.ring_after(rung, RINGS_AT_ONCE) {
        rung = Some(last);
        yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_worth_it_and_is_not_noticed() {
        let patience = |ms| patience(Duration::from_millis(ms)).as_millis();

        assert_eq!([patience(0), patience(30), patience(10_000)], [5, 30, 100]);
    }
}
