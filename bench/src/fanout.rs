//! One room, many who follow it: what it costs the server to bring a message to one of them, with everything that
//! Parlor does on the way – sessions, rights, and the message on disk before anybody is told.
//!
//! So many messages are always on their way; the next one is posted when everybody has the oldest.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    crowd::{Crowd, OPENING_MAX},
    figures::Times,
    people::{Folder, Place},
    process::{Program, Server, stay_on},
    transport::LayerName,
};

/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(3);

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Fanout {
    /// The server's program
    #[arg(long, required_unless_present = "layer")]
    pub(crate) parlor: Option<PathBuf>,
    /// In its place a server that only carries, over this layer
    #[arg(long, conflicts_with = "parlor")]
    pub(crate) layer: Option<LayerName>,
    /// Who follows the room
    #[arg(long, default_value_t = 1_000)]
    pub(crate) members: usize,
    /// Messages on their way
    #[arg(long, default_value_t = 8)]
    pub(crate) in_flight: usize,
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
    pub(crate) members: usize,
    pub(crate) in_flight: usize,
    /// Limits of the server that were raised.
    pub(crate) raised: Vec<String>,
    pub(crate) seconds: f64,
    pub(crate) messages: u64,
    pub(crate) deliveries: u64,
    /// Time on a processor, of the server.
    pub(crate) cpu_ns_per_delivery: f64,
    pub(crate) deliveries_per_cpu_second: f64,
    pub(crate) events_per_read: f64,
    /// From posting to the last one who gets it.
    pub(crate) latency: Option<Times>,
    /// Of the server, for each socket, before the first message.
    pub(crate) idle_bytes_per_socket: f64,
    /// Of the server, at the end.
    pub(crate) resident_bytes: u64,
}

impl Fanout {
    /// Measures once.
    ///
    /// # Errors
    /// Something was lost, or the server does not run.
    pub async fn run(&self) -> Result<Figures> {
        let folder = tempfile::tempdir()?;
        let (program, place, tokens) = match (self.layer, &self.parlor) {
            (Some(layer), _) => (Program::Carrier(layer), Place::EMPTY, vec![String::new(); self.members]),
            (None, Some(path)) => {
                let data = Folder::open(folder.path()).await?;
                let people = data.people(self.members).await?;
                let place = data.general().await?;
                data.close().await;
                let tokens = people.into_iter().map(|person| person.token).collect();
                (Program::Parlor { path, data: folder.path(), raises_limits: true }, place, tokens)
            }
            (None, None) => bail!("neither a server nor a layer"),
        };
        let server = Server::start(&program, self.server_cpu).await?;
        self.cpu.map(stay_on).transpose()?;
        let alone = server.usage()?;
        let mut crowd = Crowd::gather(server.address, place, &tokens, self.in_flight, OPENING_MAX).await?;
        let idle = server.usage()?;
        let mut flight = Flight::default();
        for poster in 0..self.in_flight {
            flight.post(&crowd, poster)?;
        }
        flight.goes_on(&mut crowd, WARM_UP).await?;
        flight.times.clear();

        let (before, (deliveries_before, reads_before), begun) = (server.usage()?, crowd.counts(), Instant::now());
        flight.goes_on(&mut crowd, Duration::from_secs(self.seconds)).await?;
        let (after, (deliveries, reads), took) = (server.usage()?, crowd.counts(), begun.elapsed());

        let messages = flight.times.len() as u64;
        flight.lands(&mut crowd).await?;
        drop(crowd);
        let raised = server.raised.clone();
        match program {
            Program::Parlor { .. } => server.stop().await?,
            Program::Carrier(_) => drop(server),
        }
        let deliveries = deliveries - deliveries_before;
        let cpu_ns = (after.cpu_ns - before.cpu_ns) as f64;
        Ok(Figures {
            layer: self.layer,
            members: self.members,
            in_flight: self.in_flight,
            raised,
            seconds: took.as_secs_f64(),
            messages,
            deliveries,
            cpu_ns_per_delivery: cpu_ns / deliveries as f64,
            deliveries_per_cpu_second: deliveries as f64 / (cpu_ns / 1e9),
            events_per_read: deliveries as f64 / (reads - reads_before) as f64,
            latency: Times::of(flight.times),
            idle_bytes_per_socket: idle.resident_bytes.saturating_sub(alone.resident_bytes) as f64
                / self.members as f64,
            resident_bytes: after.resident_bytes,
        })
    }
}

/// Messages on their way.
#[derive(Default)]
pub(crate) struct Flight {
    next: u64,
    /// By whom and when, by number.
    posted: HashMap<u64, (usize, Instant)>,
    /// From posting to the last one, of those that are everybody's.
    times: Vec<Duration>,
}

impl Flight {
    pub(crate) fn post(&mut self, crowd: &Crowd, poster: usize) -> Result<()> {
        self.next += 1;
        self.posted.insert(self.next, (poster, Instant::now()));
        crowd.post(poster, self.next)
    }

    /// Who has landed posts the next one, until so many have.
    pub(crate) async fn carries(&mut self, crowd: &mut Crowd, count: usize) -> Result<()> {
        while self.times.len() < count {
            for poster in self.some_land(crowd).await? {
                self.post(crowd, poster)?;
            }
        }
        Ok(())
    }

    /// Who has landed posts the next one, for so long.
    async fn goes_on(&mut self, crowd: &mut Crowd, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            for poster in self.some_land(crowd).await? {
                self.post(crowd, poster)?;
            }
        }
        Ok(())
    }

    /// Waits for those that are still on their way.
    pub(crate) async fn lands(&mut self, crowd: &mut Crowd) -> Result<()> {
        while !self.posted.is_empty() {
            self.some_land(crowd).await?;
        }
        Ok(())
    }

    async fn some_land(&mut self, crowd: &mut Crowd) -> Result<Vec<usize>> {
        let mut posters = Vec::new();
        for (number, at) in crowd.done().await? {
            let (poster, posted) = self.posted.remove(&number).context("a message that nobody posted")?;
            self.times.push(at - posted);
            posters.push(poster);
        }
        Ok(posters)
    }
}
