//! A node's store on the simulated disk: what waits, what is one batch, and who is answered what, is the real writer.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::{
    Command, Done, HistoryPage, InboxSnapshot, Position, ReadCursor, Record, RoomId, RoomSnapshot, RoomSummary, Seq,
    Status, StreamId, UnixMs, UserId,
    edits::Edits,
    members::Candidate,
    rooms::Visibility,
    snapshot::{DirectoryEntry, Doorstep},
};
use server::{
    commands::Facts,
    store::{
        Actor, DirectoryAt, ExecuteError, PageAt, PresenceStore, Profile, ProfileStore, Roster, Sink, StoreError,
        StreamStore, WindowAt,
        underway::Carried,
        writer::{Job, Stored, Turn, Writer},
    },
};
use tokio_util::sync::CancellationToken;

use super::{disk::Disk, reading::Windows};

/// See the module.
pub(crate) struct SimStore {
    pub(super) disk: Arc<Disk>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) closing: CancellationToken,
    writer: Writer,
    windows: Windows,
}

impl SimStore {
    /// The store, and its writer, which has to run beside it.
    pub(crate) fn open(
        disk: &Arc<Disk>,
        sink: Arc<dyn Sink>,
        windows: Windows,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let closing = CancellationToken::new();
        let underway = sink.underway();
        let batches = Batches { disk: Arc::clone(disk), sink: Arc::clone(&sink) };
        let (writer, writing) = Writer::new(batches, underway, 100, closing.clone());
        (Self { disk: Arc::clone(disk), sink, closing, writer, windows }, writing)
    }
}

struct Batches {
    disk: Arc<Disk>,
    sink: Arc<dyn Sink>,
}

impl Turn for Batches {
    async fn store(&self, jobs: &[Job], carried: Carried) -> Result<Stored, StoreError> {
        let without = self.disk.without;
        let carried = self.disk.write(
            |tables| tables.carry_out(jobs, without),
            |(_, records): &(Stored, Vec<Arc<Record>>)| {
                let _telling = carried.telling();
                if !records.is_empty() {
                    self.sink.committed(records);
                }
            },
        );
        Ok(carried.await?.0)
    }
}

#[async_trait]
impl StreamStore for SimStore {
    async fn execute(&self, actor: &Actor, command: Command, now: UnixMs) -> Result<Done, ExecuteError> {
        self.writer.execute(actor, command, now).await
    }

    async fn set_read_cursor(
        &self,
        user: UserId,
        room: RoomId,
        cursor: ReadCursor,
    ) -> Result<Option<ReadCursor>, StoreError> {
        self.writer.set_read_cursor(user, room, cursor).await
    }

    async fn facts(&self, actor: &Actor, room: RoomId) -> Result<Facts, StoreError> {
        let room = self.disk.read().await?.room_facts(actor.user.id, room);
        Ok(Facts { room, ..Facts::about(actor.clone()) })
    }

    async fn heads(&self, streams: &[StreamId]) -> Result<Vec<(StreamId, Position)>, StoreError> {
        let tables = self.disk.read().await?;
        let there = streams.iter().filter(|stream| !tables.log(**stream).is_empty());
        Ok(there.map(|stream| (*stream, tables.head(*stream))).collect())
    }

    async fn replay(&self, stream: StreamId, after: Seq, limit: u64) -> Result<Vec<Arc<Record>>, StoreError> {
        let tables = self.disk.read().await?;
        let log = tables.log(stream).iter();
        Ok(log.filter(|record| record.seq > after).take(usize::try_from(limit).unwrap()).cloned().collect())
    }

    async fn inbox(&self, user: UserId) -> Result<InboxSnapshot, StoreError> {
        Ok(self.disk.read().await?.inbox(user))
    }

    async fn summaries(&self, user: UserId, rooms: &[RoomId]) -> Result<Vec<RoomSummary>, StoreError> {
        let tables = self.disk.read().await?;
        Ok(rooms.iter().filter_map(|room| tables.summary(user, *room)).collect())
    }

    async fn room(&self, user: UserId, room: RoomId, at: WindowAt) -> Result<Option<RoomSnapshot>, StoreError> {
        Ok(self.disk.read().await?.snapshot(user, room, at, self.windows))
    }

    async fn history(
        &self,
        user: UserId,
        room: RoomId,
        at: PageAt,
        limit: u32,
    ) -> Result<Option<HistoryPage>, StoreError> {
        Ok(self.disk.read().await?.page(user, room, at, limit))
    }

    /// What nobody asks for here.
    async fn edits(&self, _: UserId, _: RoomId, _: Seq) -> Result<Option<Edits>, StoreError> {
        Ok(None)
    }

