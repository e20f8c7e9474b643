//! A server as a process of its own, and what it costs.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    net::TcpStream,
    process::Child,
    time::{Instant, timeout},
};

use crate::{
    peer::{Peer, Peered},
    transport::LayerName,
};

/// How long a server may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before another look.
const LOOK: Duration = Duration::from_millis(20);

/// Limits that would judge the load generator, which is one address and few people, instead of the server. They are
/// raised, and stay in the path.
const RAISED: &[(&str, &str)] = &[
    ("posts-per-second", "1000000"),
    ("posts-burst", "1000000"),
    ("room-posts-per-second", "1000000"),
    ("room-posts-burst", "1000000"),
    ("requests-per-second", "1000000"),
    ("requests-burst", "1000000"),
    ("reads-per-second", "1000000"),
    ("reads-burst", "1000000"),
    ("sockets-per-user", "100000"),
    ("sockets-per-address", "100000"),
    ("sockets", "100000"),
];

/// A running server.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The limits that were raised, as flags.
    pub raised: Vec<String>,
}

/// What a process has used up to a moment.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Time on a processor of all its threads, in nanoseconds.
    pub cpu_ns: u64,
    /// Resident memory, in bytes.
    pub resident_bytes: u64,
}

/// What to start.
pub enum Program<'a> {
    /// Parlor.
    Parlor {
        /// The program.
        path: &'a Path,
        /// Its data folder.
        data: &'a Path,
        /// With limits that do not judge the load generator.
        raises_limits: bool,
    },
    /// One that only carries, over a layer.
    Carrier(LayerName),
    /// One of the peers.
    Peer {
        /// Which.
        peer: Peer,
        /// The folder with their programs.
        programs: &'a Path,
    },
}

impl Program<'_> {
    /// What starts it at an address.
    fn command(&self, address: SocketAddr, raised: &[String]) -> Result<Command> {
        let mut command = match self {
            Self::Parlor { path, data, .. } => {
                let mut command = Command::new(path);
                command.args(["serve", "--log-level", "warn"]).arg("--data").arg(data).args(raised);
                command.arg("--listen").arg(address.to_string());
                command
            }
            Self::Carrier(layer) => carry(*layer, address)?,
            Self::Peer { peer, programs } => match peer.program(programs) {
                Peered::Layer(layer) => carry(layer, address)?,
                Peered::Installed(program) => program.command(address.port()),
            },
        };
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }
}

fn carry(layer: LayerName, address: SocketAddr) -> Result<Command> {
    let name = layer.to_possible_value().context("a layer with a name")?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["carry", "--layer", name.get_name(), "--listen"]).arg(address.to_string());
    Ok(command)
}

impl Server {
    /// Starts a server, on a processor of its own where one is named, and waits until it listens.
    ///
    /// # Errors
    /// It does not start, or does not listen in time.
    pub async fn start(program: &Program<'_>, cpu: Option<usize>) -> Result<Self> {
        // A free port, and another one each time: connections of an earlier run may still linger on theirs.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        Self::start_at(program, cpu, address).await
    }

