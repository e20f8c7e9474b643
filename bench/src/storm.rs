//! A server that is killed under ten thousand people who are connected by the sync engine that browsers use: how soon all of
//! them are back and see what was said since, and whether anything is lost or there twice.
//!
//! They are in a hundred rooms. One in each talks all the while, and another says something when the server is gone:
//! everybody in the room is to see that. In the end the oracle judges the logs by everybody's journal.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    path::Path,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use client::{Connection, Engine, native::Session};
use protocol::{Seq, StreamId};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    figures::median,
    journal::{Device, Journal},
    oracle::{disk, log},
    people::{Folder, Place},
    process::{Program, Server, stay_on, steady_address},
    report::{Report, Target, Unit},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
};

const PEOPLE: usize = 10_000;
const PEOPLE_QUICK: usize = 1_000;
/// Rooms to which they are dealt.
const ROOMS: usize = 100;
/// How often the server is killed in a round.
const KILLS: usize = 3;
const KILLS_QUICK: usize = 1;
/// Between two messages of one of those who talk: a hundred of them say twenty things a second.
const TALK_INTERVAL: Duration = Duration::from_secs(5);
/// How long all are there between two kills.
const BETWEEN: Duration = Duration::from_secs(5);
/// How many open their room at once in the beginning.
const OPENING: usize = 32;
/// How long anybody waits for anything.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often is looked whether somebody is back.
const LOOK: Duration = Duration::from_millis(50);

const CAUGHT_UP_MS_MAX: f64 = 10_000.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Storm {
    #[command(flatten)]
    setting: Setting,
}

/// Somebody, and the room in which they are.
struct Person {
    device: Rc<Device>,
    room: usize,
}

impl Storm {
    /// Kills a server a few times.
    ///
    /// # Errors
    /// The report could not be written.
    pub async fn run(&self) -> Result<()> {
        self.setting.rounds(async |report| self.round(report).await).await
    }

    async fn round(&self, report: &mut Report) -> Result<()> {
        let (count, kills) = if self.setting.quick { (PEOPLE_QUICK, KILLS_QUICK) } else { (PEOPLE, KILLS) };
        report.notes(format!("{count} people in {ROOMS} rooms; the server is killed {kills} times a round"));
        let folder = tempfile::tempdir()?;
        let data = Folder::open(folder.path()).await?;
        let people = data.people(count).await?;
        let places = data.rooms(&people, ROOMS).await?;
        data.close().await;
        // The same address each time: they come back to where they were.
        let address = steady_address(None)?;
        // All of them are one address, and would be taken for somebody who wants too much.
        let program = Program::Parlor { path: &self.setting.parlor, data: folder.path(), raises_limits: true };
        let mut server = Server::start_at(&program, Some(SERVER_CPU), address).await?;
        stay_on(LOAD_CPU)?;
        report.notes(format!("limits raised: {}", server.raised.join(" ")));
        let sessions = people.iter().map(|person| person.native_session()).collect();
        let people = gather(address, sessions, &places).await?;

        let is_over = Rc::new(Cell::new(false));
        let mut talks = JoinSet::new();
        for (room, place) in places.iter().enumerate() {
            // Members are dealt to the rooms in turn.
            talks.spawn_local(talk(Rc::clone(&people[room].device), *place, Rc::clone(&is_over)));
        }
        for kill in 0..kills {
            sleep(BETWEEN).await;
            let began = Instant::now();
            server.kill().await?;
            let mut last = LastWords::of(&people, &places, kill);
            server = Server::start_at(&program, Some(SERVER_CPU), address).await?;
            let listens = began.elapsed();
            let back = all_back(&people, &places, &mut last, began).await?;
            adds(report, listens, &back)?;
        }
        is_over.set(true);
        while let Some(talked) = talks.join_next().await {
            talked?;
        }
        let journals: Vec<_> = people.iter().map(|person| person.device.take_journal()).collect();
        drop(people);
        server.stop().await?;
        let count = judge(folder.path(), &places, &journals).await?;
        report.adds("messages acknowledged, each once in the log".to_owned(), Unit::Score, count as f64);
        Ok(())
    }
}

fn adds(report: &mut Report, listens: Duration, back: &Back) -> Result<()> {
    let half = median(back.caught_up.clone()).context("somebody")?;
    let all = back.caught_up.last().copied().context("somebody")?;
    let mut adds = |what: &str, value| report.adds(what.to_owned(), Unit::Ms, value);
    adds("from the kill until it listens again", ms(listens));
    adds("from the kill until all are connected", back.connected);
    adds("from the kill until half of them have caught up", half);
    let what = "from the kill until all have caught up".to_owned();
    report.aims(what, Unit::Ms, all, Target::Most(CAUGHT_UP_MS_MAX));
    Ok(())
}

