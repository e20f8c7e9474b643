//! Every rule is seen to fail on a small tree, and to hold on one that is right.

use super::tree::Tree;
use super::{app, documents, files, style, threats, ux};

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.insert(path, *text);
    }
    tree
}

fn lines(count: usize) -> String {
    "x\n".repeat(count)
}

#[test]
fn a_path_that_is_not_there_is_found_in_the_architecture() {
    let text = "`server/src/hub/` and `server/src/gone.rs`, `README.md`, `docs/*.md`, `bench/*.rs`; not `/api/v1` or `a::b/c` or `x/<y>.rs`\n\
                ```\n`not/here.rs`\n```\n";
    let tree = tree(&[("ARCHITECTURE.md", text), ("server/src/hub/ring.rs", ""), ("README.md", ""), ("docs/a.md", "")]);

    let wrong = documents::named_paths_exist(&tree);

    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].contains("server/src/gone.rs") && wrong[1].contains("bench/*.rs"));
}

#[test]
fn a_missing_architecture_is_wrong() {
    assert_eq!(documents::named_paths_exist(&tree(&[])).len(), 1);
}

#[test]
fn an_architecture_of_more_than_300_lines_is_wrong() {
    let short = tree(&[("ARCHITECTURE.md", &lines(300))]);
    let long = tree(&[("ARCHITECTURE.md", &lines(301))]);

    assert!(documents::architecture_is_short(&short).is_empty());
    assert_eq!(documents::architecture_is_short(&long).len(), 1);
}

#[test]
fn a_change_of_the_protocol_is_wrong_until_its_hash_is_recorded() {
    let mut tree = tree(&[("protocol/src/lib.rs", "mod a;"), ("docs/protocol.md", "# Protocol\n")]);
    assert_eq!(documents::protocol_is_described_as_it_is(&tree).len(), 1);
    let recorded = documents::with_current_hash(&tree).unwrap();
    tree.insert("docs/protocol.md", recorded);
    assert!(documents::protocol_is_described_as_it_is(&tree).is_empty());

    tree.insert("protocol/src/lib.rs", "mod b;");
    assert_eq!(documents::protocol_is_described_as_it_is(&tree).len(), 1);

    let again = documents::with_current_hash(&tree).unwrap();
    assert_eq!(again.matches("sha256:").count(), 1, "the old hash is replaced");
    tree.insert("docs/protocol.md", again);
    assert!(documents::protocol_is_described_as_it_is(&tree).is_empty());
}

#[test]
fn a_new_or_renamed_protocol_file_changes_the_hash() {
    let mut tree = tree(&[("protocol/src/a.rs", "x"), ("docs/protocol.md", "")]);
    let recorded = documents::with_current_hash(&tree).unwrap();
    tree.insert("docs/protocol.md", recorded);

    tree.insert("protocol/src/b.rs", "");

    assert_eq!(documents::protocol_is_described_as_it_is(&tree).len(), 1);
}

#[test]
fn files_over_500_lines_are_wrong_and_over_300_warned_of() {
    let tree = tree(&[
        ("app/src/fits.rs", &lines(500)),
        ("app/src/long.rs", &lines(501)),
        ("app/src/quite.css", &lines(301)),
        ("app/src/short.ts", &lines(300)),
        ("server/tests/it/long.rs", &lines(900)),
        ("server/src/rooms/tests.rs", &lines(900)),
        ("end2end/tests/chat.ts", &lines(900)),
        ("Cargo.lock", &lines(900)),
    ]);

    let (wrong, long) = (files::are_short_enough(&tree), files::getting_long(&tree));

    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("app/src/long.rs"));
    assert_eq!(long.len(), 2, "{long:?}");
}

#[test]
fn names_that_say_nothing_are_wrong() {
    let tree = tree(&[
        ("app/src/utils.rs", ""),
        ("server/src/helpers/mod.rs", ""),
        ("app/src/rooms.rs", ""),
        ("docs/common.md", ""),
    ]);

    assert_eq!(files::are_named_after_what_they_hold(&tree).len(), 2);
}

#[test]
fn a_migration_for_one_database_only_is_wrong() {
    let one = tree(&[("migrations/sqlite/0001_a.sql", "")]);
    let both = tree(&[("migrations/sqlite/0001_a.sql", ""), ("migrations/postgres/0001_a.sql", "")]);
    let apart = tree(&[
        ("migrations/sqlite/0001_a.sql", ""),
        ("migrations/sqlite/0002_b.sql", ""),
        ("migrations/postgres/0001_a.sql", ""),
        ("migrations/postgres/0002_c.sql", ""),
    ]);

    assert!(files::migrations_have_the_same_names(&one).is_empty());
    assert!(files::migrations_have_the_same_names(&both).is_empty());
    assert_eq!(files::migrations_have_the_same_names(&apart).len(), 2);
}

