//! All tests, from a fresh clone on. Its last line is the sum, `N passed, N failed`.

use anyhow::{Context, Result};

use crate::command::{cargo, command, output, run_and_read};
use crate::step::{Step, Steps};
use crate::totals::Totals;
use crate::{behaviour, build, chaos, command, setup, size, smoke, workspace};

/// Failpoints are compiled into all debug tests: one build serves the server's tests and the browser's.
const FAILPOINTS: [&str; 2] = ["--features", "server/failpoints"];

/// Runs everything. `false` when a test failed.
///
/// # Errors
/// None of its own: what goes wrong in a step is counted and shown there.
pub(crate) fn test() -> Result<bool> {
    let mut steps = Steps::default();
    if setup::step(&mut steps, setup::for_tests) {
        all(&mut steps);
    }
    let ok = steps.finish();
    println!("\n{}", steps.totals());
    Ok(ok)
}

fn all(steps: &mut Steps) {
    steps.run(&CARGO_TESTS, cargo_tests);
    steps.run(&DOC_TESTS, doc_tests);
    steps.check(&WASM_CHECK, wasm_check);
    let front_end = steps.check(&build::FRONT_END, build::frontend);
    let debug_server = steps.check(&DEBUG_SERVER, debug_server);
    if debug_server {
        steps.run(&CHAOS, chaos::short);
    }
    if front_end && debug_server {
        steps.run(&BROWSER_TESTS, browser_tests);
    }
    if front_end && steps.check(&build::RELEASE, build::server) {
        steps.check(&SMOKE, || smoke::smoke(&workspace::parlor("release")));
        steps.check(&SIZE, || size::size(&workspace::parlor("release")));
    }
}

const CARGO_TESTS: Step = Step {
    name: "cargo tests",
    what: "unit, property, golden and server tests",
    budget_min: 10,
    by_hand: "cargo test --features server/failpoints",
};

const DOC_TESTS: Step = Step {
    name: "examples",
    what: "the examples in the documentation",
    budget_min: 3,
    by_hand: "cargo test --doc --features server/failpoints",
};

const WASM_CHECK: Step = Step {
    name: "wasm check",
    what: "the front end compiles for the browser",
    budget_min: 3,
    by_hand: "cargo check --package frontend --target wasm32-unknown-unknown",
};

const DEBUG_SERVER: Step = Step {
    name: "server, debug",
    what: "the server with failpoints, for chaos and the browser tests",
    budget_min: 2,
    by_hand: "cargo build --package server --features failpoints",
};

const CHAOS: Step = Step {
    name: "chaos",
    what: "a minute of kills, disks that fail, clocks that jump; and servers with a part missing, which must be noticed",
    budget_min: 4,
    by_hand: "cargo xtask chaos --short",
};

const BROWSER_TESTS: Step = Step {
    name: "browser tests",
    what: "people in two browsers, by Playwright in Chromium",
    budget_min: 22,
    by_hand: "cargo xtask build && cargo build --package server --features failpoints && (cd end2end && npx playwright test)",
};

const SMOKE: Step = Step {
    name: "release file",
    what: "copied alone into an empty folder, it serves everything",
    budget_min: 1,
    by_hand: "cd $(mktemp -d) && cp <Parlor>/target/release/parlor . && ./parlor serve",
};

const SIZE: Step =
    Step { name: "size", what: "the pages against their budgets", budget_min: 1, by_hand: "cargo xtask size" };

/// With nextest where it is installed, because it runs what is slow at the same time.
fn cargo_tests() -> Result<Totals> {
    if output(cargo().args(["nextest", "--version"])).is_some() {
        let mut nextest = cargo();
        nextest.args(["nextest", "run", "--no-fail-fast", "--status-level", "slow"]);
        let (ok, text) = run_and_read(nextest.args(FAILPOINTS))?;
        return Ok(Totals::of_nextest(&text).agreeing_with(ok));
    }
    let (ok, text) = run_and_read(cargo().args(["test", "--no-fail-fast", "--all-targets"]).args(FAILPOINTS))?;
    Ok(Totals::of_cargo_test(&text).agreeing_with(ok))
}

fn doc_tests() -> Result<Totals> {
    let (ok, text) = run_and_read(cargo().args(["test", "--doc", "--no-fail-fast"]).args(FAILPOINTS))?;
    Ok(Totals::of_cargo_test(&text).agreeing_with(ok))
}

fn wasm_check() -> Result<()> {
    command::run(cargo().args(["check", "--package", "frontend", "--target", "wasm32-unknown-unknown"]))
}

/// The server with failpoints, and whatever puts load on it. The default members, as for the tests: with fewer packages, features would differ and much be compiled again.
pub(crate) fn debug_server() -> Result<()> {
    command::run(cargo().args(["build"]).args(FAILPOINTS))
}

fn browser_tests() -> Result<Totals> {
    let report = workspace::end2end().join("test-results/report.json");
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    let mut playwright = command("playwright");
    // A second try tells a machine that was busy elsewhere from a fault; how many needed it is printed.
    playwright.args(["test", "--retries", "1"]).current_dir(workspace::end2end());
    playwright.env("CHROMIUM", setup::chromium()).env("PARLOR_BIN", workspace::parlor("debug"));
    let (ok, _) = run_and_read(&mut playwright)?;
    let json = std::fs::read_to_string(&report).context("Playwright left no report")?;
    let mut totals = Totals::of_playwright(&json)?.agreeing_with(ok);
    let promises = std::fs::read_to_string(workspace::root().join(behaviour::DOCUMENT))?;
    for what in behaviour::not_run(&promises, &json)? {
        println!("   {what}");
        totals.failed += 1;
    }
    Ok(totals)
}
