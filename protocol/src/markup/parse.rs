//! From text to the tree: CommonMark with tables and strikethrough, as chats have it.
//!
//! A line break is a break, an address becomes a link, HTML is text, an image is a link to it. A tree is never deeper
//! or larger than the limits: what would be over them stays text.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TextMergeStream};

use super::{Children, Node};
use crate::limits::{MARKUP_BYTES_MAX, MARKUP_DEPTH_MAX, MARKUP_NODES_MAX};

/// Characters that mean something to the parser wherever they stand.
const SIGNS: &[char] = &['*', '_', '`', '~', '[', ']', '<', '>', '#', '|', '\\', '&', '\t'];

/// Whether a text has nothing for the parser: shown as it is, it looks the same.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.contains(SIGNS) && !text.contains("://") && !text.lines().any(starts_block)
}

/// Whether a line may be an item of a list, a rule, an underlined heading, or indented code.
fn starts_block(line: &str) -> bool {
    if line.starts_with("   ") {
        return true;
    }
    let line = line.trim_start();
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = after_number.len() < line.len() && after_number.starts_with(['.', ')']);
    is_numbered || line.starts_with(['-', '+', '='])
}

/// Reads a text; empty where it is plain.
#[must_use]
pub fn parse(text: &str) -> Vec<Node> {
    if is_plain(text) {
        return Vec::new();
    }
    let nodes = read(text).unwrap_or_default();
    if says_the_same(&nodes, text) || !fits(&nodes) { Vec::new() } else { nodes }
}

/// How many cells the tables of a text may have, at most. Short rows are filled up with empty cells by the parser, hundreds of
/// thousands of them, before any limit of ours is asked: a wide table costs a hundred times what it weighs.
fn cells(text: &str) -> usize {
    let (mut cells, mut rows) = (0, 0);
    // From below, so that each line knows how many follow it without an empty one between.
    for line in text.lines().rev() {
        // In a quote, too, and in the item of a list.
        let is_ruling =
            |c: char| c.is_ascii_digit() || matches!(c, '|' | '-' | ':' | '>' | '*' | '+' | '.' | ')' | ' ' | '\t');
        if line.contains('|') && line.contains('-') && line.chars().all(is_ruling) {
            cells += (line.matches('|').count() + 1) * (rows + 1);
        }
        let is_empty = line.trim_matches(['>', ' ', '\t', '\r']).is_empty();
        rows = if is_empty { 0 } else { rows + 1 };
    }
    cells
}

/// Reads a text, plain or not; nothing where there is too much in it, which is then shown as it was written.
pub(super) fn read(text: &str) -> Option<Vec<Node>> {
    let mut options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    options.set(Options::ENABLE_TABLES, cells(text) <= MARKUP_NODES_MAX);
    let mut tree = Tree::default();
    // The parser ends a piece of text at every sign, an address goes on.
    for event in TextMergeStream::new(Parser::new_ext(text, options)) {
        if !tree.take(event) {
            return None;
        }
    }
    Some(tree.finish())
}

/// Whether the tree may travel: the address of a reference stands in each link to it, so a small text can have a large one.
fn fits(nodes: &[Node]) -> bool {
    serde_json::to_string(nodes).is_ok_and(|written| written.len() <= MARKUP_BYTES_MAX)
}

/// Whether the tree is one paragraph of nothing but the text.
fn says_the_same(nodes: &[Node], text: &str) -> bool {
    let [Node::Paragraph(Children { children })] = nodes else { return false };
    match children.as_slice() {
        [Node::Text { text: shown }] => shown == text.trim(),
        _ => false,
    }
}

/// A tree that is being built: the nodes that are open, innermost last, with the children that they have so far.
#[derive(Default)]
struct Tree {
    open: Vec<(Kind, Vec<Node>)>,
    done: Vec<Node>,
    nodes: usize,
}

/// What an open node is going to be.
enum Kind {
    Paragraph,
    Heading,
    Emphasis,
    Strong,
    Strikethrough,
    Quote,
    List(Option<u64>),
    Item,
    Table,
    Head,
    Row,
    Cell,
    Link(String),
    CodeBlock(String),
    /// Shown as its children.
    Nothing,
}

