//! Markup: what a message's text looks like, as a tree.
//!
//! The server reads the text once, when it is posted or edited; snapshots and events carry the tree, so showing a
//! message needs no parser. Text without any markup has no tree: it is shown as it was written.

use serde::{Deserialize, Serialize};

use crate::{from_json, tagged_from_json};

mod parse;
#[cfg(test)]
mod tests;

pub use parse::{is_plain, parse};

/// A piece of a message's text. A node that has children shows nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Node {
    /// Letters.
    Text {
        /// As they are.
        text: String,
    },
    /// Code within a line.
    Code {
        /// As it is.
        text: String,
    },
    /// Code on lines of its own.
    CodeBlock {
        /// What it is written in, as the author said; empty where they did not.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        language: String,
        /// As it is.
        text: String,
    },
    /// The line ends here.
    Break,
    /// A line across.
    Rule,
    /// A link: `http`, `https` or `mailto`, nothing else.
    Link {
        /// Where it leads.
        url: String,
        /// What it says.
        children: Vec<Node>,
    },
    /// A paragraph.
    Paragraph(Children),
    /// A heading: a chat has one size of them.
    Heading(Children),
    /// Stressed.
    Emphasis(Children),
    /// Stressed more.
    Strong(Children),
    /// Taken back.
    Strikethrough(Children),
    /// Somebody else's words.
    Quote(Children),
    /// A list.
    List {
        /// The first number; none for a list without numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<u64>,
        /// Its items.
        children: Vec<Node>,
    },
    /// An item of a list.
    Item(Children),
    /// A table.
    Table(Children),
    /// The first row of a table, which names its columns.
    Head(Children),
    /// A row of a table.
    Row(Children),
    /// A cell of a row.
    Cell(Children),
    /// From a newer server; shows nothing.
    #[serde(other)]
    Unknown,
}

/// What a node consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Children {
    /// In order.
    pub children: Vec<Node>,
}

from_json!(Children { children });
tagged_from_json!(Node {
    "text" => Text { text },
    "code" => Code { text },
    "code_block" => CodeBlock { language or String::new(), text },
    "break" => Break {},
    "rule" => Rule {},
    "link" => Link { url, children },
    "paragraph" => Paragraph(_),
    "heading" => Heading(_),
    "emphasis" => Emphasis(_),
    "strong" => Strong(_),
    "strikethrough" => Strikethrough(_),
    "quote" => Quote(_),
    "list" => List { start, children },
    "item" => Item(_),
    "table" => Table(_),
    "head" => Head(_),
    "row" => Row(_),
    "cell" => Cell(_),
} else Unknown);
