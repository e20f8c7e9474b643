//! Framing of our own, as far as it has to go for its cost to be true: what is sent has its header already, and many
//! frames go out by one vectored write, without a copy for each socket.

use std::{
    io::{ErrorKind, IoSlice},
    sync::Arc,
};

use anyhow::{Result, bail, ensure};
use bytes::{Buf as _, BytesMut};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::{Layer, READ_BYTES, room::Entry};

/// Pieces of one write; the system takes 1,024.
const PIECES_MAX: usize = 64;

pub(super) struct Own {
    stream: TcpStream,
    /// What has come and is no whole frame yet.
    input: BytesMut,
}

pub(super) fn open(stream: TcpStream) -> Own {
    Own { stream, input: BytesMut::new() }
}

impl Layer for Own {
    async fn receive(&mut self) -> Result<Option<String>> {
        loop {
            while let Some((opcode, payload)) = frame(&mut self.input)? {
                match opcode {
                    0x1 => return Ok(Some(String::from_utf8(payload)?)),
                    0x8 => return Ok(None),
                    // Nobody pings here.
                    _ => {}
                }
            }
            // Nothing is held for who says nothing.
            self.stream.readable().await?;
            self.input.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn send(&mut self, entries: &[Arc<Entry>]) -> Result<()> {
        for some in entries.chunks(PIECES_MAX) {
            let mut pieces = [IoSlice::new(&[]); PIECES_MAX];
            for (piece, entry) in pieces.iter_mut().zip(some) {
                *piece = IoSlice::new(&entry.frame);
            }
            let mut left = &mut pieces[..some.len()];
            while !left.is_empty() {
                match self.stream.try_write_vectored(left) {
                    Ok(written) => IoSlice::advance_slices(&mut left, written),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => self.stream.writable().await?,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }
}

/// Takes a whole frame out of what has come.
fn frame(input: &mut BytesMut) -> Result<Option<(u8, Vec<u8>)>> {
    let Some(&[first, second]) = input.first_chunk() else { return Ok(None) };
    ensure!(first & 0xf0 == 0x80 && second & 0x80 != 0, "a frame in parts, with reserved bits, or not masked");
    let (length, head) = match second & 0x7f {
        126 => match input.get(2..4) {
            Some(length) => (usize::from(u16::from_be_bytes([length[0], length[1]])), 4),
            None => return Ok(None),
        },
        127 => bail!("a frame of more than 64 KiB"),
        short => (usize::from(short), 2),
    };
    if input.len() < head + 4 + length {
        return Ok(None);
    }
    input.advance(head);
    let mask = [input.get_u8(), input.get_u8(), input.get_u8(), input.get_u8()];
    let payload = input.split_to(length).iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    if input.is_empty() {
        *input = BytesMut::new();
    }
    Ok(Some((first & 0xf, payload)))
}
