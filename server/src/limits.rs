//! Every limit that an operator may want to change, with its unit and its default.
//!
//! Each is a flag (`--sockets-per-user 20`), a variable (`PARLOR_SOCKETS_PER_USER=20`) and a key of the TOML
//! file (`sockets_per_user = 20`). Limits that both ends of the wire know are constants in `protocol::limits`;
//! limits that no operator has a reason to change are constants beside the code that keeps them.

use clap::Args;
use serde::Serialize;

macro_rules! limits {
    ($( $(#[$doc:meta])+ $name:ident: $unit:ty = $default:expr; )+) => {
        /// The limits of one server.
        #[derive(Args, Clone, Debug, PartialEq, Eq, Serialize)]
        #[command(next_help_heading = "Limits")]
        pub struct Limits {
            $(
                $(#[$doc])+
                #[arg(long, value_name = "N", default_value_t = $default, value_parser = clap::value_parser!($unit).range(1..))]
                pub $name: $unit,
            )+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $( $name: $default, )+ }
            }
        }
    };
}

limits! {
    /// Failed log-ins with one name from one address, in 15 minutes
    login_failures_per_name: u32 = 5;
    /// Failed log-ins from one address, in an hour
    login_failures_per_address: u32 = 60;
    /// New accounts from one address, in an hour
    signups_per_address: u32 = 300;
    /// Log-ins and sign-ups that wait for their password to be hashed
    hashes_waiting: u32 = 256;
    /// Sessions of one user; the longest unused one ends when there are more
    sessions_per_user: u32 = 100;
    /// Days after which an unused session ends
    session_idle_days: u32 = 30;
    /// Days after which a session ends, used or not
    session_days: u32 = 180;
    /// Invitations that can be used at the same time
    invites: u32 = 1_000;
    /// Bytes of a request's JSON or form
    body_bytes: u64 = 256 * 1024;
    /// Sockets of the whole server
    sockets: u32 = 20_000;
    /// Sockets of one user
    sockets_per_user: u32 = 10;
    /// Sockets of one address, with a session
    sockets_per_address: u32 = 1_000;
    /// Sockets of one address, without a session, and connections that ask for one
    sockets_per_address_anonymous: u32 = 50;
    /// Connections of one address that are not sockets, at least as many as it may have sockets, at most a quarter of what
    /// open files allow; those of trusted proxies are not counted
    connections_per_address: u32 = 2_048;
    /// Bytes that may wait for one socket
    socket_waiting_bytes: u64 = 256 * 1024;
    /// Rooms that one user may ever make
    rooms_per_user: u32 = 1_000;
    /// Messages that one user may post, a second
    posts_per_second: u32 = 5;
    /// Messages that one user may post at once
    posts_burst: u32 = 20;
    /// Other changes that one user may make, a second
    writes_per_second: u32 = 10;
    /// Other changes that one user may make at once
    writes_burst: u32 = 60;
    /// Reads and subscriptions of one user, a second
    reads_per_second: u32 = 20;
    /// Reads and subscriptions of one user at once
    reads_burst: u32 = 200;
    /// Messages that all users together may post to one room, a second; at least what one user may
    room_posts_per_second: u32 = 50;
    /// Messages that all users together may post to one room at once; at least what one user may
    room_posts_burst: u32 = 200;
    /// Requests of one address, a second; files and the health of the server are free
    requests_per_second: u32 = 200;
    /// Requests of one address at once; at least two for each of its sockets
    requests_burst: u32 = 2_000;
    /// Milliseconds for which somebody whose connection has ended still counts as there: a reload does not flicker
    presence_grace_ms: u64 = 15_000;
    /// Bytes of one stream kept for its followers
    ring_bytes: u64 = 1024 * 1024;
    /// Bytes of all streams kept for their followers
    rings_bytes: u64 = 256 * 1024 * 1024;
}
