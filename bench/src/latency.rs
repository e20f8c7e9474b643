//! How long a message takes to the last of 1,000, where they come at half of the rate that the server can take: from the time
//! at which each was to be posted, whether or not it could be.
//!
//! What the disk takes by itself is measured beside it, in the same run: a message is on disk before anybody is told.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use tokio::time::{Instant, sleep};

use crate::{
    crowd::{Crowd, OPENING_MAX},
    dialect::Dialect,
    fanout::Flight,
    figures::{Times, exponent},
    people::Folder,
    process::{Program, Server, stay_on},
    report::{Report, Target, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
};

/// Who follows the room.
const MEMBERS: [usize; 3] = [100, 316, 1_000];
const MEMBERS_QUICK: [usize; 1] = [1_000];
/// Those of them who post in turn.
const POSTERS: usize = 8;
/// As many messages are always on their way while it is found out how many the server can take.
const IN_FLIGHT: usize = 8;
/// How long that takes.
const PEAK: Duration = Duration::from_secs(5);
/// How long is counted: long enough for one in a thousand.
const COUNTED: Duration = Duration::from_secs(20);
const COUNTED_QUICK: Duration = Duration::from_secs(5);
/// Between two looks at what the disk takes: seldom enough to leave it to the server.
const SYNC_INTERVAL: Duration = Duration::from_millis(50);
/// Bytes that are written before each: a page of the database.
const SYNC_BYTES: usize = 4_096;

/// How much longer than the disk one in a hundred may take.
const OVER_SYNC_MS_MAX: f64 = 10.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Latency {
    #[command(flatten)]
    setting: Setting,
}

impl Latency {
    /// Measures all sizes.
    ///
    /// # Errors
    /// The report could not be written.
    pub async fn run(&self) -> Result<()> {
        self.setting.rounds(async |report| self.round(report).await).await
    }

    async fn round(&self, report: &mut Report) -> Result<()> {
        let sizes = if self.setting.quick { &MEMBERS_QUICK[..] } else { &MEMBERS };
        let mut costs = Vec::new();
        for members in sizes {
            let p50_ms = self.measure(*members, report).await.with_context(|| format!("{members} members"))?;
            costs.push((*members as f64, p50_ms));
        }
        if let Some(exponent) = exponent(&costs) {
            report.adds("exponent of p50 over the number of members".to_owned(), Unit::Score, exponent);
        }
        Ok(())
    }

    /// How long half of the messages take at most, in milliseconds.
    async fn measure(&self, members: usize, report: &mut Report) -> Result<f64> {
        let folder = tempfile::tempdir()?;
        let data = Folder::open(folder.path()).await?;
        let people = data.people(members).await?;
        let place = data.general().await?;
        data.close().await;
        let tokens: Vec<String> = people.into_iter().map(|person| person.token).collect();
        let program = Program::Parlor { path: &self.setting.parlor, data: folder.path(), raises_limits: true };
        let server = Server::start(&program, Some(SERVER_CPU)).await?;
        stay_on(LOAD_CPU)?;
        report.notes(format!("limits raised: {}", server.raised.join(" ")));
        let places = [place];
        let gathering = Crowd::gather(server.address, Dialect::Parlor, &places, &tokens, POSTERS, OPENING_MAX);
        let mut crowd = gathering.await?;
        let mut flight = Flight::default();
        flight.takes_off(&mut crowd, IN_FLIGHT)?;
        let peak = flight.goes_on(&mut crowd, PEAK).await? as f64 / PEAK.as_secs_f64();
        flight.lands(&mut crowd).await?;

        let counted = if self.setting.quick { COUNTED_QUICK } else { COUNTED };
        let disk = Disk::watch(folder.path())?;
        flight.times();
        flight.keeps_to(&mut crowd, peak / 2.0, counted).await?;
        let times = flight.times().context("nothing arrived")?;
        let disk = disk.ends().await?;
        drop(crowd);
        server.stop().await?;

        for (what, unit, value) in [
            ("messages a second at the peak, 8 in flight", Unit::Rate, peak),
            ("to the last one at half of that, p50", Unit::Ms, times.p50_ms),
            ("to the last one at half of that, p99", Unit::Ms, times.p99_ms),
            ("to the last one at half of that, p99.9", Unit::Ms, times.p999_ms),
            ("a write and a sync of the disk meanwhile, p50", Unit::Ms, disk.p50_ms),
            ("a write and a sync of the disk meanwhile, p99", Unit::Ms, disk.p99_ms),
        ] {
            report.adds(format!("{members} members: {what}"), unit, value);
        }
        let over = format!("{members} members: p99 to the last one, less p99 of the disk");
        report.aims(over, Unit::Ms, times.p99_ms - disk.p99_ms, Target::Most(OVER_SYNC_MS_MAX));
        Ok(times.p50_ms)
    }
}

/// What the disk takes for a write and a sync, time and again, on a thread of its own.
struct Disk {
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<Result<Vec<Duration>>>,
}

impl Disk {
    /// Of the disk that the folder is on.
    fn watch(folder: &Path) -> Result<Self> {
        let mut file = File::create(folder.join("synced-by-the-load"))?;
        let is_over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut times = Vec::new();
            while !ended.load(Ordering::Relaxed) {
                let began = Instant::now();
                file.write_all(&[0; SYNC_BYTES])?;
                file.sync_data()?;
                times.push(began.elapsed());
                thread::sleep(SYNC_INTERVAL);
            }
            Ok(times)
        });
        Ok(Self { is_over, thread })
    }

    async fn ends(self) -> Result<Times> {
        self.is_over.store(true, Ordering::Relaxed);
        while !self.thread.is_finished() {
            sleep(SYNC_INTERVAL).await;
        }
        let times = self.thread.join().map_err(|_| anyhow!("the disk could not be watched"))??;
        Times::of(times).context("the disk was not looked at")
    }
}
