//! Faults done to real processes while people talk, judged by an oracle. All of it is in the crate `bench`; here it is
//! built and started, and it is tried whether it notices what it is there to notice.

use anyhow::Result;
use clap::Args;

use crate::command::{command, run, run_and_read};
use crate::totals::Totals;
use crate::{test, workspace};

/// What is to go wrong, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// How long in all; what has to be waited for at the end of each phase comes on top.
    #[arg(long, default_value = "10")]
    minutes: String,
    /// The same seed gives the same faults and the same wishes again.
    #[arg(long)]
    seed: Option<u64>,
    /// Which faults, in which order (kill, sync, full, locked, wal, clock, half-open, restart, limits …); all of them
    /// where none is named.
    #[arg(long)]
    faults: Option<String>,
    /// A minute of it, and servers with a part missing, as in the tests.
    #[arg(long, conflicts_with_all = ["minutes", "seed", "faults"])]
    short: bool,
}

/// Builds what it takes, and lets it go wrong. `false` when something did that must not.
///
/// # Errors
/// It cannot be built.
pub(crate) fn chaos(options: &Options) -> Result<bool> {
    test::debug_server()?;
    if options.short {
        let totals = short()?;
        println!("\n{totals}");
        return Ok(totals.failed == 0);
    }
    let mut load = load(&["--minutes", &options.minutes]);
    load.args(options.seed.map(|seed| format!("--seed={seed}")));
    load.args(options.faults.as_ref().map(|faults| format!("--faults={faults}")));
    Ok(run(&mut load).is_ok())
}

/// Those that take no longer than a few seconds, and for how long in the tests: with the same story each time, so that who
/// changes something does not meet another one's fault.
const SHORT: [&str; 4] = ["--minutes=1", "--seed=1", "--faults", "kill,sync,full,locked,clock,restart,limits"];

/// What is taken away from the server, the fault under which that shows, within how many minutes, and what is said of it
/// then.
const NOTICED: [(&str, &str, &str, &str); 3] = [
    ("sync", "sync", "0.05", "acknowledged, and not on disk"),
    ("unique_index,look_up", "kill", "0.2", "WRONG doubled: "),
    ("unique_index", "kill", "0.05", "events_once of the schema is not there as it was made"),
];

/// A minute of it, and what must not pass unnoticed. The server with failpoints has been built.
///
/// # Errors
/// The program is missing.
pub(crate) fn short() -> Result<Totals> {
    let mut totals = Totals::default();
    let mut counts = |ok: bool| totals += Totals { passed: u64::from(ok), failed: u64::from(!ok) };
    counts(run(&mut load(&SHORT)).is_ok());
    for (part, fault, minutes, words) in NOTICED {
        let without = ["--minutes", minutes, "--seed=1", "--faults", fault, "--without", part];
        let (ok, text) = run_and_read(&mut load(&without))?;
        if text.contains("not tried: ") {
            println!("   a server without {part}: not tried either");
            continue;
        }
        let is_noticed = !ok && text.contains(words);
        println!("   a server without {part}: {}", if is_noticed { "noticed, as it must be" } else { "NOT NOTICED" });
        counts(is_noticed);
    }
    Ok(totals)
}

fn load(arguments: &[&str]) -> std::process::Command {
    let mut load = command(workspace::target().join("debug/load"));
    load.arg("chaos").arg("--parlor").arg(workspace::parlor("debug")).args(arguments);
    load
}
