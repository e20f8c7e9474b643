//! How many posts a second are acknowledged, that is, on disk; with everything that Parlor does for one, and beside the
//! floor: what SQLite's own group commit stores of the same rows.
//!
//! Hundreds of people say something, and the next thing as soon as the last one is acknowledged. Nobody follows the
//! rooms, so this is about storing alone. Afterwards the log is compared with what was acknowledged.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use protocol::{Event, RoomId};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{
    board::number_after,
    dialect::{Dialect, text},
    figures::{Times, exponent},
    floor,
    people::{Folder, Person, Place},
    process::{Program, Server, stay_on},
    report::{Report, Target, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
    wire::{Opened, Read, Wire},
};

/// Who posts. A connection's commands are carried out one after the other, so as many posts wait at a time: two of the
/// batches in which they are committed.
const POSTERS: usize = 512;
/// Into how many rooms those who post are dealt.
const ROOMS: [usize; 3] = [1, 10, 100];
const ROOMS_QUICK: [usize; 1] = [1];
/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(2);
/// How long is counted.
const COUNTED: Duration = Duration::from_secs(10);
const COUNTED_QUICK: Duration = Duration::from_secs(3);
/// How long anybody waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

const FLOOR_SHARE_MIN: f64 = 0.7;
const PER_SECOND_MIN: f64 = 20_000.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Durable {
    #[command(flatten)]
    setting: Setting,
}

/// One post that was acknowledged.
struct Acknowledged {
    number: u64,
    seq: u64,
    at: Instant,
    took: Duration,
}

impl Durable {
    /// Measures all sizes.
    ///
    /// # Errors
    /// The report could not be written.
    pub async fn run(&self) -> Result<()> {
        self.setting.rounds(async |report| self.round(report).await).await
    }

    async fn round(&self, report: &mut Report) -> Result<()> {
        let (rooms, counted) =
            if self.setting.quick { (&ROOMS_QUICK[..], COUNTED_QUICK) } else { (&ROOMS[..], COUNTED) };
        report.notes(format!("{POSTERS} people post, each the next as soon as the last is acknowledged"));
        let mut costs = Vec::new();
        for rooms in rooms {
            let size = if *rooms == 1 { "1 room".to_owned() } else { format!("{rooms} rooms") };
            let (cpu_ns, rate) = self.parlor(*rooms, counted, &size, report).await.context(size.clone())?;
            costs.push((*rooms as f64, cpu_ns));
            let floor = floor(*rooms, counted).await.with_context(|| format!("{size}, the floor"))?;
            report.adds(format!("{size}: SQLite's own group commit of the same rows"), Unit::Rate, floor);
            let share = Target::Least(FLOOR_SHARE_MIN);
            report.aims(format!("{size}: Parlor ÷ SQLite's own group commit"), Unit::Score, rate / floor, share);
        }
        if let Some(exponent) = exponent(&costs) {
            report.adds("exponent of the CPU a post over the number of rooms".to_owned(), Unit::Score, exponent);
        }
        Ok(())
    }

    /// CPU a post, and posts a second.
    async fn parlor(&self, rooms: usize, counted: Duration, size: &str, report: &mut Report) -> Result<(f64, f64)> {
        let folder = tempfile::tempdir()?;
        let (people, places) = settle(folder.path(), rooms).await?;
        let program = Program::Parlor { path: &self.setting.parlor, data: folder.path(), raises_limits: true };
        let server = Server::start(&program, Some(SERVER_CPU)).await?;
        stay_on(LOAD_CPU)?;
        report.notes(format!("limits raised: {}", server.raised.join(" ")));
        let mut wires = Vec::with_capacity(POSTERS);
        for (number, person) in people.iter().enumerate() {
            let request = Dialect::Parlor.request(&person.token, places[number % rooms].room);
            let Opened::Open(wire) = Wire::open(server.address, &request, number).await? else { bail!("sent away") };
            wires.push(wire);
        }
        let begin = Instant::now() + WARM_UP;
        let end = begin + counted;
        let mut posters = JoinSet::new();
        for (number, wire) in wires.into_iter().enumerate() {
            let room = places[number % rooms].room;
            posters.spawn_local(async move { anyhow::Ok((number % rooms, posts(wire, room, number, end).await?)) });
        }
        sleep_until(begin).await;
        let before = server.usage()?;
        sleep_until(end).await;
        let cpu_ns = (server.usage()?.cpu_ns - before.cpu_ns) as f64;
        let mut acknowledged: Vec<Vec<Acknowledged>> = (0..rooms).map(|_| Vec::new()).collect();
        while let Some(posted) = posters.join_next().await {
            let (room, posted) = posted??;
            acknowledged[room].extend(posted);
        }
        server.stop().await?;
        judge(folder.path(), &places, &acknowledged).await?;

        let is_counted = |one: &&Acknowledged| (begin..end).contains(&one.at);
        let times: Vec<Duration> = acknowledged.iter().flatten().filter(is_counted).map(|one| one.took).collect();
        let posts = times.len() as f64;
        let rate = posts / counted.as_secs_f64();
        let least = Target::Least(PER_SECOND_MIN);
        report.aims(format!("{size}: acknowledged posts a second"), Unit::Rate, rate, least);
        report.adds(format!("{size}: CPU a post"), Unit::Ns, cpu_ns / posts);
        let times = Times::of(times).context("nothing was acknowledged")?;
        report.adds(format!("{size}: until it is acknowledged, p50"), Unit::Ms, times.p50_ms);
        report.adds(format!("{size}: until it is acknowledged, p99"), Unit::Ms, times.p99_ms);
        Ok((cpu_ns / posts, rate))
    }
}

