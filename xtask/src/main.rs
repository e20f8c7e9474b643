//! Every developer command, as `cargo xtask <command>`. It only calls tools that also work by hand, says which ones
//! and how long they took, and installs what is missing into `target/`. It must not hold anything the server needs.
#![expect(clippy::print_stdout, reason = "printing what happens is what this program is for")]

mod behaviour;
mod bench;
mod build;
mod chaos;
mod ci;
mod command;
mod emoji;
mod limit;
mod parlor;
mod run;
mod setup;
mod size;
mod smoke;
mod stamp;
mod step;
mod test;
mod tidy;
mod totals;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Developer commands of Parlor.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what is missing, build the release and serve it on this machine.
    Run(run::Options),
    /// The same with live reload: edits are compiled and shown in the browser.
    Dev(run::Options),
    /// Build the release, one file: target/release/parlor.
    Build,
    /// Set up what the tests need, then run all of them: unit, property, golden, server, browser, release, size.
    Test,
    /// Everything a change must pass beside the tests: format, clippy, documentation, dependencies, spelling, tidiness.
    Ci,
    /// Measure the release in a browser, against targets: what the pages cost, how soon typing works, how it feels.
    Bench(bench::Options),
    /// Let things go wrong while people talk – kills, disks, clocks, restarts – and judge what is left.
    Chaos(chaos::Options),
    /// Compare what the log-in and the room page cost on the wire with their budgets.
    Size,
    /// Check the habits that no compiler checks: paths in documents, file lengths, names, colours.
    Tidy {
        /// Record the hash of the protocol's sources in docs/protocol.md, after that document was updated.
        #[arg(long)]
        fix: bool,
    },
    /// Make the list of the emoji picker anew, from an unpacked npm package `emojibase-data`.
    Emoji {
        /// Where it is.
        package: PathBuf,
    },
    /// Install what build and tests need, and nothing else.
    Setup,
}

fn main() -> ExitCode {
    match perform(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one task; `false` when it was carried out and something in the tree is not as it has to be.
fn perform(task: Task) -> Result<bool> {
    match task {
        Task::Run(options) => run::run(&options),
        Task::Dev(options) => run::dev(&options),
        Task::Build => build::build_with_setup().map(|_: PathBuf| true),
        Task::Test => test::test(),
        Task::Ci => ci::ci(),
        Task::Bench(options) => bench::bench(&options),
        Task::Chaos(options) => chaos::chaos(&options),
        Task::Size => size::size_with_build(),
        Task::Tidy { fix } => tidy::tidy(fix),
        Task::Emoji { package } => emoji::write_list(&package),
        Task::Setup => setup::for_tests().map(|()| true),
    }
}
