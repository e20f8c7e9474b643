//! Frames that wait to be written to one socket, as heads and what they have in common with others: the bytes of what is
//! said are there once, however many sockets it goes to.
//!
//! What is written at once is copied together first, into a buffer that all sockets of a thread have together: one plain
//! write of it costs the system less than many pieces do.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use tokio::io::AsyncWrite;

/// Bytes written at once.
const WRITE_BYTES: usize = 16 * 1024;

/// Bytes of a frame's head, without a mask, which servers do not have.
const HEAD_BYTES_MAX: usize = 10;

/// The first byte of a frame that is whole, without its kind.
const FINAL: u8 = 0x80;

thread_local! {
    /// What is being written to some socket of this thread.
    static WRITTEN: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(WRITE_BYTES));
}

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text = 0x1,
    Binary = 0x2,
    Ping = 0x9,
    Pong = 0xa,
}

/// See the module.
#[derive(Default)]
pub(super) struct Frames {
    waiting: VecDeque<Frame>,
    /// Bytes of the first one that are written.
    begun: usize,
    /// Of all of them, with what is written of the first one.
    bytes: usize,
}

/// A frame without a copy of what it says.
struct Frame {
    head: [u8; HEAD_BYTES_MAX],
    head_length: u8,
    payload: Bytes,
}

impl Frames {
    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes - self.begun
    }

    /// Whether a part of a frame is written, and the rest is not.
    pub(super) fn has_begun(&self) -> bool {
        self.begun > 0
    }

    pub(super) fn push(&mut self, kind: Kind, payload: Bytes) {
        let frame = Frame::new(kind, payload);
        self.bytes += frame.len();
        self.waiting.push_back(frame);
    }

    /// Forgets the frames of which nothing is written.
    pub(super) fn keep_begun(&mut self) {
        self.waiting.truncate(usize::from(self.begun > 0));
        self.bytes = self.waiting.iter().map(Frame::len).sum();
    }

    /// Writes so many frames, or all that there are.
    pub(super) fn poll_write<T: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut T,
        cx: &mut Context<'_>,
        mut count: usize,
    ) -> Poll<io::Result<()>> {
        while count > 0 && !self.waiting.is_empty() {
            let written = WRITTEN.with_borrow_mut(|bytes| {
                self.gather(bytes, count);
                Pin::new(&mut *stream).poll_write(cx, bytes)
            });
            let written = ready!(written)?;
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            count = count.saturating_sub(self.advance(written));
        }
        Poll::Ready(Ok(()))
    }

    /// Copies the beginning of what there is to write, of so many frames at most.
    fn gather(&self, into: &mut Vec<u8>, count: usize) {
        into.clear();
        let mut skipped = self.begun;
        for frame in self.waiting.iter().take(count) {
            for part in [frame.head(), &frame.payload[..]] {
                let rest = part.get(skipped..).unwrap_or_default();
                skipped = skipped.saturating_sub(part.len());
                let fits = rest.len().min(WRITE_BYTES - into.len());
                into.extend_from_slice(&rest[..fits]);
            }
            if into.len() == WRITE_BYTES {
                return;
            }
        }
    }

    /// So many bytes are written. Returns how many frames are.
    fn advance(&mut self, written: usize) -> usize {
        self.begun += written;
        let mut count = 0;
        while let Some(first) = self.waiting.front().map(Frame::len).filter(|first| *first <= self.begun) {
            (self.begun, self.bytes) = (self.begun - first, self.bytes - first);
            self.waiting.pop_front();
            count += 1;
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        count
    }
}

impl Frame {
    fn new(kind: Kind, payload: Bytes) -> Self {
        let mut head = [0; HEAD_BYTES_MAX];
        head[0] = FINAL | kind as u8;
        let head_length = match payload.len() {
            short @ 0..=125 => {
                head[1] = short as u8;
                2
            }
            middle @ 126..=0xffff => {
                head[1] = 126;
                head[2..4].copy_from_slice(&(middle as u16).to_be_bytes());
                4
            }
            long => {
                head[1] = 127;
                head[2..].copy_from_slice(&(long as u64).to_be_bytes());
                10
            }
        };
        Self { head, head_length, payload }
    }

    fn head(&self) -> &[u8] {
        &self.head[..usize::from(self.head_length)]
    }

    fn len(&self) -> usize {
        usize::from(self.head_length) + self.payload.len()
    }
}
