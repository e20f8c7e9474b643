//! A server that is a process of its own: its disk, its log and its end are real.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use super::{Client, PASSWORD};

/// A server that dies with the test.
pub(crate) struct Process {
    /// `strace`, where that runs it.
    child: Child,
    pub(crate) address: SocketAddr,
}

/// How it is started.
#[derive(Default)]
pub(crate) struct Start<'a> {
    /// A program that runs it, with its arguments.
    pub(crate) under: &'a [&'a str],
    /// More settings, as arguments.
    pub(crate) settings: &'a [&'a str],
    /// For a build with that feature; others take no notice.
    pub(crate) failpoints: &'a str,
    /// Where its log goes; nowhere, if not said.
    pub(crate) log: Option<File>,
}

impl Process {
    pub(crate) fn start(data: &Path, how: Start<'_>) -> Self {
        let program = how.under.iter().copied().chain([env!("CARGO_BIN_EXE_parlor")]).collect::<Vec<_>>();
        let mut child = Command::new(program[0])
            .args(&program[1..])
            .args(["serve", "--listen", "127.0.0.1:0", "--posts-burst", "1000000", "--reads-burst", "1000000"])
            .args(how.settings)
            .arg("--data")
            .arg(data)
            .env("FAILPOINTS", how.failpoints)
            .stdout(Stdio::piped())
            .stderr(how.log.map_or_else(Stdio::null, Stdio::from))
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}. Run `cargo xtask setup`.", program[0]));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Parlor is at http://").unwrap_or_else(|| panic!("{line:?}"));
        Self { child, address: address.parse().unwrap() }
    }

    /// Somebody without an account.
    pub(crate) fn visitor(&self) -> Client {
        Client::new(self.address)
    }

    /// Somebody who was here before it started.
    pub(crate) fn back(&self, client: &Client) -> Client {
        Client { cookie: client.cookie.clone(), ..self.visitor() }
    }

    /// Somebody who has just signed up.
    pub(crate) async fn user(&self, name: &str) -> Client {
        let mut client = self.visitor();
        let answer = client.post_form("/signup", &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        client
    }

    /// Ends it, and with it what runs it.
    pub(crate) fn signal(mut self, name: &str) {
        assert!(Command::new("kill").args([name, &self.pid()]).status().unwrap().success());
        self.child.wait().unwrap();
    }

    /// Bytes of its memory that are its own, and no file's.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1_024
    }

    /// The server itself, also where something runs it.
    fn pid(&self) -> String {
        let children = format!("/proc/{0}/task/{0}/children", self.child.id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        children.split_whitespace().next().map_or_else(|| self.child.id().to_string(), str::to_owned)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended was waited for, and its number may be another's by now.
        if let Ok(None) = self.child.try_wait() {
            let _ = Command::new("kill").args(["-KILL", &self.pid()]).status();
            let _ = self.child.wait();
        }
    }
}
