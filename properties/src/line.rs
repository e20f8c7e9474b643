//! What lies between a server's socket and its peer: bytes that come in pieces, and a system that takes some at a time.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The server's end. What its peer has been sent is seen at [`Line::written`].
pub(crate) struct Line {
    input: Vec<u8>,
    /// How many bytes of it have been read.
    read: usize,
    pace: Pace,
    /// Whether the last one who wanted to read had to wait, and to write: each second one has to.
    has_waited: [bool; 2],
    written: Rc<RefCell<Vec<u8>>>,
}

/// How many bytes go at once in each direction; all of them where that is 0, and then nobody has to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) read: usize,
    pub(crate) write: usize,
}

impl Line {
    pub(crate) fn new(input: Vec<u8>, pace: Pace) -> Self {
        Self { input, read: 0, pace, has_waited: [false; 2], written: Rc::default() }
    }

    pub(crate) fn written(&self) -> Rc<RefCell<Vec<u8>>> {
        Rc::clone(&self.written)
    }
}

/// Whether somebody has to wait now. Who is told so is not woken: they look again anyway.
fn is_slow(has_waited: &mut bool, at_once: usize) -> bool {
    *has_waited = at_once != 0 && !*has_waited;
    *has_waited
}

fn piece(at_once: usize, there_are: usize) -> usize {
    if at_once == 0 { there_are } else { there_are.min(at_once) }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let at_once = self.pace.read;
        if is_slow(&mut self.has_waited[0], at_once) {
            return Poll::Pending;
        }
        let rest = &self.input[self.read..];
        let taken = piece(at_once, rest.len().min(into.remaining()));
        into.put_slice(&rest[..taken]);
        self.read += taken;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let at_once = self.pace.write;
        if is_slow(&mut self.has_waited[1], at_once) {
            return Poll::Pending;
        }
        let taken = piece(at_once, bytes.len());
        self.written.borrow_mut().extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
