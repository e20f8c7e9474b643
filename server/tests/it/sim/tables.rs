//! What the simulated database keeps. Commands are decided by the server's own `decide`, and what follows from an event
//! is what `protocol`'s reducers say, so nothing here is a second opinion.
//!
//! A value that is cheap to clone: a transaction works on a copy, and readers keep the one that they have.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use protocol::{
    Applied, ClientId, Command, Done, Epoch, ErrorCode, Event, HistoryPage, Position, ReadCursor, Record, Room, RoomId,
    RoomInfo, RoomSnapshot, Seq, StreamId, UnixMs, UserId, UserRef,
    effect::{Membership, Rooms},
    members::{MemberJoined, RoomJoined},
    rooms::{History, RoomCreated, RoomRef, Visibility},
};
use server::{
    commands::{Decision, decide},
    sabotage::Without,
    store::{
        Actor, ExecuteError, Profile,
        writer::{CommandJob, CursorJob, Job, Stored},
    },
};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) epoch: Epoch,
    pub(crate) logs: BTreeMap<StreamId, Arc<Vec<Arc<Record>>>>,
    pub(crate) rooms: BTreeMap<RoomId, Arc<Kept>>,
    pub(crate) cursors: BTreeMap<(UserId, RoomId), ReadCursor>,
    pub(crate) muted: BTreeSet<(UserId, RoomId)>,
    /// What was answered before, and to which words.
    done: BTreeMap<(UserId, ClientId), (Done, String)>,
    pub(crate) users: BTreeMap<UserId, UserRef>,
    pub(crate) profiles: BTreeMap<UserId, Profile>,
    pub(crate) hidden: BTreeSet<UserId>,
    pub(crate) seen: BTreeMap<UserId, UnixMs>,
}

/// A room with all its lines.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) room: Room,
    pub(crate) messages: u64,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            epoch: Epoch(1),
            logs: BTreeMap::new(),
            rooms: BTreeMap::new(),
            cursors: BTreeMap::new(),
            muted: BTreeSet::new(),
            done: BTreeMap::new(),
            users: BTreeMap::new(),
            profiles: BTreeMap::new(),
            hidden: BTreeSet::new(),
            seen: BTreeMap::new(),
        }
    }
}

impl Tables {
    /// Carries a batch out: what it came to, and what was appended.
    pub(crate) fn carry_out(&mut self, jobs: &[Job], without: Without) -> (Stored, Vec<Arc<Record>>) {
        let mut records = Vec::new();
        let mut answers = Vec::new();
        for job in jobs.iter().filter_map(Job::command) {
            answers.push(self.execute(job, without).map(|(done, appended)| {
                records.extend(appended);
                done
            }));
        }
        let cursors = jobs.iter().filter_map(Job::cursor).filter_map(|job| self.move_cursor(job)).collect();
        (Stored { answers, cursors: Ok(cursors) }, records)
    }

    fn execute(&mut self, job: &CommandJob, without: Without) -> Result<(Done, Vec<Arc<Record>>), ExecuteError> {
        let CommandJob { actor, command, now, .. } = job;
        let words = protocol::encode(command);
        let id = command.client_id();
        if let Some((done, earlier)) = id.and_then(|id| self.done.get(&(actor.user.id, id)))
            && !without.has(Without::UNIQUE_INDEX)
        {
            let is_same = *earlier == words;
            return if is_same { Ok((*done, Vec::new())) } else { Err(refused(ErrorCode::Conflict)) };
        }
        if matches!(command, Command::DeleteRoom(_)) {
            // What is erased beside the writer is the business of the real store.
            return Err(refused(ErrorCode::Unsupported));
        }
        let events = match decide(command, &self.facts_of(job))? {
            Decision::Append(events) => events,
            Decision::Nothing => return Ok((Done::Unchanged, Vec::new())),
        };
        let mut cause = id;
        let mut records = Vec::new();
        for (stream, event) in events {
            records.push(self.append(stream, &actor.user, cause.take(), *now, event));
        }
        let first = &records[0];
        let done = Done::Appended { stream: first.stream, epoch: first.epoch, seq: first.seq };
        if let Some(id) = id {
            self.done.insert((actor.user.id, id), (done, words));
        }
        Ok((done, records))
    }

    /// Carries out what has to succeed.
    pub(crate) fn run(&mut self, actor: &Actor, command: Command, now: UnixMs) {
        let (reply, _) = tokio::sync::oneshot::channel();
        let job = CommandJob { actor: actor.clone(), command, markup: Vec::new(), rooms_per_user: 9, now, reply };
        self.execute(&job, Without::NOTHING).unwrap();
    }

    /// Nobody has read what is not there yet.
    fn move_cursor(&mut self, job: &CursorJob) -> Option<((UserId, RoomId), ReadCursor)> {
        let (key, room) = ((job.user, job.room), self.room_of(job.user, job.room)?);
        let head = room.room.position().seq;
        let asked = ReadCursor { seq: job.cursor.seq.min(head), ..job.cursor };
        let merged = self.cursor(job.user, job.room).merge(asked);
        self.cursors.insert(key, merged);
        Some((key, merged))
    }

