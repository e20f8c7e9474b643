//! A release server of our own for a moment, and the few requests that checking it takes.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ureq::Agent;
use ureq::http::Response;

const START_MAX: Duration = Duration::from_secs(20);

/// A server with an empty database in a folder of its own. Dropping it ends both.
pub(crate) struct Parlor {
    child: Child,
    agent: Agent,
    folder: PathBuf,
    address: String,
}

impl Parlor {
    /// Copies `program` alone into an empty folder, starts it there and waits until it prints its address.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(program: &Path) -> Result<Self> {
        // A port that was free a moment ago; the server is told, because it names it in redirects and cookies.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let folder = std::env::temp_dir().join(format!("parlor-{}-{port}", std::process::id()));
        std::fs::create_dir(&folder)?;
        std::fs::copy(program, folder.join("parlor")).with_context(|| format!("no {}", program.display()))?;
        let mut command = Command::new(folder.join("parlor"));
        // Measured as it comes, not as this shell would have it.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PARLOR_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--listen", &address, "--data", "data"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (tell, told) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("standard output is piped")),
            Box::new(child.stderr.take().expect("standard error is piped")),
        ];
        for stream in streams {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    // Once nobody listens, the lines are read so that the server can go on writing them.
                    let _ = tell.send(line);
                }
            });
        }
        drop(tell);
        let agent = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .into();
        let parlor = Self { child, agent, folder, address };
        parlor.wait_until_ready(&told)?;
        Ok(parlor)
    }

    /// Where it serves.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder it was started in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("no number after VmRSS")?.parse()?)
    }

    /// One GET, redirects not followed.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        let mut request = self.agent.get(format!("{}{path}", self.origin()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(path, request.call()?)
    }

    /// Signs up through the form, as a browser would. Returns the cookie to send.
    pub(crate) fn sign_up(&self, name: &str, password: &str) -> Result<String> {
        let request = self.agent.post(format!("{}/signup", self.origin())).header("origin", self.origin());
        let form = [("username", name), ("password", password)];
        let answer = Answer::read("/signup", request.send_form(form)?)?;
        let Some(cookie) = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()) else {
            bail!("POST /signup answered {} without a cookie: {}", answer.status, answer.text());
        };
        Ok(cookie.to_owned())
    }

    fn wait_until_ready(&self, told: &mpsc::Receiver<String>) -> Result<()> {
        let deadline = crate::step::now() + START_MAX;
        let mut said = Vec::new();
        while let Ok(line) = told.recv_timeout(deadline.saturating_duration_since(crate::step::now())) {
            if line.contains(&self.address) {
                return Ok(());
            }
            said.push(line);
        }
        bail!("the server did not print its address, only: {}", said.join("\n"))
    }
}

impl Drop for Parlor {
    fn drop(&mut self) {
        // Both fail only when it ended by itself, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What was answered, body included as it travelled.
pub(crate) struct Answer {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Answer {
    fn read(path: &str, mut response: Response<ureq::Body>) -> Result<Self> {
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_vec()?;
        Ok(Self { path: path.to_owned(), status, body, headers })
    }

    /// The first header of this name, which is to be in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
