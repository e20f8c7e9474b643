//! How often one user may do something: token buckets, shared by the sockets and the HTTP endpoints.

use std::{num::NonZeroU32, time::Duration};

use governor::{Quota, RateLimiter, middleware::NoOpMiddleware, nanos::Nanos, state::keyed::DashMapStateStore};
use protocol::{ErrorBody, ErrorCode, UserId, command::Cost};

use crate::{clock::Clock, limits::Limits};

/// Users whose buckets are kept; above, those that are full again are forgotten.
const USERS_MAX: usize = 10_000;

type Buckets = RateLimiter<UserId, DashMapStateStore<UserId>, Clock, NoOpMiddleware<Nanos>>;

/// The buckets of all users.
pub struct Rates {
    posts: Buckets,
    writes: Buckets,
    reads: Buckets,
    clock: Clock,
}

impl Rates {
    /// Full buckets of the sizes that the operator set.
    #[must_use]
    pub fn new(clock: Clock, limits: &Limits) -> Self {
        let buckets = |per_second: u32, burst: u32| {
            let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
            RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
        };
        Self {
            posts: buckets(limits.posts_per_second, limits.posts_burst),
            writes: buckets(limits.writes_per_second, limits.writes_burst),
            reads: buckets(limits.reads_per_second, limits.reads_burst),
            clock: clock.clone(),
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// `rate_limited`, with the time until there is one again.
    pub fn check(&self, cost: Cost, user: UserId) -> Result<(), ErrorBody> {
        let buckets = match cost {
            Cost::Post => &self.posts,
            Cost::Write => &self.writes,
            Cost::Read => &self.reads,
            Cost::Nothing => return Ok(()),
        };
        if buckets.len() > USERS_MAX {
            buckets.retain_recent();
        }
        buckets.check_key(&user).map_err(|not_until| {
            let wait: Duration = not_until.wait_time_from(governor::clock::Clock::now(&self.clock));
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            ErrorBody { retry_after_ms: Some(millis.max(1)), ..ErrorBody::new(ErrorCode::RateLimited) }
        })
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}
