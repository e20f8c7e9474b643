//! Carries out what the engine asks for.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::{ClientId, Done, ErrorBody};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot, watch,
    },
    task::JoinSet,
    time::Instant,
};

use super::{
    api::Api,
    engine_time,
    socket::{self, FRAMES_MAX},
};
use crate::{ConnectionId, Engine, Input, Intent, OutboxEntry, Output};

/// What the driver is asked for.
#[derive(Debug)]
pub(super) enum Request {
    /// Give this to the engine.
    Input(Input),
    /// Carry out a command and say what came of it.
    Do(Box<protocol::Command>, oneshot::Sender<Result<Done, ErrorBody>>),
}

/// What the driver and the [`super::Client`] both see.
#[derive(Debug)]
pub(super) struct Shared {
    engine: Mutex<Engine>,
    outbox: Mutex<BTreeMap<ClientId, OutboxEntry>>,
}

impl Shared {
    pub(super) fn new(engine: Engine, outbox: Vec<OutboxEntry>) -> Self {
        let outbox = outbox.into_iter().map(|entry| (entry.client_id(), entry)).collect();
        Self { engine: Mutex::new(engine), outbox: Mutex::new(outbox) }
    }

    pub(super) fn view<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        // A panic while looking has changed nothing.
        look(&self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn stored(&self) -> Vec<OutboxEntry> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// The task behind a client.
pub(super) struct Driver {
    base: String,
    token: String,
    api: Api,
    shared: Arc<Shared>,
    requests: mpsc::Receiver<Request>,
    /// For the tasks that report back; the client's own sender keeps the channel open.
    inputs: mpsc::WeakSender<Request>,
    stepped: watch::Sender<u64>,
    started: Instant,
    wake: Option<Instant>,
    socket: Option<(ConnectionId, mpsc::Sender<String>)>,
    waiting: HashMap<ClientId, oneshot::Sender<Result<Done, ErrorBody>>>,
    /// Ended with the driver.
    tasks: JoinSet<()>,
}

impl Driver {
    pub(super) fn new(
        base: &str,
        token: &str,
        shared: Arc<Shared>,
        (inputs, requests): (mpsc::WeakSender<Request>, mpsc::Receiver<Request>),
        stepped: watch::Sender<u64>,
    ) -> Self {
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            api: Api::new(base, token),
            shared,
            requests,
            inputs,
            stepped,
            started: Instant::now(),
            wake: None,
            socket: None,
            waiting: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until the client is dropped.
    pub(super) async fn run(mut self) {
        self.step(Input::Tick);
        loop {
            let wake = self.wake;
            let waking = async move {
                match wake {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(Request::Input(input)) => self.step(input),
                    Some(Request::Do(command, answer)) => {
                        if let Some(client_id) = command.client_id() {
                            self.waiting.insert(client_id, answer);
                        }
                        self.step(Input::Intent(Intent::Do(*command)));
                    }
                    None => return,
                },
                () = waking => {
                    self.wake = None;
                    self.step(Input::Tick);
                }
                // Finished tasks are taken out, so that they do not pile up.
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => {}
            }
        }
    }

    fn step(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = engine_time(self.started);
            let outputs = self.shared.engine.lock().unwrap_or_else(PoisonError::into_inner).step(input, now);
            for output in outputs {
                inputs.extend(self.carry_out(output));
            }
        }
        self.stepped.send_modify(|steps| *steps += 1);
    }

    /// Does what the engine asks for; what can be answered at once comes back.
    fn carry_out(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Connect(connection) => {
                let (frames, waiting) = mpsc::channel(FRAMES_MAX);
                // Dropping the sender of an older socket ends it.
                self.socket = Some((connection, frames));
                let (base, token) = (self.base.clone(), self.token.clone());
                let inputs = self.inputs.upgrade()?;
                self.tasks.spawn(socket::run(connection, base, token, waiting, inputs));
            }
            Output::Close(connection) => {
                if self.socket.as_ref().is_some_and(|(current, _)| *current == connection) {
                    self.socket = None;
                }
            }
            Output::Send { connection, text } => {
                let sender = self.socket.as_ref().filter(|(current, _)| *current == connection);
                // Of a socket that has ended its task says why: that is on its way.
                if let Some(Err(TrySendError::Full(_))) = sender.map(|(_, frames)| frames.try_send(text)) {
                    self.socket = None;
                    return Some(Input::Closed { connection, code: None });
                }
            }
            Output::Probe(connection) => {
                let (api, inputs) = (self.api.clone(), self.inputs.upgrade()?);
                self.tasks.spawn(async move {
                    let probe = api.probe().await;
                    let _ = inputs.send(Request::Input(Input::Probed { connection, probe })).await;
                });
            }
            Output::Fetch { id, request } => {
                let (api, inputs) = (self.api.clone(), self.inputs.upgrade()?);
                self.tasks.spawn(async move {
                    let result = api.fetch(&request).await;
                    let _ = inputs.send(Request::Input(Input::Fetched { id, result })).await;
                });
            }
            Output::Save(entry) => {
                let client_id = entry.client_id();
                self.shared.outbox.lock().unwrap_or_else(PoisonError::into_inner).insert(client_id, entry);
                return Some(Input::Saved(client_id));
            }
            Output::Remove(client_id) => {
                self.shared.outbox.lock().unwrap_or_else(PoisonError::into_inner).remove(&client_id);
            }
            Output::WakeAt(at) => self.wake = Some(self.started + Duration::from_millis(at.0)),
            Output::Answered { client_id, result } => {
                if let Some(waiting) = self.waiting.remove(&client_id) {
                    // Nobody waits any more: the caller gave up.
                    let _ = waiting.send(result);
                }
            }
            // Looked up when somebody asks; a native client has nothing to load again.
            Output::Changed(_) | Output::Reload { .. } | Output::LoggedOut => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use protocol::{UserId, UserRef, Username};

    use super::*;
    use crate::Start;

    #[tokio::test]
    async fn who_sends_while_a_socket_ends_learns_from_the_socket_why() {
        let start = Start {
            me: UserRef { id: UserId(1), name: Username::parse("ada").unwrap() },
            seed: 1,
            inbox: None,
            rooms: Vec::new(),
            presence: Vec::new(),
            shows_viewing: true,
            outbox: None,
            reloaded_for: None,
        };
        let (inputs, requests) = mpsc::channel(1);
        let shared = Arc::new(Shared::new(Engine::new(start), Vec::new()));
        let mut driver = Driver::new("", "", shared, (inputs.downgrade(), requests), watch::channel(0).0);
        let connection = ConnectionId(1);
        let sends = |driver: &mut Driver| driver.carry_out(Output::Send { connection, text: String::new() });

        let (frames, waiting) = mpsc::channel(1);
        driver.socket = Some((connection, frames));
        assert!(sends(&mut driver).is_none());
        let gave_up = sends(&mut driver);
        assert!(matches!(gave_up, Some(Input::Closed { code: None, .. })), "its peer takes nothing: {gave_up:?}");
        drop(waiting);

        let (frames, ended) = mpsc::channel(1);
        drop(ended);
        driver.socket = Some((connection, frames));
        let told = sends(&mut driver);
        assert!(told.is_none(), "nothing is said for the socket: {told:?}");
    }
}
