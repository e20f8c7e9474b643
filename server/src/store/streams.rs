//! The part of the store that keeps streams: one door for writing, a few for reading.
//!
//! The contract, checked by one suite for every implementation:
//! - what [`StreamStore::execute`] answers is on disk, and was handed to the [`Sink`] before the answer, in the
//!   order of its commits;
//! - sequences have no holes, also after a crash; `(author, client_id)` appends once;
//! - every snapshot is consistent as of one event.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::{
    Command, Done, HistoryPage, InboxSnapshot, Position, ReadCursor, Record, RoomId, RoomSnapshot, RoomSummary, Seq,
    StreamId, UnixMs, UserId, UserRef,
    edits::Edits,
    members::Candidate,
    snapshot::{DirectoryEntry, Doorstep},
};

use super::{
    StoreError,
    accounts::{Role, Session},
    underway::Underway,
};
use crate::commands::{Facts, Refusal};

/// Takes what was committed, in order, before anyone is told that it succeeded. Must not block.
pub trait Sink: Send + Sync {
    /// `records` are consecutive within each stream and on disk.
    fn committed(&self, records: &[Arc<Record>]);

    /// Where a store counts what will be handed over next.
    fn underway(&self) -> Underway {
        Underway::default()
    }
}

/// For a process that serves nobody: the command line.
pub struct NoFollowers;

impl Sink for NoFollowers {
    fn committed(&self, _records: &[Arc<Record>]) {}
}

/// Who wants something to be done, as the session says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub user: UserRef,
    /// Whether it owns the server.
    pub is_owner: bool,
}

impl From<&Session> for Actor {
    fn from(session: &Session) -> Self {
        let is_owner = match session.role {
            Role::Owner => true,
            Role::Member => false,
        };
        Self { user: session.user.clone(), is_owner }
    }
}

/// A command that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// It is not allowed, or makes no sense.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// It could not be stored.
    #[error("not stored")]
    Store(#[from] StoreError),
}

/// Which part of a room to open with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowAt {
    /// Around the first unread line; the end where there is none.
    Unread,
    /// The newest lines.
    End,
    /// Around this line.
    Line(Seq),
}

/// Which page of a room's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAt {
    /// The lines before this one.
    Before(Seq),
    /// The lines after this one.
    After(Seq),
}

/// Which page of the public rooms. Case does not matter in either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryAt {
    /// Rooms with this in their name; empty for all.
    pub name: String,
    /// Rooms that come after this name; empty for the first ones.
    pub after: String,
}

/// The streams and what is derived from them.
#[async_trait]
pub trait StreamStore: Send + Sync {
    /// Carries out a command: looks a retry up, asks `commands::decide`, appends, commits, tells the [`Sink`].
    ///
    /// # Errors
    /// A refusal in words, or [`StoreError`] where the outcome is not on disk.
    async fn execute(&self, actor: &Actor, command: Command, now: UnixMs) -> Result<Done, ExecuteError>;

    /// Moves a read cursor and returns the merged one; `None` where the user is no member.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn set_read_cursor(
        &self,
        user: UserId,
        room: RoomId,
        cursor: ReadCursor,
    ) -> Result<Option<ReadCursor>, StoreError>;

    /// What `authorize` needs to know to let `actor` read a room.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn facts(&self, actor: &Actor, room: RoomId) -> Result<Facts, StoreError>;

    /// The ends of streams, in one query; streams that do not exist are left out.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn heads(&self, streams: &[StreamId]) -> Result<Vec<(StreamId, Position)>, StoreError>;

    /// The events after a place, oldest first, at most `limit`.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn replay(&self, stream: StreamId, after: Seq, limit: u64) -> Result<Vec<Arc<Record>>, StoreError>;

    /// A user's rooms; only the given ones where `only` says so.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn inbox(&self, user: UserId) -> Result<InboxSnapshot, StoreError>;

    /// Some of a user's rooms; those that the user is not in are left out.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn summaries(&self, user: UserId, rooms: &[RoomId]) -> Result<Vec<RoomSummary>, StoreError>;

    /// A room as its member `user` sees it; `None` where the user is no member.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn room(&self, user: UserId, room: RoomId, at: WindowAt) -> Result<Option<RoomSnapshot>, StoreError>;

    /// A page of a room as its member `user` sees it; `None` where the user is no member.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn history(
        &self,
        user: UserId,
        room: RoomId,
        at: PageAt,
        limit: u32,
    ) -> Result<Option<HistoryPage>, StoreError>;

    /// What a message said before, as its room's member `user` may read it; `None` where there is no such message for
    /// them, or it is deleted.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn edits(&self, user: UserId, room: RoomId, message: Seq) -> Result<Option<Edits>, StoreError>;

    /// A page of the public rooms, by name, at most `limit`.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn directory(&self, user: UserId, at: &DirectoryAt, limit: u32) -> Result<Vec<DirectoryEntry>, StoreError>;

    /// Those who have an account and are not in the room, by user name, at most `limit`: whose user name begins so, or a
    /// word of what they are called. Case does not matter in the first, and not in the first letter of the second.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn candidates(&self, room: RoomId, begun: &str, limit: u32) -> Result<Vec<Candidate>, StoreError>;

    /// What someone who is not in a public room may know of it; `None` for a private one or none.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn doorstep(&self, room: RoomId) -> Result<Option<Doorstep>, StoreError>;

    /// The public or own room of this name, whatever its case.
    ///
    /// # Errors
    /// Only [`StoreError`].
    async fn room_named(&self, user: UserId, name: &str) -> Result<Option<RoomId>, StoreError>;

    /// Whether writing works; the reason where it does not.
    fn write_health(&self) -> Result<(), &'static str>;
}
