//! What it costs that thousands come to one room and leave it again, while all who are there see who is: bytes that are sent,
//! and the server's time on a processor. Twice as many people are to cost twice as much, and not four times.
//!
//! However many they are, they come over the same time and leave over the same time. Who comes says that they look at the
//! room, as a browser does.

use std::{net::SocketAddr, rc::Rc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use protocol::{Command, presence::SetPresence};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use crate::{
    crowd::OPENING_MAX,
    dialect::{Dialect, frame},
    figures::exponent,
    people::{Folder, Place},
    process::{Program, Server, stay_on},
    report::{Report, Target, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
    wire::{Opened, Read, Wire},
};

/// Who comes and leaves: more than those of whom a room tells one by one.
const PEOPLE: [usize; 3] = [500, 1_581, 5_000];
const PEOPLE_QUICK: [usize; 2] = [500, 1_581];
/// Over how long they come, and over how long they leave.
const MOVING: Duration = Duration::from_secs(10);
/// How long all of them are there.
const TOGETHER: Duration = Duration::from_secs(5);
/// How long it takes until who has left is gone, with what it takes to tell: the server waits for who only reloads.
const AFTER: Duration = Duration::from_secs(17);

/// As much as something that grows in a straight line may bend in a measurement.
const EXPONENT_MAX: f64 = 1.2;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Presence {
    #[command(flatten)]
    setting: Setting,
}

impl Presence {
    /// Measures all sizes.
    ///
    /// # Errors
    /// The report could not be written.
    pub async fn run(&self) -> Result<()> {
        self.setting.rounds(async |report| self.round(report).await).await
    }

    async fn round(&self, report: &mut Report) -> Result<()> {
        let sizes = if self.setting.quick { &PEOPLE_QUICK[..] } else { &PEOPLE };
        let (mut bytes, mut cpu) = (Vec::new(), Vec::new());
        for people in sizes {
            let (sent, cpu_ns) = self.measure(*people, report).await.with_context(|| format!("{people} people"))?;
            bytes.push((*people as f64, sent));
            cpu.push((*people as f64, cpu_ns));
        }
        for (what, costs) in [("bytes sent", bytes), ("CPU", cpu)] {
            let exponent = exponent(&costs).context("one size only")?;
            let what = format!("exponent of {what} over the number of people");
            report.aims(what, Unit::Score, exponent, Target::Most(EXPONENT_MAX));
        }
        Ok(())
    }

    /// Bytes that were sent to all of them, and the time on a processor that all of it took.
    async fn measure(&self, count: usize, report: &mut Report) -> Result<(f64, f64)> {
        let folder = tempfile::tempdir()?;
        let data = Folder::open(folder.path()).await?;
        let people = data.people(count).await?;
        let place = data.general().await?;
        data.close().await;
        let program = Program::Parlor { path: &self.setting.parlor, data: folder.path(), raises_limits: true };
        let server = Server::start(&program, Some(SERVER_CPU)).await?;
        stay_on(LOAD_CPU)?;
        report.notes(format!("limits raised: {}", server.raised.join(" ")));
        let before = server.usage()?;
        let (begin, opening) = (Instant::now(), Rc::new(Semaphore::new(OPENING_MAX)));
        let mut visits = JoinSet::new();
        for (number, person) in people.into_iter().enumerate() {
            let comes = begin + MOVING.mul_f64(number as f64 / count as f64);
            let visit = Visit { number, token: person.token, place, comes, leaves: comes + MOVING + TOGETHER };
            visits.spawn_local(visit.goes(server.address, Rc::clone(&opening)));
        }
        let (mut bytes, mut frames, mut late) = (0, 0, Duration::ZERO);
        while let Some(seen) = visits.join_next().await {
            let seen = seen??;
            bytes += seen.bytes;
            frames += seen.presences;
            late = late.max(seen.late);
        }
        sleep(AFTER).await;
        let cpu_ns = (server.usage()?.cpu_ns - before.cpu_ns) as f64;
        server.stop().await?;
        ensure!(frames > 0, "nobody was told of anybody");
        let (each, late_ms) = (|all: u64| all as f64 / count as f64, late.as_secs_f64() * 1_000.0);
        report.adds(format!("{count} people: bytes sent, each"), Unit::Bytes, each(bytes));
        report.adds(format!("{count} people: frames of presence, each"), Unit::Score, each(frames));
        report.adds(format!("{count} people: CPU, each"), Unit::Ns, cpu_ns / count as f64);
        report.adds(format!("{count} people: the latest who came, too late by"), Unit::Ms, late_ms);
        Ok((bytes as f64, cpu_ns))
    }
}

/// Somebody who comes and leaves.
struct Visit {
    number: usize,
    token: String,
    place: Place,
    comes: Instant,
    leaves: Instant,
}

/// What somebody was sent.
struct Seen {
    bytes: u64,
    presences: u64,
    /// How much later than they were to they followed the room.
    late: Duration,
}

impl Visit {
    async fn goes(self, server: SocketAddr, opening: Rc<Semaphore>) -> Result<Seen> {
        sleep_until(self.comes).await;
        let turn = opening.acquire().await?;
        let request = Dialect::Parlor.request(&self.token, self.place.room);
        let Opened::Open(mut wire) = Wire::open(server, &request, self.number).await? else { bail!("sent away") };
        Dialect::Parlor.follow(&mut wire, self.place).await?.context("sent away")?;
        drop(turn);
        let late = self.comes.elapsed();
        let looks = Command::SetPresence(SetPresence { away: false, room: Some(self.place.room) });
        wire.send(&frame(2, looks)?).await?;
        let mut presences = 0;
        loop {
            let read = wire.read(|frame| {
                Dialect::Parlor.hear(frame)?;
                presences += u64::from(frame.starts_with(br#"{"type":"presence""#));
                Ok(())
            });
            match timeout_at(self.leaves, read).await {
                Ok(Ok(Read::Some)) => {}
                Ok(Ok(Read::Closed(code))) => bail!("closed: {code:?}"),
                Ok(Err(error)) => return Err(error),
                Err(_) => return Ok(Seen { bytes: wire.bytes, presences, late }),
            }
        }
    }
}
