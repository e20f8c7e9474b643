//! What has to be on the machine, each with an exact version, a quick way to see that it is there and a way to get it.
//! Nothing is installed outside `target/` and `end2end/node_modules`, except Debian's packages.

mod debian;
mod node;
mod python;
mod rust;

use anyhow::Result;

use crate::step::{Step, Steps};

const BY_HAND: &str = "cargo xtask setup";

/// What building needs: the WASM target, cargo-leptos, wasm-bindgen and, by way of npm, wasm-opt.
///
/// # Errors
/// Something is missing and cannot be installed; the error says what, and how to get it.
pub(crate) fn for_build() -> Result<()> {
    rust::wasm_target()?;
    rust::tool(&rust::CARGO_LEPTOS)?;
    rust::tool(&rust::WASM_BINDGEN)?;
    node::packages()
}

/// What building and testing need: the above, a browser, and Python with what the checks use.
///
/// # Errors
/// As [`for_build`].
pub(crate) fn for_tests() -> Result<()> {
    for_build()?;
    debian::packages()?;
    python::environment()
}

/// What `cargo xtask ci` needs beside Rust.
///
/// # Errors
/// As [`for_build`].
pub(crate) fn for_ci() -> Result<()> {
    rust::wasm_target()?;
    rust::components()?;
    rust::tool(&rust::CARGO_DENY)?;
    node::packages()?;
    debian::packages()?;
    python::environment()
}

/// The first step of a series: without it the others need not be tried.
pub(crate) fn step(steps: &mut Steps, set_up: fn() -> Result<()>) -> bool {
    let step = Step { name: "set-up", what: "what is missing of tools and packages", budget_min: 15, by_hand: BY_HAND };
    steps.check(&step, set_up)
}

pub(crate) use debian::{chromium, install as install_packages};
