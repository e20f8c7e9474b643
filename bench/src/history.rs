//! Whether rooms and servers that have grown are as quick as small ones: the same requests to a room of a thousand messages
//! and to one of a million, in turn and on one server; and how soon a server answers that has a thousand, a million and ten
//! million.
//!
//! Every answer is checked: a page has the lines that were asked for, in order, and what is counted is right.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use protocol::{HistoryPage, RoomSnapshot, RoomSummary, Seq, limits::UNREAD_MAX};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    figures::Times,
    http::Http,
    people::{Folder, Person, Place},
    process::{Program, Server, stay_on, steady_address},
    report::{Report, Target, Unit},
    seed::{AUTHORS, FEW_UNREAD},
    setting::{LOAD_CPU, SERVER_CPU, Setting},
};

/// What all is compared with.
const SMALL: u64 = 1_000;
const LARGE: u64 = 1_000_000;
const LARGE_QUICK: u64 = 100_000;
/// Messages of a server that has many rooms, beside a large one; and its other rooms.
const HUGE: u64 = 10_000_000;
const HUGE_ROOMS: u64 = 900;
/// How often each thing is asked of each room in a round.
const REQUESTS: usize = 500;
const REQUESTS_QUICK: usize = 200;
/// Of which these are not timed.
const WARM_UP: usize = 20;
/// How long a server may take to answer, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_micros(500);

/// How much longer the same may take where there is so much more.
const RATIO_MAX: f64 = 1.2;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Growth {
    #[command(flatten)]
    setting: Setting,
    /// Where the folders are made, which take some gigabytes, and are deleted
    #[arg(long)]
    scratch: Option<PathBuf>,
}

/// Who asks.
struct Readers {
    /// They have read all.
    all: Person,
    /// They have not read a few.
    most: Person,
    /// They have read nothing.
    none: Person,
}

/// What is asked of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    End,
    Unread,
    Before,
    After,
    Around,
    FewUnread,
    AllUnread,
}

