//! Replies: a message may quote the one that it answers.
//!
//! The event that posts a reply carries the quote as it was then. When the quoted message is edited, its quotes change in the
//! tables and in every window; when it is deleted, in the log too. So a window that does not hold the original still shows the
//! right words, and none that are gone.
//!
//! Where some members came too late to read the original, the quote holds nothing but its number, for everybody: no event depends on who receives it.

use serde::{Deserialize, Serialize};

use crate::{account::UserRef, from_json, id::Seq, limits::EXCERPT_CHARS_MAX, tagged_from_json};

/// What a reply answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The `seq` of the event that posted it.
    pub message: Seq,
    /// What it says.
    pub content: Quoted,
}

from_json!(Quote { message, content });

/// What is shown of a quoted message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Quoted {
    /// Its beginning.
    Text {
        /// Who wrote it.
        author: UserRef,
        /// See [`excerpt`].
        excerpt: String,
    },
    /// It is deleted.
    Deleted,
    /// Not everyone who may read the reply may read it.
    Hidden,
}

tagged_from_json!(Quoted { "text" => Text { author, excerpt }, "deleted" => Deleted {}, "hidden" => Hidden {} });

impl Quote {
    /// What a quote of `message` shows.
    #[must_use]
    pub fn of(message: Seq, author: UserRef, text: &str) -> Self {
        Self { message, content: Quoted::Text { author, excerpt: excerpt(text) } }
    }

    /// A quote of what not everyone may read.
    #[must_use]
    pub fn hidden(message: Seq) -> Self {
        Self { message, content: Quoted::Hidden }
    }

    /// The quoted message has another text.
    pub(crate) fn edited(&mut self, text: &str) {
        match &mut self.content {
            Quoted::Text { excerpt: shown, .. } => *shown = excerpt(text),
            Quoted::Deleted | Quoted::Hidden => {}
        }
    }

    /// The quoted message is deleted.
    pub(crate) fn redact(&mut self) {
        match self.content {
            Quoted::Text { .. } => self.content = Quoted::Deleted,
            Quoted::Deleted | Quoted::Hidden => {}
        }
    }
}

/// The beginning of a text on one line: what follows from its first [`EXCERPT_CHARS_MAX`] characters and whether there
/// are more.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let mut rest = text.chars();
    let beginning: String = rest.by_ref().take(EXCERPT_CHARS_MAX).collect();
    let words: Vec<&str> = beginning.split_whitespace().collect();
    let mut line = words.join(" ");
    if rest.next().is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_and_no_longer_than_it_may_be() {
        assert_eq!(excerpt("one\n\n two\tthree "), "one two three");
        assert_eq!(excerpt(&"x".repeat(EXCERPT_CHARS_MAX)), "x".repeat(EXCERPT_CHARS_MAX));
        assert_eq!(excerpt(&"ü".repeat(EXCERPT_CHARS_MAX + 1)), "ü".repeat(EXCERPT_CHARS_MAX) + "…");
    }
}
