//! The frames of one socket (RFC 6455).
//!
//! What is read, and what the protocol demands as an answer to it, is the library's ([`WebSocketContext`]). What is sent
//! is framed here: the library would copy each frame into a buffer of the socket's own, and keep that as large as the
//! largest burst was. Here what waits is shared by all whom it is sent to, and the copy that is written lies in a buffer
//! that all sockets of a thread have together. So who is idle holds next to nothing.
//!
//! Both write to one stream, and neither may begin a frame while the other is in the middle of one: see [`Turn`] and
//! [`Wire::poll_flush`].

use std::{
    io::{self, ErrorKind, Read, Write},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{Sink, Stream};
use protocol::limits::FRAME_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::{
    Message,
    error::{Error as WsError, ProtocolError},
    protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext},
};

use super::frames::{Frames, Kind};

/// Bytes read at once, and kept for the next read. Commands are small, connections are many; what is larger is given
/// its room when its head has come.
const READ_BYTES: usize = 1024;

/// Bytes of pongs and of a close frame that wait for the peer.
const ANSWERS_BYTES_MAX: usize = 4 * 1024;

/// Bytes that may wait here; with more, they have to be written first. Who gives them keeps count as well.
const WAITING_BYTES: usize = 64 * 1024;

/// See the module. `T` is the connection below.
pub(super) struct Wire<T> {
    stream: T,
    context: WebSocketContext,
    frames: Frames,
    /// The library is in the middle of a frame of its own.
    is_theirs: bool,
    /// The close frame that goes after all of that.
    close: Option<Option<CloseFrame>>,
    /// Nothing more is sent than what has to be for closing.
    is_closing: bool,
    /// Why nothing more is read.
    end: Option<End>,
}

/// Why nothing more is read from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It has hung up, or both have closed.
    Over,
    /// It broke the rules. What it sends after that is thrown away until it hangs up: a system that closes with bytes
    /// unread takes back what was sent last, and with it the reason.
    Refused,
}

/// The stream as the library wants it, while one task looks at it.
struct Turn<'a, 'b, T> {
    stream: &'a mut T,
    frames: &'a mut Frames,
    is_theirs: &'a mut bool,
    cx: &'a mut Context<'b>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire<T> {
    /// A server's end, after the handshake; `read` came with that.
    pub(super) fn new(stream: T, read: &[u8]) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(ANSWERS_BYTES_MAX)
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let context = WebSocketContext::from_partially_read(read.to_vec(), Role::Server, Some(config));
        Self { stream, context, frames: Frames::default(), is_theirs: false, close: None, is_closing: false, end: None }
    }

    /// Lets the library do something with the stream; pending where that would have to wait.
    fn poll_turn<'b, R>(
        &mut self,
        cx: &mut Context<'b>,
        act: impl FnOnce(&mut WebSocketContext, &mut Turn<'_, 'b, T>) -> Result<R, WsError>,
    ) -> Poll<Result<R, WsError>> {
        let mut turn = Turn { stream: &mut self.stream, frames: &mut self.frames, is_theirs: &mut self.is_theirs, cx };
        match act(&mut self.context, &mut turn) {
            Err(WsError::Io(error)) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            done => Poll::Ready(done),
        }
    }

    /// Reads and throws away until the peer hangs up.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; READ_BYTES];
        loop {
            let mut into = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut into));
            if read.is_err() || into.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }

    /// Writes what the library has. That the connection is closed thereby is what was wanted.
    fn poll_theirs(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        match ready!(self.poll_turn(cx, |context, turn| context.flush(turn))) {
            Ok(()) | Err(WsError::ConnectionClosed) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for Wire<T> {
    type Item = Result<Message, WsError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.end {
            Some(End::Over) => return Poll::Ready(None),
            Some(End::Refused) => {
                ready!(self.poll_discard(cx));
                return Poll::Ready(None);
            }
            None => {}
        }
        let read = ready!(self.poll_turn(cx, |context, turn| context.read(turn)));
        self.end = match &read {
            Ok(_) => None,
            Err(WsError::ConnectionClosed | WsError::AlreadyClosed | WsError::Io(_)) => Some(End::Over),
            Err(_) => Some(End::Refused),
        };
        Poll::Ready(match read {
            Err(WsError::ConnectionClosed | WsError::AlreadyClosed) => None,
            Ok(_) | Err(_) => Some(read),
        })
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Wire<T> {
    type Error = WsError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        if self.frames.bytes() < WAITING_BYTES { Poll::Ready(Ok(())) } else { self.poll_flush(cx) }
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WsError> {
        if self.is_closing || !self.context.can_write() {
            return Err(ProtocolError::SendAfterClosing.into());
        }
        match message {
            Message::Text(text) => self.frames.push(Kind::Text, text.into()),
            Message::Binary(bytes) => self.frames.push(Kind::Binary, bytes),
            Message::Ping(bytes) => self.frames.push(Kind::Ping, bytes),
            Message::Pong(bytes) => self.frames.push(Kind::Pong, bytes),
            Message::Close(frame) => (self.close, self.is_closing) = (Some(frame), true),
            // Nobody makes one.
            Message::Frame(frame) => drop(frame),
        }
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        if self.is_theirs {
            ready!(self.poll_theirs(cx))?;
        }
        if !self.context.can_write() {
            // The peer has closed, and nothing comes after the answer to that.
            self.frames.keep_begun();
        }
        let Self { stream, frames, .. } = &mut *self;
        ready!(frames.poll_write(stream, cx, usize::MAX))?;
        if self.close.is_some() {
            // Pongs that wait go before it: nothing goes after it, and it must find room.
            ready!(self.poll_theirs(cx))?;
        }
        if let Some(frame) = self.close.take() {
            match self.poll_turn(cx, |context, turn| context.close(turn, frame)) {
                Poll::Ready(Ok(()) | Err(WsError::ConnectionClosed)) | Poll::Pending => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        if self.is_closing {
            ready!(self.poll_theirs(cx))?;
        }
        Pin::new(&mut self.stream).poll_flush(cx).map_err(WsError::Io)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        if !self.is_closing {
            (self.close, self.is_closing) = (Some(None), true);
        }
        self.poll_flush(cx)
    }
}

/// What would have to wait is an error here, which the library takes well.
fn or_would_block<R>(poll: Poll<io::Result<R>>) -> io::Result<R> {
    match poll {
        Poll::Ready(done) => done,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl<T: AsyncRead + Unpin> Read for Turn<'_, '_, T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut into = ReadBuf::new(into);
        or_would_block(Pin::new(&mut *self.stream).poll_read(self.cx, &mut into))?;
        Ok(into.filled().len())
    }
}

impl<T: AsyncWrite + Unpin> Write for Turn<'_, '_, T> {
    /// The library writes all that it has, again and again until that is written: so there is a frame's end where it has
    /// no more.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.frames.has_begun() {
            or_would_block(self.frames.poll_write(self.stream, self.cx, 1))?;
        }
        let written = or_would_block(Pin::new(&mut *self.stream).poll_write(self.cx, bytes))?;
        *self.is_theirs = written < bytes.len();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        or_would_block(Pin::new(&mut *self.stream).poll_flush(self.cx))
    }
}
