//! How often something may be done: token buckets, shared by the sockets and the HTTP endpoints.
//!
//! A user has one for each kind of what is asked, so that reading goes on where posting is refused. A room has one,
//! because many users together are a flood too. An address has one, because there is no user before a session was
//! looked up.

use std::{net::IpAddr, num::NonZeroU32};

use governor::Quota;
use protocol::{ErrorBody, RoomId, UserId, command::Cost};

use crate::{auth::address::subnet, clock::Clock, limits::Limits};

mod buckets;
mod requests;

use buckets::Buckets;
pub(crate) use requests::by_address;

/// Requests that somebody makes who connects: the handshake, and what they missed.
const REQUESTS_PER_SOCKET: u32 = 2;

/// The buckets of all users, rooms and addresses.
pub struct Rates {
    posts: Buckets<UserId>,
    writes: Buckets<UserId>,
    reads: Buckets<UserId>,
    rooms: Buckets<RoomId>,
    addresses: Buckets<IpAddr>,
}

impl Rates {
    /// Full buckets of the sizes that the operator set.
    #[must_use]
    pub fn new(clock: Clock, limits: &Limits) -> Self {
        // A room takes what one user may post, and an address may connect with all that it may have: where an operator
        // allows more of that, this is no second limit to be found out.
        let room_posts_per_second = limits.room_posts_per_second.max(limits.posts_per_second);
        let room_posts_burst = limits.room_posts_burst.max(limits.posts_burst);
        let requests_burst = limits.requests_burst.max(limits.sockets_per_address.saturating_mul(REQUESTS_PER_SOCKET));
        Self {
            posts: Buckets::new(quota(limits.posts_per_second, limits.posts_burst), &clock),
            writes: Buckets::new(quota(limits.writes_per_second, limits.writes_burst), &clock),
            reads: Buckets::new(quota(limits.reads_per_second, limits.reads_burst), &clock),
            rooms: Buckets::new(quota(room_posts_per_second, room_posts_burst), &clock),
            addresses: Buckets::new(quota(limits.requests_per_second, requests_burst), &clock),
        }
    }

    /// Takes one token of a user.
    ///
    /// # Errors
    /// `rate_limited`, with the time until there is one again; `busy` where more is asked than can be counted.
    pub fn check(&self, cost: Cost, user: UserId) -> Result<(), ErrorBody> {
        match cost {
            Cost::Post => self.posts.take(&user),
            Cost::Write => self.writes.take(&user),
            Cost::Read => self.reads.take(&user),
            Cost::Nothing => Ok(()),
        }
    }

    /// Takes one token of a room that is posted to. To be asked after [`Rates::check`]: who is refused there takes
    /// nothing from the others.
    ///
    /// # Errors
    /// As [`Rates::check`].
    pub fn check_room(&self, room: RoomId) -> Result<(), ErrorBody> {
        self.rooms.take(&room)
    }

    /// Takes one token of an address.
    ///
    /// # Errors
    /// As [`Rates::check`].
    pub fn check_address(&self, address: IpAddr) -> Result<(), ErrorBody> {
        self.addresses.take(&subnet(address))
    }
}

fn quota(per_second: u32, burst: u32) -> Quota {
    let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst))
}
