//! Rules for documents: what they say about the code is true.

use super::tree::Tree;
use crate::stamp::hash_of;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
/// More is not read.
const ARCHITECTURE_LINES_MAX: usize = 300;
/// The description of the wire.
pub(super) const PROTOCOL: &str = "docs/protocol.md";
const MARK: &str = "<!-- protocol-sources: sha256:";
const EXTENSIONS: [&str; 8] = [".css", ".json", ".md", ".py", ".rs", ".sql", ".toml", ".ts"];

/// A map of the architecture that names places long gone is worse than none.
pub(super) fn named_paths_exist(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(ARCHITECTURE) else { return vec![format!("{ARCHITECTURE} is missing")] };
    named_paths(text)
        .filter(|path| !tree.has(path.split('*').next().unwrap_or(path)))
        .map(|path| format!("{ARCHITECTURE} names {path}, which is not there"))
        .collect()
}

/// It is read from top to bottom or not at all.
pub(super) fn architecture_is_short(tree: &Tree) -> Vec<String> {
    let lines = tree.text(ARCHITECTURE).map_or(0, |text| text.lines().count());
    if lines <= ARCHITECTURE_LINES_MAX {
        return Vec::new();
    }
    vec![format!("{ARCHITECTURE} has {lines} lines, more than {ARCHITECTURE_LINES_MAX}")]
}

/// Who changes the wire reads its description: the hash recorded there is that of the sources.
pub(super) fn protocol_is_described_as_it_is(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(PROTOCOL) else { return vec![format!("{PROTOCOL} is missing")] };
    let mark = mark(tree);
    if text.contains(&mark) {
        return Vec::new();
    }
    let why = if text.contains(MARK) { "protocol/src changed since:" } else { "it records no hash of protocol/src:" };
    vec![format!("{PROTOCOL}: {why} update it, then `cargo xtask tidy --fix` (it will read {mark})")]
}

/// The description with the hash of the sources as they are; `None` when there is no description.
pub(super) fn with_current_hash(tree: &Tree) -> Option<String> {
    let text = tree.text(PROTOCOL)?;
    let Some(start) = text.find(MARK) else { return Some(format!("{}\n\n{}\n", text.trim_end(), mark(tree))) };
    let end = text[start..].find("-->").map_or(text.len(), |length| start + length + "-->".len());
    Some(format!("{}{}{}", &text[..start], mark(tree), &text[end..]))
}

fn mark(tree: &Tree) -> String {
    let sources = tree.below("protocol/src/").filter(|(path, _)| path.ends_with(".rs"));
    format!("{MARK}{} -->", hash_of(sources.map(|(path, text)| (path, text.as_bytes()))))
}

/// What stands in backticks and looks like a path of the repository.
fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines()
        .filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|word| is_path(word))
}

fn is_path(word: &str) -> bool {
    let of_path = |c: char| c.is_ascii_alphanumeric() || "/._-*".contains(c);
    let relative = word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    relative && word.chars().all(of_path) && (word.contains('/') || EXTENSIONS.iter().any(|end| word.ends_with(end)))
}
