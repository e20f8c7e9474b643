//! The gate that every change passes beside the tests. `.ci/run` calls it first.

use std::{fs, path::Path};

use anyhow::{Result, bail};

use crate::command::{cargo, command, run};
use crate::step::{Step, Steps};
use crate::{setup, tidy, workspace};

const BROWSER: [&str; 4] = ["--package", "frontend", "--target", "wasm32-unknown-unknown"];

/// Runs the gate. `false` when something is to be mended.
///
/// # Errors
/// None of its own: what goes wrong in a step is shown there.
pub(crate) fn ci() -> Result<bool> {
    let mut steps = Steps::default();
    if setup::step(&mut steps, setup::for_ci) {
        steps.check(&FORMAT, || run(cargo().args(["fmt", "--all", "--check"])));
        steps.check(&CLIPPY, || {
            run(cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"]))?;
            run(cargo().args(["clippy", "--all-targets", "--features", "server/failpoints", "--", "-D", "warnings"]))
        });
        steps.check(&CLIPPY_BROWSER, || run(cargo().arg("clippy").args(BROWSER).args(["--", "-D", "warnings"])));
        steps.check(&DOCUMENTATION, || {
            run(cargo().env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--no-deps", "--document-private-items"]))
        });
        steps.check(&DEPENDENCIES, || {
            run(command("cargo-deny").args(["--log-level", "warn", "check", "bans", "licenses", "sources"]))
        });
        steps.check(&FUZZ_TARGETS, fuzz_targets);
        steps.check(&TYPESCRIPT, || run(command("tsc").arg("--noEmit").current_dir(workspace::end2end())));
        steps.check(&SPELLING, || run(&mut command(workspace::venv("typos"))));
        steps.check(&TIDY, || if tidy::tidy(false)? { Ok(()) } else { bail!("the tree is not tidy") });
    }
    Ok(steps.finish())
}

/// They are a workspace of their own, which takes the versions that this one has chosen.
fn fuzz_targets() -> Result<()> {
    let (fuzz, lock) = (workspace::root().join("fuzz"), workspace::root().join("Cargo.lock"));
    let changed = |file: &Path| fs::metadata(file).and_then(|it| it.modified()).ok();
    let theirs = fuzz.join("Cargo.lock");
    if changed(&theirs) < changed(&lock) {
        fs::copy(lock, theirs)?;
    }
    let mut check = cargo();
    check.args(["check", "--no-default-features", "--manifest-path"]).arg(fuzz.join("Cargo.toml"));
    run(check.env("CARGO_TARGET_DIR", workspace::target()))
}

const FORMAT: Step = Step { name: "format", what: "rustfmt", budget_min: 1, by_hand: "cargo fmt --all" };

const CLIPPY: Step = Step {
    name: "clippy",
    what: "lints of everything that runs on the server, without and with failpoints",
    budget_min: 6,
    by_hand: "cargo clippy --all-targets -- -D warnings",
};

const CLIPPY_BROWSER: Step = Step {
    name: "clippy, browser",
    what: "lints of what runs in the browser",
    budget_min: 3,
    by_hand: "cargo clippy --package frontend --target wasm32-unknown-unknown -- -D warnings",
};

const DOCUMENTATION: Step = Step {
    name: "documentation",
    what: "rustdoc without a broken link",
    budget_min: 3,
    by_hand: "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items",
};

const DEPENDENCIES: Step = Step {
    name: "dependencies",
    what: "licences, sources and banned crates",
    budget_min: 1,
    by_hand: "target/tools/bin/cargo-deny check bans licenses sources",
};

const FUZZ_TARGETS: Step = Step {
    name: "fuzz targets",
    what: "what libFuzzer calls compiles, without libFuzzer",
    budget_min: 4,
    by_hand: "cargo check --no-default-features --manifest-path fuzz/Cargo.toml",
};

const TYPESCRIPT: Step = Step {
    name: "typescript",
    what: "the types of the browser tests",
    budget_min: 1,
    by_hand: "cd end2end && npx tsc --noEmit",
};

const SPELLING: Step =
    Step { name: "spelling", what: "typos in code and documents", budget_min: 1, by_hand: "target/venv/bin/typos" };

const TIDY: Step = Step { name: "tidy", what: "the habits of this tree", budget_min: 1, by_hand: "cargo xtask tidy" };
