//! How many tests passed and failed, read from what the test runners print.

use std::fmt;
use std::ops::AddAssign;

use anyhow::{Context, Result};

/// Tests that ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl Totals {
    /// From the output of `cargo test`: the sum of its `test result:` lines.
    pub(crate) fn of_cargo_test(output: &str) -> Self {
        let mut totals = Self::default();
        for line in output.lines().filter(|line| line.starts_with("test result:")) {
            totals += Self { passed: number_before(line, " passed"), failed: number_before(line, " failed") };
        }
        totals
    }

    /// From the output of `cargo nextest run`: its `Summary` line. Tests that timed out or were not started count as failed.
    pub(crate) fn of_nextest(output: &str) -> Self {
        let Some(line) = output.lines().rev().find(|line| line.trim_start().starts_with("Summary")) else {
            return Self::default();
        };
        let (passed, timed_out) = (number_before(line, " passed"), number_before(line, " timed out"));
        Self { passed, failed: number_before(line, " failed") + timed_out }
    }

    /// From the file that Playwright's JSON reporter writes. A flaky test failed once and passed when it was tried
    /// again, which only CI does: it counts as passed, and is named in the list above for who has to mend it.
    ///
    /// # Errors
    /// The file is not what the reporter writes.
    pub(crate) fn of_playwright(json: &str) -> Result<Self> {
        let report: serde_json::Value = serde_json::from_str(json)?;
        let count =
            |name: &str| report["stats"][name].as_u64().with_context(|| format!("no stats.{name} in the report"));
        let errors = report["errors"].as_array().map_or(0, Vec::len) as u64;
        let flaky = count("flaky")?;
        if flaky > 0 {
            println!("   {flaky} of the browser tests passed only at the second try");
        }
        Ok(Self { passed: count("expected")? + flaky, failed: count("unexpected")? + errors })
    }

    /// The totals of a runner that ended with `success`: one that failed without naming a test (it did not compile,
    /// say) still counts as a failure.
    pub(crate) fn agreeing_with(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// The number that stands directly before `word`, zero when the word is not there.
fn number_before(line: &str, word: &str) -> u64 {
    line.find(word).and_then(|end| line[..end].rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_of_cargo_test_are_summed() {
        let output = "\
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s
noise: 99 passed
test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";

        assert_eq!(Totals::of_cargo_test(output), Totals { passed: 15, failed: 2 });
    }

    #[test]
    fn the_summary_of_nextest_is_read() {
        let clean = "------------\n     Summary [   1.200s] 7 tests run: 7 passed, 0 skipped\n";
        let broken = "     Summary [   1.2s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 3 skipped\n";

        assert_eq!(Totals::of_nextest(clean), Totals { passed: 7, failed: 0 });
        assert_eq!(Totals::of_nextest(broken), Totals { passed: 6, failed: 3 });
    }

    #[test]
    fn failed_browser_tests_and_errors_outside_tests_count_as_failed() {
        let json = r#"{"stats":{"expected":4,"unexpected":1,"flaky":1,"skipped":2},"errors":[{}]}"#;

        assert_eq!(Totals::of_playwright(json).unwrap(), Totals { passed: 5, failed: 2 });
    }

    #[test]
    fn a_runner_that_fails_without_naming_a_test_counts_as_one_failure() {
        assert_eq!(Totals::default().agreeing_with(false), Totals { passed: 0, failed: 1 });
        assert_eq!(Totals { passed: 2, failed: 0 }.agreeing_with(true), Totals { passed: 2, failed: 0 });
    }

    #[test]
    fn the_closing_line_is_plain() {
        assert_eq!(Totals { passed: 15, failed: 2 }.to_string(), "15 passed, 2 failed");
    }
}
