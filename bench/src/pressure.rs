//! Whether those who stay connected feel what others do: somebody who does not read, somebody who says too much, and
//! thousands who come back at once.
//!
//! 500 people follow a room. Ten times a second one of them posts, and what counts is when the last of them has it,
//! from the time at which it was due; before, during and after.

use std::{collections::HashMap, path::Path, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::{
    crowd::{Crowd, OPENING_MAX},
    dialect::{Dialect, follow_command},
    fanout::Flight,
    figures::Times,
    people::{Folder, GENERAL, Person, Place},
    process::{Program, Server, stay_on},
    report::{Report, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
    wire::{Opened, Read, Wire},
};

/// Who stays.
const STEADY: usize = 500;
/// Those of them who post in turn, so that nobody is too quick for the limits.
const PROBERS: usize = 4;
const PROBE_INTERVAL: Duration = Duration::from_millis(100);
/// How long it is quiet before and after.
const QUIET: Duration = Duration::from_secs(20);
const QUIET_QUICK: Duration = Duration::from_secs(5);
/// How often the server's memory is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// People who do not read, in a room of their own with those who write there.
const SLOW: usize = 20;
const WRITERS: usize = 8;
const EVENTS: usize = 100_000;
const EVENTS_QUICK: usize = 10_000;
/// How long a server may keep somebody who takes nothing, with what it takes to see it.
const SLOW_MAX: Duration = Duration::from_secs(25);

/// How much too much is said, and for how long.
const FLOOD_INTERVAL: Duration = Duration::from_millis(5);
const FLOOD: Duration = Duration::from_secs(60);
const FLOOD_QUICK: Duration = Duration::from_secs(10);

/// Who comes back at once.
const STORM: usize = 5_000;
const STORM_QUICK: usize = 1_000;

/// What is done to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Some follow a room with 100,000 new events, and do not read
    SlowReader,
    /// One posts 200 messages a second
    Flood,
    /// 5,000 lose their connections and come back at once
    Storm,
}

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Pressure {
    #[command(flatten)]
    setting: Setting,
}

impl Pressure {
    /// Measures all kinds.
    ///
    /// # Errors
    /// The report could not be written. A kind in which something was lost is named in it.
    pub async fn run(&self) -> Result<()> {
        self.setting.rounds(async |report| self.round(report).await).await
    }

    async fn round(&self, report: &mut Report) -> Result<()> {
        report.notes("the server has one processor, the load another".to_owned());
        for kind in Kind::value_variants() {
            let name = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            report.round(&name, async |report| self.measure(*kind, &name, report).await).await;
        }
        Ok(())
    }

    async fn measure(&self, kind: Kind, name: &str, report: &mut Report) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (quiet, storm, events, flood) = if self.setting.quick {
            (QUIET_QUICK, STORM_QUICK, EVENTS_QUICK, FLOOD_QUICK)
        } else {
            (QUIET, STORM, EVENTS, FLOOD)
        };
        let others = match kind {
            Kind::SlowReader => SLOW + WRITERS,
            Kind::Flood => 1,
            Kind::Storm => storm,
        };
        let (place, busy, people) = settle(folder.path(), others).await?;
        let tokens: Vec<String> = people.into_iter().map(|person| person.token).collect();
        let (steady, others) = tokens.split_at(STEADY);
        // Only where many events are to come quickly: a flood is to meet the limits as they are.
        let raises_limits = kind == Kind::SlowReader;
        let program = Program::Parlor { path: &self.setting.parlor, data: folder.path(), raises_limits };
        let server = Server::start(&program, Some(SERVER_CPU)).await?;
        stay_on(LOAD_CPU)?;
        if !server.raised.is_empty() {
            report.notes(format!("{name}: limits raised: {}", server.raised.join(" ")));
        }
        let crowd = Crowd::gather(server.address, Dialect::Parlor, &[place], steady, PROBERS, OPENING_MAX).await?;
        let mut watch = Watch { crowd, server: &server, next: 0, due: HashMap::new() };
        let mut notes = Vec::new();
        // Who is to come back has to have been there.
        let gone = match kind {
            Kind::Storm => Some(Crowd::gather(server.address, Dialect::Parlor, &[busy], others, 0, OPENING_MAX).await?),
            Kind::SlowReader | Kind::Flood => None,
        };
        watch.adds(report, name, "before", sleep_for(quiet)).await?;
        let pressure = async {
            notes = match kind {
                Kind::SlowReader => slow_readers(&server, busy, others, events).await?,
                Kind::Flood => flooding(&server, place, &others[0], flood).await?,
                Kind::Storm => storming(&server, busy, others, gone).await?,
            };
            Ok(())
        };
        watch.adds(report, name, "during", pressure).await?;
        watch.adds(report, name, "after", sleep_for(quiet)).await?;
        drop(watch);
        server.stop().await?;
        for (what, unit, value) in notes {
            report.adds(format!("{name}: {what}"), unit, value);
        }
        Ok(())
    }
}

async fn sleep_for(time: Duration) -> Result<()> {
    sleep(time).await;
    Ok(())
}

/// A folder with a room for all, one for the others alone, and everybody: those who stay first.
async fn settle(data: &Path, others: usize) -> Result<(Place, Place, Vec<Person>)> {
    let folder = Folder::open(data).await?;
    let people = folder.people(STEADY + others).await?;
    let busy = folder.room("busy", &people[STEADY..]).await?;
    let place = folder.general().await?;
    folder.close().await;
    Ok((place, busy, people))
}

/// Who stays, and what they feel.
struct Watch<'a> {
    crowd: Crowd,
    server: &'a Server,
    next: u64,
    /// When messages were due that are not everybody's yet.
    due: HashMap<u64, Instant>,
}

