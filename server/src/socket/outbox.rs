//! What waits to be written to one peer: bounded in bytes, fed to the socket in pieces, watched for progress.
//!
//! Nothing is taken from rings, pages and mailboxes while [`ROOM_BYTES`] wait, and nothing is read from the peer while
//! `socket_waiting_bytes` do, so a peer that takes nothing costs no more than that. The socket is given [`FEED_BYTES`] at
//! a time, as much as it writes at once, and the next when those are taken.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{Sink, SinkExt as _};
use tungstenite::{Message, Utf8Bytes};

use super::{ending::Ending, wheel::Place};
use crate::{sabotage::Without, serve::Line};

/// With so many bytes waiting, nothing more is taken that can wait elsewhere. One piece may go beyond it.
pub(super) const ROOM_BYTES: usize = 64 * 1024;

/// Bytes that the socket is given before they are flushed.
const FEED_BYTES: usize = 16 * 1024;

/// What counts the bytes that the network has taken, below the framing.
pub(crate) trait Written: Send + Sync + 'static {
    /// So many so far.
    fn written(&self) -> u64;
}

impl Written for Line {
    fn written(&self) -> u64 {
        self.written()
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Outbox {
    queue: VecDeque<Message>,
    bytes: usize,
    /// Bytes that the socket was given since it was last flushed.
    fed: usize,
    /// Without it, only a whole feed that was taken counts as progress.
    written: Option<Arc<dyn Written>>,
    /// How many were written when that was last looked at.
    known_written: u64,
    /// The socket has taken all that it was given since that was last looked at.
    has_flushed: bool,
    /// It takes nothing more before it has written.
    is_full: bool,
    without: Without,
}

impl Outbox {
    pub(super) fn new(written: Option<Arc<dyn Written>>, without: Without) -> Self {
        Self { written, without, ..Self::default() }
    }

    pub(super) fn push(&mut self, message: Message) {
        self.bytes += size(&message);
        self.queue.push_back(message);
    }

    /// Bytes that wait, without what the socket was given.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that may be taken for it from where they can wait as well; none where it is full.
    pub(super) fn room(&self) -> usize {
        if self.without.has(Without::OUTBOX) {
            return ROOM_BYTES;
        }
        ROOM_BYTES.saturating_sub(self.bytes)
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        (self.queue, self.bytes) = (VecDeque::new(), 0);
    }

    /// Writes as much as the peer takes; ready when that was all.
    pub(super) fn poll_write<S, E>(
        &mut self,
        socket: &mut S,
        place: &Place,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Ending>>
    where
        S: Sink<Message, Error = E> + Unpin,
        E: Into<Ending>,
    {
        let all = self.poll_all(socket, cx);
        let written = self.written.as_ref().map_or(0, |written| written.written());
        let has_progress = self.known_written != written || self.has_flushed;
        (self.known_written, self.has_flushed) = (written, false);
        if all.is_pending() {
            place.waits(has_progress);
        } else {
            place.has_nothing();
        }
        all
    }

    fn poll_all<S, E>(&mut self, socket: &mut S, cx: &mut Context<'_>) -> Poll<Result<(), Ending>>
    where
        S: Sink<Message, Error = E> + Unpin,
        E: Into<Ending>,
    {
        loop {
            while self.fed < FEED_BYTES && !self.queue.is_empty() {
                let is_ready = socket.poll_ready_unpin(cx).map_err(Into::into)?;
                // Ready again after it was not: it has taken what it was given.
                self.has_flushed |= std::mem::replace(&mut self.is_full, is_ready.is_pending()) && is_ready.is_ready();
                ready!(is_ready);
                if let Some(message) = self.queue.pop_front() {
                    let size = size(&message);
                    (self.bytes, self.fed) = (self.bytes - size, self.fed + size);
                    socket.start_send_unpin(message).map_err(Into::into)?;
                }
            }
            if self.fed == 0 {
                return Poll::Ready(Ok(()));
            }
            ready!(socket.poll_flush_unpin(cx)).map_err(Into::into)?;
            (self.fed, self.has_flushed) = (0, true);
            if self.queue.is_empty() {
                // What a burst has needed is given back.
                self.queue = VecDeque::new();
            }
        }
    }
}

impl Extend<Utf8Bytes> for Outbox {
    fn extend<T: IntoIterator<Item = Utf8Bytes>>(&mut self, frames: T) {
        for frame in frames {
            self.push(Message::Text(frame));
        }
    }
}

/// What a message takes of the room, also where it says nothing.
fn size(message: &Message) -> usize {
    let payload = match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(close) => close.as_ref().map_or(0, |close| close.reason.len()),
        Message::Frame(frame) => frame.len(),
    };
    size_of::<Message>() + payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_until_the_limit_and_not_beyond() {
        let mut outbox = Outbox::default();
        let overhead = size(&Message::text(""));

        outbox.push(Message::text("x".repeat(ROOM_BYTES - overhead - 1)));
        assert_eq!(outbox.room(), 1);
        outbox.push(Message::text(""));

        assert_eq!((outbox.room(), outbox.bytes()), (0, ROOM_BYTES - 1 + overhead));
    }

    #[test]
    fn what_says_nothing_takes_room_as_well() {
        let mut outbox = Outbox::default();
        while outbox.room() > 0 && outbox.queue.len() < ROOM_BYTES {
            outbox.push(Message::Ping(Default::default()));
        }

        assert!(outbox.queue.len() <= ROOM_BYTES / size_of::<Message>() + 1);
    }
}
