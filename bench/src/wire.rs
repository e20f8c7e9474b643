//! A WebSocket as thin as it can be (RFC 6455), so that what is measured is the server: one read buffer for all
//! sockets of a thread, frames looked at where they lie, nothing copied but the end of a read that cuts a frame.
//!
//! It is no client for anything else: it takes frames in one piece, answers pings, and fails at all that is not
//! expected.

use std::{cell::RefCell, io::ErrorKind, net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

/// Bytes of the buffer that all sockets of a thread read into.
const READ_BYTES: usize = 256 * 1024;
/// Bytes of the longest head of an answer to a handshake.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Sockets that come from one address of this machine: a server takes only so many of one, and there are so many ports.
const SOCKETS_PER_SOURCE: usize = 500;

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

thread_local! {
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// An open socket.
pub struct Wire {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
    /// There was no look at `rest` yet: it came with the answer to the handshake.
    is_new: bool,
    /// Reads that brought something.
    pub reads: u64,
    /// Bytes that they brought.
    pub bytes: u64,
}

/// How a socket is asked for.
pub struct Request {
    /// Of the handshake.
    pub path: String,
    /// Lines of its head beside those that every handshake has, each with its end.
    pub headers: String,
}

/// What became of a handshake.
pub enum Opened {
    /// A socket.
    Open(Wire),
    /// The server has no place now, and says when to come again.
    Later(Duration),
}

/// What one read brought.
pub enum Read {
    /// Perhaps frames, perhaps only a part of one.
    Some,
    /// The server has closed, with this code.
    Closed(Option<u16>),
}

impl Wire {
    /// Opens a socket. `number` is that of the socket among all: it chooses the address that it comes from.
    pub async fn open(server: SocketAddr, request: &Request, number: usize) -> Result<Opened> {
        let socket = TcpSocket::new_v4()?;
        let source = u8::try_from(2 + number / SOCKETS_PER_SOURCE).context("too many sockets")?;
        socket.bind(SocketAddr::from(([127, 0, 0, source], 0)))?;
        let mut stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let Request { path, headers } = request;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        let end = loop {
            if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(head.len() < HEAD_BYTES_MAX, "the server's answer has no end");
            ensure!(stream.read_buf(&mut head).await? > 0, "the server closed in the handshake");
        };
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        if let Some(seconds) = header(&text, "retry-after") {
            return Ok(Opened::Later(Duration::from_secs(seconds.parse()?)));
        }
        ensure!(text.starts_with("HTTP/1.1 101 "), "refused: {}", text.lines().next().unwrap_or_default());
        Ok(Opened::Open(Self { stream, rest: head.split_off(end), is_new: true, reads: 0, bytes: 0 }))
    }

    /// Sends a text in one frame.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        self.frame(TEXT, text.as_bytes()).await
    }

    async fn frame(&mut self, opcode: u8, payload: &[u8]) -> Result<()> {
        let mask = fastrand::u32(..).to_be_bytes();
        let mut frame = vec![0x80 | opcode];
        match u16::try_from(payload.len()).context("a frame of more than 64 KiB")? {
            short @ 0..=125 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        Ok(self.stream.write_all(&frame).await?)
    }

    /// Waits for something to come, reads once, and shows each frame that is whole.
    ///
    /// # Errors
    /// The connection has failed, `take` has, or the server has sent what no server should.
    pub async fn read(&mut self, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<Read> {
        let mut closed = None;
        let mut pings = Vec::new();
        if !std::mem::take(&mut self.is_new) {
            self.stream.readable().await?;
        }
        READ.with_borrow_mut(|buffer| -> Result<()> {
            let kept = self.rest.len();
            ensure!(kept < READ_BYTES, "a frame of more than {READ_BYTES} bytes");
            buffer[..kept].copy_from_slice(&self.rest);
            let length = match self.stream.try_read(&mut buffer[kept..]) {
                Ok(0) => {
                    closed = Some(None);
                    return Ok(());
                }
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error.into()),
            };
            self.reads += u64::from(length > 0);
            self.bytes += length as u64;
            let mut bytes = &buffer[..kept + length];
            while let Some((opcode, payload, after)) = frame(bytes)? {
                match opcode {
                    TEXT | BINARY => take(payload)?,
                    PING => pings.push(payload.to_vec()),
                    CLOSE => closed = Some(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
                    PONG => {}
                    other => bail!("a frame of the kind {other}"),
                }
                bytes = after;
            }
            self.rest.clear();
            self.rest.extend_from_slice(bytes);
            Ok(())
        })?;
        for ping in pings {
            self.frame(PONG, &ping).await?;
        }
        Ok(closed.map_or(Read::Some, Read::Closed))
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// Kind and payload of the first frame, and what comes after it; nothing where its end has not come yet.
type Frame<'a> = Option<(u8, &'a [u8], &'a [u8])>;

fn frame(bytes: &[u8]) -> Result<Frame<'_>> {
    let Some((&[first, second], rest)) = bytes.split_first_chunk() else { return Ok(None) };
    ensure!(first & 0xf0 == 0x80, "a frame in parts, or with reserved bits: {first:#x}");
    ensure!(second & 0x80 == 0, "a server does not mask");
    let (length, rest) = match second {
        126 => match rest.split_first_chunk() {
            Some((length, rest)) => (usize::from(u16::from_be_bytes(*length)), rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((length, rest)) => (usize::try_from(u64::from_be_bytes(*length))?, rest),
            None => return Ok(None),
        },
        short => (usize::from(short), rest),
    };
    Ok(rest.split_at_checked(length).map(|(payload, after)| (first & 0xf, payload, after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_once_it_is_whole() {
        let bytes = [&[0x81, 3][..], b"abc", &[0x81, 126, 0, 200], &[b'x'; 200], &[0x89, 0]].concat();

        let (kind, payload, rest) = frame(&bytes).unwrap().unwrap();
        assert_eq!((kind, payload), (TEXT, &b"abc"[..]));
        let (kind, payload, rest) = frame(rest).unwrap().unwrap();
        assert_eq!((kind, payload), (TEXT, &[b'x'; 200][..]));
        assert_eq!(frame(rest).unwrap(), Some((PING, &b""[..], &b""[..])));
        for cut in 0..5 {
            assert_eq!(frame(&bytes[..cut]).unwrap(), None, "{cut} bytes");
        }
    }

    #[test]
    fn what_no_server_sends_is_an_error() {
        assert!(frame(&[0x01, 0]).is_err(), "the first part of a text");
        assert!(frame(&[0xc1, 0]).is_err(), "compressed");
        assert!(frame(&[0x81, 0x80, 0, 0, 0, 0]).is_err(), "masked");
    }
}
