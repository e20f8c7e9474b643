//! WebSocket connections: who is let in, what they may send, and what they are sent.
//!
//! One task per connection ([`connection`]) reads commands, carries them out one after the other, and writes
//! what the hub has for it. Everything that waits for a connection is bounded; a peer that takes nothing is
//! closed. Refusals come before the upgrade ([`admission`]), and `GET /api/v1/connect` repeats them, because a
//! browser does not tell a page why its socket failed.

use std::{convert::Infallible, ops::Deref, sync::Arc, time::Duration};

use protocol::{
    ErrorBody, ErrorCode, Hello, SUBPROTOCOL, UserRef,
    frame::WireLimits,
    limits::{FRAME_BYTES_MAX, HEARTBEAT_INTERVAL_MS, MESSAGE_BYTES_MAX, MESSAGE_CHARS_MAX, SUBSCRIPTIONS_MAX},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Semaphore, SemaphorePermit},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use self::{admission::Admission, connection::Connection, replay::Replays, turns::Turns, wheel::Wheel, wire::Wire};
use crate::{
    auth::connected::ConnectedSessions,
    clock::{Clock, Randomness},
    error::{self, ApiError},
    hub::Hub,
    limits::Limits,
    rates::Rates,
    sabotage::Without,
    serve::{Drain, TELL_INTERVAL, TOLD_AT_ONCE},
    store::{Actor, PresenceStore, StreamStore, accounts::Session},
};

mod admission;
#[doc(hidden)]
pub mod bare;
mod commands;
mod connection;
mod delivery;
mod echo;
mod ending;
mod frames;
mod handshake;
mod heard;
mod intake;
mod news;
mod outbox;
mod presence;
mod replay;
mod rooms;
mod subscription;
#[cfg(test)]
mod tests;
mod turns;
mod upgrade;
mod wheel;
mod wire;

pub(crate) use admission::Place;
pub(crate) use handshake::routes;
pub(crate) use wheel::PROGRESS_MAX;

/// Connections that ask the store at once for their rooms, or whether they may follow a stream. After a restart thousands
/// come together; who waits here in line does not wait for a reader of the database, and fail, there.
const ARRIVALS_MAX: usize = 32;

/// What all sockets of a server share.
pub struct Sockets {
    shared: Shared,
    admission: Arc<Admission>,
    turns: Turns,
    replays: Replays,
    /// Taken while the store is asked what a connection has to know before it can go on.
    arrivals: Semaphore,
    wheel: Arc<Wheel>,
    /// Held while somebody sets whether others see which room they look at.
    viewing: tokio::sync::Mutex<()>,
}

/// The parts of the server that sockets work with.
pub struct Shared {
    /// Fan-out.
    pub hub: Arc<Hub>,
    /// Where commands go, and where missed events come from.
    pub streams: Arc<dyn StreamStore>,
    /// What is kept of presence.
    pub people: Arc<dyn PresenceStore>,
    /// How often a user may do something.
    pub rates: Arc<Rates>,
    /// The time.
    pub clock: Clock,
    /// Random bytes.
    pub random: Randomness,
    /// The operator's limits.
    pub limits: Limits,
    /// Names the build: clients reload when another one is deployed.
    pub build: String,
    /// How the server leaves.
    pub drain: Arc<Drain>,
    /// How long a peer may take nothing of what is written to it.
    pub progress_max: Duration,
    /// What is taken away, in a test.
    pub without: Without,
}

impl Deref for Sockets {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Sockets {
    /// Nobody is connected yet.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self {
            admission: Arc::new(Admission::new(&shared.limits)),
            turns: Turns::default(),
            replays: Replays::default(),
            arrivals: Semaphore::new(ARRIVALS_MAX),
            wheel: Arc::new(Wheel::new(shared.progress_max)),
            viewing: tokio::sync::Mutex::default(),
            shared,
        }
    }

    /// Keeps the time of all connections, until there are none any more.
    pub async fn keep_time(self: Arc<Self>, stopping: CancellationToken) {
        tokio::select! {
            biased;
            () = stopping.cancelled() => {}
            never = self.wheel.run() => match never {},
            never = self.tell_leaving() => match never {},
        }
    }

    /// Once the server leaves, tells all connections, and those that still come: not all at once, unless they are given
    /// up.
    async fn tell_leaving(&self) -> Infallible {
        let (leaving, over) = (self.drain.leaving(), self.drain.over());
        tokio::select! {
            biased;
            () = leaving.cancelled() => {}
            () = over.cancelled() => {}
        }
        loop {
            self.wheel.tell_leaving(if over.is_cancelled() { usize::MAX } else { TOLD_AT_ONCE });
            sleep(TELL_INTERVAL).await;
        }
    }

    /// Serves a connection of a session over any stream, from `hello` until it is over. The handshake, and what lets a
    /// client in before that, are the caller's: a simulation has neither.
    pub fn serve<T>(
        self: Arc<Self>,
        session: &Session,
        sessions: &ConnectedSessions,
        stream: T,
    ) -> impl Future<Output = ()> + Send + use<T>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let socket = Box::new(Wire::new(stream, &[]));
        Connection::new(self, Actor::from(session), sessions.attach(session), socket, None).run()
    }

    /// How many sockets are open, with a session.
    #[must_use]
    pub fn count(&self) -> usize {
        self.admission.count()
    }

    /// Waits in line for a turn to ask the store; dropping it gives the turn on.
    async fn arrive(&self) -> SemaphorePermit<'_> {
        self.arrivals.acquire().await.expect("this semaphore is never closed")
    }

    /// Whether there is no place for another one.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.count() >= usize::try_from(self.limits.sockets).unwrap_or(usize::MAX)
    }

    fn hello(&self, user: UserRef) -> Hello {
        let number = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
        Hello {
            versions: vec![SUBPROTOCOL.to_owned()],
            build: self.build.clone(),
            now: self.clock.now(),
            user,
            heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS,
            limits: WireLimits {
                message_chars: number(MESSAGE_CHARS_MAX),
                message_bytes: number(MESSAGE_BYTES_MAX),
                frame_bytes: number(FRAME_BYTES_MAX),
                subscriptions: number(SUBSCRIPTIONS_MAX),
            },
        }
    }

    /// What a client is told of a failure. Causes are logged here, once, under the number that it is given.
    fn explain(&self, error: &ApiError) -> ErrorBody {
        let body = error.body().clone();
        match body.code {
            ErrorCode::Internal | ErrorCode::Busy | ErrorCode::Unavailable => {
                let correlation = error::number(&self.random);
                error.log(&correlation, "SOCKET", "/ws");
                ErrorBody { correlation: Some(correlation), ..body }
            }
            ErrorCode::Malformed
            | ErrorCode::Invalid
            | ErrorCode::TooLarge
            | ErrorCode::Unsupported
            | ErrorCode::Unauthorized
            | ErrorCode::Forbidden
            | ErrorCode::NotFound
            | ErrorCode::Conflict
            | ErrorCode::RoomNameTaken
            | ErrorCode::UsernameTaken
            | ErrorCode::UsernameInvalid
            | ErrorCode::PasswordTooShort
            | ErrorCode::PasswordTooLong
            | ErrorCode::PasswordCommon
            | ErrorCode::WrongLogin
            | ErrorCode::RegistrationClosed
            | ErrorCode::InviteNeeded
            | ErrorCode::InviteInvalid
            | ErrorCode::InviteExpired
            | ErrorCode::InviteUsedUp
            | ErrorCode::CrossSite
            | ErrorCode::RateLimited
            | ErrorCode::TooManyConnections => body,
        }
    }
}
