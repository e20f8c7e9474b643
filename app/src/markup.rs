//! What a message says, drawn from its tree: the same on the server and in the browser.
//!
//! Every text is a text node and every address was checked when the tree was made, so nothing that somebody writes
//! becomes markup of the page.

use leptos::{html::custom, prelude::*};
use protocol::{
    Mentions, UserId,
    markup::{Children, Node},
};

use crate::mentions::{means, pieces};

/// Draws the texts of one message.
#[derive(Clone, Copy)]
pub(crate) struct Drawing<'a> {
    /// Who is named in it.
    pub(crate) mentions: &'a Mentions,
    /// Who reads it.
    pub(crate) me: UserId,
}

impl Drawing<'_> {
    /// The nodes, in order.
    pub(crate) fn all(self, nodes: &[Node]) -> Vec<AnyView> {
        nodes.iter().map(|node| self.one(node)).collect()
    }

    /// A node. One kind of element with its name as data is far less program than one for each name.
    fn one(self, node: &Node) -> AnyView {
        let of = |name, class, Children { children }: &Children| element(name, class, self.all(children));
        match node {
            Node::Text { text } => self.letters(text),
            Node::Code { text } => element("code", "markup__code", vec![text.clone().into_any()]),
            Node::CodeBlock { language, text } => {
                let code = element("code", "markup__lines", vec![text.clone().into_any()]);
                let label = if language.is_empty() { "Code".to_owned() } else { format!("Code, {language}") };
                scrolled("pre", "markup__block", label, vec![code])
            }
            Node::Break => view! { <br/> }.into_any(),
            Node::Rule => view! { <hr class="markup__rule"/> }.into_any(),
            Node::Link { url, children } => view! {
                <a class="markup__link" href=url.clone() target="_blank" rel="noopener noreferrer">{self.all(children)}</a>
            }
            .into_any(),
            Node::Paragraph(children) => of("p", "markup__paragraph", children),
            Node::Heading(children) => of("p", "markup__heading", children),
            Node::Emphasis(children) => of("em", "markup__emphasis", children),
            Node::Strong(children) => of("strong", "markup__strong", children),
            Node::Strikethrough(children) => of("del", "markup__gone", children),
            Node::Quote(children) => of("blockquote", "markup__quote", children),
            Node::List { start: None, children } => element("ul", "markup__list", self.all(children)),
            Node::List { start: Some(start), children } => custom("ol")
                .attr("class", "markup__list")
                .attr("start", start.to_string())
                .child(self.all(children))
                .into_any(),
            Node::Item(children) => of("li", "markup__item", children),
            Node::Table(children) => {
                let rows = of("tbody", "markup__rows", children);
                scrolled("div", "markup__wide", "Table".to_owned(), vec![element("table", "markup__table", vec![rows])])
            }
            Node::Head(Children { children }) => {
                element("tr", "markup__row", children.iter().map(|cell| self.heading(cell)).collect())
            }
            Node::Row(children) => of("tr", "markup__row", children),
            Node::Cell(children) => of("td", "markup__cell", children),
            Node::Unknown => ().into_any(),
        }
    }

    /// A cell of a table's head.
    fn heading(self, node: &Node) -> AnyView {
        if let Node::Cell(Children { children }) = node {
            element("th", "markup__cell", self.all(children))
        } else {
            self.one(node)
        }
    }

    /// Letters, with the names among them marked that mean somebody.
    pub(crate) fn letters(self, text: &str) -> AnyView {
        if self.mentions.is_empty() {
            return text.to_owned().into_any();
        }
        let pieces = pieces(text, self.mentions).into_iter().map(|(piece, meant)| match meant {
            None => piece.into_any(),
            Some(meant) => {
                let class = if means(meant, self.me) { "mention mention--me" } else { "mention" };
                element("span", class, vec![piece.into_any()])
            }
        });
        pieces.collect::<Vec<_>>().into_any()
    }
}

fn element(name: &'static str, class: &'static str, children: Vec<AnyView>) -> AnyView {
    custom(name).attr("class", class).child(children).into_any()
}

/// What may be wider than its place: it is scrolled by itself, so it has to take the focus and have a name.
fn scrolled(name: &'static str, class: &'static str, label: String, children: Vec<AnyView>) -> AnyView {
    custom(name)
        .attr("class", class)
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", label)
        .child(children)
        .into_any()
}
