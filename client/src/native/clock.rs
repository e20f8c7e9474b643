//! The one place of this crate that reads a wall clock and draws randomness: for new ids, never in the engine.

#![expect(clippy::disallowed_methods, reason = "this is the module that may")]

use std::time::SystemTime;

use protocol::{ClientId, UnixMs};

/// A new id for a command.
pub(super) fn client_id() -> ClientId {
    let mut random = [0; 10];
    getrandom::fill(&mut random).expect("the operating system has random numbers");
    ClientId::new(now(), &random)
}

/// A seed for the engine's jitter.
pub(super) fn seed() -> u64 {
    getrandom::u64().expect("the operating system has random numbers")
}

fn now() -> UnixMs {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
