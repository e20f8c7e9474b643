//! Connections: accepted, served as HTTP, and bounded in what they may take.
//!
//! An accept loop of our own, because the one that axum brings has no timeouts. What a request says is decided
//! elsewhere; what a socket does, in `socket`; how all of it ends, in [`drain`].

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};

use crate::state::AppState;

pub(crate) mod body;
pub(crate) mod drain;
pub(crate) mod files;
pub(crate) mod health;
mod http;
mod line;
mod options;
mod peers;
#[cfg(test)]
mod tests;
mod timeouts;

pub use drain::Drain;
pub(crate) use drain::{ANSWER_MAX, TELL_INTERVAL, TOLD_AT_ONCE};
pub(crate) use line::{Line, Stream};
pub use timeouts::Timeouts;

use self::{files::Spare, peers::Peers};

/// Connections that wait to be accepted: after a restart everybody comes at once.
const BACKLOG: u32 = 4_096;

/// How long the loop waits after a failure that is not the connection's.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Listens on an address, also where another server has just left it.
///
/// # Errors
/// The address is taken, or not ours.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Windows this would let two servers have one address.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until `shutdown` completes. Each runs in a task of its own, which [`drain::leave`] waits for.
pub(crate) async fn accept(listener: TcpListener, router: Router, app: &AppState, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut door = Door::new(app);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((tcp, peer)) => door.admit(tcp, peer, &router, app),
            Err(error) if Spare::is_for(&error) && door.spare.turn_away(&listener) => {}
            Err(error) => {
                tracing::debug!(?error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Who is let in. Where there are too many, a connection ends at once: there is no request yet that could be answered.
struct Door {
    peers: Arc<Peers>,
    files: Arc<Semaphore>,
    spare: Spare,
}

impl Door {
    fn new(app: &AppState) -> Self {
        let connections_max = files::connections_max();
        Self {
            peers: Arc::new(Peers::new(&app.config, connections_max)),
            files: Arc::new(Semaphore::new(connections_max)),
            spare: Spare::new(),
        }
    }

    fn admit(&mut self, tcp: TcpStream, peer: SocketAddr, router: &Router, app: &AppState) {
        let Some(guest) = self.peers.enter(peer.ip()) else {
            tracing::debug!(%peer, "an address has too many connections");
            return;
        };
        let Ok(file) = Arc::clone(&self.files).try_acquire_owned() else {
            tracing::debug!(%peer, "there are too many connections");
            return;
        };
        let stream = Stream::new(tcp, peer, guest.is_proxy(), file);
        let over = app.drain.over().clone();
        let http = http::serve(stream, router.clone(), app.config.timeouts, app.drain.leaving().clone());
        app.connections.spawn(async move {
            tokio::select! {
                () = http => {}
                () = over.cancelled() => {}
            }
            drop(guest);
        });
    }
}
