//! What the nodes of one Parlor tell each other: what is committed, which sessions are over, what was read, who is
//! there.
//!
//! The bus is never the truth. It may lose, repeat and reorder; the hub notices by `seq` and reads the
//! database. A node that misses messages is told so, and nobody waits for a node that is slow.
//!
//! The contract, checked by one suite for every implementation (`contract`):
//! - what one node publishes, every other node that was subscribed receives, and the node itself does not;
//! - publishing never blocks;
//! - a subscription that falls behind receives [`Received::Missed`] in place of what it lost, and then goes on.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::{ReadCursor, Record, RoomId, UserId};

use crate::{auth::connected::SessionsRevoked, presence::PresenceNews};

#[cfg(test)]
pub(crate) mod contract;
mod local;

pub use local::{LocalBus, Network};

/// Something that the other nodes have to know.
#[derive(Clone, Debug, PartialEq)]
pub enum BusMessage {
    /// These were appended and are on disk.
    Committed(Arc<[Arc<Record>]>),
    /// These sessions are over.
    SessionsEnded(SessionsRevoked),
    /// A user has read a room up to here, on some device.
    CursorMoved {
        /// Who.
        user: UserId,
        /// Where.
        room: RoomId,
        /// How far.
        cursor: ReadCursor,
        /// Whether others may know.
        shown: bool,
    },
    /// Who is where, and who is writing.
    Presence(PresenceNews),
}

/// What a subscription brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// From another node.
    Message(BusMessage),
    /// Messages were lost: whatever they said has to be read from the database.
    Missed,
}

/// A node's connection to the others.
pub trait Bus: Send + Sync + 'static {
    /// Tells the other nodes. Never blocks; a node that cannot keep up misses it.
    fn publish(&self, message: BusMessage);

    /// What other nodes publish from now on.
    fn subscribe(&self) -> Box<dyn Subscription>;

    /// Whether there may be other nodes: only then the hub looks for what they have written.
    fn is_shared(&self) -> bool;
}

/// The receiving end.
#[async_trait]
pub trait Subscription: Send {
    /// The next message; `None` once the bus is gone. Dropping the future loses nothing.
    async fn recv(&mut self) -> Option<Received>;
}
