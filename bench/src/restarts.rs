//! A server that is restarted again and again, as by a service manager, while people talk: nothing may be lost, doubled
//! or out of order, and those who come back are to come spread over time.
//!
//! 500 people are connected by the sync engine that browsers use; 20 of them talk. Each keeps a journal, by which the oracle
//! judges what is in the log at the end, and what everybody is shown of it.

use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use client::{Connection, Engine, Status, native::Session};
use protocol::{RoomId, StreamId};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    figures::{Times, median},
    journal::Device,
    oracle::{disk, log, room},
    people::{Folder, Place},
    process::{Program, Server, steady_address},
    report::{Report, Unit},
    setting::Setting,
};

const PEOPLE: usize = 500;
const TALKERS: usize = 20;
/// Between two messages of one of them: all together stay below what a room takes, so that the limits are as they are.
const TALK_INTERVAL: Duration = Duration::from_millis(500);
const RESTARTS: usize = 50;
const RESTARTS_QUICK: usize = 5;
/// How long all are there between two restarts.
const BETWEEN: Duration = Duration::from_secs(2);
/// How long anybody waits for anything.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often is looked whether somebody is back.
const LOOK: Duration = Duration::from_millis(10);
/// Who is back later than this is named, with what happened to them.
const LATE: Duration = Duration::from_secs(10);
/// What is counted as the same moment, of those who come back.
const MOMENT_MS: f64 = 100.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Restarts {
    #[command(flatten)]
    setting: Setting,
}

impl Restarts {
    /// Restarts a server, again and again.
    ///
    /// # Errors
    /// The report could not be written. A run in which something was lost is named in it.
    pub async fn run(&self) -> Result<()> {
        self.setting.rounds(async |report| self.round(report).await).await
    }

    async fn round(&self, report: &mut Report) -> Result<()> {
        let restarts = if self.setting.quick { RESTARTS_QUICK } else { RESTARTS };
        report.notes(format!(
            "{PEOPLE} people, {TALKERS} of them talk; {restarts} restarts by SIGTERM, with the limits as they are"
        ));
        let folder = tempfile::tempdir()?;
        let data = Folder::open(folder.path()).await?;
        let sessions: Vec<_> = data.people(PEOPLE).await?.iter().map(|person| person.native_session()).collect();
        let place = data.general().await?;
        data.close().await;
        // The same address each time: they come back to where they were.
        let address = steady_address(None)?;
        let program = Program::Parlor { path: &self.setting.parlor, data: folder.path(), raises_limits: false };
        let mut server = Server::start_at(&program, None, address).await?;

        let base = format!("http://{address}");
        let named = |session: Session| {
            let name = session.user.name.to_string();
            Device::start(&base, session, name, PATIENCE)
        };
        let people: Vec<Rc<Device>> = sessions.into_iter().map(named).collect();
        for person in &people {
            person.client.opens(place.room).await?;
        }
        let is_over = Rc::new(Cell::new(false));
        let mut talks = JoinSet::new();
        for person in people.iter().take(TALKERS) {
            talks.spawn_local(talk(Rc::clone(person), place.room, Rc::clone(&is_over)));
        }
        for _ in 0..restarts {
            sleep(BETWEEN).await;
            server = restart(server, &program, address, &people, report).await?;
        }
        is_over.set(true);
        while let Some(talked) = talks.join_next().await {
            talked?;
        }
        let log = judge(&people, place, server, folder.path()).await?;
        let times = people.iter().flat_map(|person| person.journal().times().collect::<Vec<_>>()).collect();
        let times = Times::of(times).context("nothing said")?;
        for (what, ms) in [("p50", times.p50_ms), ("p99", times.p99_ms), ("longest", times.max_ms)] {
            report.adds(format!("from saying something until it is on disk, {what}"), Unit::Ms, ms);
        }
        report.adds(
            "messages intended".to_owned(),
            Unit::Score,
            people.iter().map(|person| person.journal().intents.len()).sum::<usize>() as f64,
        );
        report.adds("messages acknowledged, each once in the log".to_owned(), Unit::Score, log as f64);
        Ok(())
    }
}

