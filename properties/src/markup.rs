//! Markup: what becomes of any text that somebody writes, from the parser to the HTML that others are sent.

use protocol::{
    Mentions, UserId, UserRef, Username,
    limits::{
        EXCERPT_CHARS_MAX, MARKUP_BYTES_MAX, MARKUP_DEPTH_MAX, MARKUP_NODES_MAX, MESSAGE_BYTES_MAX, MESSAGE_CHARS_MAX,
    },
    markup::{Children, Node, is_plain, parse},
    mentions::names_in,
    messages::check_text,
    replies::plain_excerpt,
};

use crate::{agreement::agree, html};

/// A text has a bounded tree in which everything stands where it may, with the letters that were written; the tree travels;
/// and its HTML has no element and no attribute but those of ours, with the same letters in it.
///
/// # Panics
/// It does not hold.
pub fn fuzz_markup(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if text.len() > MESSAGE_BYTES_MAX || text.chars().count() > MESSAGE_CHARS_MAX || check_text(&text).is_err() {
        return;
    }
    let tree = parse(&text);
    assert!(tree.is_empty() || !is_plain(&text), "a plain text has markup");
    is_bounded(&tree);
    for node in &tree {
        stands_well(node, Place::Top);
    }
    let written = protocol::encode(&tree);
    assert!(written.len() <= MARKUP_BYTES_MAX);
    assert_eq!(agree::<Vec<Node>>(&written).as_ref(), Some(&tree));
    if let Some(excerpt) = plain_excerpt(&text, &tree) {
        assert!(excerpt.chars().count() <= EXCERPT_CHARS_MAX + 1 && !excerpt.contains('\n'), "{excerpt:?}");
    }
    let mut shown = String::new();
    words(&tree, &mut shown);
    are_those_that_were_written(&text, if tree.is_empty() { &text } else { &shown });
    is_drawn_well(&text, &tree, if tree.is_empty() { &text } else { &shown });
}

fn is_bounded(tree: &[Node]) {
    assert!(depth(tree) <= MARKUP_DEPTH_MAX + 1, "{} deep", depth(tree));
    assert!(count(tree) <= MARKUP_NODES_MAX, "{} nodes", count(tree));
}

fn depth(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + depth(children(node))).max().unwrap_or(0)
}

fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + count(children(node))).sum()
}

fn children(node: &Node) -> &[Node] {
    match node {
        Node::Link { children, .. } | Node::List { children, .. } => children,
        Node::Paragraph(Children { children })
        | Node::Heading(Children { children })
        | Node::Emphasis(Children { children })
        | Node::Strong(Children { children })
        | Node::Strikethrough(Children { children })
        | Node::Quote(Children { children })
        | Node::Item(Children { children })
        | Node::Table(Children { children })
        | Node::Head(Children { children })
        | Node::Row(Children { children })
        | Node::Cell(Children { children }) => children,
        Node::Text { .. } | Node::Code { .. } | Node::CodeBlock { .. } | Node::Break | Node::Rule | Node::Unknown => {
            &[]
        }
    }
}

/// Where a node may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Among blocks.
    Top,
    /// In an item of a list, which has blocks, or one line without a paragraph around it.
    Item,
    /// In a list.
    List,
    Table,
    Row,
    /// In a line, outside of a link.
    Line,
    Link,
}

fn stands_well(node: &Node, place: Place) {
    use Place::{Item, Line, Link, List, Row, Table, Top};
    let is_in = |places: &[Place]| assert!(places.contains(&place), "{node:?} in {place:?}");
    let inner = match node {
        Node::Text { text: letters } => {
            assert!(!letters.is_empty(), "no letters");
            return is_in(&[Line, Link, Item]);
        }
        Node::Code { .. } | Node::Break => return is_in(&[Line, Link, Item]),
        Node::CodeBlock { language, .. } => {
            assert!(!language.contains(char::is_whitespace), "{language:?} is more than a word");
            return is_in(&[Top, Item]);
        }
        Node::Rule => return is_in(&[Top, Item]),
        Node::Unknown => panic!("the server knows what it reads"),
        Node::Link { url, .. } => {
            is_in(&[Line, Item]);
            has_safe_address(url);
            Link
        }
        Node::Emphasis(_) | Node::Strong(_) | Node::Strikethrough(_) => {
            is_in(&[Line, Link, Item]);
            if place == Link { Link } else { Line }
        }
        Node::Paragraph(_) | Node::Heading(_) => {
            is_in(&[Top, Item]);
            Line
        }
        Node::Quote(_) => {
            is_in(&[Top, Item]);
            Top
        }
        Node::List { .. } => {
            is_in(&[Top, Item]);
            List
        }
        Node::Item(_) => {
            is_in(&[List]);
            Item
        }
        Node::Table(Children { children }) => {
            is_in(&[Top, Item]);
            let heads = children.iter().filter(|row| matches!(row, Node::Head(_))).count();
            assert!(heads == 1 && matches!(children.first(), Some(Node::Head(_))), "a table has a head, and first");
            Table
        }
        Node::Head(_) | Node::Row(_) => {
            is_in(&[Table]);
            Row
        }
        Node::Cell(_) => {
            is_in(&[Row]);
            Line
        }
    };
    for child in children(node) {
        stands_well(child, inner);
    }
}

fn has_safe_address(url: &str) {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    assert!(matches!(scheme.as_deref(), Some("http" | "https" | "mailto")), "{url:?}");
    assert!(!url.contains(char::is_control), "{url:?}");
}

/// What is to be read in a tree, in order.
fn words(nodes: &[Node], into: &mut String) {
    for node in nodes {
        match node {
            Node::Text { text } | Node::Code { text } | Node::CodeBlock { text, .. } => into.push_str(text),
            Node::Break => into.push('\n'),
            Node::Link { .. }
            | Node::List { .. }
            | Node::Paragraph(_)
            | Node::Heading(_)
            | Node::Emphasis(_)
            | Node::Strong(_)
            | Node::Strikethrough(_)
            | Node::Quote(_)
            | Node::Item(_)
            | Node::Table(_)
            | Node::Head(_)
            | Node::Row(_)
            | Node::Cell(_) => words(children(node), into),
            Node::Rule | Node::Unknown => {}
        }
    }
}

/// Nothing is shown that was not written, in that order; and where no markup takes letters away, all letters are shown.
fn are_those_that_were_written(text: &str, shown: &str) {
    let letters = |text: &str| -> Vec<char> { text.chars().filter(|c| c.is_alphabetic()).collect() };
    // Of `&copy;` another letter is shown.
    if text.contains('&') {
        return;
    }
    let (written, shown) = (letters(text), letters(shown));
    let mut rest = written.iter();
    assert!(shown.iter().all(|letter| rest.any(|written| written == letter)), "letters that nobody wrote");
    // Addresses and names of links, what code is written in, and cells beside a table's columns are not shown.
    if !text.contains(['[', '|']) && !text.contains("```") && !text.contains("~~~") {
        assert_eq!(shown, written, "letters are lost");
    }
}

/// Drawn for somebody who is named in it, as far as anybody is.
fn is_drawn_well(text: &str, tree: &[Node], shown: &str) {
    let named = names_in(text, tree);
    let users = named.iter().filter_map(|name| Username::parse(name).ok()).zip(7..);
    let users: Vec<UserRef> = users.map(|(name, id)| UserRef { id: UserId(id), name }).take(50).collect();
    for mentions in [Mentions::default(), Mentions { users, everyone: true }] {
        let html = app::message_html(text, tree, &mentions, UserId(7));
        assert_eq!(html::letters(&html), shown, "other letters are drawn: {html}");
    }
}
