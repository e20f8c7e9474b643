//! What every scenario is told, and how its rounds go.

use std::path::PathBuf;

use anyhow::Result;

use crate::report::Report;

/// The processor that the server has, and the one of the load.
pub(crate) const SERVER_CPU: usize = 0;
pub(crate) const LOAD_CPU: usize = 1;

/// What a scenario is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Setting {
    /// Parlor's program
    #[arg(long)]
    pub(crate) parlor: PathBuf,
    /// How often each is measured
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Less of everything
    #[arg(long)]
    pub(crate) quick: bool,
    /// File for what was measured
    #[arg(long)]
    report: PathBuf,
}

impl Setting {
    /// Measures so many rounds, and writes what came out. A round that fails is named in it, and the others go on.
    pub(crate) async fn rounds(&self, mut round: impl AsyncFnMut(&mut Report) -> Result<()>) -> Result<()> {
        let mut report = Report::default();
        self.rounds_of(&mut report, &mut round).await;
        self.write(&report)
    }

    /// The same as a part of what is measured.
    pub(crate) async fn rounds_of(&self, report: &mut Report, mut round: impl AsyncFnMut(&mut Report) -> Result<()>) {
        for number in 1..=self.rounds {
            report.round(&format!("round {number}"), &mut round).await;
        }
    }

    /// Writes what came out.
    pub(crate) fn write(&self, report: &Report) -> Result<()> {
        report.write(&self.report)
    }
}
