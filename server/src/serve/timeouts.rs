//! How long a peer may take over what HTTP, or a socket, asks of it.

use std::time::Duration;

use crate::socket::PROGRESS_MAX;

/// For all of a request's head, from its first byte; for the first one, from the beginning of the connection.
const HEADERS_MAX: Duration = Duration::from_secs(10);

/// For all of a request's body, from the end of its head.
const BODY_MAX: Duration = Duration::from_secs(30);

/// For the next request on a connection that has had one: as long as browsers gain something from it.
const IDLE_MAX: Duration = Duration::from_secs(75);

/// The same for trusted proxies. Who sends the requests should be the one who ends the connection, or a form that is
/// sent at that moment is lost; so this is longer than proxies keep theirs: nginx 60 s, Traefik and whatever else is made
/// with Go 90 s, Caddy 2 minutes, Google's load balancer 10 minutes.
const IDLE_OF_PROXIES_MAX: Duration = Duration::from_secs(620);

/// See the module. No operator has a reason to change them; tests have no half minute to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a request's head.
    pub headers: Duration,
    /// For a request's body.
    pub body: Duration,
    /// Between requests.
    pub idle: Duration,
    /// Between requests of a trusted proxy.
    pub idle_of_proxies: Duration,
    /// For the next byte of what waits for a socket. Whole seconds: they are looked at once in each.
    pub progress: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            headers: HEADERS_MAX,
            body: BODY_MAX,
            idle: IDLE_MAX,
            idle_of_proxies: IDLE_OF_PROXIES_MAX,
            progress: PROGRESS_MAX,
        }
    }
}
