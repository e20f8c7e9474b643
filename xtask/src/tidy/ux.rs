//! The rule for `docs/ux.md`: what it names is there.

use super::{named, tree::Tree};
use crate::behaviour::{DOCUMENT, numbers};

/// How many lines it has: as many as there are promises.
const LINES: usize = 25;

/// Each promise has its line, and each test and picture that shows it is in a spec.
pub(super) fn promises_name_what_is_there(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(DOCUMENT) else { return vec![format!("{DOCUMENT} is missing")] };
    let known: Vec<usize> = numbers(text).collect();
    named::lines_missing(DOCUMENT, &known, LINES).chain(named::missing(tree, DOCUMENT, text)).collect()
}