impl Tree {
    /// Takes what the parser says next; `false` where the tree would be larger than the limits.
    fn take(&mut self, event: Event<'_>) -> bool {
        match event {
            Event::Start(tag) => {
                let is_in_link = self.open.iter().any(|(kind, _)| matches!(kind, Kind::Link(_)));
                self.open.push((kind(tag, is_in_link), Vec::new()));
                self.open.len() <= MARKUP_DEPTH_MAX
            }
            Event::End(_) => {
                self.close();
                self.nodes <= MARKUP_NODES_MAX
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.text(&text);
                self.nodes <= MARKUP_NODES_MAX
            }
            Event::Code(text) => self.add(Node::Code { text: text.into_string() }),
            Event::SoftBreak | Event::HardBreak => self.add(Node::Break),
            Event::Rule => self.add(Node::Rule),
            // Not asked for by the options.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
                true
            }
            Event::TaskListMarker(_) => true,
        }
    }

    fn children(&mut self) -> &mut Vec<Node> {
        self.open.last_mut().map_or(&mut self.done, |(_, children)| children)
    }

    fn add(&mut self, node: Node) -> bool {
        self.nodes += 1;
        self.children().push(node);
        self.nodes <= MARKUP_NODES_MAX
    }

    /// Adds letters; addresses among them become links, unless they are in a link or in code.
    fn text(&mut self, text: &str) {
        let is_literal = self.open.iter().any(|(kind, _)| matches!(kind, Kind::Link(_) | Kind::CodeBlock(_)));
        if is_literal {
            self.letters(text);
            return;
        }
        let mut rest = text;
        while let Some((before, address, after)) = next_address(rest) {
            self.letters(before);
            let children = vec![Node::Text { text: address.to_owned() }];
            self.add(Node::Link { url: address.to_owned(), children });
            rest = after;
        }
        self.letters(rest);
    }

    fn letters(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Node::Text { text: before }) = self.children().last_mut() {
            before.push_str(text);
            return;
        }
        self.add(Node::Text { text: text.to_owned() });
    }

    fn close(&mut self) {
        let Some((kind, nodes)) = self.open.pop() else { return };
        let children = |children| Children { children };
        let node = match kind {
            Kind::Paragraph => Node::Paragraph(children(nodes)),
            Kind::Heading => Node::Heading(children(nodes)),
            Kind::Emphasis => Node::Emphasis(children(nodes)),
            Kind::Strong => Node::Strong(children(nodes)),
            Kind::Strikethrough => Node::Strikethrough(children(nodes)),
            Kind::Quote => Node::Quote(children(nodes)),
            Kind::List(start) => Node::List { start, children: nodes },
            Kind::Item => Node::Item(children(nodes)),
            Kind::Table => Node::Table(children(nodes)),
            Kind::Head => Node::Head(children(nodes)),
            Kind::Row => Node::Row(children(nodes)),
            Kind::Cell => Node::Cell(children(nodes)),
            Kind::Link(url) => Node::Link { url, children: nodes },
            Kind::CodeBlock(language) => Node::CodeBlock { language, text: letters_of(nodes) },
            Kind::Nothing => {
                self.children().extend(nodes);
                return;
            }
        };
        self.add(node);
    }

    fn finish(mut self) -> Vec<Node> {
        while let Some((_, nodes)) = self.open.pop() {
            self.children().extend(nodes);
        }
        self.done
    }
}

fn kind(tag: Tag<'_>, is_in_link: bool) -> Kind {
    match tag {
        Tag::Paragraph => Kind::Paragraph,
        Tag::Heading { .. } => Kind::Heading,
        Tag::BlockQuote(_) => Kind::Quote,
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
            Kind::CodeBlock(info.split_whitespace().next().unwrap_or_default().to_owned())
        }
        Tag::CodeBlock(CodeBlockKind::Indented) => Kind::CodeBlock(String::new()),
        Tag::HtmlBlock => Kind::Paragraph,
        Tag::List(start) => Kind::List(start),
        Tag::Item => Kind::Item,
        Tag::Table(_) => Kind::Table,
        Tag::TableHead => Kind::Head,
        Tag::TableRow => Kind::Row,
        Tag::TableCell => Kind::Cell,
        Tag::Emphasis => Kind::Emphasis,
        Tag::Strong => Kind::Strong,
        Tag::Strikethrough => Kind::Strikethrough,
        // A link has no links in it: a picture there is only what it is called, and so is a link in what a picture is called.
        Tag::Link { .. } | Tag::Image { .. } if is_in_link => Kind::Nothing,
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
            if is_safe(&dest_url) {
                Kind::Link(dest_url.into_string())
            } else {
                Kind::Nothing
            }
        }
        Tag::FootnoteDefinition(_)
        | Tag::DefinitionList
        | Tag::DefinitionListTitle
        | Tag::DefinitionListDefinition
        | Tag::Superscript
        | Tag::Subscript
        | Tag::MetadataBlock(_) => Kind::Nothing,
    }
}

/// Whether a link may lead there: nothing that runs in the page, nothing that the browser hides.
fn is_safe(url: &str) -> bool {
    let has_scheme = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    has_scheme && !url.chars().any(char::is_control)
}

/// The first address in a text: what stands before it, the address, what stands after it.
fn next_address(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let found = from + text[from..].find("://")?;
        let start = ["https", "http"].iter().find_map(|scheme| {
            let start = found.checked_sub(scheme.len())?;
            (text.get(start..found) == Some(*scheme)).then_some(start)
        });
        let after_word =
            start.is_some_and(|start| text[..start].chars().next_back().is_some_and(char::is_alphanumeric));
        let Some(start) = start.filter(|_| !after_word) else {
            from = found + 3;
            continue;
        };
        let length = text[start..].find(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c));
        let whole = &text[start..length.map_or(text.len(), |length| start + length)];
        let address = without_punctuation(whole);
        if address.len() <= found + 3 - start {
            from = found + 3;
            continue;
        }
        return Some((&text[..start], address, &text[start + address.len()..]));
    }
}

/// An address without the punctuation of the sentence around it.
fn without_punctuation(address: &str) -> &str {
    // How many brackets are closed that were not opened within: those do not belong to it.
    let (opened, closed) = (address.matches('(').count(), address.matches(')').count());
    let mut foreign = closed.saturating_sub(opened);
    let mut end = address;
    loop {
        let shorter = end.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
        match shorter.strip_suffix(')').filter(|_| foreign > 0) {
            Some(inner) => {
                foreign -= 1;
                end = inner;
            }
            None => return shorter,
        }
    }
}

fn letters_of(nodes: Vec<Node>) -> String {
    let texts = nodes.into_iter().filter_map(|node| if let Node::Text { text } = node { Some(text) } else { None });
    let mut text: String = texts.collect();
    if text.ends_with('\n') {
        text.pop();
    }
    text
}