/// Connects all of them, and has each open the room they are in.
async fn gather(address: SocketAddr, sessions: Vec<Session>, places: &[Place]) -> Result<Vec<Person>> {
    let base = format!("http://{address}");
    let mut people = Vec::with_capacity(sessions.len());
    let mut waiting = sessions.into_iter().enumerate();
    loop {
        let mut opening = JoinSet::new();
        for (number, session) in waiting.by_ref().take(OPENING) {
            let name = session.user.name.to_string();
            let device = Device::start(&base, session, name, PATIENCE);
            let room = number % places.len();
            people.push(Person { device: Rc::clone(&device), room });
            let room = places[room].room;
            opening.spawn_local(async move { device.client.opens(room).await.map(drop) });
        }
        if opening.is_empty() {
            return Ok(people);
        }
        while let Some(opened) = opening.join_next().await {
            opened??;
        }
    }
}

async fn talk(person: Rc<Device>, place: Place, is_over: Rc<Cell<bool>>) {
    let mut number = 0;
    while !is_over.get() {
        sleep(TALK_INTERVAL.mul_f64(0.5 + fastrand::f64())).await;
        number += 1;
        person.says(place.room, format!("{} says {number}", person.name)).await;
    }
}

/// Of each room, once it was acknowledged.
type Said = Vec<Option<Seq>>;

/// What is said in each room, by somebody else than who talks there, while the server is away.
struct LastWords {
    said: Rc<RefCell<Said>>,
    tasks: JoinSet<Result<()>>,
}

impl LastWords {
    fn of(people: &[Person], places: &[Place], kill: usize) -> Self {
        let said = Rc::new(RefCell::new(vec![None; places.len()]));
        let mut tasks = JoinSet::new();
        for (number, place) in places.iter().enumerate() {
            let (person, said) = (Rc::clone(&people[number + places.len()].device), Rc::clone(&said));
            let room = place.room;
            tasks.spawn_local(async move {
                let before = person.journal().said(room).next_back();
                person.says(room, format!("{number} after kill {kill}")).await;
                let seq = person.journal().said(room).next_back().filter(|seq| Some(*seq) > before);
                said.borrow_mut()[number] = Some(seq.context("nothing was said")?);
                Ok(())
            });
        }
        Self { said, tasks }
    }
}

/// How soon they were back, in milliseconds.
struct Back {
    /// All of them are connected at one time.
    connected: f64,
    /// Each of them, the first one first.
    caught_up: Vec<f64>,
}

/// Waits until everybody is shown what was said last in their room.
async fn all_back(people: &[Person], places: &[Place], last: &mut LastWords, began: Instant) -> Result<Back> {
    let (mut connected, mut caught_up) = (None, Vec::with_capacity(people.len()));
    let mut away: Vec<&Person> = people.iter().collect();
    while !away.is_empty() || connected.is_none() {
        ensure!(began.elapsed() < PATIENCE, "{} people have not caught up", away.len());
        while let Some(said) = last.tasks.try_join_next() {
            said??;
        }
        if connected.is_none() {
            let is_online = |person: &Person| person.device.client.view(Engine::connection) == Connection::Online;
            connected = people.iter().all(is_online).then(|| ms(began.elapsed()));
        }
        let said = last.said.borrow().clone();
        away.retain(|person| {
            let Some(last) = said[person.room] else { return true };
            let room = places[person.room].room;
            // What a room looks like is put together for who asks: ten thousand of that, again and again, would be all
            // that the load does.
            let is_back = person.device.client.view(|engine| {
                let is_shown =
                    || engine.room(room).is_some_and(|view| view.lines.iter().any(|line| line.seq >= Some(last)));
                engine.is_live(room) && is_shown()
            });
            if is_back {
                caught_up.push(ms(began.elapsed()));
            }
            !is_back
        });
        sleep(LOOK).await;
    }
    Ok(Back { connected: connected.context("nobody")?, caught_up })
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Compares the logs with what was wanted and acknowledged. How many messages were.
async fn judge(data: &Path, places: &[Place], journals: &[Journal]) -> Result<usize> {
    let folder = Folder::open(data).await?;
    let streams: Vec<_> = places.iter().map(|place| (StreamId::Room(place.room), place.head.seq)).collect();
    let logs = disk::logs(&folder, &streams).await?;
    folder.close().await;
    let mut verdict = log::judge(journals, &logs);
    verdict.wrong.extend(disk::damage(data).await?);
    if let Some(fault) = verdict.faults().next() {
        bail!("{}; first of all {fault}", verdict.line());
    }
    Ok(verdict.acknowledged)
}
