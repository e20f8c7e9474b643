//! Rules for files: their length and their names.

use std::collections::BTreeSet;

use super::tree::Tree;
use super::{LINES_LONG, LINES_MAX};

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: [&str; 9] =
    ["common", "helper", "helpers", "manager", "managers", "service", "services", "util", "utils"];

/// Nobody reads longer ones to the end.
pub(super) fn are_short_enough(tree: &Tree) -> Vec<String> {
    lengths(tree)
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{path} has {lines} lines, more than {LINES_MAX}: it is two files"))
        .collect()
}

/// Not wrong yet.
pub(super) fn getting_long(tree: &Tree) -> Vec<String> {
    lengths(tree)
        .filter(|(_, lines)| *lines > LINES_LONG && *lines <= LINES_MAX)
        .map(|(path, lines)| format!("{path} has {lines} lines, more than {LINES_LONG}"))
        .collect()
}

/// Files are named after a thing.
pub(super) fn are_named_after_what_they_hold(tree: &Tree) -> Vec<String> {
    tree.files()
        .map(|(path, _)| path)
        .filter(|path| is_source(path))
        .filter(|path| path.split('/').any(|part| EMPTY_NAMES.contains(&part.split('.').next().unwrap_or(part))))
        .map(|path| format!("{path}: name it after what it holds"))
        .collect()
}

/// Both databases go through the same steps.
pub(super) fn migrations_have_the_same_names(tree: &Tree) -> Vec<String> {
    let names = |folder| -> BTreeSet<&str> {
        tree.below(folder)
            .filter_map(|(path, _)| path.strip_prefix(folder))
            .filter(|name| name.ends_with(".sql"))
            .collect()
    };
    let (sqlite, postgres) = (names("migrations/sqlite/"), names("migrations/postgres/"));
    if postgres.is_empty() {
        return Vec::new();
    }
    sqlite
        .symmetric_difference(&postgres)
        .map(|name| format!("migration {name} is not in both databases' folders"))
        .collect()
}

fn lengths(tree: &Tree) -> impl Iterator<Item = (&str, usize)> {
    tree.files().filter(|(path, _)| is_source(path) && !is_test(path)).map(|(path, text)| (path, text.lines().count()))
}

fn is_source(path: &str) -> bool {
    [".rs", ".ts", ".css"].iter().any(|extension| path.ends_with(extension))
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs")
}
