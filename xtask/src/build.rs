//! The release in two stages: the front end, precompressed, into `target/site`; then the server, which embeds it.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::command::{cargo, command, run};
use crate::step::{Step, Steps};
use crate::{setup, stamp, workspace};

/// The first stage as a step.
pub(crate) const FRONT_END: Step = Step {
    name: "front end",
    what: "WASM, its glue and the style sheet, as they are released",
    budget_min: 6,
    by_hand: "cargo xtask build",
};

/// The second stage as a step.
pub(crate) const RELEASE: Step = Step {
    name: "release",
    what: "the server with everything embedded",
    budget_min: 6,
    by_hand: "cargo build --release --package server --bin parlor",
};

/// Installs what is missing, then builds. Returns the path of the one file.
///
/// # Errors
/// Something is missing and cannot be installed, or does not compile.
pub(crate) fn build_with_setup() -> Result<PathBuf> {
    let mut steps = Steps::default();
    let built =
        setup::step(&mut steps, setup::for_build) && steps.check(&FRONT_END, frontend) && steps.check(&RELEASE, server);
    ensure!(built, "there is no release to go on with");
    Ok(workspace::parlor("release"))
}

/// WASM, its glue and the style sheet; nothing when they are made of the sources as they are.
///
/// # Errors
/// It does not compile.
pub(crate) fn frontend() -> Result<()> {
    if stamp::is_current()? {
        println!("   the front end in target/site is current");
        return Ok(());
    }
    stamp::forget()?;
    run(command("cargo-leptos").args(["leptos", "build", "--release", "--frontend-only", "--split", "--precompress"]))?;
    stamp::record()
}

/// The server with everything in it.
///
/// # Errors
/// It does not compile.
pub(crate) fn server() -> Result<()> {
    run(cargo().args(["build", "--release", "--package", "server", "--bin", "parlor"]))
}
