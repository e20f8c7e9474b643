//! XMPP over WebSocket (RFC 7395), as far as it takes to come to a room without an account and to talk there: SASL
//! ANONYMOUS (RFC 4505), a resource (RFC 6120, 7), and a room of XEP-0045. One frame is one element.

use anyhow::{Context as _, Result, ensure};
use protocol::RoomId;

use super::{Event, Heard, Step};
use crate::wire::Request;

/// Whom one speaks to, and whose rooms they are: as in `bench/peers/prosody`.
const HOST: &str = "localhost";
const ROOMS: &str = "rooms.localhost";

pub(super) fn request() -> Request {
    Request { path: "/xmpp-websocket".to_owned(), headers: "Sec-WebSocket-Protocol: xmpp\r\n".to_owned() }
}

/// The stream begins anew once one is somebody. Of what was said before nothing is asked for, and the room's subject is
/// the last thing that comes.
pub(super) fn steps(room: RoomId) -> Vec<Step> {
    let open = || format!(r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="{HOST}" version="1.0"/>"#);
    let auth = r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>"#;
    let bind =
        r#"<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>"#;
    let name = fastrand::u64(..);
    let join = format!(
        r#"<presence xmlns="jabber:client" to="{room}@{ROOMS}/{name:x}"><x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x></presence>"#
    );
    vec![
        (Some(open()), b"<stream:features"),
        (Some(auth.to_owned()), b"<success"),
        (Some(open()), b"<stream:features"),
        (Some(bind.to_owned()), b"<iq"),
        (Some(join), b"<message"),
    ]
}

pub(super) fn post(room: RoomId, id: u64, text: &str) -> String {
    format!(
        r#"<message xmlns="jabber:client" to="{room}@{ROOMS}" type="groupchat" id="{id}"><body>{text}</body></message>"#
    )
}

/// What is said to each member is addressed to them; the text is what all get.
pub(super) fn hear(frame: &[u8]) -> Result<Heard<'_>> {
    let shown = || String::from_utf8_lossy(frame);
    let at = |part: &[u8]| frame.windows(part.len()).position(|other| other == part);
    let is_error = at(b"type='error'").is_some() || at(b"type=\"error\"").is_some();
    let ends = [&b"<failure"[..], b"<stream:error", b"<close"].iter().any(|end| frame.starts_with(end));
    // What is refused comes back with its text.
    ensure!(!ends && !is_error, "refused: {}", shown());
    if frame.starts_with(b"<message")
        && let Some(begin) = at(b"<body>")
    {
        let end = at(b"</body>").with_context(|| format!("a text without an end: {}", shown()))?;
        let same = &frame[begin + b"<body>".len()..end];
        return Ok(Heard::Event(Event { seq: None, same, before_text: b"" }));
    }
    Ok(Heard::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_addressed_to_each_member_the_text_is_the_same() {
        let to = |who: &str| {
            format!("<message to='{who}' type='groupchat' id='2'><body>31 x</body><stanza-id id='a'/></message>")
        };
        let same = Heard::Event(Event { seq: None, same: b"31 x", before_text: b"" });

        assert_eq!(hear(to("ada").as_bytes()).unwrap(), same);
        assert_eq!(hear(to("bob").as_bytes()).unwrap(), same);
        assert!(hear(b"<message><body>31 x</message>").is_err(), "cut off");
    }

    #[test]
    fn what_is_no_text_is_something_else_and_a_refusal_is_an_error() {
        assert_eq!(hear(b"<message type='groupchat'><subject/></message>").unwrap(), Heard::Other);
        assert_eq!(hear(b"<presence from='room/31'/>").unwrap(), Heard::Other);
        assert!(hear(b"<presence type='error'><error type='auth'/></presence>").is_err());
        assert!(hear(b"<failure><temporary-auth-failure/></failure>").is_err());
        assert!(hear(b"<stream:error><policy-violation/></stream:error>").is_err());
        assert!(hear(b"<close/>").is_err());
    }
}
