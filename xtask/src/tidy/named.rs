//! What documents name is there: tests of browsers and of the server, and pictures.

use super::tree::Tree;
use crate::behaviour::{Named, has_rust_test, has_test, named};

const SPECS: &str = "end2end/tests/";
const SCREENSHOTS: &str = "end2end/tests/screenshots.spec.ts";
/// Where the paths of Rust files begin, unless they begin at the root.
const SERVER_TESTS: &str = "server/tests/it/";

/// What a document names that is not there.
pub(super) fn missing<'a>(tree: &'a Tree, document: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    named(text).filter_map(move |named| match named {
        Named::Test { file, title } => {
            (!is_there(tree, file, title)).then(|| format!("{document} names “{file} › {title}”, which is no test"))
        }
        Named::Picture(name) => {
            let literal = format!("\"{name}\"");
            let is_there = tree.text(SCREENSHOTS).is_some_and(|spec| spec.contains(&literal));
            (!is_there).then(|| format!("{document} names the picture “{name}”, which is not taken"))
        }
    })
}

fn is_there(tree: &Tree, file: &str, title: &str) -> bool {
    if !file.ends_with(".rs") {
        return tree.text(&format!("{SPECS}{file}")).is_some_and(|spec| has_test(spec, title));
    }
    let paths = [&format!("{SERVER_TESTS}{file}"), file];
    paths.iter().filter_map(|path| tree.text(path)).any(|source| has_rust_test(source, title))
}

/// The numbers up to `last` for which a document has no line in a table.
pub(super) fn lines_missing(document: &str, known: &[usize], last: usize) -> impl Iterator<Item = String> {
    (1..=last).filter(|number| !known.contains(number)).map(move |number| format!("{document} has no line {number}"))
}
