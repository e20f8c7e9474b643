//! Replies: a message may quote the one that it answers.
//!
//! The event that posts a reply carries the quote as it was then. When the quoted message is edited, its quotes change in the
//! tables and in every window; when it is deleted, in the log too. So a window that does not hold the original still shows the
//! right words, and none that are gone.
//!
//! Where some members came too late to read the original, the quote holds nothing but its number, for everybody: no event depends on who receives it.

use serde::{Deserialize, Serialize};

use crate::{account::UserRef, from_json, id::Seq, limits::EXCERPT_CHARS_MAX, markup::Node, tagged_from_json};

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

    /// The quoted message has another text, of which quotes show this, or its beginning.
    pub(crate) fn edited(&mut self, text: &str, plain: Option<&String>) {
        match &mut self.content {
            Quoted::Text { excerpt: shown, .. } => *shown = excerpt(plain.map_or(text, String::as_str)),
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

/// What quotes show of a text with markup: the beginning of its words, without the signs that make them look so. `None`
/// where that is the beginning of the text as it stands, or nothing. The server says it with the text, so that showing it
/// needs no tree.
#[must_use]
pub fn plain_excerpt(text: &str, markup: &[Node]) -> Option<String> {
    let mut words = String::new();
    let mut left = EXCERPT_CHARS_MAX + 1;
    gather(markup, &mut words, &mut left);
    let plain = excerpt(&words);
    (!plain.is_empty() && plain != excerpt(text)).then_some(plain)
}

/// Adds the words of some nodes, until no more characters are left to be added.
fn gather(nodes: &[Node], words: &mut String, left: &mut usize) {
    for node in nodes {
        if *left == 0 {
            return;
        }
        let (letters, children, is_block): (&str, &[Node], bool) = match node {
            Node::Text { text } | Node::Code { text } => (text, &[], false),
            Node::CodeBlock { text, .. } => (text, &[], true),
            Node::Link { children, .. } => ("", children, false),
            Node::Emphasis(of) | Node::Strong(of) | Node::Strikethrough(of) => ("", &of.children, false),
            Node::List { children, .. } => ("", children, true),
            Node::Paragraph(of)
            | Node::Heading(of)
            | Node::Quote(of)
            | Node::Item(of)
            | Node::Table(of)
            | Node::Head(of)
            | Node::Row(of)
            | Node::Cell(of) => ("", &of.children, true),
            Node::Break | Node::Rule => ("", &[], true),
            Node::Unknown => continue,
        };
        // One space between blocks, whatever stands there.
        if is_block && !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
            *left -= 1;
        }
        for letter in letters.chars().take(*left) {
            words.push(letter);
            *left -= 1;
        }
        gather(children, words, left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup;

    fn plain(text: &str) -> Option<String> {
        plain_excerpt(text, &markup::parse(text))
    }

    #[test]
    fn a_quote_shows_the_words_and_not_the_signs() {
        let shown = |text: &str| plain(text).unwrap_or_else(|| excerpt(text));

        assert_eq!(shown("**Lunch** at `noon`, _in [the park](https://example.org/)_?"), "Lunch at noon, in the park?");
        assert_eq!(shown("# Plan\n\n- one\n- two\n\n> said\n\n---\n\n```rust\nfn\n```"), "Plan one two said fn");
        assert_eq!(shown("| a | b |\n|---|---|\n| 1 | 2 |"), "a b 1 2");
        assert_eq!(shown("**so\nit is**"), "so it is");
        assert_eq!(plain("as it stands"), None);
        assert_eq!(plain("---"), None, "a line across is quoted as it was written");
    }

    #[test]
    fn the_words_in_a_quote_are_no_longer_than_it_may_be() {
        let words = |count: usize| format!("**{}**", "ü".repeat(count));

        assert_eq!(plain(&words(EXCERPT_CHARS_MAX)), Some("ü".repeat(EXCERPT_CHARS_MAX)));
        assert_eq!(plain(&words(EXCERPT_CHARS_MAX + 1)), Some("ü".repeat(EXCERPT_CHARS_MAX) + "…"));
        let many = "- *a*\n".repeat(500);
        assert_eq!(plain(&many).map(|line| line.chars().count() <= EXCERPT_CHARS_MAX + 1), Some(true));
    }

    #[test]
    fn an_excerpt_is_one_line_and_no_longer_than_it_may_be() {
        assert_eq!(excerpt("one\n\n two\tthree "), "one two three");
        assert_eq!(excerpt(&"x".repeat(EXCERPT_CHARS_MAX)), "x".repeat(EXCERPT_CHARS_MAX));
        assert_eq!(excerpt(&"ü".repeat(EXCERPT_CHARS_MAX + 1)), "ü".repeat(EXCERPT_CHARS_MAX) + "…");
    }
}
