//! What the system is asked to do for a connection.

use std::io;

use tokio::net::TcpStream;

/// How long what was written may lie untaken, in milliseconds, before the system gives the connection up. It counts
/// a peer that does not read, too.
#[cfg(target_os = "linux")]
const UNTAKEN_HTTP_MS_MAX: u32 = 30_000;

/// The same for a socket, which is given up after as much silence anyway.
#[cfg(target_os = "linux")]
const UNTAKEN_SOCKET_MS_MAX: u32 = 75_000;

/// Bytes that the system keeps for a socket's peer (Linux doubles it). Not for HTTP: a window of this size makes large
/// files slow over long distances.
#[cfg(unix)]
const SEND_BYTES: usize = 64 * 1024;

/// A connection that was just accepted.
pub(super) fn for_http(tcp: &TcpStream) {
    // Frames are small and must leave at once.
    note("TCP_NODELAY", tcp.set_nodelay(true));
    #[cfg(target_os = "linux")]
    note("TCP_USER_TIMEOUT", rustix::net::sockopt::set_tcp_user_timeout(tcp, UNTAKEN_HTTP_MS_MAX));
}

/// A connection that has become a socket.
pub(super) fn for_socket(tcp: &TcpStream) {
    #[cfg(target_os = "linux")]
    note("TCP_USER_TIMEOUT", rustix::net::sockopt::set_tcp_user_timeout(tcp, UNTAKEN_SOCKET_MS_MAX));
    #[cfg(unix)]
    note("SO_SNDBUF", rustix::net::sockopt::set_socket_send_buffer_size(tcp, SEND_BYTES));
}

/// A connection without it works, only less well.
fn note<E: Into<io::Error>>(option: &str, set: Result<(), E>) {
    if let Err(error) = set {
        let error: io::Error = error.into();
        tracing::debug!(option, ?error, "a socket option could not be set");
    }
}
