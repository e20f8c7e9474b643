//! The habits that no compiler checks. Each rule is a function from the tree to what is wrong with it, so that a test
//! can show it a small tree and see it fail.

mod app;
mod documents;
mod files;
mod limits;
mod named;
mod style;
#[cfg(test)]
mod tests;
mod threats;
mod tree;
mod ux;

use anyhow::Result;

use tree::Tree;

use crate::workspace;

/// Longest file, in lines; tests excepted.
const LINES_MAX: usize = 500;
/// From here on a file may want to be two.
const LINES_LONG: usize = 300;

const RULES: [fn(&Tree) -> Vec<String>; 13] = [
    app::platform_is_chosen_in_one_place,
    app::no_raw_html,
    documents::named_paths_exist,
    documents::architecture_is_short,
    documents::protocol_is_described_as_it_is,
    files::are_short_enough,
    files::are_named_after_what_they_hold,
    files::migrations_have_the_same_names,
    limits::are_held_by_tests,
    limits::say_why,
    style::colours_come_from_tokens,
    threats::threats_name_what_is_there,
    ux::promises_name_what_is_there,
];

/// Prints what is wrong and what is getting long. Returns whether nothing is wrong. With `fix`, first records the hash
/// of the protocol's sources as current.
///
/// # Errors
/// The tree cannot be read, or the document not be written.
pub(crate) fn tidy(fix: bool) -> Result<bool> {
    let root = workspace::root();
    let mut tree = Tree::read(&root)?;
    if fix && let Some(document) = documents::with_current_hash(&tree) {
        std::fs::write(root.join(documents::PROTOCOL), &document)?;
        tree.insert(documents::PROTOCOL, document);
    }
    for long in files::getting_long(&tree) {
        println!("   warning: {long}");
    }
    let wrong: Vec<String> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    for what in &wrong {
        println!("   {what}");
    }
    Ok(wrong.is_empty())
}
