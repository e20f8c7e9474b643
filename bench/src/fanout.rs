//! Rooms, and many who follow them: what it costs the server to bring a message to one of them. Parlor does everything on
//! the way – sessions, rights, and the message on disk before anybody is told; others only carry.
//!
//! So many messages are always on their way; the next one is posted when everybody has the oldest. Or so many are posted a
//! second, whatever becomes of them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use tokio::time::{Instant, interval};

use crate::{
    crowd::{Crowd, OPENING_MAX},
    dialect::Dialect,
    figures::Times,
    peer::Peer,
    people::{Folder, Place},
    process::{Program, Server, stay_on},
    transport::LayerName,
};

/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(3);
/// How long the last of those may take that are posted at a fixed rate: who takes longer cannot hold it.
const LATE_MAX: Duration = Duration::from_secs(1);

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Fanout {
    /// The server's program
    #[arg(long, required_unless_present_any = ["layer", "peer"])]
    pub(crate) parlor: Option<PathBuf>,
    /// In its place a server that only carries, over this layer
    #[arg(long, conflicts_with = "parlor")]
    pub(crate) layer: Option<LayerName>,
    /// In its place one of the peers
    #[arg(long, conflicts_with_all = ["parlor", "layer"], requires = "programs")]
    pub(crate) peer: Option<Peer>,
    /// The folder with the peers' programs
    #[arg(long)]
    pub(crate) programs: Option<PathBuf>,
    /// Into how many rooms those who follow are dealt
    #[arg(long, default_value_t = 1)]
    pub(crate) rooms: usize,
    /// Who follows a room, of all rooms together
    #[arg(long, default_value_t = 1_000)]
    pub(crate) members: usize,
    /// Messages on their way
    #[arg(long, default_value_t = 8)]
    pub(crate) in_flight: usize,
    /// Messages a second in place of that: then only as many people post as messages would be on their way
    #[arg(long)]
    pub(crate) per_second: Option<u32>,
    /// How long to count
    #[arg(long, default_value_t = 20)]
    pub(crate) seconds: u64,
    /// The processor that the server may use
    #[arg(long)]
    pub(crate) server_cpu: Option<usize>,
    /// The one that the load may use
    #[arg(long)]
    pub(crate) cpu: Option<usize>,
}

/// What came out.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// What carried, where it was not Parlor.
    pub(crate) layer: Option<LayerName>,
    pub(crate) peer: Option<Peer>,
    pub(crate) rooms: usize,
    pub(crate) members: usize,
    pub(crate) in_flight: usize,
    pub(crate) per_second: Option<u32>,
    /// Limits of the server that were raised.
    pub(crate) raised: Vec<String>,
    pub(crate) seconds: f64,
    pub(crate) messages: u64,
    pub(crate) deliveries: u64,
    /// Time on a processor, of the server.
    pub(crate) cpu_ns_per_delivery: f64,
    pub(crate) cpu_ns_per_message: f64,
    pub(crate) deliveries_per_cpu_second: f64,
    pub(crate) events_per_read: f64,
    /// From posting to the last one who gets it.
    pub(crate) latency: Option<Times>,
    /// Of the server, for each socket, before the first message.
    pub(crate) idle_bytes_per_socket: f64,
    /// Of the server, at the end.
    pub(crate) resident_bytes: u64,
}

/// Who carries, where, and who is there.
struct Scene<'a> {
    program: Program<'a>,
    dialect: Dialect,
    places: Vec<Place>,
    tokens: Vec<String>,
}

impl Fanout {
    /// Measures once.
    ///
    /// # Errors
    /// Something was lost, or the server does not run.
    pub async fn run(&self) -> Result<Figures> {
        let folder = tempfile::tempdir()?;
        let Scene { program, dialect, places, tokens } = self.scene(folder.path()).await?;
        let server = Server::start(&program, self.server_cpu).await?;
        self.cpu.map(stay_on).transpose()?;
        let alone = server.usage()?;
        // Somebody in each room can post.
        let posters = if dialect.is_ordered() { self.in_flight.max(self.rooms) } else { self.rooms };
        let mut crowd = Crowd::gather(server.address, dialect, &places, &tokens, posters, OPENING_MAX).await?;
        let idle = server.usage()?;
        let mut flight = Flight::default();
        if self.per_second.is_none() {
            flight.takes_off(&mut crowd, self.in_flight)?;
        }
        self.load(&mut flight, &mut crowd, WARM_UP).await?;
        flight.times.clear();

        let (before, (deliveries_before, reads_before), begun) = (server.usage()?, crowd.counts(), Instant::now());
        self.load(&mut flight, &mut crowd, Duration::from_secs(self.seconds)).await?;
        let (after, (deliveries, reads), took) = (server.usage()?, crowd.counts(), begun.elapsed());

        let messages = flight.times.len() as u64;
        flight.lands(&mut crowd).await?;
        drop(crowd);
        let raised = server.raised.clone();
        match program {
            Program::Parlor { .. } => server.stop().await?,
            Program::Carrier(_) | Program::Peer { .. } => drop(server),
        }
        let deliveries = deliveries - deliveries_before;
        let cpu_ns = (after.cpu_ns - before.cpu_ns) as f64;
        let cpu_ns_per_delivery = cpu_ns / deliveries as f64;
        Ok(Figures {
            layer: self.layer,
            peer: self.peer,
            rooms: self.rooms,
            members: self.members,
            in_flight: self.in_flight,
            per_second: self.per_second,
            raised,
            seconds: took.as_secs_f64(),
            messages,
            deliveries,
            cpu_ns_per_delivery,
            cpu_ns_per_message: cpu_ns_per_delivery * (self.members / self.rooms) as f64,
            deliveries_per_cpu_second: deliveries as f64 / (cpu_ns / 1e9),
            events_per_read: deliveries as f64 / (reads - reads_before) as f64,
            latency: flight.times(),
            idle_bytes_per_socket: idle.resident_bytes.saturating_sub(alone.resident_bytes) as f64
                / self.members as f64,
            resident_bytes: after.resident_bytes,
        })
    }

