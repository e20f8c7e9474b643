//! What is said to each kind of server: how a socket is opened, how it comes to follow a room, how something is posted,
//! and how what was posted is recognised when it comes back.
//!
//! Only what carrying needs: nothing here is a client for anything else.

mod nats;
mod xmpp;

use anyhow::{Context as _, Result, bail, ensure};
use protocol::{ClientFrame, Command, CommandId, RoomId, StreamId, command::Subscribe, messages::PostMessage};

use crate::{
    board::{Cursor, number_after},
    people::{Place, client_id},
    wire::{Read, Request, Wire},
};

/// Bytes of text of a message.
const TEXT_BYTES: usize = 200;
/// The code with which a server closes that has too much to do.
const AGAIN: u16 = 1013;

/// A way to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Parlor's own, of which the layers speak a part.
    Parlor,
    /// The text of a message and nothing around it; the path names the room.
    Plain,
    /// Socket.IO's: its protocol 5, over Engine.IO 4, over WebSocket alone.
    SocketIo,
    /// XMPP's, in a room of many.
    Xmpp,
    /// NATS'.
    Nats,
}

/// What is sent, and how what is waited for begins.
type Step = (Option<String>, &'static [u8]);

/// What a message of the server is.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// Something that was posted.
    Event(Event<'a>),
    /// The server wants to know whether somebody is there.
    Ping,
    /// Something else.
    Other,
}

/// Something that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its place in the room, where the server says it.
    pub seq: Option<u64>,
    /// What is the same for everybody: all of it, where a server does not address it to each.
    pub same: &'a [u8],
    /// What stands in that before the text.
    pub before_text: &'static [u8],
}

impl Dialect {
    /// How a socket is asked for.
    pub(crate) fn request(self, token: &str, room: RoomId) -> Request {
        match self {
            Self::Parlor => Request {
                path: "/ws".to_owned(),
                headers: format!("Sec-WebSocket-Protocol: parlor.v1\r\nAuthorization: Bearer {token}\r\n"),
            },
            Self::Plain => Request { path: format!("/room/{room}"), headers: String::new() },
            Self::SocketIo => {
                Request { path: "/socket.io/?EIO=4&transport=websocket".to_owned(), headers: String::new() }
            }
            Self::Xmpp => xmpp::request(),
            Self::Nats => nats::request(),
        }
    }

