//! The way of a peer's bytes to a command, without a connection and without a server: for `properties`, which sends down it what no
//! peer would send. Nothing here is used by the server, and nothing here decides anything.

use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::{Message, error::Error as WsError};

use super::{ending::Ending, wire::Wire};

pub use super::heard::{Heard, heard};

/// The frames of one socket over any stream, after the handshake.
pub fn open<T>(stream: T) -> impl Stream<Item = Result<Message, WsError>> + Sink<Message, Error = WsError> + Unpin
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    Wire::new(stream, &[])
}

/// The frame that a connection is closed with where reading has failed in this way; none where nothing can be said.
#[must_use]
pub fn farewell(error: WsError) -> Option<Message> {
    Ending::from(error).message()
}
