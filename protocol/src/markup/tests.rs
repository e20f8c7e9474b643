use proptest::prelude::*;

use super::{Children, Node, is_plain, parse, parse::read};
use crate::{
    json,
    limits::{MARKUP_BYTES_MAX, MARKUP_DEPTH_MAX, MARKUP_NODES_MAX},
};

/// A tree in one line: `p(em(hi) br "x")`.
fn shown(nodes: &[Node]) -> String {
    let all = |name: &str, children: &[Node]| format!("{name}({})", shown(children));
    let one = |node: &Node| match node {
        Node::Text { text } => format!("{text:?}"),
        Node::Code { text } => format!("code({text:?})"),
        Node::CodeBlock { language, text } => format!("pre:{language}({text:?})"),
        Node::Break => "br".to_owned(),
        Node::Rule => "hr".to_owned(),
        Node::Link { url, children } => all(&format!("a[{url}]"), children),
        Node::Paragraph(Children { children }) => all("p", children),
        Node::Heading(Children { children }) => all("h", children),
        Node::Emphasis(Children { children }) => all("em", children),
        Node::Strong(Children { children }) => all("strong", children),
        Node::Strikethrough(Children { children }) => all("del", children),
        Node::Quote(Children { children }) => all("quote", children),
        Node::List { start, children } => all(&start.map_or("ul".to_owned(), |start| format!("ol{start}")), children),
        Node::Item(Children { children }) => all("li", children),
        Node::Table(Children { children }) => all("table", children),
        Node::Head(Children { children }) => all("head", children),
        Node::Row(Children { children }) => all("tr", children),
        Node::Cell(Children { children }) => all("td", children),
        Node::Unknown => "unknown".to_owned(),
    };
    nodes.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_kind_of_markup_has_its_node() {
    for (text, tree) in [
        ("*a* **b** ~~c~~ `d*`", r#"p(em("a") " " strong("b") " " del("c") " " code("d*"))"#),
        ("one\n*two*", r#"p("one" br em("two"))"#),
        ("# big", r#"h("big")"#),
        ("> said\n\nanswer", r#"quote(p("said")) p("answer")"#),
        ("- a\n- b", r#"ul(li("a") li("b"))"#),
        ("3. a\n4. b", r#"ol3(li("a") li("b"))"#),
        ("```rust\nfn main() {}\n```", r#"pre:rust("fn main() {}")"#),
        ("| a | b |\n|---|---|\n| 1 | 2 |", r#"table(head(td("a") td("b")) tr(td("1") td("2")))"#),
        ("---", "hr"),
        ("[x](https://a.example/)", r#"p(a[https://a.example/]("x"))"#),
        ("see (https://a.example/b).", r#"p("see (" a[https://a.example/b]("https://a.example/b") ").")"#),
        ("[![cat](https://a.example/cat.png)](https://b.example/)", r#"p(a[https://b.example/]("cat"))"#),
        ("![a [b](https://b.example/) c](https://a.example/)", r#"p(a[https://a.example/]("a " "b c"))"#),
        ("![cat](https://a.example/cat.png)", r#"p(a[https://a.example/cat.png]("cat"))"#),
    ] {
        assert_eq!(shown(&parse(text)), tree, "{text}");
    }
}

#[test]
fn what_could_run_in_the_page_is_text_or_gone() {
    for text in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>)",
        "[x](vbscript:x)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        "[x](/logout)",
        "[x](//evil.example)",
    ] {
        assert_eq!(links(&read(text).unwrap()), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn plain_text_has_no_tree() {
    for text in ["hello", "two\nlines", "a - b", "a:b//c", "Übermut 🎉"] {
        assert!(is_plain(text), "{text}");
        assert!(parse(text).is_empty(), "{text}");
    }
    for text in ["a_b", "1.5 or so", "Q&A", "<b>hi</b>"] {
        assert!(!is_plain(text), "{text}");
        assert!(parse(text).is_empty(), "{text}");
    }
}

#[test]
fn a_link_takes_its_own_brackets_and_leaves_those_of_the_sentence() {
    for (text, tree) in [
        ("(https://a.example/b(c))!", r#"p("(" a[https://a.example/b(c)]("https://a.example/b(c)") ")!")"#),
        ("https://a.example/b_c_(d)?e=*", r#"p(a[https://a.example/b_c_(d)?e=]("https://a.example/b_c_(d)?e=") "*")"#),
        ("https://a.example/b)).", r#"p(a[https://a.example/b]("https://a.example/b") ")).")"#),
    ] {
        assert_eq!(shown(&parse(text)), tree, "{text}");
    }
}

#[test]
fn too_much_markup_is_shown_as_it_was_written() {
    let nested = |depth: usize| format!("{}x", "> ".repeat(depth));
    assert_eq!(depth(&parse(&nested(MARKUP_DEPTH_MAX - 1))), MARKUP_DEPTH_MAX + 1);
    assert!(parse(&nested(MARKUP_DEPTH_MAX)).is_empty());

    // Each line is a rule: one node.
    assert_eq!(parse(&"***\n".repeat(MARKUP_NODES_MAX)).len(), MARKUP_NODES_MAX);
    assert!(parse(&"***\n".repeat(MARKUP_NODES_MAX + 1)).is_empty());
}

#[test]
fn a_table_with_too_many_cells_stays_text_and_costs_nothing() {
    let table = |columns: usize, rows: usize| {
        format!("{}\n{}\n{}", "a|".repeat(columns), "-|".repeat(columns), "b\n".repeat(rows))
    };
    let is_table = |text: &str| read(text).is_some_and(|nodes| nodes.iter().any(|node| matches!(node, Node::Table(_))));

    assert!(is_table(&table(9, 50)));
    for (columns, rows) in [(9, MARKUP_NODES_MAX / 10), (1_600, 1_800), (300, 4_000)] {
        let text = table(columns, rows);
        assert!(!is_table(&text) && !is_table(&format!("- {}", text.replace('\n', "\n  "))), "{columns}, {rows}");
        assert!(!is_table(&format!("> {}", text.replace('\n', "\n> "))), "{columns}, {rows}");
    }
    let code = format!("```\n{}```\n**so**", table(300, 4_000));
    assert!(matches!(parse(&code).as_slice(), [Node::CodeBlock { .. }, Node::Paragraph(_)]), "the rest has its markup");
}

#[test]
fn a_tree_that_is_too_large_for_the_wire_is_not_made() {
    // Each link carries the whole address.
    let text = |quotes: usize| format!("[a]: <http://{}>\n\n{}", "\"".repeat(quotes), "[a] ".repeat(8));
    let written = |quotes: usize| serde_json::to_string(&read(&text(quotes)).unwrap()).unwrap().len();
    let (mut largest, mut too_large) = (1, 8_000);
    while too_large - largest > 1 {
        let middle = usize::midpoint(largest, too_large);
        *(if written(middle) <= MARKUP_BYTES_MAX { &mut largest } else { &mut too_large }) = middle;
    }

    assert!(!parse(&text(largest)).is_empty());
    assert!(written(too_large) > MARKUP_BYTES_MAX);
    assert!(parse(&text(too_large)).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_has_a_bounded_tree_with_safe_links_which_travels(text in r"([ -~\n]|\*\*|~~|```|> |- |1\. |\| |\[x\]\(|https://|javascript:|🎉){0,60}") {
        let tree = parse(&text);
        prop_assert!(depth(&tree) <= MARKUP_DEPTH_MAX + 1);
        prop_assert!(count(&tree) <= MARKUP_NODES_MAX);
        for url in links(&tree) {
            prop_assert!(["http://", "https://", "mailto:"].iter().any(|scheme| url.to_lowercase().starts_with(scheme)), "{}", url);
        }
        let sent = serde_json::to_string(&tree).unwrap();
        prop_assert_eq!(&json::read::<Vec<Node>>(&sent).unwrap(), &tree);
        prop_assert_eq!(&serde_json::from_str::<Vec<Node>>(&sent).unwrap(), &tree);
    }

    #[test]
    fn what_is_called_plain_has_nothing_but_lines(text in r"[a-z0-9 .,:;!?()'+=\-\n/@$%^]{0,40}") {
        prop_assume!(is_plain(&text));
        for block in read(&text).unwrap() {
            let Node::Paragraph(Children { children }) = &block else { panic!("{text:?} has {block:?}") };
            for node in children {
                prop_assert!(matches!(node, Node::Text { .. } | Node::Break), "{:?} has {:?}", text, node);
            }
        }
    }
}

fn children(node: &Node) -> &[Node] {
    match node {
        Node::Link { children, .. } | Node::List { children, .. } => children,
        Node::Paragraph(c)
        | Node::Heading(c)
        | Node::Emphasis(c)
        | Node::Strong(c)
        | Node::Strikethrough(c)
        | Node::Quote(c)
        | Node::Item(c)
        | Node::Table(c)
        | Node::Head(c)
        | Node::Row(c)
        | Node::Cell(c) => &c.children,
        Node::Text { .. } | Node::Code { .. } | Node::CodeBlock { .. } | Node::Break | Node::Rule | Node::Unknown => {
            &[]
        }
    }
}

fn depth(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + depth(children(node))).max().unwrap_or(0)
}

fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + count(children(node))).sum()
}

fn links(nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .flat_map(|node| {
            let own = if let Node::Link { url, .. } = node { Some(url.clone()) } else { None };
            own.into_iter().chain(links(children(node)))
        })
        .collect()
}
