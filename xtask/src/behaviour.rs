//! What `docs/ux.md` promises: each line names the browser tests that show it. Here those names are read, looked for in the specs, and
//! looked for again among the tests that ran, so that the page cannot go on promising what nobody checks any more. `docs/threats.md`
//! names tests of the server in the same way.

use anyhow::Result;
use serde_json::Value;

/// The document.
pub(crate) const DOCUMENT: &str = "docs/ux.md";
/// Between a file and the title of a test in it, as Playwright prints them.
const BETWEEN: &str = " › ";
/// How a picture is named, before its name.
const PICTURE: &str = "picture ";

/// Something that the document names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// A test of a spec, by its title, or one in Rust, by its name.
    Test { file: &'a str, title: &'a str },
    /// A picture that `screenshots.spec.ts` takes.
    Picture(&'a str),
}

/// What the document names in backticks.
pub(crate) fn named(document: &str) -> impl Iterator<Item = Named<'_>> {
    document.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter_map(|word| {
        if let Some(picture) = word.strip_prefix(PICTURE) {
            return Some(Named::Picture(picture));
        }
        word.split_once(BETWEEN).map(|(file, title)| Named::Test { file, title })
    })
}

/// The numbers of the lines of the document's table.
pub(crate) fn numbers(document: &str) -> impl Iterator<Item = usize> {
    document.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next()?.trim().parse().ok())
}

/// Whether a spec has a test of this title. Where a title is made of parts, what is put between them may be anything.
pub(crate) fn has_test(spec: &str, title: &str) -> bool {
    spec.split("test(").skip(1).any(|rest| {
        let Some(quote) = rest.chars().next().filter(|first| "\"'`".contains(*first)) else { return false };
        rest[1..].split(quote).next().is_some_and(|written| fits(written, title))
    })
}

/// Whether a Rust source has a test of this name.
pub(crate) fn has_rust_test(source: &str, name: &str) -> bool {
    let is_named = |rest: &str| {
        let function = rest.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
        function.is_some_and(|(written, _)| written == name)
    };
    ["#[test]", "#[tokio::test"].iter().any(|mark| source.split(mark).skip(1).any(is_named))
}

fn fits(written: &str, title: &str) -> bool {
    let mut parts = written
        .split("${")
        .enumerate()
        .map(|(index, part)| if index == 0 { part } else { part.split_once('}').map_or("", |(_, after)| after) });
    let Some(rest) = parts.next().and_then(|first| title.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// The named tests that did not run, by the report that Playwright has written: each with what became of it.
///
/// # Errors
/// The report is no JSON.
pub(crate) fn not_run(document: &str, report: &str) -> Result<Vec<String>> {
    let report: Value = serde_json::from_str(report)?;
    let mut specs = Vec::new();
    collect(&report, &mut specs);
    let missing = named(document).filter_map(|named| match named {
        Named::Test { file, title } => Some((file, title)),
        Named::Picture(_) => None,
    });
    let missing = missing.filter_map(|(file, title)| {
        let of_title: Vec<&&Value> =
            specs.iter().filter(|spec| spec["file"] == file && spec["title"] == title).collect();
        let what = match (of_title.is_empty(), of_title.iter().any(|spec| has_run(spec))) {
            (true, _) => "is not in the report",
            (false, false) => "was skipped",
            (false, true) => return None,
        };
        Some(format!("{DOCUMENT} names “{file}{BETWEEN}{title}”, which {what}"))
    });
    Ok(missing.collect())
}

/// All specs of a suite and of those in it.
fn collect<'a>(suite: &'a Value, specs: &mut Vec<&'a Value>) {
    specs.extend(suite["specs"].as_array().into_iter().flatten());
    for inner in suite["suites"].as_array().into_iter().flatten() {
        collect(inner, specs);
    }
}

/// Whether it was carried out at least once, with whatever outcome: failures are counted elsewhere.
fn has_run(spec: &Value) -> bool {
    let tests = spec["tests"].as_array().into_iter().flatten();
    let mut results = tests.flat_map(|test| test["results"].as_array().into_iter().flatten());
    results.any(|result| result["status"].as_str().is_some_and(|status| status != "skipped"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "| Line | Shown by |\n|---|---|\n| 1 | `a.spec.ts › it holds` and `a.spec.ts › it was skipped` |\n\
                            | 2 | `b.spec.ts › it is gone`, `picture room`, `not a name` |\n";

    fn report() -> String {
        let spec = |title: &str, results: &str| {
            format!(r#"{{"title":"{title}","file":"a.spec.ts","tests":[{{"results":[{results}]}}]}}"#)
        };
        let holds = spec("it holds", r#"{"status":"failed"},{"status":"passed"}"#);
        let skipped = spec("it was skipped", r#"{"status":"skipped"}"#);
        format!(r#"{{"suites":[{{"specs":[{skipped}],"suites":[{{"specs":[{holds}]}}]}}]}}"#)
    }

    #[test]
    fn a_missing_and_a_skipped_test_are_reported() {
        let wrong = not_run(DOCUMENT, &report()).unwrap();

        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("it was skipped”, which was skipped"));
        assert!(wrong[1].contains("b.spec.ts › it is gone”, which is not in the report"));
    }

    #[test]
    fn what_stands_in_backticks_is_read_and_lines_are_numbered() {
        let names: Vec<Named<'_>> = named(DOCUMENT).collect();

        assert_eq!(names.len(), 4);
        assert_eq!(names[0], Named::Test { file: "a.spec.ts", title: "it holds" });
        assert_eq!(names[3], Named::Picture("room"));
        assert_eq!(numbers(DOCUMENT).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn titles_are_found_as_they_are_written_and_as_they_are_made() {
        let spec = "test(\"plain\", f); for (…) test(`on a ${device}, ${x ? \"a\" : \"b\"} way`, f);";

        assert!(has_test(spec, "plain"));
        assert!(has_test(spec, "on a phone, no way"));
        assert!(!has_test(spec, "on a phone"));
        assert!(!has_test(spec, "plai"));
        assert!(!has_test(spec, "a plain"));
    }

    #[test]
    fn rust_tests_are_found_by_their_names_and_other_functions_are_not() {
        let source = "fn none() {}\n#[test]\nfn one() {}\n#[tokio::test(flavor = \"x\")]\nasync fn two() { three() }\nfn three() {}";

        assert!(has_rust_test(source, "one") && has_rust_test(source, "two"));
        assert!(!["none", "three", "tw", "wo"].iter().any(|name| has_rust_test(source, name)));
    }
}
