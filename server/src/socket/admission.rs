//! How many sockets there may be, counted before the upgrade.

use std::{
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::{ErrorCode, UserId};

use crate::{auth::address::subnet, clock::Randomness, error::ApiError, limits::Limits, maps::HashMap};

/// Echo sockets of one address.
const ECHO_PER_ADDRESS_MAX: u32 = 10;

/// When somebody with too many sockets should try again: after closing one, that is.
const TOO_MANY_RETRY: Duration = Duration::from_secs(10);

/// The shortest and the longest time after which a full server should be asked again. Spread, so that those who
/// were refused together do not come back together.
const FULL_RETRY_MS: (u64, u64) = (2_000, 10_000);

#[derive(Debug)]
pub(super) struct Admission {
    per_user_max: u32,
    per_address_max: u32,
    anonymous_per_address_max: u32,
    all_max: u32,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: u32,
    users: HashMap<UserId, u32>,
    addresses: HashMap<IpAddr, u32>,
    echoes: HashMap<IpAddr, u32>,
    anonymous: HashMap<IpAddr, u32>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// This user has too many sockets.
    User,
    /// This address has too many.
    Address,
    /// The server has.
    Server,
}

impl NoPlace {
    pub(super) fn answer(self, random: &Randomness) -> ApiError {
        let too_many =
            |message| ApiError::from(ErrorCode::TooManyConnections).message(message).retry_after(TOO_MANY_RETRY);
        match self {
            Self::User => too_many("You have too many connections open. Close some tabs or devices and try again."),
            Self::Address => too_many("There are too many connections from your address. Close some and try again."),
            Self::Server => ApiError::from(ErrorCode::Busy)
                .message("This server has as many connections as it can take. Try again in a moment.")
                .retry_after(spread(random, FULL_RETRY_MS)),
        }
    }
}

/// A random time between two, in milliseconds.
pub(super) fn spread(random: &Randomness, (from_ms, to_ms): (u64, u64)) -> Duration {
    Duration::from_millis(from_ms + u64::from_le_bytes(random.bytes()) % (to_ms - from_ms + 1))
}

/// One counted socket. Dropping it makes room.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    of: Of,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Session(UserId, IpAddr),
    /// No account is needed.
    Echo(IpAddr),
    /// Asked for a socket that takes a session, and had none.
    Anonymous(IpAddr),
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            per_user_max: limits.sockets_per_user,
            per_address_max: limits.sockets_per_address,
            anonymous_per_address_max: limits.sockets_per_address_anonymous,
            all_max: limits.sockets,
            counts: Mutex::default(),
        }
    }

    /// Whether there would be a place.
    pub(super) fn check(&self, user: UserId, address: IpAddr) -> Result<(), NoPlace> {
        self.with(|counts| self.room_for(counts, user, subnet(address)))
    }

    pub(super) fn admit(self: &Arc<Self>, user: UserId, address: IpAddr) -> Result<Place, NoPlace> {
        let address = subnet(address);
        self.with(|counts| {
            self.room_for(counts, user, address)?;
            counts.all += 1;
            *counts.users.entry(user).or_default() += 1;
            *counts.addresses.entry(address).or_default() += 1;
            Ok(())
        })?;
        Ok(Place { admission: Arc::clone(self), of: Of::Session(user, address) })
    }

    pub(super) fn admit_echo(self: &Arc<Self>, address: IpAddr) -> Result<Place, NoPlace> {
        let address = subnet(address);
        self.with(|counts| {
            self.room_for_anonymous(counts, address)?;
            let echoes = counts.echoes.entry(address).or_default();
            if *echoes >= ECHO_PER_ADDRESS_MAX {
                return Err(NoPlace::Address);
            }
            *echoes += 1;
            *counts.anonymous.entry(address).or_default() += 1;
            Ok(())
        })?;
        Ok(Place { admission: Arc::clone(self), of: Of::Echo(address) })
    }

    /// Counts a connection that asked for a socket and has no session, for as long as it is open.
    pub(super) fn admit_anonymous(self: &Arc<Self>, address: IpAddr) -> Result<Place, NoPlace> {
        let address = subnet(address);
        self.with(|counts| {
            self.room_for_anonymous(counts, address)?;
            *counts.anonymous.entry(address).or_default() += 1;
            Ok(())
        })?;
        Ok(Place { admission: Arc::clone(self), of: Of::Anonymous(address) })
    }

    pub(super) fn count(&self) -> usize {
        self.with(|counts| counts.all as usize)
    }

    fn room_for(&self, counts: &Counts, user: UserId, address: IpAddr) -> Result<(), NoPlace> {
        let of = |count: Option<&u32>| count.copied().unwrap_or(0);
        if counts.all >= self.all_max {
            Err(NoPlace::Server)
        } else if of(counts.users.get(&user)) >= self.per_user_max {
            Err(NoPlace::User)
        } else if of(counts.addresses.get(&address)) >= self.per_address_max {
            Err(NoPlace::Address)
        } else {
            Ok(())
        }
    }

    fn room_for_anonymous(&self, counts: &Counts, address: IpAddr) -> Result<(), NoPlace> {
        let count = counts.anonymous.get(&address).copied().unwrap_or(0);
        if count >= self.anonymous_per_address_max { Err(NoPlace::Address) } else { Ok(()) }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Counts) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.with(|counts| match self.of {
            Of::Session(user, address) => {
                counts.all -= 1;
                leave(&mut counts.users, &user);
                leave(&mut counts.addresses, &address);
            }
            Of::Echo(address) => {
                leave(&mut counts.echoes, &address);
                leave(&mut counts.anonymous, &address);
            }
            Of::Anonymous(address) => leave(&mut counts.anonymous, &address),
        });
    }
}

fn leave<K: Eq + Hash>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(limits: Limits) -> Arc<Admission> {
        Arc::new(Admission::new(&limits))
    }

    #[test]
    fn a_place_is_free_again_when_its_socket_is_gone() {
        let admission = admission(Limits { sockets_per_user: 1, ..Limits::default() });
        let address: IpAddr = [192, 0, 2, 1].into();

        let first = admission.admit(UserId(1), address).unwrap();
        assert_eq!(admission.admit(UserId(1), address).unwrap_err(), NoPlace::User);
        assert_eq!(admission.check(UserId(1), address).unwrap_err(), NoPlace::User);
        assert!(admission.admit(UserId(2), address).is_ok());

        drop(first);
        assert!(admission.admit(UserId(1), address).is_ok());
        assert_eq!(admission.count(), 0);
    }

    #[test]
    fn a_subnet_of_ipv6_is_one_address() {
        let admission = admission(Limits { sockets_per_address: 1, ..Limits::default() });

        let _first = admission.admit(UserId(1), "2001:db8::1".parse().unwrap()).unwrap();

        let neighbour = admission.admit(UserId(2), "2001:db8::ffff:2".parse().unwrap());
        assert_eq!(neighbour.unwrap_err(), NoPlace::Address);
        assert!(admission.admit(UserId(2), "2001:db8:0:1::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_full_server_refuses_everyone() {
        let admission = admission(Limits { sockets: 1, ..Limits::default() });

        let _only = admission.admit(UserId(1), [192, 0, 2, 1].into()).unwrap();

        assert_eq!(admission.admit(UserId(2), [192, 0, 2, 2].into()).unwrap_err(), NoPlace::Server);
        let answer = NoPlace::Server.answer(&Randomness::seeded(1));
        assert!((2_000..=10_000).contains(&answer.body().retry_after_ms.unwrap()));
    }
}
