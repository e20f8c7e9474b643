//! The engine on tokio: for bots, for the load generator and for tests of the server.
//!
//! It speaks plain HTTP, for loopback and for use behind a TLS-terminating proxy. The outbox is kept in memory;
//! [`Options::outbox`] takes back what an earlier client left.

mod api;
mod clock;
mod driver;
mod socket;
mod vocabulary;

use std::{sync::Arc, time::Duration};

use protocol::{ErrorBody, UserRef};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
};

use crate::{Engine, Input, Instant, OutboxEntry, Start};
use driver::{Driver, Shared};

/// Inputs that may wait for the engine; the socket is not read while they do.
const INPUTS_MAX: usize = 1_024;
/// How long a step of the vocabulary waits for what it expects.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A log-in: what is sent with every request, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// The account.
    pub user: UserRef,
}

/// What can be different about a client.
#[derive(Clone, Debug)]
pub struct Options {
    /// What an earlier client of this user left unsent.
    pub outbox: Vec<OutboxEntry>,
    /// How long [`Client::until`] and everything built on it waits.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { outbox: Vec::new(), patience: PATIENCE }
    }
}

/// Why something did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server said no.
    #[error("refused ({code:?}): {message}", code = .0.code, message = .0.message)]
    Refused(ErrorBody),
    /// It did not happen in time.
    #[error("{who} waited {patience:?} in vain for: {what}; there was: {there}")]
    Timeout {
        /// Whose client.
        who: String,
        /// What was waited for.
        what: String,
        /// How long.
        patience: Duration,
        /// What was there instead.
        there: String,
    },
    /// The server could not be reached, or what it said could not be read.
    #[error("the server could not be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The client was shut down.
    #[error("the client is shut down")]
    Closed,
}

/// A user of a server, on one device. Dropping it closes its connection.
#[derive(Debug)]
pub struct Client {
    session: Session,
    patience: Duration,
    inputs: mpsc::Sender<driver::Request>,
    shared: Arc<Shared>,
    steps: watch::Receiver<u64>,
    driver: AbortHandle,
}

impl Client {
    /// Logs in at a server (`http://127.0.0.1:3000`) and starts syncing.
    ///
    /// # Errors
    /// [`Error::Refused`] for a wrong log-in, [`Error::Unreachable`].
    pub async fn log_in(base: &str, username: &str, password: &str) -> Result<Self, Error> {
        let session = api::log_in(base, username, password).await?;
        Ok(Self::start(base, session, Options::default()))
    }

    /// Starts syncing with a session that is there already.
    #[must_use]
    pub fn start(base: &str, session: Session, options: Options) -> Self {
        let start = Start {
            me: session.user.clone(),
            seed: clock::seed(),
            inbox: None,
            rooms: Vec::new(),
            presence: Vec::new(),
            shows_viewing: true,
            outbox: Some(options.outbox.clone()),
            reloaded_for: None,
        };
        let (inputs, requests) = mpsc::channel(INPUTS_MAX);
        let (stepped, steps) = watch::channel(0);
        let shared = Arc::new(Shared::new(Engine::new(start), options.outbox));
        let driver = Driver::new(base, &session.token, Arc::clone(&shared), (inputs.downgrade(), requests), stepped);
        let driver = tokio::spawn(driver.run()).abort_handle();
        Self { session, patience: options.patience, inputs, shared, steps, driver }
    }

    /// Whose client this is, and the token of its session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Looks at the engine.
    pub fn view<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        self.shared.view(look)
    }

    /// What is in the outbox's storage: what a later client takes over.
    #[must_use]
    pub fn outbox(&self) -> Vec<OutboxEntry> {
        self.shared.stored()
    }

    /// Gives the engine an input, after those given before.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn input(&self, input: Input) -> Result<(), Error> {
        self.inputs.send(driver::Request::Input(input)).await.map_err(|_| Error::Closed)
    }

    /// Waits until the engine shows something; `what` names it in the error.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub async fn until<T>(&self, what: &str, look: impl FnMut(&Engine) -> Option<T>) -> Result<T, Error> {
        let waiting = self.shown(look);
        tokio::time::timeout(self.patience, waiting).await.map_err(|_| self.timeout(what))?
    }

    fn timeout(&self, what: &str) -> Error {
        Error::Timeout {
            who: self.session.user.name.to_string(),
            what: what.to_owned(),
            patience: self.patience,
            there: self.view(|engine| format!("{:?}, rooms {:?}", engine.connection(), engine.rooms())),
        }
    }

    async fn shown<T>(&self, mut look: impl FnMut(&Engine) -> Option<T>) -> Result<T, Error> {
        let mut steps = self.steps.clone();
        loop {
            steps.mark_unchanged();
            if let Some(found) = self.view(&mut look) {
                return Ok(found);
            }
            steps.changed().await.map_err(|_| Error::Closed)?;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The engine's time on tokio's clock, which tests can pause.
fn engine_time(started: tokio::time::Instant) -> Instant {
    Instant(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX))
}
