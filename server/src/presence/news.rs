//! What the nodes tell each other of who is where.
//!
//! Each node counts its changes. Who finds that the count is not the one expected asks for the whole; a node that
//! is silent for [`LEASE`] is taken to be dead, and its sessions with it.

use std::{sync::Arc, time::Duration};

use protocol::{RoomId, UnixMs, UserId, UserRef};

use crate::store::Profile;

/// How often a node says that it is there.
pub(super) const LEASE_INTERVAL: Duration = Duration::from_secs(4);
/// How long a node's word holds. With what lies between two words, a dead node's users are gone within 15 s.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// Names a node for as long as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub u64);

/// Where a user is, as far as one node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// Away from all of their devices.
    pub away: bool,
    /// The rooms that they look at and let others see; as many as they have sockets at most.
    pub rooms: Vec<RoomId>,
}

/// A user of a node; one without whereabouts is gone since that time.
pub type UserNews = (UserId, Option<Whereabouts>, UnixMs);

/// In which room a member of it is writing, or is not any more.
pub type TypingNews = (RoomId, UserRef, bool);

/// What one node tells the others.
#[derive(Clone, Debug, PartialEq)]
pub enum PresenceNews {
    /// The node is there.
    Lease {
        /// Which.
        node: NodeId,
        /// How many changes it has told.
        version: u64,
    },
    /// Something is different.
    Changed {
        /// On which node.
        node: NodeId,
        /// One more than before.
        version: u64,
        /// What.
        users: Arc<[UserNews]>,
    },
    /// All that the node has.
    Whole {
        /// Which node.
        node: NodeId,
        /// How many changes are in it.
        version: u64,
        /// Everyone.
        users: Arc<[UserNews]>,
    },
    /// This node is asked for all that it has.
    Asked(NodeId),
    /// These are writing, or have stopped.
    Typing(Arc<[TypingNews]>),
    /// A user says something else of themselves.
    Profile {
        /// Who.
        user: UserId,
        /// What.
        profile: Profile,
    },
    /// A user lets others see which room they look at, or not.
    Viewing {
        /// Who.
        user: UserId,
        /// Whether they do.
        shown: bool,
    },
}
