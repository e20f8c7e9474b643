//! A server that is restarted again and again, as by a service manager, while people talk: nothing may be lost, doubled
//! or out of order, and those who come back are to come spread over time.
//!
//! 500 people are connected by the sync engine that browsers use; 20 of them talk. Each keeps a journal: what was
//! intended, and what was acknowledged as which event. What is in the log at the end is the oracle.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use client::{
    Connection, Content, Line,
    native::{Client, Options},
};
use protocol::{Body, Event, Record, RoomId, Seq};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    figures::{Times, median},
    people::{Folder, Place},
    process::{Program, Server},
    report::{Report, Unit},
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
/// What is counted as the same moment, of those who come back.
const MOMENT_MS: f64 = 100.0;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Restarts {
    /// Parlor's program
    #[arg(long)]
    parlor: PathBuf,
    /// How often all of it is done
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Only some restarts
    #[arg(long)]
    quick: bool,
    /// File for what was measured
    #[arg(long)]
    report: PathBuf,
}

impl Restarts {
    /// Restarts a server, again and again.
    ///
    /// # Errors
    /// The report could not be written. A run in which something was lost is named in it.
    pub async fn run(&self) -> Result<()> {
        let mut report = Report::default();
        let restarts = if self.quick { RESTARTS_QUICK } else { RESTARTS };
        report.notes(format!(
            "{PEOPLE} people, {TALKERS} of them talk; {restarts} restarts by SIGTERM, with the limits as they are"
        ));
        for round in 1..=self.rounds {
            if let Err(error) = self.round(restarts, &mut report).await {
                report.leaves_out(format!("run {round}: {error:#}"));
            }
        }
        report.write(&self.report)
    }

    async fn round(&self, restarts: usize, report: &mut Report) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let data = Folder::open(folder.path()).await?;
        let sessions: Vec<_> = data.people(PEOPLE).await?.iter().map(|person| person.native_session()).collect();
        let place = data.general().await?;
        data.close().await;
        // The same address each time: they come back to where they were.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let program = Program::Parlor { path: &self.parlor, data: folder.path(), raises_limits: false };
        let mut server = Server::start_at(&program, None, address).await?;

