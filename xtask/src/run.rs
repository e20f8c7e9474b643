//! Serving on this machine: the release, or a build that follows the sources.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::command::{command, run as run_to_end};
use crate::step::Steps;
use crate::{build, setup, stamp};

/// Where to serve and where to keep what is said.
#[derive(Args)]
pub(crate) struct Options {
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Folder of the database; it is made when it is not there.
    #[arg(long, default_value = "data", value_name = "DIR")]
    data: PathBuf,
}

impl Options {
    fn listen(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Builds what changed and becomes the server, which prints its address.
///
/// # Errors
/// The build fails, or the server cannot be started.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let data = std::path::absolute(&options.data)?;
    let parlor = build::build_with_setup()?;
    let mut server = command(parlor);
    server.args(["serve", "--listen", &options.listen(), "--data"]).arg(data);
    // In place of this process, so that Ctrl+C and signals reach the server itself.
    Err(server.exec()).context("cannot start the server")
}

/// Serves a debug build; every edit is compiled and the browser reloads.
///
/// # Errors
/// Something is missing and cannot be installed, or cargo-leptos fails.
pub(crate) fn dev(options: &Options) -> Result<bool> {
    let mut steps = Steps::default();
    ensure!(setup::step(&mut steps, setup::for_build), "something is missing");
    // From here on `target/site` holds a debug build.
    stamp::forget()?;
    let data = std::path::absolute(&options.data)?;
    let mut watch = command("cargo-leptos");
    watch.env("LEPTOS_SITE_ADDR", options.listen()).args(["leptos", "watch", "--"]);
    run_to_end(watch.args(["serve", "--listen", &options.listen(), "--data"]).arg(data))?;
    Ok(true)
}
