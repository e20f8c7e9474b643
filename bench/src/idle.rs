//! What somebody costs who is there, follows a room, and to whom nothing happens: the server's memory, and the kernel's.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::sleep;

use crate::{
    crowd::{Crowd, OPENING_MAX},
    dialect::Dialect,
    figures::exponent,
    people::Folder,
    process::{Program, Server, stay_on},
    report::{Report, Target, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
};

/// Who is there.
const PEOPLE: [usize; 3] = [1_000, 3_162, 10_000];
const PEOPLE_QUICK: [usize; 1] = [1_000];
/// Until nothing is going on any more that coming began.
const SETTLING: Duration = Duration::from_secs(10);

/// Of the server, each.
const BYTES_MAX: f64 = 8.0 * 1_024.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Idle {
    #[command(flatten)]
    setting: Setting,
}

impl Idle {
    /// Measures all sizes.
    ///
    /// # Errors
    /// The report could not be written.
    pub async fn run(&self) -> Result<()> {
        self.setting.rounds(async |report| self.round(report).await).await
    }

    async fn round(&self, report: &mut Report) -> Result<()> {
        let sizes = if self.setting.quick { &PEOPLE_QUICK[..] } else { &PEOPLE };
        let mut costs = Vec::new();
        for people in sizes {
            let bytes = self.measure(*people, report).await.with_context(|| format!("{people} people"))?;
            costs.push((*people as f64, bytes));
        }
        if let Some(exponent) = exponent(&costs) {
            report.adds("exponent of the server's memory over the number of people".to_owned(), Unit::Score, exponent);
        }
        Ok(())
    }

    /// The server's memory for all of them.
    async fn measure(&self, count: usize, report: &mut Report) -> Result<f64> {
        let folder = tempfile::tempdir()?;
        let data = Folder::open(folder.path()).await?;
        let people = data.people(count).await?;
        let place = data.general().await?;
        data.close().await;
        let tokens: Vec<String> = people.into_iter().map(|person| person.token).collect();
        let program = Program::Parlor { path: &self.setting.parlor, data: folder.path(), raises_limits: true };
        let server = Server::start(&program, Some(SERVER_CPU)).await?;
        stay_on(LOAD_CPU)?;
        report.notes(format!("limits raised: {}", server.raised.join(" ")));
        report.notes("the kernel's memory is that of both ends of a connection, which are on one machine".to_owned());
        let (alone, kernel_alone) = (server.usage()?, kernel_bytes()?);
        let crowd = Crowd::gather(server.address, Dialect::Parlor, &[place], &tokens, 0, OPENING_MAX).await?;
        sleep(SETTLING).await;
        let (idle, kernel) = (server.usage()?, kernel_bytes()?);
        drop(crowd);
        server.stop().await?;

        let bytes = idle.resident_bytes.saturating_sub(alone.resident_bytes) as f64;
        let each = format!("{count} people: resident memory of the server, each");
        report.aims(each, Unit::Bytes, bytes / count as f64, Target::Most(BYTES_MAX));
        let kernel = kernel.saturating_sub(kernel_alone) as f64 / count as f64;
        report.adds(format!("{count} people: memory of the kernel, each"), Unit::Bytes, kernel);
        report.adds(format!("{count} people: resident memory of the server"), Unit::Bytes, idle.resident_bytes as f64);
        Ok(bytes)
    }
}

/// What the kernel holds in small pieces, sockets among them. What else this machine does is in it.
fn kernel_bytes() -> Result<u64> {
    let memory = fs::read_to_string("/proc/meminfo")?;
    let slab = memory.lines().find_map(|line| line.strip_prefix("Slab:")).context("no Slab")?;
    let kib: u64 = slab.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1_024)
}