        let base = format!("http://{address}");
        let people: Vec<Rc<Client>> = sessions
            .into_iter()
            .map(|session| Rc::new(Client::start(&base, session, Options { outbox: Vec::new(), patience: PATIENCE })))
            .collect();
        for person in &people {
            person.opens(place.room).await?;
        }
        let is_over = Rc::new(Cell::new(false));
        let mut talks = JoinSet::new();
        for (number, person) in people.iter().take(TALKERS).enumerate() {
            talks.spawn_local(talk(Rc::clone(person), place.room, number, Rc::clone(&is_over)));
        }
        for _ in 0..restarts {
            sleep(BETWEEN).await;
            server = restart(server, &program, address, &people, report).await?;
        }
        is_over.set(true);
        let mut journals = Vec::new();
        while let Some(journal) = talks.join_next().await {
            journals.push(journal??);
        }
        let log = judge(&people, place, &journals, server, folder.path()).await?;
        let times = times(&journals).context("nothing said")?;
        for (what, ms) in [("p50", times.p50_ms), ("p99", times.p99_ms), ("longest", times.max_ms)] {
            report.adds(format!("from saying something until it is on disk, {what}"), Unit::Ms, ms);
        }
        report.adds(
            "messages intended".to_owned(),
            Unit::Score,
            journals.iter().map(|j| j.intended).sum::<u64>() as f64,
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
    people: &[Rc<Client>],
    report: &mut Report,
) -> Result<Server> {
    let told = Instant::now();
    server.stop().await?;
    let ended = Instant::now();
    let server = Server::start_at(program, None, address).await?;
    let ready = Instant::now();
    let mut back: Vec<f64> = Vec::new();
    let mut away: Vec<&Rc<Client>> = people.iter().collect();
    while !away.is_empty() {
        ensure!(ready.elapsed() < PATIENCE, "{} people did not come back", away.len());
        away.retain(|person| {
            let is_back = person.view(|engine| engine.connection()) == Connection::Online;
            if is_back {
                back.push(ready.elapsed().as_secs_f64() * 1_000.0);
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
    report.adds("the most who came back within 100 ms".to_owned(), Unit::Score, most.unwrap_or_default() as f64);
    Ok(server)
}

/// What somebody has said.
#[derive(Default)]
struct Journal {
    intended: u64,
    /// What was acknowledged, and as which event.
    acknowledged: Vec<(String, Seq)>,
    /// From wanting to say something until it was on disk.
    times: Vec<Duration>,
}

async fn talk(person: Rc<Client>, room: RoomId, number: usize, is_over: Rc<Cell<bool>>) -> Result<Journal> {
    let mut journal = Journal::default();
    while !is_over.get() {
        sleep(TALK_INTERVAL.mul_f64(0.5 + fastrand::f64())).await;
        journal.intended += 1;
        let text = format!("{number} says {}", journal.intended);
        let wanted = Instant::now();
        let seq = person.say(room, &text).await?;
        journal.times.push(wanted.elapsed());
        journal.acknowledged.push((text, seq));
    }
    Ok(journal)
}

/// Compares what was acknowledged, what is in the log, and what everybody is shown. How many messages there are.
async fn judge(
    people: &[Rc<Client>],
    place: Place,
    journals: &[Journal],
    server: Server,
    data: &std::path::Path,
) -> Result<usize> {
    let last =
        journals.iter().flat_map(|journal| &journal.acknowledged).map(|(_, seq)| *seq).max().context("nothing said")?;
    let mut shown = HashSet::new();
    for person in people {
        let lines = person
            .until("the last message", |engine| {
                let view = engine.room(place.room)?;
                view.lines.iter().any(|line| line.seq == Some(last)).then_some(view.lines)
            })
            .await?;
        shown.insert(end_of(&lines));
    }
    ensure!(shown.len() == 1, "people are shown {} different ends of the room", shown.len());
    server.stop().await?;

    let folder = Folder::open(data).await?;
    let log = folder.log(place).await?;
    folder.close().await;
    let said = said(&log, place)?;
    let mut count = 0;
    for (text, seq) in journals.iter().flat_map(|journal| &journal.acknowledged) {
        match said.get(text.as_str()).map(Vec::as_slice) {
            Some([there]) if there == seq => count += 1,
            Some(there) => bail!("{text:?} was acknowledged as event {seq} and is in the log as {there:?}"),
            None => bail!("{text:?} was acknowledged as event {seq} and is not in the log"),
        }
    }
    for journal in journals {
        let in_order = journal.acknowledged.is_sorted_by_key(|(_, seq)| *seq);
        ensure!(in_order, "somebody's messages are out of order");
    }
    ensure!(said.len() == count, "{} texts are in the log, {count} were acknowledged", said.len());
    Ok(count)
}

/// The texts of a log without holes, and under which numbers they are in it.
pub(crate) fn said(log: &[std::sync::Arc<Record>], place: Place) -> Result<HashMap<&str, Vec<Seq>>> {
    let mut said: HashMap<&str, Vec<Seq>> = HashMap::new();
    let mut last = place.head.seq;
    for record in log {
        ensure!(record.seq == last.next(), "after event {last} of the log comes {}", record.seq);
        last = record.seq;
        if let Event::MessagePosted(posted) = &record.event {
            said.entry(&posted.text).or_default().push(record.seq);
        }
    }
    Ok(said)
}

/// The last lines that somebody is shown, as text.
fn end_of(lines: &[Line]) -> String {
    const LINES: usize = 20;
    let texts = lines.iter().rev().take(LINES).map(|line| match &line.content {
        Content::Message(Body::Text { text, .. }) => format!("{:?} {text}\n", line.seq),
        Content::Message(Body::Deleted) | Content::Notice(_) => format!("{:?}\n", line.seq),
    });
    texts.collect()
}

/// How long it took to say something, of all.
#[must_use]
fn times(journals: &[Journal]) -> Option<Times> {
    Times::of(journals.iter().flat_map(|journal| journal.times.iter().copied()).collect())
}
