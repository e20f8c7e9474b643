//! Rings the followers of the streams that have grown, beside the writer.
//!
//! A commit appends to its streams' rings and puts them in this line; a pass over ten thousand followers is not the
//! writer's business. The dispatcher takes a channel out of the line *before* the pass, so what is appended meanwhile
//! lines up again; what was appended before it looked is in the same pass. Followers are rung in slices, and others
//! do something in between: sockets that were woken take more with each write the longer a pass takes.
//!
//! There is one dispatcher a node. It is one task: with many cores, the line could have several.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{sync::Notify, task::yield_now};

use super::channel::Channel;

/// Followers that are rung before others do something: about 20 µs.
pub(super) const RINGS_AT_ONCE: usize = 256;

/// Places that the line keeps while it is empty; what a burst has needed beyond is given back.
const LINE_KEPT: usize = 256;

/// See the module. Each channel is in the line once at most, so it is as long as there are followed streams.
#[derive(Debug, Default)]
pub(super) struct Dispatch {
    line: Mutex<VecDeque<Arc<Channel>>>,
    wake: Notify,
}

impl Dispatch {
    /// A stream has grown: its followers are rung in a moment.
    pub(super) fn ring(&self, channel: &Arc<Channel>) {
        if channel.line_up() {
            self.with(|line| line.push_back(Arc::clone(channel)));
            self.wake.notify_one();
        }
    }

    /// Runs for ever.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            while let Some(channel) = self.with(VecDeque::pop_front) {
                channel.step_out();
                let mut rung = None;
                while let Some(last) = channel.ring_after(rung, RINGS_AT_ONCE) {
                    rung = Some(last);
                    yield_now().await;
                }
            }
            self.with(|line| {
                if line.is_empty() {
                    line.shrink_to(LINE_KEPT);
                }
            });
            self.wake.notified().await;
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut VecDeque<Arc<Channel>>) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