#[test]
fn asking_for_the_platform_elsewhere_is_wrong() {
    let choice = "#[cfg(feature = \"ssr\")]\nfn f() {}\n";
    let tree = tree(&[
        ("app/src/platform/mod.rs", choice),
        ("app/src/lib.rs", choice),
        ("app/src/rooms.rs", choice),
        ("app/src/members.rs", "#[cfg(not(feature = \"hydrate\"))]"),
        ("app/src/timeline.rs", "// cfg(feature = is not for here"),
    ]);

    let wrong = app::platform_is_chosen_in_one_place(&tree);

    assert_eq!(wrong.len(), 2, "{wrong:?}");
}

#[test]
fn raw_html_is_wrong() {
    let tree =
        tree(&[("app/src/message.rs", "view! { <p inner_html=text/> }"), ("app/src/lib.rs", "//! No `inner_html`.")]);

    assert_eq!(app::no_raw_html(&tree), ["app/src/message.rs:1: raw HTML: draw it with components"]);
}

#[test]
fn raw_colours_are_wrong_outside_the_tokens() {
    let raw = "a { color: #fff; } b:hover { background: RGB(0 0 0 / 50%) } c { border: 1px solid red; } d { color: oklch(1 0 0) }";
    let meant = "/* #fff */ #add a:hover { color: var(--color-red); border: 1px solid currentColor; outline-color: Highlight;\n\
                 background: color-mix(in oklab, var(--a), transparent); } @layer red { a { color: light-dark(var(--a), var(--b)) } }";
    let tree = tree(&[("style/tokens.css", raw), ("style/rooms.css", raw), ("style/members.css", meant)]);

    let wrong = style::colours_come_from_tokens(&tree);

    assert_eq!(wrong.len(), 4, "{wrong:?}");
    assert!(wrong.iter().all(|line| line.starts_with("style/rooms.css")));
}

#[test]
fn a_promise_without_a_line_a_test_that_is_gone_and_a_picture_that_is_not_taken_are_wrong() {
    let lines = |tests: &str| (1..=25).map(|number| format!("| {number} | {tests} |\n")).collect::<String>();
    let of = |document: &str| {
        let spec = ("end2end/tests/a.spec.ts", "test(\"it holds\", f);");
        let pictures = ("end2end/tests/screenshots.spec.ts", "named(\"room\")");
        ux::promises_name_what_is_there(&tree(&[("docs/ux.md", document), spec, pictures]))
    };

    assert!(of(&lines("`a.spec.ts › it holds`, `picture room`")).is_empty());
    assert_eq!(of(&lines("").replace("| 7 |", "| seven |")), ["docs/ux.md has no line 7"]);
    assert_eq!(of(&(lines("") + "`a.spec.ts › it is gone` `b.spec.ts › it holds` `picture door`")).len(), 3);
    assert_eq!(ux::promises_name_what_is_there(&tree(&[])), ["docs/ux.md is missing"]);
}

#[test]
fn a_threat_without_a_line_and_a_test_that_is_gone_are_wrong() {
    let of = |document: &str| {
        let integration = ("server/tests/it/bus.rs", "#[tokio::test]\nasync fn it_holds() {}");
        let unit = ("server/src/hub/tests.rs", "#[test]\nfn it_holds_too() {}");
        let spec = ("end2end/tests/a.spec.ts", "test(\"it holds\", f);");
        threats::threats_name_what_is_there(&tree(&[("docs/threats.md", document), integration, unit, spec]))
    };
    let lines: String = (1..=36).map(|number| format!("| {number} | |\n")).collect();

    let there = "`bus.rs › it_holds`, `server/src/hub/tests.rs › it_holds_too`, `a.spec.ts › it holds`";
    assert!(of(&(lines.clone() + there)).is_empty());
    assert_eq!(of(&lines.replace("| 36 |", "| last |")), ["docs/threats.md has no line 36"]);
    assert_eq!(of(&(lines + "`bus.rs › it_held` `hub/tests.rs › it_holds_too` `b.spec.ts › it holds`")).len(), 3);
    assert_eq!(threats::threats_name_what_is_there(&tree(&[])), ["docs/threats.md is missing"]);
}