    /// Makes an account, and lets it into the room that everyone is in.
    pub(crate) fn sign_up(&mut self, name: protocol::Username, now: UnixMs) -> (UserRef, Vec<Arc<Record>>) {
        let user = UserRef { id: UserId(self.users.len() as u64 + 1), name };
        self.users.insert(user.id, user.clone());
        let general = RoomRef { id: RoomId(1), name: "general".to_owned(), visibility: Visibility::Public };
        let event = if self.rooms.is_empty() {
            Event::RoomCreated(RoomCreated {
                name: general.name.clone(),
                visibility: general.visibility,
                history: History::Everything,
                everyone: true,
            })
        } else {
            Event::MemberJoined(MemberJoined {})
        };
        let joined = Event::RoomJoined(RoomJoined { room: general });
        let records = vec![
            self.append(StreamId::Room(RoomId(1)), &user, None, now, event),
            self.append(StreamId::Inbox(user.id), &user, None, now, joined),
        ];
        (user, records)
    }

    fn append(
        &mut self,
        stream: StreamId,
        actor: &UserRef,
        client_id: Option<ClientId>,
        at: UnixMs,
        event: Event,
    ) -> Arc<Record> {
        let log = Arc::make_mut(self.logs.entry(stream).or_default());
        let seq = Seq(log.len() as u64 + 1);
        let record = Record { stream, epoch: self.epoch, seq, at, actor: actor.clone(), client_id, event };
        if let Event::MessageDeleted(deleted) = &record.event {
            redact(log, deleted.message);
        }
        let record = Arc::new(record);
        log.push(Arc::clone(&record));
        let effect = record.effect().expect("this server knows its own events");
        match stream {
            StreamId::Room(id) => {
                let epoch = self.epoch;
                let kept = Arc::make_mut(self.rooms.entry(id).or_insert_with(|| Arc::new(unmade(id, epoch))));
                assert_eq!(kept.room.apply(&record), Applied::Fresh);
                if let Event::MessagePosted(posted) = &record.event {
                    kept.messages = posted.ordinal;
                }
                match effect.membership {
                    Some(Membership::In(member)) => {
                        let cursor = self.cursors.entry((member.user.id, id)).or_default();
                        let is_brought = record.actor.id != member.user.id;
                        cursor.seq = cursor.seq.max(Seq(member.since.0 - u64::from(is_brought)));
                    }
                    Some(Membership::Out(user)) => _ = self.muted.remove(&(user, id)),
                    Some(Membership::AllOut) | None => {}
                }
            }
            StreamId::Inbox(user) => match effect.rooms {
                Some(Rooms::Muted(room, true)) => _ = self.muted.insert((user, room)),
                Some(Rooms::Muted(room, false)) => _ = self.muted.remove(&(user, room)),
                Some(Rooms::Joined(_) | Rooms::Left(_)) | None => {}
            },
        }
        record
    }

    /// A room, for who is in it.
    pub(crate) fn room_of(&self, user: UserId, id: RoomId) -> Option<&Kept> {
        self.rooms.get(&id).filter(|kept| kept.room.members().any(|member| member.user.id == user)).map(|kept| &**kept)
    }

    pub(crate) fn rooms_of(&self, user: UserId) -> impl Iterator<Item = RoomId> {
        self.rooms.keys().copied().filter(move |room| self.room_of(user, *room).is_some())
    }

    pub(crate) fn cursor(&self, user: UserId, room: RoomId) -> ReadCursor {
        self.cursors.get(&(user, room)).copied().unwrap_or_default()
    }

    pub(crate) fn log(&self, stream: StreamId) -> &[Arc<Record>] {
        self.logs.get(&stream).map_or(&[], |log| log.as_slice())
    }

    pub(crate) fn head(&self, stream: StreamId) -> Position {
        Position { epoch: self.epoch, seq: Seq(self.log(stream).len() as u64) }
    }
}

fn refused(code: ErrorCode) -> ExecuteError {
    ExecuteError::Refused(code.into())
}

/// Takes what a deleted message said out of the log.
fn redact(log: &mut [Arc<Record>], message: Seq) {
    for record in log {
        let event = &record.event;
        if record.seq == message || event.refers_to() == Some(message) || event.quotes() == Some(message) {
            let event = event.clone().without(message);
            *record = Arc::new(Record { event, ..(**record).clone() });
        }
    }
}

/// A room before its first event, which says all about it.
fn unmade(id: RoomId, epoch: Epoch) -> Kept {
    let nobody = UserRef { id: UserId(0), name: protocol::Username::parse("nobody").unwrap() };
    let created = RoomCreated {
        name: String::new(),
        visibility: Visibility::Public,
        history: History::Everything,
        everyone: false,
    };
    let window =
        HistoryPage { as_of: Seq(0), before: None, after: None, entries: Vec::new(), at_start: true, at_end: true };
    let room = Room::from(RoomSnapshot {
        info: RoomInfo::created(id, nobody, &created),
        epoch,
        members: Vec::new(),
        member_count: 0,
        window,
        cursor: ReadCursor::default(),
        first_unread: None,
        unread: 0,
        mentions: 0,
    });
    Kept { room, messages: 0 }
}