/// Ends the server, starts it again, and waits until everybody is back.
async fn restart(
    server: Server,
    program: &Program<'_>,
    address: SocketAddr,
    people: &[Rc<Device>],
    report: &mut Report,
) -> Result<Server> {
    let told = Instant::now();
    server.stop().await?;
    let ended = Instant::now();
    let server = Server::start_at(program, None, address).await?;
    let ready = Instant::now();
    let mut back: Vec<f64> = Vec::new();
    let mut away: Vec<&Rc<Device>> = people.iter().collect();
    let mut last = None;
    while !away.is_empty() {
        ensure!(ready.elapsed() < PATIENCE, "{} people did not come back", away.len());
        away.retain(|person| {
            let is_back = person.client.view(|engine| engine.connection()) == Connection::Online;
            if is_back {
                back.push(ready.elapsed().as_secs_f64() * 1_000.0);
                last = Some(*person);
            }
            !is_back
        });
        sleep(LOOK).await;
    }
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let mut adds = |what: &str, value| report.adds(what.to_owned(), Unit::Ms, value);
    adds("from SIGTERM to the end", ms(ended - told));
    adds("from the start until it listens", ms(ready - ended));
    adds("from then until the first is back", back[0]);
    adds("until half of them are back", median(back.clone()).context("somebody")?);
    adds("until the last one is back", *back.last().context("somebody")?);
    let most = back.iter().map(|from| back.iter().filter(|at| (*from..*from + MOMENT_MS).contains(*at)).count()).max();
    if let Some(last) = last.filter(|_| ready.elapsed() > LATE) {
        report.notes(format!("{} came back after {:.1} s: {}", last.name, ready.elapsed().as_secs_f64(), last.story()));
    }
    report.adds("the most who came back within 100 ms".to_owned(), Unit::Score, most.unwrap_or_default() as f64);
    Ok(server)
}

async fn talk(person: Rc<Device>, room: RoomId, is_over: Rc<Cell<bool>>) {
    let mut number = 0;
    while !is_over.get() {
        sleep(TALK_INTERVAL.mul_f64(0.5 + fastrand::f64())).await;
        number += 1;
        person.says(room, format!("{} says {number}", person.name)).await;
    }
}

/// Compares what was acknowledged, what is in the log, and what everybody is shown. How many messages there are.
async fn judge(people: &[Rc<Device>], place: Place, server: Server, data: &std::path::Path) -> Result<usize> {
    let last = people.iter().filter_map(|person| person.journal().said(place.room).max()).max();
    let last = last.context("nothing said")?;
    let mut shown = Vec::new();
    for person in people {
        let look = |engine: &Engine| {
            let view = engine.room(place.room)?;
            let is_there = view.lines.iter().any(|line| line.seq == Some(last));
            let is_settled = view.lines.iter().all(|line| line.status == Status::Stored);
            (is_there && is_settled).then_some(view)
        };
        shown.push(person.client.until("the last message", look).await?);
    }
    server.stop().await?;

    let folder = Folder::open(data).await?;
    let stream = StreamId::Room(place.room);
    let logs = disk::logs(&folder, &[(stream, place.head.seq)]).await?;
    folder.close().await;
    let damage = disk::damage(data).await?;
    let journals: Vec<_> = people.iter().map(|person| person.journal()).collect();
    let mut verdict = log::judge(journals.iter().map(|journal| &**journal), &logs);
    verdict.wrong.extend(damage);
    let room = room::fold(&logs[0].records)?;
    for (person, view) in people.iter().zip(&shown) {
        let difference = room::difference(&room, view, person.client.session().user.id);
        verdict.wrong.extend(difference.map(|what| format!("{}: {what}", person.name)));
    }
    if let Some(fault) = verdict.faults().next() {
        bail!("{}; first of all {fault}", verdict.line());
    }
    Ok(verdict.acknowledged)
}