impl Asked {
    const ALL: [(Self, &'static str); 7] = [
        (Self::End, "first page"),
        (Self::Unread, "first page, where nothing is read"),
        (Self::Before, "page before the middle"),
        (Self::After, "page after the middle"),
        (Self::Around, "window around the middle"),
        (Self::FewUnread, "counting 50 unread"),
        (Self::AllUnread, "counting where nothing is read"),
    ];

    fn path(self, place: Place) -> String {
        let (room, middle) = (place.room, place.head.seq.0 / 2);
        match self {
            Self::End => format!("/api/v1/rooms/{room}?at=end"),
            Self::Unread => format!("/api/v1/rooms/{room}?at=unread"),
            Self::Before => format!("/api/v1/rooms/{room}/history?before={middle}"),
            Self::After => format!("/api/v1/rooms/{room}/history?after={middle}"),
            Self::Around => format!("/api/v1/rooms/{room}?at={middle}"),
            Self::FewUnread | Self::AllUnread => format!("/api/v1/rooms?ids={room}"),
        }
    }

    fn reader(self, readers: &Readers) -> &Person {
        match self {
            Self::End | Self::Before | Self::After | Self::Around => &readers.all,
            Self::FewUnread => &readers.most,
            Self::Unread | Self::AllUnread => &readers.none,
        }
    }

    /// Checks an answer.
    fn check(self, place: Place, answer: &[u8]) -> Result<()> {
        let (head, middle) = (place.head.seq, place.head.seq.0 / 2);
        let lines = match self {
            Self::End => {
                let window = read::<RoomSnapshot>(answer)?.window;
                ensure!(window.as_of == head && window.entries.last().is_some_and(|line| line.seq == head), "no end");
                window
            }
            Self::Unread => {
                let room = read::<RoomSnapshot>(answer)?;
                ensure!(room.unread == UNREAD_MAX && room.first_unread.is_some(), "{} unread", room.unread);
                room.window
            }
            Self::Around => read::<RoomSnapshot>(answer)?.window,
            Self::Before => {
                let page = read::<HistoryPage>(answer)?;
                ensure!(page.entries.last().is_some_and(|line| line.seq.0 + 1 == middle), "not before the middle");
                page
            }
            Self::After => {
                let page = read::<HistoryPage>(answer)?;
                ensure!(page.entries.first().is_some_and(|line| line.seq.0 == middle + 1), "not after the middle");
                page
            }
            Self::FewUnread => return counts(answer, u32::try_from(FEW_UNREAD)?),
            Self::AllUnread => return counts(answer, UNREAD_MAX),
        };
        let seqs: Vec<Seq> = lines.entries.iter().map(|line| line.seq).collect();
        ensure!(seqs.windows(2).all(|two| two[0].next() == two[1]), "lines are missing: {seqs:?}");
        let least = if self == Self::Unread { 40 } else { 60 };
        ensure!(seqs.len() >= least, "{} lines", seqs.len());
        Ok(())
    }
}

fn counts(answer: &[u8], unread: u32) -> Result<()> {
    let rooms = read::<Vec<RoomSummary>>(answer)?;
    ensure!(rooms.len() == 1 && rooms[0].unread == unread, "{} unread instead of {unread}", rooms[0].unread);
    Ok(())
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T> {
    serde_json::from_slice(answer).context("no answer of that kind")
}

impl Growth {
    /// Makes the folders, measures, and deletes them.
    ///
    /// # Errors
    /// The folders or the report could not be written. A round in which an answer was wrong is named in the report.
    pub async fn run(&self) -> Result<()> {
        let mut report = Report::default();
        report.notes("the server has one processor, the load another; the files are in the system's cache".to_owned());
        report.notes("search is not measured: there is none yet".to_owned());
        let scratch = match &self.scratch {
            Some(folder) => tempfile::tempdir_in(folder)?,
            None => tempfile::tempdir()?,
        };
        let large = if self.setting.quick { LARGE_QUICK } else { LARGE };
        let small = scratch.path().join("small");
        let (both, both_path) = (Both::make(scratch.path(), large).await?, scratch.path().join("large"));
        fill(&small, SMALL, 0).await?;
        stay_on(LOAD_CPU)?;
        self.setting.rounds_of(&mut report, async |report| self.ask(&both, &both_path, large, report).await).await;
        let mut starts = vec![(SMALL, small), (large, both_path)];
        if !self.setting.quick {
            let huge = scratch.path().join("huge");
            fill(&huge, LARGE, HUGE_ROOMS).await?;
            starts.push((HUGE, huge));
        }
        self.setting.rounds_of(&mut report, async |report| self.starts(&starts, report).await).await;
        self.setting.write(&report)
    }

    /// Asks both rooms for everything, in turn.
    async fn ask(&self, both: &Both, data: &Path, large: u64, report: &mut Report) -> Result<()> {
        let program = Program::Parlor { path: &self.setting.parlor, data, raises_limits: true };
        let server = Server::start(&program, Some(SERVER_CPU)).await?;
        report.notes(format!("limits raised: {}", server.raised.join(" ")));
        let requests = if self.setting.quick { REQUESTS_QUICK } else { REQUESTS };
        for (asked, what) in Asked::ALL {
            let mut http = Http::connect(server.address, &asked.reader(&both.readers).token).await?;
            let mut times = [Vec::new(), Vec::new()];
            for number in 0..WARM_UP + requests {
                for which in [number % 2, 1 - number % 2] {
                    let place = both.places[which];
                    let (took, answer) = http.get(&asked.path(place)).await?;
                    asked.check(place, answer).with_context(|| format!("{what} in {}", place.room))?;
                    if number >= WARM_UP {
                        times[which].push(took);
                    }
                }
            }
            let [few, many] = times.map(Times::of);
            let (few, many) = (few.context("no times")?, many.context("no times")?);
            for (percentile, few, many) in [("p50", few.p50_ms, many.p50_ms), ("p99", few.p99_ms, many.p99_ms)] {
                report.adds(format!("{what}, {SMALL} messages: {percentile}"), Unit::Ns, few * 1e6);
                report.adds(format!("{what}, {large} messages: {percentile}"), Unit::Ns, many * 1e6);
                let ratio = format!("{what}: {percentile}, ratio");
                // Of so few requests, the slowest hundredth says what else the machine did.
                match percentile {
                    "p50" => report.aims(ratio, Unit::Score, many / few, Target::Most(RATIO_MAX)),
                    _ => report.adds(ratio, Unit::Score, many / few),
                }
            }
        }
        server.stop().await
    }

    /// Starts a server with so many messages after the other.
    async fn starts(&self, servers: &[(u64, PathBuf)], report: &mut Report) -> Result<()> {
        let mut least = None;
        for (messages, data) in servers {
            let took = self.start(data).await?.as_secs_f64() * 1_000.0;
            let least = *least.get_or_insert(took);
            report.adds(format!("start-up with {messages} messages"), Unit::Ms, took);
            if *messages != SMALL {
                report.adds(format!("start-up with {messages} messages: ratio"), Unit::Score, took / least);
            }
        }
        Ok(())
    }

    /// How long it takes until a server answers, from when it is started.
    async fn start(&self, data: &Path) -> Result<Duration> {
        let address = steady_address(None)?;
        let program = Program::Parlor { path: &self.setting.parlor, data, raises_limits: false };
        let started = Instant::now();
        let (server, answered) = tokio::join!(Server::start_at(&program, Some(SERVER_CPU), address), answers(address));
        let took = answered? - started;
        server?.stop().await?;
        Ok(took)
    }
}

/// When somebody gets an answer there. It listens before that: whoever connects then waits until the data is open.
async fn answers(address: SocketAddr) -> Result<Instant> {
    let answered = timeout(PATIENCE, async {
        let mut http = loop {
            match Http::connect(address, "").await {
                Ok(http) => break http,
                Err(_) => sleep(LOOK).await,
            }
        };
        http.get("/healthz").await.map(drop)
    });
    answered.await.context("the server does not answer")??;
    Ok(Instant::now())
}

/// A small room and a large one of the same people.
struct Both {
    readers: Readers,
    places: [Place; 2],
}

impl Both {
    async fn make(scratch: &Path, large: u64) -> Result<Self> {
        let folder = Folder::open(&scratch.join("large")).await?;
        let people = folder.people(AUTHORS + 3).await?;
        let mut places = [Place::EMPTY; 2];
        for (place, (name, messages)) in places.iter_mut().zip([("small", SMALL), ("large", large)]) {
            let room = folder.room(name, &people).await?.room;
            *place = folder.fill(room, &people[..AUTHORS], messages).await?;
            folder.read(&people[AUTHORS], *place, 0).await?;
            folder.read(&people[AUTHORS + 1], *place, FEW_UNREAD).await?;
        }
        folder.close().await;
        let mut readers = people.into_iter().skip(AUTHORS);
        let mut next = || readers.next().context("three readers");
        Ok(Self { readers: Readers { all: next()?, most: next()?, none: next()? }, places })
    }
}

/// A server with a room of so many messages, and others of ten thousand each.
async fn fill(data: &Path, messages: u64, others: u64) -> Result<()> {
    let folder = Folder::open(data).await?;
    let people = folder.people(AUTHORS).await?;
    let rest = (HUGE - LARGE) / HUGE_ROOMS;
    for (number, messages) in [messages].into_iter().chain((0..others).map(|_| rest)).enumerate() {
        let room = folder.room(&format!("room {number}"), &people).await?.room;
        folder.fill(room, &people, messages).await?;
    }
    folder.close().await;
    Ok(())
}