    /// Follows a room from a place, until everything that is in it is here, and answers with where it ends; with nothing
    /// where the server closes because it has too much to do.
    pub(crate) async fn follow(self, wire: &mut Wire, place: Place) -> Result<Option<Cursor>> {
        let steps: Vec<Step> = match self {
            Self::Parlor => vec![(Some(follow_command(place)?), br#"{"type":"live""#)],
            Self::Plain => vec![(None, b"joined")],
            Self::SocketIo => vec![
                (None, b"0{"),
                (Some("40".to_owned()), b"40{"),
                (Some(format!(r#"42["join","{}"]"#, place.room)), br#"42["joined""#),
            ],
            Self::Xmpp => xmpp::steps(place.room),
            Self::Nats => nats::steps(place.room),
        };
        let mut cursor = Cursor::default();
        for (text, answer) in steps {
            if let Some(text) = text {
                wire.send(&text).await?;
            }
            let mut is_there = false;
            while !is_there {
                let read = wire
                    .read(|frame| {
                        self.each(frame, |message| {
                            self.hear(message)?;
                            if message.starts_with(answer) {
                                is_there = true;
                                if self == Self::Parlor {
                                    cursor = head(message)?;
                                }
                            }
                            Ok(())
                        })
                    })
                    .await?;
                match read {
                    Read::Some => {}
                    Read::Closed(Some(AGAIN)) => return Ok(None),
                    Read::Closed(code) => bail!("closed: {code:?}"),
                }
            }
        }
        Ok(Some(cursor))
    }

    /// Posts a number.
    pub(crate) fn post(self, room: RoomId, id: u64, number: u64) -> Result<String> {
        match self {
            Self::Parlor => {
                let post = PostMessage { client_id: client_id(), room, text: text(number), reply_to: None };
                frame(id, Command::PostMessage(post))
            }
            Self::Plain => Ok(text(number)),
            Self::SocketIo => Ok(format!(r#"42["say","{}"]"#, text(number))),
            Self::Xmpp => Ok(xmpp::post(room, id, &text(number))),
            Self::Nats => Ok(nats::post(room, &text(number))),
        }
    }

    /// Whether what several post into a room comes to all of them in one order. Where it does not, one posts for all.
    pub(crate) fn is_ordered(self) -> bool {
        self != Self::Nats
    }

    /// Shows each message that is in a frame.
    ///
    /// # Errors
    /// `take` has failed, or the frame is none of such a server.
    pub fn each(self, frame: &[u8], mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match self {
            Self::Nats => nats::each(frame, take),
            Self::Parlor | Self::Plain | Self::SocketIo | Self::Xmpp => take(frame),
        }
    }

    /// What a message is.
    ///
    /// # Errors
    /// The server has refused something, or has given somebody up.
    pub fn hear(self, frame: &[u8]) -> Result<Heard<'_>> {
        let event = |seq, before_text| Ok(Heard::Event(Event { seq, same: frame, before_text }));
        let shown = || String::from_utf8_lossy(frame);
        match self {
            Self::Parlor if frame.starts_with(br#"{"type":"event","stream":"room:"#) => {
                event(Some(number_after(frame, br#""seq":"#)?), br#""text":""#)
            }
            Self::Parlor => {
                ensure!(!frame.starts_with(br#"{"type":"error""#), "refused: {}", shown());
                ensure!(!frame.starts_with(br#"{"type":"reset""#), "too far behind: {}", shown());
                Ok(Heard::Other)
            }
            Self::Plain if frame == b"joined" => Ok(Heard::Other),
            Self::Plain => event(None, b""),
            Self::SocketIo if frame.starts_with(br#"42["m","#) => event(None, br#"["m",""#),
            Self::SocketIo if frame == b"2" => Ok(Heard::Ping),
            Self::SocketIo => {
                ensure!(!frame.starts_with(b"41") && !frame.starts_with(b"44"), "refused: {}", shown());
                Ok(Heard::Other)
            }
            Self::Xmpp => xmpp::hear(frame),
            Self::Nats => nats::hear(frame),
        }
    }

    /// What is answered to [`Heard::Ping`].
    pub(crate) fn pong(self) -> &'static str {
        if self == Self::Nats { "PONG\r\n" } else { "3" }
    }
}

/// What is said with a number.
#[must_use]
pub fn text(number: u64) -> String {
    let mut text = format!("{number} ");
    text.extend(std::iter::repeat_n('x', TEXT_BYTES - text.len()));
    text
}

/// Asks Parlor to follow a room from a place.
pub(crate) fn follow_command(place: Place) -> Result<String> {
    frame(1, Command::Subscribe(Subscribe { stream: StreamId::Room(place.room), after: place.head }))
}

/// A command to Parlor.
pub(crate) fn frame(id: u64, command: Command) -> Result<String> {
    Ok(serde_json::to_string(&ClientFrame { id: CommandId(id), command })?)
}

fn head(live: &[u8]) -> Result<Cursor> {
    let live: serde_json::Value = serde_json::from_slice(live)?;
    Ok(Cursor(live["head"]["seq"].as_u64().context("where the room ends")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_heard_in_its_own_words() {
        let said = text(31);

        let parlor = format!(r#"{{"type":"event","stream":"room:1","epoch":1,"seq":8,"event":{{"text":"{said}"}}}}"#);
        let heard = Dialect::Parlor.hear(parlor.as_bytes()).unwrap();
        assert_eq!(heard, Heard::Event(Event { seq: Some(8), same: parlor.as_bytes(), before_text: br#""text":""# }));
        assert_eq!(Dialect::Plain.hear(b"joined").unwrap(), Heard::Other);
        assert!(matches!(Dialect::Plain.hear(said.as_bytes()).unwrap(), Heard::Event(Event { seq: None, .. })));
        let socket_io = format!(r#"42["m","{said}","an offset"]"#);
        assert!(matches!(Dialect::SocketIo.hear(socket_io.as_bytes()).unwrap(), Heard::Event(_)));
        assert_eq!(Dialect::SocketIo.hear(b"2").unwrap(), Heard::Ping);
    }

    #[test]
    fn a_refusal_is_an_error() {
        assert!(Dialect::Parlor.hear(br#"{"type":"error","code":"busy"}"#).is_err());
        assert!(Dialect::Parlor.hear(br#"{"type":"reset","head":{}}"#).is_err());
        assert!(Dialect::SocketIo.hear(br#"44{"message":"no"}"#).is_err());
    }
}
