//! Connections: accepted, served as HTTP, and bounded in what they may take.
//!
//! An accept loop of our own, because the one that axum brings has no timeouts. What a request says is decided
//! elsewhere; what a socket does, in `socket`.

use std::{future::Future, pin::pin, time::Duration};

use axum::Router;
use tokio::net::TcpListener;

use crate::state::AppState;

pub(crate) mod body;
mod http;
mod line;
mod options;
mod timeouts;

pub(crate) use line::Line;
pub use timeouts::Timeouts;

/// How long the loop waits after a failure that is not the connection's.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `shutdown` completes. Each runs in a task of its own, which `app.tasks` waits for.
pub(crate) async fn accept(listener: TcpListener, router: Router, app: &AppState, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((tcp, peer)) => {
                let stream = line::Stream::new(tcp, peer);
                let (timeouts, leaving) = (app.config.timeouts, app.stopping.clone());
                app.tasks.spawn(http::serve(stream, router.clone(), timeouts, leaving));
            }
            Err(error) => {
                tracing::warn!(?error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
