//! What a message says, drawn from its tree: one walk, on the server into HTML, in the browser into elements.
//!
//! It is a view of its own instead of components: a message is drawn as a whole and nothing in it comes to life, so it
//! needs no signals, no marks for hydration, and a fraction of their program. Every text is escaped or a text node, and
//! every address was checked when the tree was made, so nothing that somebody writes becomes markup of the page.

use protocol::{
    Mentions, UserId,
    markup::{Children, Node},
};

use crate::mentions::{means, pieces};

mod canvas;
mod view;

use canvas::Canvas;

/// What one message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// As it was written.
    pub(crate) text: String,
    /// What it looks like; empty where it has no markup.
    pub(crate) nodes: Vec<Node>,
    /// Who is named in it.
    pub(crate) mentions: Mentions,
    /// Who reads it.
    pub(crate) me: UserId,
}

/// What a message says, as the server draws it. Pages take it from their components; this is for who looks only at that.
#[must_use]
pub fn message_html(text: &str, nodes: &[Node], mentions: &Mentions, me: UserId) -> String {
    let mut html = canvas::Html::default();
    Said { text: text.to_owned(), nodes: nodes.to_vec(), mentions: mentions.clone(), me }.draw(&mut html);
    html.0
}

impl Said {
    fn draw(&self, canvas: &mut impl Canvas) {
        if self.nodes.is_empty() {
            canvas.open("p", &[("class", "message__text"), ("dir", "auto")]);
            self.letters(canvas, &self.text);
            canvas.close("p");
        } else {
            canvas.open("div", &[("class", "message__text markup"), ("dir", "auto")]);
            self.all(canvas, &self.nodes);
            canvas.close("div");
        }
    }

    fn all(&self, canvas: &mut impl Canvas, nodes: &[Node]) {
        for node in nodes {
            self.one(canvas, node);
        }
    }

    fn one(&self, canvas: &mut impl Canvas, node: &Node) {
        match node {
            Node::Text { text } => self.letters(canvas, text),
            Node::Code { text } => {
                canvas.open("code", &[("class", "markup__code")]);
                canvas.letters(text);
                canvas.close("code");
            }
            Node::CodeBlock { language, text } => {
                let label = if language.is_empty() { "Code".to_owned() } else { format!("Code, {language}") };
                scrolled(canvas, "pre", "markup__block", &label);
                canvas.open("code", &[]);
                canvas.letters(text);
                canvas.close("code");
                canvas.close("pre");
            }
            // The style keeps lines.
            Node::Break => canvas.letters("\n"),
            Node::Rule => {
                canvas.open("div", &[("class", "markup__rule"), ("role", "separator")]);
                canvas.close("div");
            }
            Node::Link { url, children } => {
                let attributes = [("class", "markup__link"), ("href", url.as_str())];
                let elsewhere = [("target", "_blank"), ("rel", "noopener noreferrer")];
                self.around(canvas, "a", &[attributes, elsewhere].concat(), children);
            }
            Node::Paragraph(inner) => self.within(canvas, "p", "markup__paragraph", inner),
            Node::Heading(inner) => self.within(canvas, "p", "markup__heading", inner),
            Node::Emphasis(inner) => self.within(canvas, "em", "markup__emphasis", inner),
            Node::Strong(inner) => self.within(canvas, "strong", "markup__strong", inner),
            Node::Strikethrough(inner) => self.within(canvas, "del", "markup__gone", inner),
            Node::Quote(inner) => self.within(canvas, "blockquote", "markup__quote", inner),
            Node::List { start: None, children } => self.around(canvas, "ul", &[("class", "markup__list")], children),
            Node::List { start: Some(start), children } => {
                self.around(canvas, "ol", &[("class", "markup__list"), ("start", &start.to_string())], children);
            }
            Node::Item(inner) => self.within(canvas, "li", "markup__item", inner),
            Node::Table(inner) => {
                scrolled(canvas, "div", "markup__wide", "Table");
                canvas.open("table", &[("class", "markup__table")]);
                self.within(canvas, "tbody", "markup__rows", inner);
                canvas.close("table");
                canvas.close("div");
            }
            Node::Head(Children { children }) => {
                canvas.open("tr", &[("class", "markup__row")]);
                for cell in children {
                    if let Node::Cell(inner) = cell {
                        self.within(canvas, "th", "markup__cell", inner);
                    }
                }
                canvas.close("tr");
            }
            Node::Row(inner) => self.within(canvas, "tr", "markup__row", inner),
            Node::Cell(inner) => self.within(canvas, "td", "markup__cell", inner),
            Node::Unknown => {}
        }
    }

    fn within(&self, canvas: &mut impl Canvas, name: &'static str, class: &str, Children { children }: &Children) {
        self.around(canvas, name, &[("class", class)], children);
    }

    fn around(&self, canvas: &mut impl Canvas, name: &'static str, attributes: &[(&str, &str)], inner: &[Node]) {
        canvas.open(name, attributes);
        self.all(canvas, inner);
        canvas.close(name);
    }

    /// Letters, with the names among them marked that mean somebody.
    fn letters(&self, canvas: &mut impl Canvas, text: &str) {
        for (piece, meant) in pieces(text, &self.mentions) {
            let Some(meant) = meant else {
                canvas.letters(&piece);
                continue;
            };
            canvas.open("span", &[("class", if means(meant, self.me) { "mention mention--me" } else { "mention" })]);
            canvas.letters(&piece);
            canvas.close("span");
        }
    }
}

/// What may be wider than its place is scrolled by itself, so it takes the focus and has a name.
fn scrolled(canvas: &mut impl Canvas, name: &'static str, class: &str, label: &str) {
    canvas.open(name, &[("class", class), ("tabindex", "0"), ("role", "group"), ("aria-label", label)]);
}