    async fn load(&self, flight: &mut Flight, crowd: &mut Crowd, time: Duration) -> Result<()> {
        match self.per_second {
            Some(rate) => {
                let begun = Instant::now();
                flight.keeps_to(crowd, f64::from(rate), time).await?;
                ensure!(begun.elapsed() < time + LATE_MAX, "{rate} messages a second are too many for it");
            }
            None => {
                flight.goes_on(crowd, time).await?;
            }
        }
        Ok(())
    }

    async fn scene<'a>(&'a self, data: &'a Path) -> Result<Scene<'a>> {
        let nobody = || vec![String::new(); self.members];
        Ok(match (self.layer, self.peer, &self.parlor) {
            (Some(layer), ..) => {
                // They have one room.
                let places = vec![Place::EMPTY];
                Scene { program: Program::Carrier(layer), dialect: Dialect::Parlor, places, tokens: nobody() }
            }
            (None, Some(peer), _) => {
                let programs = self.programs.as_deref().context("no folder with programs")?;
                let places = (0..self.rooms).map(Place::empty).collect();
                Scene { program: Program::Peer { peer, programs }, dialect: peer.dialect(), places, tokens: nobody() }
            }
            (None, None, Some(path)) => {
                let folder = Folder::open(data).await?;
                let people = folder.people(self.members).await?;
                let places = folder.rooms(&people, self.rooms).await?;
                folder.close().await;
                let tokens = people.into_iter().map(|person| person.token).collect();
                let program = Program::Parlor { path, data, raises_limits: true };
                Scene { program, dialect: Dialect::Parlor, places, tokens }
            }
            (None, None, None) => bail!("neither a server nor a layer"),
        })
    }
}

/// Messages on their way.
#[derive(Default)]
pub(crate) struct Flight {
    next: u64,
    /// When they were posted, by number.
    posted: HashMap<u64, Instant>,
    /// From posting to the last one, of those that are everybody's.
    times: Vec<Duration>,
}

impl Flight {
    /// So many are posted, by one poster each.
    pub(crate) fn takes_off(&mut self, crowd: &mut Crowd, count: usize) -> Result<()> {
        for _ in 0..count {
            let poster = usize::try_from(self.next)?;
            self.next += 1;
            self.posted.insert(self.next, Instant::now());
            crowd.post(poster, self.next)?;
        }
        Ok(())
    }

    /// For each that has landed another takes off, until so many have.
    pub(crate) async fn carries(&mut self, crowd: &mut Crowd, count: usize) -> Result<()> {
        while self.times.len() < count {
            let landed = self.some_land(crowd).await?;
            self.takes_off(crowd, landed)?;
        }
        Ok(())
    }

    /// For each that has landed another takes off, for so long. How many have.
    pub(crate) async fn goes_on(&mut self, crowd: &mut Crowd, time: Duration) -> Result<usize> {
        let until = Instant::now() + time;
        let before = self.times.len();
        while Instant::now() < until {
            let landed = self.some_land(crowd).await?;
            self.takes_off(crowd, landed)?;
        }
        Ok(self.times.len() - before)
    }

    /// So many take off a second, for so long, whatever becomes of them, and all of them land. What is late is made up for,
    /// and timed from when it was due.
    pub(crate) async fn keeps_to(&mut self, crowd: &mut Crowd, rate: f64, time: Duration) -> Result<()> {
        ensure!(rate > 0.0, "nothing can be posted");
        let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
        let until = Instant::now() + time;
        while Instant::now() < until || !self.posted.is_empty() {
            tokio::select! {
                due = ticks.tick(), if Instant::now() < until => {
                    let poster = usize::try_from(self.next)?;
                    self.next += 1;
                    self.posted.insert(self.next, due);
                    crowd.post(poster, self.next)?;
                }
                landed = self.some_land(crowd) => {
                    landed?;
                }
            }
        }
        Ok(())
    }

    /// How long those took that have landed since this was asked before.
    pub(crate) fn times(&mut self) -> Option<Times> {
        Times::of(std::mem::take(&mut self.times))
    }

    /// Waits for those that are still on their way.
    pub(crate) async fn lands(&mut self, crowd: &mut Crowd) -> Result<()> {
        while !self.posted.is_empty() {
            self.some_land(crowd).await?;
        }
        Ok(())
    }

    async fn some_land(&mut self, crowd: &mut Crowd) -> Result<usize> {
        let landed = crowd.done().await?;
        for (number, at) in &landed {
            let posted = self.posted.remove(number).context("a message that nobody posted")?;
            self.times.push(*at - posted);
        }
        Ok(landed.len())
    }
}