    async fn directory(&self, user: UserId, at: &DirectoryAt, limit: u32) -> Result<Vec<DirectoryEntry>, StoreError> {
        let tables = self.disk.read().await?;
        let rooms = tables.rooms.values().map(|kept| &kept.room).filter(|room| {
            let name = room.info().name.to_lowercase();
            room.info().visibility == Visibility::Public
                && name > at.after.to_lowercase()
                && name.contains(&at.name.to_lowercase())
        });
        let mut entries: Vec<DirectoryEntry> = rooms
            .map(|room| {
                let door = doorstep(room);
                let joined = tables.room_of(user, door.id).is_some();
                let reference = protocol::rooms::RoomRef { id: door.id, name: door.name, visibility: door.visibility };
                DirectoryEntry { room: reference, member_count: door.member_count, joined }
            })
            .collect();
        entries.sort_by_key(|entry| entry.room.name.to_lowercase());
        entries.truncate(limit as usize);
        Ok(entries)
    }

    async fn candidates(&self, room: RoomId, begun: &str, limit: u32) -> Result<Vec<Candidate>, StoreError> {
        let tables = self.disk.read().await?;
        let users = tables.users.values().filter(|user| tables.room_of(user.id, room).is_none());
        let named = users.filter(|user| user.name.folded().starts_with(&begun.to_lowercase()));
        Ok(named.take(limit as usize).map(|user| Candidate { user: user.clone(), called: None }).collect())
    }

    async fn doorstep(&self, room: RoomId) -> Result<Option<Doorstep>, StoreError> {
        let tables = self.disk.read().await?;
        let door = tables.rooms.get(&room).map(|kept| doorstep(&kept.room));
        Ok(door.filter(|door| door.visibility == Visibility::Public))
    }

    async fn room_named(&self, user: UserId, name: &str) -> Result<Option<RoomId>, StoreError> {
        let tables = self.disk.read().await?;
        let mut rooms = tables.rooms.iter().filter(|(id, kept)| {
            let info = kept.room.info();
            info.name.to_lowercase() == name.to_lowercase()
                && (info.visibility == Visibility::Public || tables.room_of(user, **id).is_some())
        });
        Ok(rooms.next().map(|(id, _)| *id))
    }

    fn write_health(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

fn doorstep(room: &protocol::Room) -> Doorstep {
    let info = room.info();
    let member_count = u32::try_from(room.members().count()).unwrap();
    Doorstep { id: info.id, name: info.name.clone(), visibility: info.visibility, member_count }
}

#[async_trait]
impl ProfileStore for SimStore {
    async fn profiles(&self, users: &[UserId]) -> Result<Vec<(UserId, Profile)>, StoreError> {
        let tables = self.disk.read().await?;
        Ok(users.iter().filter_map(|user| Some((*user, tables.profiles.get(user)?.clone()))).collect())
    }

    async fn set_display_name(&self, user: UserId, name: Option<String>) -> Result<Profile, StoreError> {
        self.set_profile(user, |profile| profile.name = name).await
    }

    async fn set_status(&self, user: UserId, status: Option<Status>) -> Result<Profile, StoreError> {
        self.set_profile(user, |profile| profile.status = status).await
    }
}

impl SimStore {
    async fn set_profile(&self, user: UserId, set: impl FnOnce(&mut Profile) + Send) -> Result<Profile, StoreError> {
        let change = |tables: &mut super::tables::Tables| {
            let profile = tables.profiles.entry(user).or_default();
            set(profile);
            profile.version += 1;
            profile.clone()
        };
        self.disk.write(change, |_| {}).await
    }
}

#[async_trait]
impl PresenceStore for SimStore {
    async fn roster(&self, room: RoomId) -> Result<Roster, StoreError> {
        Ok(self.disk.read().await?.roster(room))
    }

    async fn note_seen(&self, seen: &[(UserId, UnixMs)]) -> Result<(), StoreError> {
        let note = |tables: &mut super::tables::Tables| {
            for (user, at) in seen {
                let known = tables.seen.entry(*user).or_insert(*at);
                *known = (*at).max(*known);
            }
        };
        self.disk.write(note, |()| {}).await
    }

    async fn shows_viewing(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(!self.disk.read().await?.hidden.contains(&user))
    }

    async fn set_viewing(&self, user: UserId, shown: bool) -> Result<(), StoreError> {
        let set = |tables: &mut super::tables::Tables| {
            if shown {
                tables.hidden.remove(&user);
            } else {
                tables.hidden.insert(user);
            }
        };
        self.disk.write(set, |()| {}).await
    }
}
