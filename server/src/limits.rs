//! Every limit that an operator may want to change, with its unit and its default.
//!
//! Each is a flag (`--sockets-per-user 20`), a variable (`PARLOR_SOCKETS_PER_USER=20`) and a key of the TOML
//! file (`sockets_per_user = 20`). Limits that both ends of the wire know are constants in `protocol::limits`;
//! limits that no operator has a reason to change are constants beside the code that keeps them. Which test holds which is in
//! `docs/limits.md`.

use clap::Args;
use serde::Serialize;

/// One or more, and no more than a TOML file can say: its numbers have a sign.
macro_rules! one_or_more {
    (u32) => {
        clap::value_parser!(u32).range(1..)
    };
    (u64) => {
        clap::value_parser!(u64).range(1..=i64::MAX as u64)
    };
}

macro_rules! limits {
    ($( $(#[$doc:meta])+ $name:ident: $unit:ident = $default:expr; )+) => {
        /// The limits of one server.
        #[derive(Args, Clone, Debug, PartialEq, Eq, Serialize)]
        #[command(next_help_heading = "Limits")]
        pub struct Limits {
            $(
                $(#[$doc])+
                #[arg(long, value_name = "N", default_value_t = $default, value_parser = one_or_more!($unit))]
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
    // Who mistypes has five tries; who guesses has 480 a day.
    /// Failed log-ins with one name from one address, in 15 minutes
    login_failures_per_name: u32 = 5;
    // An office is one address. A common password may be tried with sixty names.
    /// Failed log-ins from one address, in an hour
    login_failures_per_address: u32 = 60;
    // A class or a company comes together, from one address.
    /// Attempts to sign up from one address, in an hour; those that are refused count too
    signups_per_address: u32 = 300;
    // As many as are hashed within a few seconds.
    /// Log-ins and sign-ups that wait for their password to be hashed
    hashes_waiting: u32 = 256;
    // Each device has one, and programs that forget to log out many.
    /// Sessions of one user; the longest unused one ends when there are more
    sessions_per_user: u32 = 100;
    // Who was away for a holiday is still in.
    /// Days after which an unused session ends
    session_idle_days: u32 = 30;
    // A token that was stolen is worth nothing after half a year.
    /// Days after which a session ends, used or not
    session_days: u32 = 180;
    // All of them are listed on one page.
    /// Invitations that can be used at the same time
    invites: u32 = 1_000;
    // Several times the longest message, as JSON.
    /// Bytes of a request's JSON or form
    body_bytes: u64 = 256 * 1024;
    // At 7 KB each when idle, 140 MB.
    /// Sockets of the whole server
    sockets: u32 = 20_000;
    // A few devices with a few windows each.
    /// Sockets of one user
    sockets_per_user: u32 = 10;
    // A company is one address.
    /// Sockets of one address, with a session
    sockets_per_address: u32 = 1_000;
    // Who has no session has no use for one but to measure. Browsers ask once more after logging out.
    /// Sockets of one address, without a session, and connections that ask for one
    sockets_per_address_anonymous: u32 = 50;
    // Browsers have six, programs one.
    /// Connections of one address that are not sockets, at least as many as it may have sockets, at most a quarter of what
    /// open files allow; those of trusted proxies are not counted
    connections_per_address: u32 = 2_048;
    // Twice the largest frame.
    /// Bytes that may wait for one socket
    socket_waiting_bytes: u64 = 256 * 1024;
    // Each costs a little for ever.
    /// Rooms that one user may ever make
    rooms_per_user: u32 = 1_000;
    // Faster than anybody writes; a program waits.
    /// Messages that one user may post, a second
    posts_per_second: u32 = 5;
    // What was written offline goes out in a few seconds.
    /// Messages that one user may post at once
    posts_burst: u32 = 20;
    // Reacting and reading on are quicker than writing.
    /// Other changes that one user may make, a second
    writes_per_second: u32 = 10;
    // Reading all rooms at once is one for each.
    /// Other changes that one user may make at once
    writes_burst: u32 = 60;
    // Scrolling through a room reads a few pages a second.
    /// Reads and subscriptions of one user, a second
    reads_per_second: u32 = 20;
    // Who comes back follows all that is open, and reads what was missed.
    /// Reads and subscriptions of one user at once
    reads_burst: u32 = 200;
    // Ten times what one may; more than anybody reads.
    /// Messages that all users together may post to one room, a second; at least what one user may
    room_posts_per_second: u32 = 50;
    // Ten people may each have their burst at once.
    /// Messages that all users together may post to one room at once; at least what one user may
    room_posts_burst: u32 = 200;
    // A page is one, and files are free.
    /// Requests of one address, a second; files and the health of the server are free
    requests_per_second: u32 = 200;
    // After a restart all sockets of a company come back within seconds.
    /// Requests of one address at once; at least two for each of its sockets
    requests_burst: u32 = 2_000;
    /// Milliseconds for which somebody whose connection has ended still counts as there: a reload does not flicker
    presence_grace_ms: u64 = 15_000;
    // About as many short messages as are replayed.
    /// Bytes of one stream kept for its followers
    ring_bytes: u64 = 1024 * 1024;
    // 256 full ones.
    /// Bytes of all streams kept for their followers
    rings_bytes: u64 = 256 * 1024 * 1024;
}
