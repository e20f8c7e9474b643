//! Rules for style sheets: colours have a meaning, and the values behind it stand in one file, or dark mode has holes.

use super::tree::Tree;

const FUNCTIONS: [&str; 10] = ["color(", "hsl(", "hsla(", "hwb(", "lab(", "lch(", "oklab(", "oklch(", "rgb(", "rgba("];
const NAMES: [&str; 26] = [
    "aqua", "beige", "black", "blue", "brown", "coral", "crimson", "cyan", "fuchsia", "gold", "gray", "green", "grey",
    "indigo", "lime", "magenta", "navy", "olive", "orange", "pink", "purple", "red", "silver", "teal", "white",
    "yellow",
];

/// Raw values outside `style/tokens.css`.
pub(super) fn colours_come_from_tokens(tree: &Tree) -> Vec<String> {
    tree.below("style/")
        .filter(|(path, _)| path.ends_with(".css") && *path != "style/tokens.css")
        .flat_map(|(path, text)| {
            let raw = values(text).into_iter().filter(|value| has_raw_colour(value)).collect::<Vec<_>>();
            raw.into_iter().map(move |value| format!("{path}: `{value}` is a raw colour: name it in style/tokens.css"))
        })
        .collect()
}

/// The values of all declarations: what follows the first colon of a piece that is not the head of a block.
fn values(css: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut piece = String::new();
    for c in without_comments(css).chars() {
        match c {
            '{' => piece.clear(),
            ';' | '}' => {
                if let Some((_, value)) = piece.split_once(':') {
                    values.push(value.trim().to_owned());
                }
                piece.clear();
            }
            _ => piece.push(c),
        }
    }
    values
}

fn without_comments(css: &str) -> String {
    let mut kept = String::new();
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        kept.push_str(&rest[..start]);
        rest = rest[start..].split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

fn has_raw_colour(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.split(|c: char| c.is_whitespace() || ",/()".contains(c)).any(|word| is_hex(word) || NAMES.contains(&word))
        || value
            .split_inclusive('(')
            .any(|before| FUNCTIONS.iter().any(|name| before.ends_with(name) && is_whole(before, name)))
}

/// Whether the name ends `before` as a word of its own: `rgb(`, not `--my-rgb(`.
fn is_whole(before: &str, name: &str) -> bool {
    !before[..before.len() - name.len()].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn is_hex(word: &str) -> bool {
    word.strip_prefix('#')
        .is_some_and(|digits| (3..=8).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit()))
}
