//! The sessions that have sockets, and how a socket learns that its session has ended.
//!
//! Log-out tells its sockets at once. The command line ends sessions from another process, so the server also
//! asks the database every [`CHECK_INTERVAL`], in one query, which of the connected sessions still live.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::UserId;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::token::lifetime;
use crate::{
    hub::{Bells, Follower},
    maps::HashMap,
    state::AppState,
    store::{
        StoreError,
        accounts::{Session, SessionId},
    },
};

/// Half of what threat 3 allows, with room for a slow query.
const CHECK_INTERVAL: Duration = Duration::from_millis(1_500);

/// How often connected sessions are noted as used, and what has expired is removed.
const TOUCH_INTERVAL: Duration = Duration::from_hours(1);

/// Sessions that are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionsRevoked {
    /// Whose.
    pub user: UserId,
    /// All but this one.
    pub except: Option<SessionId>,
    /// This one alone.
    pub only: Option<SessionId>,
}

/// The sessions that have sockets now. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ConnectedSessions {
    // As many entries as there are sockets at most; those are limited before they get here.
    inner: Arc<Mutex<HashMap<SessionId, Connected>>>,
}

#[derive(Debug)]
struct Connected {
    user: UserId,
    ended: CancellationToken,
    guards: usize,
    /// The sockets that are rung when it ends.
    sockets: Vec<Arc<Follower>>,
}

/// A socket's hold on its session. Dropped when the socket closes.
#[derive(Debug)]
pub struct SessionGuard {
    sessions: ConnectedSessions,
    id: SessionId,
    ended: CancellationToken,
    socket: Option<Arc<Follower>>,
}

impl SessionGuard {
    /// Has a socket rung when the session ends, and at once where it has ended. A bell, since a future that waits for it
    /// takes hundreds of bytes.
    pub(crate) fn rings(&mut self, socket: &Arc<Follower>) {
        self.socket = Some(Arc::clone(socket));
        self.sessions.with(|sessions| {
            if let Some(connected) = sessions.get_mut(&self.id) {
                connected.sockets.push(Arc::clone(socket));
            }
        });
        if self.ended.is_cancelled() {
            socket.ring(Bells::SESSION_ENDED);
        }
    }

    /// Waits until the session has ended: close the socket with `close::SESSION_ENDED`.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.ended.clone().cancelled_owned()
    }
}

impl Connected {
    fn end(&self) {
        self.ended.cancel();
        self.sockets.iter().for_each(|socket| socket.ring(Bells::SESSION_ENDED));
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.sessions.with(|sessions| {
            if let Some(connected) = sessions.get_mut(&self.id) {
                if let Some(socket) = &self.socket {
                    connected.sockets.retain(|other| other.number() != socket.number());
                }
                connected.guards -= 1;
                if connected.guards == 0 {
                    sessions.remove(&self.id);
                }
            }
        });
    }
}

impl ConnectedSessions {
    /// Tells that a session has a socket. Every socket that needs a session holds one guard.
    #[must_use]
    pub fn attach(&self, session: &Session) -> SessionGuard {
        let ended = self.with(|sessions| {
            let connected = sessions.entry(session.id).or_insert_with(|| Connected {
                user: session.user.id,
                ended: CancellationToken::new(),
                guards: 0,
                sockets: Vec::new(),
            });
            connected.guards += 1;
            connected.ended.clone()
        });
        SessionGuard { sessions: self.clone(), id: session.id, ended, socket: None }
    }

    /// Tells the sockets of these sessions that they are over. The sessions were ended in the store before.
    pub fn revoke(&self, revoked: SessionsRevoked) {
        self.with(|sessions| {
            for (id, connected) in sessions.iter() {
                let is_meant = connected.user == revoked.user
                    && revoked.except != Some(*id)
                    && revoked.only.is_none_or(|only| only == *id);
                if is_meant {
                    connected.end();
                }
            }
        });
    }

    /// How many sessions have sockets.
    #[must_use]
    pub fn count(&self) -> usize {
        self.with(|sessions| sessions.len())
    }

    fn ids(&self) -> Vec<SessionId> {
        self.with(|sessions| sessions.keys().copied().collect())
    }

    fn end_all_but(&self, asked: &[SessionId], live: &[SessionId]) {
        let live: std::collections::HashSet<_> = live.iter().collect();
        self.with(|sessions| {
            for id in asked.iter().filter(|id| !live.contains(id)) {
                if let Some(connected) = sessions.get(id) {
                    connected.end();
                }
            }
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashMap<SessionId, Connected>) -> T) -> T {
        // Nothing in the critical sections panics half-way, so a poisoned map is still whole.
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The background task: ends the sockets of sessions that ended elsewhere, until the server stops.
pub(crate) async fn watch(app: AppState) {
    let mut ticks = interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_touch = Instant::now();
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let is_time_to_touch = Instant::now() >= next_touch;
        if is_time_to_touch {
            next_touch = Instant::now() + TOUCH_INTERVAL;
        }
        if let Err(error) = check(&app, is_time_to_touch).await {
            // The next round asks again; a socket must not be closed because a query failed.
            tracing::warn!(?error, "connected sessions could not be checked");
        }
    }
}

async fn check(app: &AppState, is_time_to_touch: bool) -> Result<(), StoreError> {
    let life = lifetime(app);
    let asked = app.sessions.ids();
    if !asked.is_empty() {
        let live = app.store.live_sessions(&asked, life).await?;
        app.sessions.end_all_but(&asked, &live);
        if is_time_to_touch {
            app.store.touch_sessions(&live, life.now).await?;
        }
    }
    if is_time_to_touch {
        app.store.forget_expired(life).await?;
    }
    Ok(())
}
