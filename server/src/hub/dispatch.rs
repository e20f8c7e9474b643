//! Rings the followers of the streams that have grown, beside the writer.
//!
//! A commit appends to its streams' rings and puts them in this line; a pass over ten thousand followers is not the
//! writer's business. The dispatcher takes a channel out of the line *before* the pass, so what is appended meanwhile
//! lines up again; what was appended before it looked is in the same pass. Followers are rung in slices, and others
//! do something in between: sockets that were woken take more with each write the longer a pass takes.
//!
//! A pass costs as much for ten events as for one: what each of the followers pays is a write. So where more is under way in the
//! same stream ([`Underway`]), its pass is put off until that is told as well. This alone decides what people cost who talk
//! at once in a large room: without it they come to be told in two halves, each committed while the other is being told,
//! for ever.
//!
//! There is one dispatcher a node. It is one task: with many cores, the line could have several.

use std::{
    convert::Infallible,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::channel::Channel;
use crate::store::underway::{Next, Underway};

/// Followers that are rung before others do something: about 20 µs.
pub(super) const RINGS_AT_ONCE: usize = 256;

/// A pass is put off as long as the last one over the same followers took, since that is what may be saved; and at least for
/// so long, which is a commit on a good disk.
pub(super) const PUT_OFF_LEAST: Duration = Duration::from_millis(5);

/// And at most for so long, which nobody notices.
pub(super) const PUT_OFF_MAX: Duration = Duration::from_millis(100);

/// Places that the line keeps while it is empty; what a burst has needed beyond is given back.
const LINE_KEPT: usize = 256;

/// See the module. Each channel is in the line once at most, so it is as long as there are followed streams.
#[derive(Debug, Default)]
pub(super) struct Dispatch {
    line: Mutex<Vec<Arc<Channel>>>,
    wake: Notify,
    underway: Underway,
}

/// A pass that is put off. Its channel stays in the line, as far as the channel knows.
#[derive(Debug)]
struct PutOff {
    channel: Arc<Channel>,
    /// What it waits for,
    next: Next,
    /// and for how long.
    until: Instant,
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
            self.wake.notify_one();
        }
    }

    /// Runs for ever.
    pub(super) async fn run(&self) -> Infallible {
        let (mut round, mut put_off) = (Vec::new(), Vec::new());
        loop {
            self.with(|line| mem::swap(line, &mut round));
            for channel in round.drain(..) {
                match self.underway.next(channel.stream()) {
                    Some(next) => {
                        let until = Instant::now() + patience(channel.last_pass());
                        put_off.push(PutOff { channel, next, until });
                    }
                    None => pass(&channel).await,
                }
            }
            round.shrink_to(LINE_KEPT);
            let now = Instant::now();
            let is_due = |one: &mut PutOff| one.until <= now || self.underway.is_over(one.next);
            for due in put_off.extract_if(.., is_due) {
                pass(&due.channel).await;
            }
            put_off.shrink_to(LINE_KEPT);
            self.something_is_due(&put_off).await;
        }
    }

    /// Waits until there is somebody in the line, or what is put off may be due.
    async fn something_is_due(&self, put_off: &[PutOff]) {
        let soonest = put_off.iter().map(|one| one.until).min();
        tokio::select! {
            () = self.wake.notified() => {}
            () = self.underway.over(), if soonest.is_some() => {}
            () = sleep_until(soonest.unwrap_or_else(Instant::now)), if soonest.is_some() => {}
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<Arc<Channel>>) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// For how long a pass is put off, where the last one took so long.
fn patience(last: Duration) -> Duration {
    last.clamp(PUT_OFF_LEAST, PUT_OFF_MAX)
}

async fn pass(channel: &Channel) {
    channel.step_out();
    let (began, mut rung) = (Instant::now(), None);
    while let Some(last) = channel.ring_after(rung, RINGS_AT_ONCE) {
        rung = Some(last);
        yield_now().await;
    }
    channel.passed(began.elapsed());
}