/// A folder with those who post, dealt to so many rooms.
async fn settle(data: &Path, rooms: usize) -> Result<(Vec<Person>, Vec<Place>)> {
    let folder = Folder::open(data).await?;
    let people = folder.people(POSTERS).await?;
    let places = folder.rooms(&people, rooms).await?;
    folder.close().await;
    Ok((people, places))
}

/// Posts one after the other until then.
async fn posts(mut wire: Wire, room: RoomId, poster: usize, end: Instant) -> Result<Vec<Acknowledged>> {
    let mut acknowledged = Vec::new();
    let mut id = 1;
    while Instant::now() < end {
        id += 1;
        let number = id * POSTERS as u64 + poster as u64;
        let began = Instant::now();
        wire.send(&Dialect::Parlor.post(room, id, number)?).await?;
        let mut seq = None;
        while seq.is_none() {
            let read = wire.read(|frame| {
                Dialect::Parlor.hear(frame)?;
                if frame.starts_with(br#"{"type":"ack""#) {
                    ensure!(number_after(frame, br#""id":"#)? == id, "another post was acknowledged");
                    seq = Some(number_after(frame, br#""seq":"#)?);
                }
                Ok(())
            });
            if let Read::Closed(code) = timeout(PATIENCE, read).await.context("no answer")?? {
                bail!("closed: {code:?}");
            }
        }
        let (seq, at) = (seq.context("where it is")?, Instant::now());
        acknowledged.push(Acknowledged { number, seq, at, took: at - began });
    }
    Ok(acknowledged)
}

/// What was acknowledged is in the log, where it was said to be, and nothing else is.
async fn judge(data: &Path, places: &[Place], acknowledged: &[Vec<Acknowledged>]) -> Result<()> {
    let folder = Folder::open(data).await?;
    for (place, acknowledged) in places.iter().zip(acknowledged) {
        let log = folder.log_since(*place).await?;
        let first = place.head.seq.0 + 1;
        ensure!(log.len() == acknowledged.len(), "{} acknowledged, {} in the log", acknowledged.len(), log.len());
        for (at, record) in log.iter().enumerate() {
            ensure!(record.seq.0 == first + at as u64, "event {} is missing", first + at as u64);
        }
        for Acknowledged { number, seq, .. } in acknowledged {
            let at = seq.checked_sub(first).map(usize::try_from).context("an event from before")??;
            let said = log.get(at).map(|record| &record.event);
            let is_there = matches!(said, Some(Event::MessagePosted(posted)) if posted.text == text(*number));
            ensure!(is_there, "{number} was acknowledged as event {seq}, and there is {said:?}");
        }
    }
    folder.close().await;
    Ok(())
}

/// What SQLite stores a second by itself, on the server's processor.
async fn floor(rooms: usize, counted: Duration) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let (_, places) = settle(folder.path(), rooms).await?;
    let floor = thread::spawn(move || {
        stay_on(SERVER_CPU)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(floor::stores(folder.path(), &places, POSTERS, counted))
    });
    while !floor.is_finished() {
        sleep(Duration::from_millis(100)).await;
    }
    floor.join().map_err(|_| anyhow!("the floor gave way"))?
}
