//! Rules for the pages.

use super::tree::Tree;

/// What differs between server and browser is two modules with the same functions; everything else is the same code.
pub(super) fn platform_is_chosen_in_one_place(tree: &Tree) -> Vec<String> {
    let chooses = |line: &str| {
        line.contains("cfg") && ["feature =", "target_arch", "target_family"].iter().any(|key| line.contains(key))
    };
    code_lines(tree)
        .filter(|(path, ..)| !path.starts_with("app/src/platform") && *path != "app/src/lib.rs")
        .filter(|(_, _, line)| chooses(line))
        .map(|(path, number, _)| format!("{path}:{number}: server or browser is only asked in app/src/platform/"))
        .collect()
}

/// What people wrote is drawn by components, never as markup.
pub(super) fn no_raw_html(tree: &Tree) -> Vec<String> {
    code_lines(tree)
        .filter(|(_, _, line)| line.contains("inner_html") || line.contains("set_outer_html"))
        .map(|(path, number, _)| format!("{path}:{number}: raw HTML: draw it with components"))
        .collect()
}

/// Lines of the pages' Rust that are not comments, with path and number.
fn code_lines(tree: &Tree) -> impl Iterator<Item = (&str, usize, &str)> {
    tree.below("app/")
        .filter(|(path, _)| path.ends_with(".rs"))
        .flat_map(|(path, text)| {
            text.lines().enumerate().map(move |(index, line)| (path, index + 1, line.trim_start()))
        })
        .filter(|(_, _, line)| !line.starts_with("//"))
}
