//! Messages: posting, editing, deleting.

use serde::{Deserialize, Serialize};

use crate::{
    error::{ErrorCode, Invalid},
    from_json,
    id::{ClientId, RoomId, Seq},
    limits::{MESSAGE_BYTES_MAX, MESSAGE_CHARS_MAX},
    markup::{self, Node},
    mentions::Mentions,
    replies::{Quote, plain_excerpt},
};

/// Say something in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostMessage {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// What; see [`check_text`].
    pub text: String,
    /// The message that it answers: the `seq` of the event that posted that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
}

from_json!(PostMessage { client_id, room, text, reply_to });

impl PostMessage {
    /// A message that answers none.
    #[must_use]
    pub fn new(client_id: ClientId, room: RoomId, text: String) -> Self {
        Self { client_id, room, text, reply_to: None }
    }
}

/// Replace the text of one's own message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditMessage {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// The `seq` of the event that posted it.
    pub message: Seq,
    /// The new text; see [`check_text`].
    pub text: String,
}

from_json!(EditMessage { client_id, room, message, text });

/// Delete a message: one's own, or any as the room's creator or the server's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteMessage {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// The `seq` of the event that posted it.
    pub message: Seq,
}

from_json!(DeleteMessage { client_id, room, message });

/// A message was posted; its identity is the `seq` of this event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePosted {
    /// The how-manieth message of the room this is, from 1.
    pub ordinal: u64,
    /// The text; empty once redacted.
    pub text: String,
    /// What the text looks like; empty where it has no markup, and once redacted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markup: Vec<Node>,
    /// Who is named in it; nobody once redacted.
    #[serde(default, skip_serializing_if = "Mentions::is_empty")]
    pub mentions: Mentions,
    /// The message that it answers; none once redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// The message was deleted since, and its text is gone from the log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

from_json!(MessagePosted { ordinal, text, markup or Vec::new(), mentions or Mentions::default(), quote, redacted or false });

impl MessagePosted {
    /// A message that names nobody and answers none; its markup is read from the text.
    #[must_use]
    pub fn new(ordinal: u64, text: String) -> Self {
        let markup = markup::parse(&text);
        Self::read(ordinal, text, markup)
    }

    /// A message that names nobody and answers none, whose markup was read already.
    #[must_use]
    pub fn read(ordinal: u64, text: String, markup: Vec<Node>) -> Self {
        Self { ordinal, text, markup, mentions: Mentions::default(), quote: None, redacted: false }
    }
}

/// A message has a new text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEdited {
    /// The `seq` of the event that posted it.
    pub message: Seq,
    /// The new text; empty once redacted.
    pub text: String,
    /// What the new text looks like; empty where it has no markup, and once redacted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markup: Vec<Node>,
    /// Who is named in the new text; nobody once redacted.
    #[serde(default, skip_serializing_if = "Mentions::is_empty")]
    pub mentions: Mentions,
    /// What quotes of it show, where that is not the beginning of the text as it stands; none once redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// The message was deleted since, and its text is gone from the log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

from_json!(MessageEdited {
    message,
    text,
    markup or Vec::new(),
    mentions or Mentions::default(),
    excerpt,
    redacted or false,
});

impl MessageEdited {
    /// A new text that names nobody; its markup is read from it.
    #[must_use]
    pub fn new(message: Seq, text: String) -> Self {
        let markup = markup::parse(&text);
        Self::read(message, text, markup)
    }

    /// A new text that names nobody, whose markup was read already.
    #[must_use]
    pub fn read(message: Seq, text: String, markup: Vec<Node>) -> Self {
        let excerpt = plain_excerpt(&text, &markup);
        Self { message, text, markup, mentions: Mentions::default(), excerpt, redacted: false }
    }
}

/// A message is gone, everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDeleted {
    /// The `seq` of the event that posted it.
    pub message: Seq,
}

from_json!(MessageDeleted { message });

/// Checks a message's text: something to read, at most 10,000 characters and 40,000 bytes.
///
/// # Errors
/// `invalid` for nothing but white space or a NUL character, `too_large` above the limits.
pub fn check_text(text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new(ErrorCode::Invalid, "The message is empty. Write something first."));
    }
    if text.contains('\0') {
        return Err(Invalid::new(ErrorCode::Invalid, "The message contains a NUL character. Remove it."));
    }
    let chars = text.chars().count();
    if chars > MESSAGE_CHARS_MAX || text.len() > MESSAGE_BYTES_MAX {
        return Err(Invalid::new(
            ErrorCode::TooLarge,
            format!(
                "The message has {chars} characters ({} bytes). At most {MESSAGE_CHARS_MAX} characters \
                 ({MESSAGE_BYTES_MAX} bytes) fit: shorten it or send it in parts.",
                text.len()
            ),
        ));
    }
    Ok(())
}
