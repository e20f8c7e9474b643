//! The rule for `docs/threats.md`: what it names is there.

use super::{named, tree::Tree};
use crate::behaviour::numbers;

const DOCUMENT: &str = "docs/threats.md";
/// How many threats there are, among them those against what is not built yet.
const THREATS: usize = 36;

/// Each threat has its line, and each test that it is answered by is there.
pub(super) fn threats_name_what_is_there(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(DOCUMENT) else { return vec![format!("{DOCUMENT} is missing")] };
    let known: Vec<usize> = numbers(text).collect();
    named::lines_missing(DOCUMENT, &known, THREATS).chain(named::missing(tree, DOCUMENT, text)).collect()
}
