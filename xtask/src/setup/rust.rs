//! The WASM target and the two Rust programs that cargo does not bring.

use anyhow::{Result, bail};

use crate::command::{cargo, command, is_installed, output, run, shown};
use crate::workspace;

/// A program that is built from crates.io into `target/tools`.
pub(super) struct Tool {
    crate_name: &'static str,
    program: &'static str,
    version: &'static str,
    minutes: u32,
}

/// The newest that Rust 1.95 compiles.
pub(super) const CARGO_LEPTOS: Tool =
    Tool { crate_name: "cargo-leptos", program: "cargo-leptos", version: "0.3.10", minutes: 5 };

/// The same version as the crate in the workspace: they share a format that changes with every release.
pub(super) const WASM_BINDGEN: Tool =
    Tool { crate_name: "wasm-bindgen-cli", program: "wasm-bindgen", version: "0.2.129", minutes: 1 };

/// Licences, sources and banned crates of what we depend on.
pub(super) const CARGO_DENY: Tool =
    Tool { crate_name: "cargo-deny", program: "cargo-deny", version: "0.20.2", minutes: 2 };

const WASM: &str = "wasm32-unknown-unknown";

/// Installs the standard library for the browser.
pub(super) fn wasm_target() -> Result<()> {
    let folder = output(command("rustc").args(["--print", "target-libdir", "--target", WASM]));
    if folder.is_some_and(|folder| std::path::Path::new(&folder).is_dir()) {
        return Ok(());
    }
    if !is_installed("rustup") {
        bail!(
            "the Rust target {WASM} is missing and there is no rustup to install it: add it with your system's packages"
        );
    }
    run(command("rustup").args(["target", "add", WASM]))
}

/// Installs formatter and linter, which minimal toolchains lack.
pub(super) fn components() -> Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if output(command(program).arg("--version")).is_none() {
            run(command("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

/// Builds a tool, unless this very version is there. Its own release profile takes two to three times as long to
/// compile and saves seconds, so it is built without optimisation.
pub(super) fn tool(tool: &Tool) -> Result<()> {
    let found = output(command(tool.program).arg("--version")).unwrap_or_default();
    if found.split_whitespace().nth(1) == Some(tool.version) {
        return Ok(());
    }
    println!("   {} {} is built once, about {} min on two cores", tool.crate_name, tool.version, tool.minutes);
    let root = workspace::target().join("tools");
    let build = root.join("build");
    let mut install = cargo();
    install
        .args(["install", "--quiet", "--locked", "--force", tool.crate_name, "--version", tool.version, "--root"])
        .arg(root)
        .envs([
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
            ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
        ])
        .env("CARGO_TARGET_DIR", &build);
    if let Err(error) = run(&mut install) {
        bail!("{error:#}; crates.io has to be reachable. By hand: {}", shown(&install));
    }
    // A gigabyte of intermediate files that nothing uses again.
    std::fs::remove_dir_all(build)?;
    Ok(())
}