    /// The same at an address that is free.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_at(program: &Program<'_>, cpu: Option<usize>, address: SocketAddr) -> Result<Self> {
        let raised = match program {
            Program::Parlor { path, raises_limits: true, .. } => raised(path)?,
            Program::Parlor { .. } | Program::Carrier(_) | Program::Peer { .. } => Vec::new(),
        };
        let command = program.command(address, &raised)?;
        let command = match cpu {
            Some(cpu) => pinned(&command, cpu),
            None => command,
        };
        let mut server = Self::spawn(command, address)?;
        server.raised = raised;
        server.listens().await?;
        Ok(server)
    }

    /// Starts a program that is to listen at an address. It ends when this is dropped.
    ///
    /// # Errors
    /// There is no such program.
    pub fn spawn(mut command: Command, address: SocketAddr) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut command = tokio::process::Command::from(command);
        let child = command.kill_on_drop(true).spawn().context("cannot start the server")?;
        Ok(Self { child, address, raised: Vec::new() })
    }

    /// Waits until it listens.
    ///
    /// # Errors
    /// It ends, or does not listen in time.
    pub async fn listens(&mut self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).await.is_err() {
            if let Some(status) = self.has_ended()? {
                bail!("the server ended at its start: {status}");
            }
            ensure!(Instant::now() < until, "the server does not listen on {}", self.address);
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it ends by itself.
    pub async fn ends(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// The server itself, also where another program runs it.
    pub fn process(&self) -> Result<Pid> {
        let id = self.child.id().context("the server has ended")?;
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let id = match children.split_whitespace().next() {
            Some(child) => child.parse()?,
            None => i32::try_from(id)?,
        };
        Pid::from_raw(id).context("a process")
    }

    /// Ends it as `kill -9` does, and waits until it has.
    pub async fn kill(mut self) -> Result<()> {
        if self.has_ended()?.is_none() {
            kill_process(self.process()?, Signal::KILL)?;
            timeout(PATIENCE, self.child.wait()).await.context("the server does not end")??;
        }
        Ok(())
    }

    fn id(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// What it has used up to now, with the processes that it has started.
    pub fn usage(&self) -> Result<Usage> {
        usage(self.id()?)
    }

    /// Bytes of memory that are its own to write to, used or not.
    pub fn data_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process()?.as_raw_nonzero()))?;
        let size = status.lines().find_map(|line| line.strip_prefix("VmData:")).context("no VmData")?;
        Ok(size.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Asks it to end as a service manager does, and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        kill_process(self.process()?, Signal::TERM)?;
        let status = timeout(PATIENCE, self.child.wait()).await.context("the server does not end")??;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

/// The same on one processor.
fn pinned(command: &Command, cpu: usize) -> Command {
    let mut pinned = Command::new("taskset");
    pinned.arg("-c").arg(cpu.to_string()).arg(command.get_program()).args(command.get_args());
    pinned.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        pinned.current_dir(folder);
    }
    pinned.stdin(Stdio::null()).stdout(Stdio::null());
    pinned
}

/// What a process has used up to now, with those that it has started.
fn usage(process: u32) -> Result<Usage> {
    let process = PathBuf::from(format!("/proc/{process}"));
    let mut cpu_ns = 0;
    let mut children = Vec::new();
    for thread in fs::read_dir(process.join("task"))? {
        let thread = thread?.path();
        // A thread may end while one looks.
        let Ok(times) = fs::read_to_string(thread.join("schedstat")) else { continue };
        cpu_ns += times.split(' ').next().unwrap_or_default().parse::<u64>().context("nanoseconds")?;
        let started = fs::read_to_string(thread.join("children")).unwrap_or_default();
        children.extend(started.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    let status = fs::read_to_string(process.join("status"))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse()?;
    let mut all = Usage { cpu_ns, resident_bytes: kib * 1024 };
    for child in children {
        let child = usage(child)?;
        all.cpu_ns += child.cpu_ns;
        all.resident_bytes += child.resident_bytes;
    }
    Ok(all)
}

/// Where another program runs it, ending that one would leave the server alone.
impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(process) = self.process() {
            // It has ended in the meantime.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

/// The flags that this version of the server knows, so that versions can be compared.
fn raised(parlor: &Path) -> Result<Vec<String>> {
    let output = Command::new(parlor).args(["serve", "--help"]).output()?;
    let help = String::from_utf8(output.stdout)?;
    let is_known = |name: &str| help.split_whitespace().any(|word| word.strip_prefix("--") == Some(name));
    Ok(RAISED.iter().filter(|(name, _)| is_known(name)).map(|(name, value)| format!("--{name}={value}")).collect())
}

/// Ports that the system gives to nobody who only connects (it begins at 32,768).
const STEADY_PORTS: std::ops::Range<u16> = 20_000..30_000;
/// How many of them are tried.
const PORTS_TRIED: usize = 100;

/// An address for a server that is started there again and again. A port that the system may give away would be taken
/// while the server is not there, by those who try to reach it.
///
/// # Errors
/// The port is not free, or none is.
pub fn steady_address(port: Option<u16>) -> Result<SocketAddr> {
    let some = std::iter::repeat_with(|| fastrand::u16(STEADY_PORTS)).take(PORTS_TRIED);
    let listener = port
        .into_iter()
        .chain(some.filter(|_| port.is_none()))
        .find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    Ok(listener.context("no port is free")?.local_addr()?)
}

/// Lets this process have as many files open as the system allows; answers with how many.
pub fn raise_file_limit() -> Result<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let hard = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard })?;
    Ok(hard.unwrap_or(u64::MAX))
}

/// Keeps this thread, and the processes that it starts, on one processor.
pub fn stay_on(cpu: usize) -> Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    set.set(cpu);
    Ok(rustix::thread::sched_setaffinity(None, &set)?)
}
