//! Rules for bounds: each says why where it stands, and has a line in `docs/limits.md` that names the tests which hold it.

use super::tree::Tree;
use crate::behaviour::has_rust_test;

const DOCUMENT: &str = "docs/limits.md";
/// What both ends know.
const SHARED: &str = "protocol/src/limits.rs";
/// What an operator may change.
const SETTINGS: &str = "server/src/limits.rs";
/// Where bounds stand beside the code that keeps them.
const SOURCES: [&str; 3] = ["client/src/", "protocol/src/", "server/src/"];
/// Of those, whose largest values have a line.
const LISTED: [&str; 2] = ["protocol/src/", "server/src/"];
/// Where a file without a folder is; others are named by their path.
const SERVER_TESTS: &str = "server/tests/it/";
/// Between a file and a name in it.
const BETWEEN: &str = " › ";
/// What the name of a bound is made of, besides others.
const WORDS: [&str; 14] = [
    "BYTES", "CAPACITY", "CHARS", "ENTRIES", "INTERVAL", "LEAST", "LIMIT", "MAX", "MIN", "PAUSE", "RETRY", "SIZE",
    "TIMEOUT", "WINDOW",
];
const NUMBERS: [&str; 9] = ["Duration", "f64", "i32", "i64", "u8", "u16", "u32", "u64", "usize"];

/// A constant, or a setting.
struct Bound<'a> {
    name: &'a str,
    kind: &'a str,
    value: &'a str,
    /// There is a sentence about it.
    is_explained: bool,
    line: usize,
}

/// A number without its unit and its reason is changed by guessing.
pub(super) fn say_why(tree: &Tree) -> Vec<String> {
    sources(tree)
        .flat_map(|(path, text)| constants(text).map(move |bound| (path, bound)))
        .filter(|(_, bound)| NUMBERS.contains(&bound.kind) && bound.name.split('_').any(|word| WORDS.contains(&word)))
        .filter(|(_, bound)| !bound.is_explained)
        .map(|(path, bound)| format!("{path}:{}: {} has no `///` with its unit and its reason", bound.line, bound.name))
        .collect()
}

/// Each limit has its line, with its value, and the tests in it are there.
pub(super) fn are_held_by_tests(tree: &Tree) -> Vec<String> {
    let Some(document) = tree.text(DOCUMENT) else { return vec![format!("{DOCUMENT} is missing")] };
    let rows: Vec<Vec<&str>> = document.lines().filter(|line| line.starts_with("| `")).map(cells).collect();
    let mut wrong = Vec::new();
    for (name, value) in limits(tree) {
        match rows.iter().find(|row| code(row, 0) == Some(name.as_str())) {
            None => wrong.push(format!("{DOCUMENT} has no line for `{name}`")),
            Some(row) if code(row, 1) != Some(value) => {
                wrong.push(format!("{DOCUMENT} does not say that `{name}` is `{value}`"));
            }
            Some(_) => {}
        }
    }
    for row in &rows {
        wrong.extend(of_row(tree, row));
    }
    wrong
}

/// What is wrong with a line by itself.
fn of_row(tree: &Tree, row: &[&str]) -> Vec<String> {
    let name = code(row, 0).unwrap_or_default();
    let mut wrong = Vec::new();
    let (file, constant) = name.split_once(BETWEEN).unwrap_or((SHARED, name));
    let is_there =
        |file: &str| tree.text(file).is_some_and(|text| bounds(file, text).iter().any(|b| b.name == constant));
    let is_setting = file == SHARED && is_there(SETTINGS);
    if !is_there(file) && !is_setting {
        wrong.push(format!("{DOCUMENT} has a line for `{name}`, which is no limit"));
    }
    let tests: Vec<(&str, &str)> =
        row.get(3).map_or(Vec::new(), |cell| codes(cell).filter_map(|test| test.split_once(BETWEEN)).collect());
    if tests.is_empty() && row.get(4).is_none_or(|missing| missing.is_empty()) {
        wrong.push(format!("{DOCUMENT} says neither what holds `{name}` nor that nothing does"));
    }
    for (file, test) in tests {
        let path = if file.contains('/') { file.to_owned() } else { format!("{SERVER_TESTS}{file}") };
        if !tree.text(&path).is_some_and(|text| has_rust_test(text, test)) {
            wrong.push(format!("{DOCUMENT} names {file}{BETWEEN}{test}, which is no test"));
        }
    }
    wrong
}

/// All that has to have a line: how it is called there, and its value.
fn limits(tree: &Tree) -> Vec<(String, &str)> {
    let mut limits = Vec::new();
    for file in [SHARED, SETTINGS] {
        let text = tree.text(file).unwrap_or_default();
        limits.extend(bounds(file, text).into_iter().map(|bound| (bound.name.to_owned(), bound.value)));
    }
    for (path, text) in
        sources(tree).filter(|(path, _)| *path != SHARED && LISTED.iter().any(|at| path.starts_with(at)))
    {
        let largest = constants(text).filter(|bound| bound.name.ends_with("_MAX"));
        limits.extend(largest.map(|bound| (format!("{path}{BETWEEN}{}", bound.name), bound.value)));
    }
    limits
}

