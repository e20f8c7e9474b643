//! A store in memory, for tests in which time is paused: one room that everyone is in, and nothing written.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use protocol::{
    Command, Done, Epoch, Event, HistoryPage, InboxSnapshot, Position, ReadCursor, Record, RoomId, RoomSnapshot,
    RoomSummary, Seq, Status, StreamId, UnixMs, UserId, UserRef, Username,
    edits::Edits,
    members::{Candidate, MemberRemoved},
    messages::MessagePosted,
    rooms::{History, RoomCreated, RoomInfo, Visibility},
    snapshot::{DirectoryEntry, Doorstep},
};
use tokio::sync::Notify;

use crate::{
    commands::{Facts, RoomFacts},
    store::{
        Actor, DirectoryAt, ExecuteError, PageAt, PresenceStore, Profile, ProfileStore, Roster, StoreError,
        StreamStore, WindowAt,
    },
};

pub(crate) const ROOM: RoomId = RoomId(1);
pub(crate) const STREAM: StreamId = StreamId::Room(ROOM);

/// See the module. What is put in is "on disk"; telling is up to the test.
#[derive(Default)]
pub(crate) struct FakeStore {
    logs: Mutex<HashMap<StreamId, Vec<Arc<Record>>>>,
    /// Who is in the room.
    pub(crate) members: Mutex<Vec<UserId>>,
    /// When users were there last.
    pub(crate) seen: Mutex<HashMap<UserId, UnixMs>>,
    /// What users say of themselves.
    pub(crate) profiles: Mutex<HashMap<UserId, Profile>>,
    /// How many of the next times of writing that down, or of reading what users say, fail.
    pub(crate) failures: AtomicUsize,
    /// Whether `user1` does not let others see which room they look at.
    pub(crate) is_hidden: Mutex<bool>,
    /// Holds the next read or change of that up.
    hold: Mutex<Option<Hold>>,
    /// Holds the next page of a stream up.
    page_hold: Mutex<Option<(StreamId, Hold)>>,
    /// The event that puts `user1` out, and happens right after the next read of the room's end or of who is in it,
    /// whichever comes first.
    removal: Mutex<Removal>,
    /// How many times a log was read.
    pub(crate) replays: AtomicUsize,
}

/// An answer of the store that is held up.
#[derive(Clone, Default)]
pub(crate) struct Hold {
    reached: Arc<Notify>,
    release: Arc<Notify>,
}

impl Hold {
    /// Waits until the store has done what it was asked, and only has to say so.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    pub(crate) fn release(&self) {
        self.release.notify_one();
    }
}

#[derive(Default)]
enum Removal {
    #[default]
    Never,
    AfterNextRead(Arc<Record>),
    Done,
}

pub(crate) fn user(id: u64) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

/// `user1` is put out by the `seq`-th event of the room.
pub(crate) fn removal(seq: u64) -> Arc<Record> {
    let event = Event::MemberRemoved(MemberRemoved { user: user(1) });
    Arc::new(Record { event, ..(*message(seq)).clone() })
}

/// The `seq`-th message of the room.
pub(crate) fn message(seq: u64) -> Arc<Record> {
    text(seq, &format!("message {seq}"))
}

pub(crate) fn text(seq: u64, text: &str) -> Arc<Record> {
    Arc::new(Record {
        stream: STREAM,
        epoch: Epoch(1),
        seq: Seq(seq),
        at: UnixMs(0),
        actor: user(9),
        client_id: None,
        event: Event::MessagePosted(MessagePosted::new(seq, text.to_owned())),
    })
}

impl FakeStore {
    /// Appends records, in order.
    pub(crate) fn keep(&self, records: &[Arc<Record>]) {
        let mut logs = self.logs.lock().unwrap();
        for record in records {
            let log = logs.entry(record.stream).or_default();
            assert_eq!(record.seq.0, log.len() as u64 + 1, "a log has no holes");
            log.push(Arc::clone(record));
        }
    }

    /// Puts `user1` out as soon as something was read of the room.
    pub(crate) fn remove_after_next_read(&self, removal: Arc<Record>) {
        *self.removal.lock().unwrap() = Removal::AfterNextRead(removal);
    }

    /// Holds the next answer about whether `user1` lets others see which room they look at up.
    pub(crate) fn hold_viewing(&self) -> Hold {
        self.hold.lock().unwrap().insert(Hold::default()).clone()
    }

    /// Holds the next page that is read of a stream up, once it is read.
    pub(crate) fn hold_page(&self, stream: StreamId) -> Hold {
        self.page_hold.lock().unwrap().insert((stream, Hold::default())).1.clone()
    }

