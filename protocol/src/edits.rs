//! What a message said before it was edited: read on demand, for who may read the message.

use serde::{Deserialize, Serialize};

use crate::{
    from_json,
    id::{Seq, UnixMs},
};

/// The earlier texts of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edits {
    /// The `seq` of the event that posted it.
    pub message: Seq,
    /// What it said before, oldest first; the newest [`crate::limits::EDITS_MAX`] of them.
    pub earlier: Vec<EarlierText>,
}

from_json!(Edits { message, earlier });

/// A text that a message once had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierText {
    /// Since when.
    pub at: UnixMs,
    /// The text.
    pub text: String,
}

from_json!(EarlierText { at, text });
