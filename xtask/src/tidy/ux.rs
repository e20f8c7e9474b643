//! The rule for `docs/ux.md`: what it names is there.

use super::tree::Tree;
use crate::behaviour::{DOCUMENT, Named, has_test, named, numbers};

/// How many lines it has: as many as there are promises.
const LINES: usize = 25;
const SPECS: &str = "end2end/tests/";
const SCREENSHOTS: &str = "end2end/tests/screenshots.spec.ts";

/// Each promise has its line, and each test and picture that shows it is in a spec.
pub(super) fn promises_name_what_is_there(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(DOCUMENT) else { return vec![format!("{DOCUMENT} is missing")] };
    let known: Vec<usize> = numbers(text).collect();
    let lines =
        (1..=LINES).filter(|number| !known.contains(number)).map(|number| format!("{DOCUMENT} has no line {number}"));
    let names = named(text).filter_map(|named| match named {
        Named::Test { file, title } => {
            let spec = tree.text(&format!("{SPECS}{file}"));
            let is_there = spec.is_some_and(|spec| has_test(spec, title));
            (!is_there).then(|| format!("{DOCUMENT} names “{file} › {title}”, which is in no spec"))
        }
        Named::Picture(name) => {
            let literal = format!("\"{name}\"");
            let is_there = tree.text(SCREENSHOTS).is_some_and(|spec| spec.contains(&literal));
            (!is_there).then(|| format!("{DOCUMENT} names the picture “{name}”, which is not taken"))
        }
    });
    lines.chain(names).collect()
}
