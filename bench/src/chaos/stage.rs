//! The server of a phase: a process of its own on a data folder of its own, at the same address each time.

use std::{
    fs::{File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::time::{Instant, sleep, timeout};

use crate::process::{Server, steady_address};

/// How long a server may take until it is ready.
const START_MAX: Duration = Duration::from_secs(60);
/// How often it is asked.
const LOOK: Duration = Duration::from_millis(10);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// How it is started this time.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    /// A program that runs it, with its arguments.
    pub(crate) under: Vec<String>,
    /// For a build with that feature; others take no notice.
    pub(crate) failpoints: Option<String>,
}

/// Where the server is, and how it is started.
pub(crate) struct Stage {
    parlor: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) address: SocketAddr,
    /// Settings that it has each time.
    pub(crate) settings: Vec<String>,
    /// Failpoints that it has each time.
    pub(crate) failpoints: Vec<String>,
    log: File,
    http: reqwest::Client,
    server: Option<Server>,
}

impl Stage {
    /// A stage on which nothing runs yet. What the server says goes into `log`.
    pub(crate) fn new(parlor: &Path, data: PathBuf, log: &Path, port: Option<u16>) -> Result<Self> {
        Ok(Self {
            parlor: parlor.to_owned(),
            data,
            address: steady_address(port)?,
            settings: Vec::new(),
            failpoints: Vec::new(),
            log: OpenOptions::new().create(true).append(true).open(log)?,
            http: reqwest::Client::new(),
            server: None,
        })
    }

    /// What clients call it.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it, and does not wait.
    pub(crate) fn spawn(&mut self, how: &How) -> Result<()> {
        let mut words = how.under.iter().map(String::as_str).map(Path::new).chain([self.parlor.as_path()]);
        let mut command = Command::new(words.next().context("a program")?);
        command.args(words).args(["serve", "--log-level", "warn", "--listen", &self.address.to_string()]);
        command.args(&self.settings).arg("--data").arg(&self.data);
        let failpoints: Vec<_> = self.failpoints.iter().chain(&how.failpoints).cloned().collect();
        command.env("FAILPOINTS", failpoints.join(",")).stderr(self.log.try_clone()?);
        self.server = Some(Server::spawn(command, self.address)?);
        Ok(())
    }

    /// Waits until it says that it is ready, or that it cannot write.
    pub(crate) async fn is_ready(&mut self) -> Result<()> {
        let until = Instant::now() + START_MAX;
        while self.health().await.is_err() {
            let server = self.server.as_mut().context("it runs")?;
            if let Some(status) = server.has_ended()? {
                bail!("the server ended at its start: {status}");
            }
            ensure!(Instant::now() < until, "the server is not ready after {START_MAX:?}");
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits until it listens, whomever it lets in.
    pub(crate) async fn listens(&mut self) -> Result<()> {
        self.server.as_mut().context("the server runs")?.listens().await
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn start(&mut self, how: &How) -> Result<()> {
        self.spawn(how)?;
        self.is_ready().await
    }

    fn taken(&mut self) -> Result<Server> {
        self.server.take().context("the server runs")
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.taken()?.kill().await
    }

    /// As a service manager ends it.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.taken()?.stop().await
    }

    /// Waits until it ends by itself, for so long at most.
    pub(crate) async fn ends_within(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let server = self.server.as_mut().context("the server runs")?;
        timeout(patience, server.ends()).await.ok().transpose()
    }

    /// The process.
    pub(crate) fn server(&self) -> Result<&Server> {
        self.server.as_ref().context("the server runs")
    }

    /// What `/healthz` says.
    pub(crate) async fn health(&self) -> Result<(u16, String)> {
        let answer = self.http.get(format!("{}/healthz", self.base())).timeout(ANSWER_MAX).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Waits until its health is of this status, and returns what it says.
    pub(crate) async fn until_health(&self, status: u16, patience: Duration) -> Result<String> {
        let until = Instant::now() + patience;
        loop {
            let (found, text) = self.health().await.unwrap_or_default();
            if found == status {
                return Ok(text);
            }
            ensure!(Instant::now() < until, "/healthz is {found} and not {status} after {patience:?}: {text}");
            sleep(LOOK).await;
        }
    }

    /// What somebody reads at an address.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Result<String> {
        let request = self.http.get(format!("{}{path}", self.base())).bearer_auth(token);
        let answer = request.timeout(ANSWER_MAX).send().await?;
        ensure!(answer.status().is_success(), "{path} answers {}", answer.status());
        Ok(answer.text().await?)
    }
}
