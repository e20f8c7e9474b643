//! How many connections one address may have that are not sockets: those are counted when they are let in, with their
//! user. Counted by the peer, whatever a request says of where it comes from; behind a trusted proxy is everyone.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;

use crate::{auth::address::subnet, config::Config};

/// An address has at most one in so many of all connections, so that it cannot take them all where open files are few.
const SHARE_OF_ADDRESS: usize = 4;

/// It has these in any case: what a browser or two take. With fewer files than that leaves for others, nobody is served
/// well.
const PER_ADDRESS_LEAST: u32 = 32;

/// See the module.
#[derive(Debug)]
pub(super) struct Peers {
    per_address_max: u32,
    trusted: Vec<IpNet>,
    counts: Mutex<HashMap<IpAddr, u32>>,
}

/// One connection. Dropping it makes room.
#[derive(Debug)]
pub(super) struct Guest {
    peers: Arc<Peers>,
    /// None of a trusted proxy, which is not counted.
    address: Option<IpAddr>,
}

impl Peers {
    /// `connections_max`: how many there may be of all.
    pub(super) fn new(config: &Config, connections_max: usize) -> Self {
        // Every socket is a connection first.
        let wanted = config.limits.connections_per_address.max(config.limits.sockets_per_address);
        let share = u32::try_from(connections_max / SHARE_OF_ADDRESS).unwrap_or(u32::MAX).max(PER_ADDRESS_LEAST);
        if share < wanted {
            tracing::info!(share, wanted, "an address has fewer connections: the system allows too few open files");
        }
        Self { per_address_max: wanted.min(share), trusted: config.trusted_proxies.clone(), counts: Mutex::default() }
    }

    /// None where the address has too many.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Guest> {
        let peer = peer.to_canonical();
        if self.trusted.iter().any(|net| net.contains(&peer)) {
            return Some(Guest { peers: Arc::clone(self), address: None });
        }
        let address = subnet(peer);
        let has_room = self.with(|counts| {
            let count = counts.entry(address).or_default();
            let has_room = *count < self.per_address_max;
            *count += u32::from(has_room);
            has_room
        });
        has_room.then(|| Guest { peers: Arc::clone(self), address: Some(address) })
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashMap<IpAddr, u32>) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Guest {
    /// Whether it is a trusted proxy.
    pub(super) fn is_proxy(&self) -> bool {
        self.address.is_none()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        self.peers.with(|counts| {
            if let Some(count) = counts.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&address);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(trusted: &[&str]) -> Arc<Peers> {
        let trusted_proxies = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let mut config = Config { trusted_proxies, ..Config::default() };
        (config.limits.connections_per_address, config.limits.sockets_per_address) = (2, 1);
        Arc::new(Peers::new(&config, 10_000))
    }

    #[test]
    fn an_address_has_as_many_as_it_may_and_room_again_when_one_has_gone() {
        let peers = peers(&[]);
        let ada: IpAddr = [192, 0, 2, 1].into();

        let first = peers.enter(ada).unwrap();
        let second = peers.enter("::ffff:192.0.2.1".parse().unwrap()).expect("the same address, written otherwise");
        assert!(peers.enter(ada).is_none());
        assert!(peers.enter([192, 0, 2, 2].into()).is_some(), "others are not concerned");

        drop(first);
        assert!(peers.enter(ada).is_some());
        drop(second);
        assert!(peers.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn a_trusted_proxy_has_as_many_as_it_needs() {
        let peers = peers(&["10.0.0.0/8"]);

        let all: Vec<_> = (0..3).map(|_| peers.enter([10, 1, 2, 3].into())).collect();

        assert!(all.iter().all(|guest| guest.as_ref().is_some_and(Guest::is_proxy)));
        assert!(!peers.enter([192, 0, 2, 1].into()).unwrap().is_proxy());
    }

    #[test]
    fn an_address_has_a_quarter_of_what_open_files_allow_and_at_least_32() {
        let most = |connections, sockets, files| {
            let mut config = Config::default();
            (config.limits.connections_per_address, config.limits.sockets_per_address) = (connections, sockets);
            let peers = Arc::new(Peers::new(&config, files));
            let all: Vec<_> = std::iter::from_fn(|| peers.enter([192, 0, 2, 1].into())).collect();
            all.len()
        };

        assert_eq!(most(2_048, 1_000, 8_192), 2_048);
        assert_eq!(most(2_048, 1_000, 8_191), 2_047);
        assert_eq!(most(10, 1_000, 960), 240, "also as many as it may have sockets");
        assert_eq!(most(2_048, 1_000, 24), 32);
        assert_eq!(most(5, 1, 24), 5, "never more than it may");
    }
}
