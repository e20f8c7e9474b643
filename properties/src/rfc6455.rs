//! WebSocket frames as RFC 6455 has them, read by the letter and with no thought of speed: what others make of the same bytes
//! is compared with this. It shares no code with the server.

/// What a peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// With this code, if any.
    Close(Option<u16>),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// There is nothing more, or the beginning of a frame or of a message.
    Nothing,
    /// A close frame came.
    Closed,
    /// Something broke the rules; the connection is closed with this code.
    Refused(u16),
}

const PROTOCOL_ERROR: u16 = 1002;
const NOT_UTF8: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// What is read from a client's bytes, with messages and frames of so many bytes at most.
pub(crate) fn from_client(bytes: &[u8], bytes_max: usize) -> (Vec<Said>, End) {
    read(bytes, bytes_max, true)
}

/// What is read from a server's bytes.
pub(crate) fn from_server(bytes: &[u8]) -> (Vec<Said>, End) {
    read(bytes, usize::MAX, false)
}

fn read(mut bytes: &[u8], bytes_max: usize, is_masked: bool) -> (Vec<Said>, End) {
    let (mut said, mut begun) = (Vec::new(), None);
    loop {
        let frame = match Frame::read(bytes, bytes_max, is_masked) {
            Ok(None) => return (said, End::Nothing),
            Ok(Some((frame, rest))) => {
                bytes = rest;
                frame
            }
            Err(code) => return (said, End::Refused(code)),
        };
        match frame.message(&mut begun, bytes_max) {
            Ok(None) => {}
            Ok(Some(message)) => {
                let is_over = matches!(message, Said::Close(_));
                said.push(message);
                if is_over {
                    return (said, End::Closed);
                }
            }
            Err(code) => return (said, End::Refused(code)),
        }
    }
}

/// A frame without its mask (§5.2).
struct Frame {
    is_final: bool,
    opcode: u8,
    payload: Vec<u8>,
}

/// A message of which some frames have come: its opcode, and what it says so far.
type Begun = Option<(u8, Vec<u8>)>;

impl Frame {
    fn read(bytes: &[u8], bytes_max: usize, is_masked: bool) -> Result<Option<(Self, &[u8])>, u16> {
        let [first, second, after @ ..] = bytes else { return Ok(None) };
        let Some((length, after)) = length(second & 0x7f, after) else { return Ok(None) };
        let has_mask = second & 0x80 != 0;
        let (mask, after) = match after.split_first_chunk::<4>() {
            Some((mask, after)) if has_mask => (*mask, after),
            None if has_mask => return Ok(None),
            Some(_) | None => ([0; 4], after),
        };
        let opcode = first & 0xf;
        if !matches!(opcode, 0x0..=0x2 | 0x8..=0xa) {
            return Err(PROTOCOL_ERROR);
        }
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= bytes_max) else {
            return Err(TOO_BIG);
        };
        let Some((payload, rest)) = after.split_at_checked(length) else { return Ok(None) };
        if has_mask != is_masked || first & 0x70 != 0 {
            return Err(PROTOCOL_ERROR);
        }
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        Ok(Some((Self { is_final: first & 0x80 != 0, opcode, payload }, rest)))
    }

    /// What is said when this frame has come.
    fn message(self, begun: &mut Begun, bytes_max: usize) -> Result<Option<Said>, u16> {
        if self.opcode >= 0x8 {
            return self.control().map(Some);
        }
        let (opcode, mut payload) = match (self.opcode, begun.take()) {
            (0x0, Some(begun)) => begun,
            (0x0, None) | (_, Some(_)) => return Err(PROTOCOL_ERROR),
            (opcode, None) => (opcode, Vec::new()),
        };
        payload.extend(self.payload);
        if payload.len() > bytes_max {
            return Err(TOO_BIG);
        }
        if opcode == 0x2 {
            return Ok(if self.is_final { Some(Said::Binary(payload)) } else { keep(begun, opcode, payload) });
        }
        match std::str::from_utf8(&payload) {
            Ok(text) if self.is_final => Ok(Some(Said::Text(text.to_owned()))),
            Ok(_) => Ok(keep(begun, opcode, payload)),
            // A character that goes on in the next frame (§8.1).
            Err(error) if !self.is_final && error.error_len().is_none() => Ok(keep(begun, opcode, payload)),
            Err(_) => Err(NOT_UTF8),
        }
    }

    /// Frames that stand between others (§5.5).
    fn control(self) -> Result<Said, u16> {
        if !self.is_final || self.payload.len() > 125 {
            return Err(PROTOCOL_ERROR);
        }
        match self.opcode {
            0x9 => Ok(Said::Ping(self.payload)),
            0xa => Ok(Said::Pong(self.payload)),
            _ => match self.payload.as_slice() {
                [] => Ok(Said::Close(None)),
                [_] => Err(PROTOCOL_ERROR),
                [_, _, reason @ ..] if std::str::from_utf8(reason).is_err() => Err(NOT_UTF8),
                [high, low, ..] => Ok(Said::Close(Some(allowed(u16::from_be_bytes([*high, *low]))))),
            },
        }
    }
}

fn keep(begun: &mut Begun, opcode: u8, payload: Vec<u8>) -> Option<Said> {
    *begun = Some((opcode, payload));
    None
}

/// The length that stands in one, three or nine bytes, and what comes after it.
fn length(short: u8, after: &[u8]) -> Option<(u64, &[u8])> {
    match short {
        126 => after.split_first_chunk().map(|(length, after)| (u64::from(u16::from_be_bytes(*length)), after)),
        127 => after.split_first_chunk().map(|(length, after)| (u64::from_be_bytes(*length), after)),
        short => Some((u64::from(short), after)),
    }
}

/// A code that may be sent (§7.4), as it is; another one is answered as a broken rule, but the connection is closed anyhow.
fn allowed(code: u16) -> u16 {
    if matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999) { code } else { PROTOCOL_ERROR }
}

/// A client's frame, with this mask.
pub(crate) fn client_frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        middle @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}