    fn fails(&self) -> Result<(), StoreError> {
        let next = |failures: usize| failures.checked_sub(1);
        match self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next) {
            Ok(_) => Err(StoreError::Busy),
            Err(_) => Ok(()),
        }
    }

    async fn held(&self) {
        let hold = self.hold.lock().unwrap().take();
        if let Some(hold) = hold {
            hold.reached.notify_one();
            hold.release.notified().await;
        }
    }

    fn was_read(&self) {
        let mut removal = self.removal.lock().unwrap();
        if let Removal::AfterNextRead(record) = &*removal {
            self.keep(&[Arc::clone(record)]);
            *removal = Removal::Done;
        }
    }

    pub(crate) fn reads(&self) -> usize {
        self.replays.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl StreamStore for FakeStore {
    /// Never answers: a disk that hangs.
    async fn execute(&self, _: &Actor, _: Command, _: UnixMs) -> Result<Done, ExecuteError> {
        std::future::pending().await
    }

    async fn set_read_cursor(&self, _: UserId, _: RoomId, _: ReadCursor) -> Result<Option<ReadCursor>, StoreError> {
        Ok(None)
    }

    async fn facts(&self, actor: &Actor, room: RoomId) -> Result<Facts, StoreError> {
        let info = RoomInfo::created(
            room,
            user(9),
            &RoomCreated {
                name: "room".to_owned(),
                visibility: Visibility::Public,
                history: History::Everything,
                everyone: true,
            },
        );
        let is_out = matches!(*self.removal.lock().unwrap(), Removal::Done) && actor.user == user(1);
        let actor_since = (!is_out).then_some(Seq(0));
        let room = (room == ROOM).then_some(RoomFacts { info, messages: 0, actor_since, is_muted: false });
        self.was_read();
        Ok(Facts { room, ..Facts::about(actor.clone()) })
    }

    async fn heads(&self, streams: &[StreamId]) -> Result<Vec<(StreamId, Position)>, StoreError> {
        let logs = self.logs.lock().unwrap();
        let head = |stream: &StreamId| {
            let last = logs.get(stream)?.last()?;
            Some((*stream, Position { epoch: last.epoch, seq: last.seq }))
        };
        let heads = streams.iter().filter_map(head).collect();
        drop(logs);
        if streams.contains(&STREAM) {
            self.was_read();
        }
        Ok(heads)
    }

    async fn replay(&self, stream: StreamId, after: Seq, limit: u64) -> Result<Vec<Arc<Record>>, StoreError> {
        self.replays.fetch_add(1, Ordering::SeqCst);
        let page = {
            let logs = self.logs.lock().unwrap();
            let log = logs.get(&stream).map_or(&[][..], Vec::as_slice);
            log.iter().filter(|record| record.seq > after).take(usize::try_from(limit).unwrap()).cloned().collect()
        };
        let hold = self.page_hold.lock().unwrap().take_if(|(held, _)| *held == stream);
        if let Some((_, hold)) = hold {
            hold.reached.notify_one();
            hold.release.notified().await;
        }
        Ok(page)
    }

    async fn inbox(&self, _: UserId) -> Result<InboxSnapshot, StoreError> {
        Ok(InboxSnapshot { position: Position::default(), rooms: Vec::new() })
    }

    async fn summaries(&self, _: UserId, _: &[RoomId]) -> Result<Vec<RoomSummary>, StoreError> {
        Ok(Vec::new())
    }

    async fn room(&self, _: UserId, _: RoomId, _: WindowAt) -> Result<Option<RoomSnapshot>, StoreError> {
        Ok(None)
    }

    async fn history(&self, _: UserId, _: RoomId, _: PageAt, _: u32) -> Result<Option<HistoryPage>, StoreError> {
        Ok(None)
    }

    async fn edits(&self, _: UserId, _: RoomId, _: Seq) -> Result<Option<Edits>, StoreError> {
        Ok(None)
    }

    async fn directory(&self, _: UserId, _: &DirectoryAt, _: u32) -> Result<Vec<DirectoryEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn candidates(&self, _: RoomId, _: &str, _: u32) -> Result<Vec<Candidate>, StoreError> {
        Ok(Vec::new())
    }

    async fn doorstep(&self, _: RoomId) -> Result<Option<Doorstep>, StoreError> {
        Ok(None)
    }

    async fn room_named(&self, _: UserId, _: &str) -> Result<Option<RoomId>, StoreError> {
        Ok(None)
    }

    fn write_health(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

#[async_trait]
impl ProfileStore for FakeStore {
    async fn profiles(&self, users: &[UserId]) -> Result<Vec<(UserId, Profile)>, StoreError> {
        self.fails()?;
        let known = self.profiles.lock().unwrap();
        Ok(users.iter().filter_map(|user| Some((*user, known.get(user)?.clone()))).collect())
    }

    async fn set_display_name(&self, user: UserId, name: Option<String>) -> Result<Profile, StoreError> {
        let mut known = self.profiles.lock().unwrap();
        let profile = known.entry(user).or_default();
        (profile.version, profile.name) = (profile.version + 1, name);
        Ok(profile.clone())
    }

    async fn set_status(&self, user: UserId, status: Option<Status>) -> Result<Profile, StoreError> {
        let mut known = self.profiles.lock().unwrap();
        let profile = known.entry(user).or_default();
        (profile.version, profile.status) = (profile.version + 1, status);
        Ok(profile.clone())
    }
}

#[async_trait]
impl PresenceStore for FakeStore {
    async fn roster(&self, _: RoomId) -> Result<Roster, StoreError> {
        let seen = self.seen.lock().unwrap();
        let members = self.members.lock().unwrap().iter().map(|user| (*user, seen.get(user).copied())).collect();
        let profiles = self.profiles.lock().unwrap().iter().map(|(user, profile)| (*user, profile.clone())).collect();
        Ok(Roster { as_of: Seq(0), members, profiles })
    }

    async fn note_seen(&self, seen: &[(UserId, UnixMs)]) -> Result<(), StoreError> {
        self.fails()?;
        self.seen.lock().unwrap().extend(seen.iter().copied());
        Ok(())
    }

    async fn shows_viewing(&self, _: UserId) -> Result<bool, StoreError> {
        let is_hidden = *self.is_hidden.lock().unwrap();
        self.held().await;
        Ok(!is_hidden)
    }

    async fn set_viewing(&self, _: UserId, shown: bool) -> Result<(), StoreError> {
        *self.is_hidden.lock().unwrap() = !shown;
        self.held().await;
        Ok(())
    }
}