/// Sources without tests.
fn sources(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.files().filter(|(path, _)| {
        let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
        path.ends_with(".rs") && !is_test && SOURCES.iter().any(|at| path.starts_with(at))
    })
}

fn bounds<'a>(file: &str, text: &'a str) -> Vec<Bound<'a>> {
    if file == SETTINGS { settings(text).collect() } else { constants(text).collect() }
}

/// `const NAME: kind = value;`, on a line.
fn constants(text: &str) -> impl Iterator<Item = Bound<'_>> {
    declared(text, |line| {
        let line = line.strip_prefix("pub").map_or(line, |rest| {
            let rest = rest.trim_start();
            rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest.trim_start())
        });
        line.strip_prefix("const ")
    })
}

/// `name: kind = value;` in the list of settings.
fn settings(text: &str) -> impl Iterator<Item = Bound<'_>> {
    declared(text, |line| line.starts_with(|c: char| c.is_ascii_lowercase()).then_some(line))
}

fn declared<'a>(text: &'a str, of_line: impl Fn(&'a str) -> Option<&'a str>) -> impl Iterator<Item = Bound<'a>> {
    let mut is_explained = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim();
        let found = of_line(line).and_then(|rest| {
            let (name, rest) = rest.split_once(": ")?;
            let (kind, value) = rest.split_once(" = ")?;
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let value = value.strip_suffix(';').filter(|_| is_name)?;
            Some(Bound { name, kind, value, is_explained, line: index + 1 })
        });
        // What stands between a sentence and its constant is an attribute.
        is_explained = line.starts_with("///") || (is_explained && line.starts_with("#["));
        found
    })
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// What stands in backticks.
fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn code<'a>(row: &[&'a str], cell: usize) -> Option<&'a str> {
    codes(row.get(cell).copied()?).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: &str = "/// Bytes.\npub const A_BYTES_MAX: usize = 4 * 1_024;\n";
    const SETS: &str = "macro_rules! limits {}\nlimits! {\n    /// Posts\n    posts: u32 = 5;\n}\n";
    const CODE: &str = "/// Rows.\n#[cfg(unix)]\npub(super) const ROWS_MAX: u32 = 7;\nconst NAME: &str = \"\";\n";
    const TESTS: &str = "#[test]\nfn it_holds() {}\n\n#[tokio::test]\nasync fn it_does() {}\n\nfn it_is_none() {}\n";
    const LINES: &str = "| Limit | Value |\n|---|---|\n\
        | `A_BYTES_MAX` | `4 * 1_024` | refused | `a/tests.rs › it_holds` | |\n\
        | `posts` | `5` | refused | `a/tests.rs › it_does`, `posts.rs › it_holds` | |\n\
        | `server/src/a.rs › ROWS_MAX` | `7` | later | | a test |\n";

    fn wrong(document: &str) -> Vec<String> {
        let mut tree = Tree::default();
        for (path, text) in
            [(SHARED, LIMITS), (SETTINGS, SETS), ("server/src/a.rs", CODE), ("a/tests.rs", TESTS), (DOCUMENT, document)]
        {
            tree.insert("server/tests/it/posts.rs", TESTS);
            tree.insert(path, text);
        }
        are_held_by_tests(&tree)
    }

    #[test]
    fn a_limit_has_a_line_with_its_value_and_tests_that_are_there() {
        assert!(wrong(LINES).is_empty(), "{:?}", wrong(LINES));

        let changes: [(&str, &str, &[&str]); 6] = [
            ("| `posts`", "| `posters`", &["has no line for `posts`", "which is no limit"]),
            ("`4 * 1_024`", "`4_096`", &["does not say that `A_BYTES_MAX` is `4 * 1_024`"]),
            ("it_does", "it_is_none", &["a/tests.rs › it_is_none, which is no test"]),
            ("| `a/tests.rs › it_holds` |", "| |", &["says neither"]),
            ("| a test |", "| |", &["says neither"]),
            ("a.rs › ROWS_MAX", "b.rs › ROWS_MAX", &["has no line for `server/src/a.rs › ROWS_MAX`", "is no limit"]),
        ];
        for (from, to, words) in changes {
            let wrong = wrong(&LINES.replace(from, to));
            assert_eq!(wrong.len(), words.len(), "{wrong:?}");
            assert!(wrong.iter().zip(words).all(|(wrong, words)| wrong.contains(words)), "{wrong:?}");
        }
    }

    #[test]
    fn a_bound_without_a_sentence_is_wrong_and_what_is_none_needs_no_sentence() {
        let mut tree = Tree::default();
        tree.insert("server/src/a.rs", CODE);
        tree.insert("server/src/a/tests.rs", "const ROWS_MAX: u32 = 7;\n");
        tree.insert(
            "client/src/b.rs",
            "/// Both.\nconst A_MS_MIN: u64 = 1;\npub const B_INTERVAL: Duration = Duration::ZERO;\n",
        );

        assert_eq!(say_why(&tree), ["client/src/b.rs:3: B_INTERVAL has no `///` with its unit and its reason"]);
    }
}