impl Watch<'_> {
    /// Watches for as long as something takes, and reports it.
    async fn adds(
        &mut self,
        report: &mut Report,
        name: &str,
        phase: &str,
        work: impl Future<Output = Result<()>>,
    ) -> Result<()> {
        let (times, peak_bytes) = self.watches(work).await.with_context(|| format!("{phase} it"))?;
        let times = Times::of(times).context("nothing arrived")?;
        let mut adds = |what: &str, unit, value| report.adds(format!("{name}, {phase}: {what}"), unit, value);
        adds("to the last of 500, p50", Unit::Ms, times.p50_ms);
        adds("to the last of 500, p99", Unit::Ms, times.p99_ms);
        adds("to the last of 500, longest", Unit::Ms, times.max_ms);
        adds("resident memory, at most", Unit::Bytes, peak_bytes as f64);
        adds("resident memory, at the end", Unit::Bytes, self.server.usage()?.resident_bytes as f64);
        Ok(())
    }

    async fn watches(&mut self, work: impl Future<Output = Result<()>>) -> Result<(Vec<Duration>, u64)> {
        let (mut times, mut peak_bytes) = (Vec::new(), 0);
        let (mut probes, mut looks) = (interval(PROBE_INTERVAL), interval(LOOK_INTERVAL));
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                ended = &mut work => {
                    ended?;
                    break;
                }
                due = probes.tick() => {
                    self.next += 1;
                    self.due.insert(self.next, due);
                    self.crowd.post(usize::try_from(self.next)? % PROBERS, self.next)?;
                }
                done = self.crowd.done() => self.note(&mut times, done?),
                _ = looks.tick() => peak_bytes = peak_bytes.max(self.server.usage()?.resident_bytes),
            }
        }
        while !self.due.is_empty() {
            let done = self.crowd.done().await?;
            self.note(&mut times, done);
        }
        Ok((times, peak_bytes))
    }

    fn note(&mut self, times: &mut Vec<Duration>, done: Vec<(u64, Instant)>) {
        for (number, at) in done {
            // What others have said is not timed.
            times.extend(self.due.remove(&number).map(|due| at - due));
        }
    }
}

/// Something that was found beside it.
type Notes = Vec<(&'static str, Unit, f64)>;

async fn open(server: &Server, token: &str, number: usize) -> Result<Wire> {
    match Wire::open(server.address, &Dialect::Parlor.request(token, GENERAL), number).await? {
        Opened::Open(wire) => Ok(wire),
        Opened::Later(_) => bail!("sent away"),
    }
}

/// Some follow a room and do not read, while others fill it; one of those who write takes all of it, checked.
async fn slow_readers(server: &Server, place: Place, tokens: &[String], events: usize) -> Result<Notes> {
    let (slow, writers) = tokens.split_at(SLOW);
    let mut silent = Vec::new();
    for (number, token) in slow.iter().enumerate() {
        let mut wire = open(server, token, STEADY + number).await?;
        wire.send(&follow_command(place)?).await?;
        silent.push(wire);
    }
    let started = Instant::now();
    let mut crowd = Crowd::gather(server.address, Dialect::Parlor, &[place], writers, WRITERS, OPENING_MAX).await?;
    let mut flight = Flight::default();
    flight.takes_off(&mut crowd, WRITERS)?;
    flight.carries(&mut crowd, events).await?;
    flight.lands(&mut crowd).await?;
    let took = started.elapsed();
    sleep((SLOW_MAX).saturating_sub(took)).await;
    let mut ended = 0;
    for mut wire in silent {
        ended += usize::from(timeout(SLOW_MAX, ends(&mut wire)).await.is_ok());
    }
    Ok(vec![
        ("events a second", Unit::Score, events as f64 / took.as_secs_f64()),
        ("of 20 who did not read, those whose connection was ended", Unit::Score, ended as f64),
    ])
}

/// Reads what is left, to the end of the connection.
async fn ends(wire: &mut Wire) {
    while let Ok(Read::Some) = wire.read(|_| Ok(())).await {}
}

/// One posts far too much.
async fn flooding(server: &Server, place: Place, token: &str, time: Duration) -> Result<Notes> {
    let mut wire = open(server, token, STEADY).await?;
    let (mut sent, mut stored, mut refused) = (0, 0_u64, 0_u64);
    let mut ticks = interval(FLOOD_INTERVAL);
    let until = Instant::now() + time;
    while Instant::now() < until {
        tokio::select! {
            _ = ticks.tick() => {
                sent += 1;
                // No number that is waited for.
                wire.send(&Dialect::Parlor.post(place.room, sent, u64::MAX - sent)?).await?;
            }
            read = wire.read(|frame| {
                stored += u64::from(frame.starts_with(br#"{"type":"ack""#));
                refused += u64::from(frame.starts_with(br#"{"type":"error""#));
                Ok(())
            }) => if let Read::Closed(code) = read? { bail!("the flood was closed: {code:?}") },
        }
    }
    ensure!(stored + refused > 0, "nothing was answered");
    Ok(vec![
        ("messages sent", Unit::Score, sent as f64),
        ("messages stored", Unit::Score, stored as f64),
        ("messages refused", Unit::Score, refused as f64),
    ])
}

/// All of a crowd lose their connections at once, and come back at once.
async fn storming(server: &Server, place: Place, tokens: &[String], gone: Option<Crowd>) -> Result<Notes> {
    drop(gone);
    let started = Instant::now();
    let back = Crowd::gather(server.address, Dialect::Parlor, &[place], tokens, 0, tokens.len()).await?;
    Ok(vec![
        ("until all are back", Unit::Ms, started.elapsed().as_secs_f64() * 1_000.0),
        ("times that somebody was sent away", Unit::Score, back.sent_away as f64),
    ])
}
