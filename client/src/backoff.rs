//! How long to wait before trying again: full jitter, so that clients of a restarted server come spread out.
//!
//! Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

use std::time::Duration;

use protocol::ErrorBody;

/// The first wait is somewhere below this, in milliseconds.
pub const BACKOFF_MS_MIN: u64 = 250;
/// No wait is longer than this, in milliseconds, unless the server asked for it.
pub const BACKOFF_MS_MAX: u64 = 30_000;

/// How long to wait after `failures` tries (at least one) in a row have failed.
pub(crate) fn delay(failures: u32, rng: &mut fastrand::Rng) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let ceiling_ms = (BACKOFF_MS_MIN << doublings).min(BACKOFF_MS_MAX);
    Duration::from_millis(rng.u64(0..=ceiling_ms))
}

/// The wait that the server asked for, and up to a quarter more, so that not everyone comes back at once.
pub(crate) fn asked(retry_after_ms: u64, rng: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(retry_after_ms.saturating_add(rng.u64(0..=retry_after_ms / 4)))
}

/// The wait after an error: what it asks for, or the next one by count.
pub(crate) fn after(error: Option<&ErrorBody>, failures: u32, rng: &mut fastrand::Rng) -> Duration {
    match error.and_then(|body| body.retry_after_ms) {
        Some(retry_after_ms) => asked(retry_after_ms, rng),
        None => delay(failures, rng),
    }
}
