//! What the model server keeps: logs, what follows from them, and who may do what. No IO, no time.

use std::collections::BTreeMap;

use client::{Answer, At, Fetch, FetchFailure, Page};
use protocol::{
    Applied, ClientId, Command, Done, Entry, EntryKind, Epoch, ErrorCode, Event, HistoryPage, InboxSnapshot, Mentions,
    Position, Quote, Quoted, ReadCursor, Record, Room, RoomId, RoomInfo, RoomSnapshot, RoomSummary, Seq, StreamId,
    UnixMs, UserId, UserRef,
    frame::RoomHead,
    members::{MemberAdded, MemberJoined, MemberLeft, MemberRemoved, RoomJoined, RoomLeft},
    messages::{MessageDeleted, MessageEdited, MessagePosted},
    reactions::{AddReaction, ReactionAdded, ReactionRemoved, RemoveReaction},
    rooms::{History, RoomCreated, RoomRef, RoomRenamed, Visibility},
    timeline::Body,
    unread,
};

/// Lines of a window and of a page, small so that windows have ends.
const WINDOW: usize = 8;

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done(Done),
    Refused(ErrorCode),
}

/// Everything durable.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) epoch: Epoch,
    pub(crate) logs: BTreeMap<StreamId, Vec<Record>>,
    /// Each room with all its lines.
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    messages: BTreeMap<RoomId, u64>,
    pub(crate) memberships: BTreeMap<UserId, BTreeMap<RoomId, RoomRef>>,
    pub(crate) cursors: BTreeMap<(UserId, RoomId), ReadCursor>,
    pub(crate) verdicts: BTreeMap<(UserId, ClientId), Verdict>,
    /// Carries a retry out as if it were new.
    pub(crate) no_dedupe: bool,
}

impl Tables {
    /// Carries a command out; what it appends is committed.
    pub(crate) fn execute(&mut self, actor: &UserRef, command: &Command, at: UnixMs) -> (Verdict, Vec<Record>) {
        let client_id = command.client_id().expect("only commands that append come here");
        if let Some(verdict @ Verdict::Done(Done::Appended { .. })) = self.verdicts.get(&(actor.id, client_id))
            && !self.no_dedupe
        {
            return (*verdict, Vec::new());
        }
        let (verdict, records) = match self.decide(actor, command) {
            Ok(events) if events.is_empty() => (Verdict::Done(Done::Unchanged), Vec::new()),
            Ok(events) => {
                let mut records = Vec::new();
                for (index, (stream, event)) in events.into_iter().enumerate() {
                    let client_id = (index == 0).then_some(client_id);
                    records.push(self.append(stream, actor, client_id, at, event));
                }
                let Record { stream, epoch, seq, .. } = records[0];
                (Verdict::Done(Done::Appended { stream, epoch, seq }), records)
            }
            Err(code) => (Verdict::Refused(code), Vec::new()),
        };
        self.verdicts.insert((actor.id, client_id), verdict);
        (verdict, records)
    }

    fn decide(&self, actor: &UserRef, command: &Command) -> Result<Vec<(StreamId, Event)>, ErrorCode> {
        let inbox = |user: UserId, event| (StreamId::Inbox(user), event);
        let joined = |user: UserId, room: &Room| {
            let RoomInfo { id, ref name, visibility, .. } = *room.info();
            inbox(user, Event::RoomJoined(RoomJoined { room: RoomRef { id, name: name.clone(), visibility } }))
        };
        if let Command::CreateRoom(c) = command {
            let id = RoomId(self.rooms.len() as u64 + 1);
            let room = RoomRef { id, name: c.name.clone(), visibility: c.visibility };
            let created = RoomCreated {
                name: c.name.clone(),
                visibility: c.visibility,
                history: History::Everything,
                everyone: false,
            };
            return Ok(vec![
                (StreamId::Room(id), Event::RoomCreated(created)),
                inbox(actor.id, Event::RoomJoined(RoomJoined { room })),
            ]);
        }
        let id = command.room().ok_or(ErrorCode::Unsupported)?;
        let room = self.rooms.get(&id).ok_or(ErrorCode::NotFound)?;
        let here = |event| (StreamId::Room(id), event);
        let is_member = self.is_member(actor.id, id);
        if let Command::JoinRoom(_) = command {
            return match (room.info().visibility, is_member) {
                (_, true) => Ok(Vec::new()),
                (Visibility::Public, false) => {
                    Ok(vec![here(Event::MemberJoined(MemberJoined {})), joined(actor.id, room)])
                }
                (Visibility::Private, false) => Err(ErrorCode::NotFound),
            };
        }
        if let (Command::LeaveRoom(_), false) = (command, is_member) {
            return Ok(Vec::new());
        }
        if !is_member {
            return Err(ErrorCode::NotFound);
        }
        let own = |message: Seq| match room.timeline().get(message) {
            Some(Entry { actor: author, kind: EntryKind::Message { body: Body::Text { text, .. }, .. }, .. }) => {
                if author.id == actor.id {
                    Ok(text)
                } else {
                    Err(ErrorCode::Forbidden)
                }
            }
            _ => Err(ErrorCode::NotFound),
        };
        let said = |message: Seq| match room.timeline().get(message) {
            Some(Entry { actor, kind: EntryKind::Message { body: Body::Text { text, .. }, .. }, .. }) => {
                Ok((actor.clone(), text.as_str()))
            }
            _ => Err(ErrorCode::NotFound),
        };
        let has = |message: Seq, emoji: &str| match room.timeline().get(message).map(|line| &line.kind) {
            Some(EntryKind::Message { reactions, .. }) => {
                reactions.iter().any(|there| there.user.id == actor.id && there.emoji == emoji)
            }
            _ => false,
        };
        let is_creator = room.info().creator.id == actor.id;
        let left = |user: UserId| inbox(user, Event::RoomLeft(RoomLeft { room: id }));
        match command {
            Command::PostMessage(c) => {
                let ordinal = self.messages.get(&id).copied().unwrap_or(0) + 1;
                let quote =
                    c.reply_to.map(|message| said(message).map(|(author, text)| Quote::of(message, author, text)));
                let posted = MessagePosted {
                    quote: quote.transpose()?,
                    mentions: self.named(id, &c.text),
                    ..MessagePosted::new(ordinal, c.text.clone())
                };
                Ok(vec![here(Event::MessagePosted(posted))])
            }
            Command::EditMessage(c) if own(c.message)? == &c.text => Ok(Vec::new()),
            Command::EditMessage(c) => {
                let mentions = self.named(id, &c.text);
                let edited = MessageEdited { mentions, ..MessageEdited::new(c.message, c.text.clone()) };
                Ok(vec![here(Event::MessageEdited(edited))])
            }
            Command::DeleteMessage(c) => {
                own(c.message)?;
                Ok(vec![here(Event::MessageDeleted(MessageDeleted { message: c.message }))])
            }
            Command::AddReaction(AddReaction { message, emoji, .. }) => {
                said(*message)?;
                let added = Event::ReactionAdded(ReactionAdded { message: *message, emoji: emoji.clone() });
                Ok((!has(*message, emoji)).then(|| here(added)).into_iter().collect())
            }
            Command::RemoveReaction(RemoveReaction { message, emoji, .. }) => {
                said(*message)?;
                let removed = Event::ReactionRemoved(ReactionRemoved { message: *message, emoji: emoji.clone() });
                Ok(has(*message, emoji).then(|| here(removed)).into_iter().collect())
            }
            Command::RenameRoom(c) if is_creator => {
                Ok(vec![here(Event::RoomRenamed(RoomRenamed { name: c.name.clone() }))])
            }
            Command::LeaveRoom(_) => Ok(vec![here(Event::MemberLeft(MemberLeft {})), left(actor.id)]),
            Command::AddMember(c) if is_creator => {
                let user = self.user(c.username.as_str())?;
                if self.is_member(user.id, id) {
                    return Ok(Vec::new());
                }
                Ok(vec![here(Event::MemberAdded(MemberAdded { user: user.clone() })), joined(user.id, room)])
            }
            Command::RemoveMember(c) if is_creator => {
                let user = self.user(c.username.as_str())?;
                if !self.is_member(user.id, id) {
                    return Ok(Vec::new());
                }
                Ok(vec![here(Event::MemberRemoved(MemberRemoved { user: user.clone() })), left(user.id)])
            }
            _ => Err(ErrorCode::Forbidden),
        }
    }

    /// Who is named in a text, of those in the room.
    fn named(&self, room: RoomId, text: &str) -> Mentions {
        Mentions::of(text, self.rooms[&room].members().map(|member| &member.user))
    }

    pub(crate) fn mentions(&self, user: UserId, room: RoomId) -> u32 {
        unread::count_mentions(self.rooms[&room].timeline().entries(), self.cursor(user, room).seq, user)
    }

    fn user(&self, name: &str) -> Result<UserRef, ErrorCode> {
        let id = name.strip_prefix("user").and_then(|id| id.parse().ok()).ok_or(ErrorCode::NotFound)?;
        Ok(crate::device::person(id))
    }

    fn append(
        &mut self,
        stream: StreamId,
        actor: &UserRef,
        client_id: Option<ClientId>,
        at: UnixMs,
        event: Event,
    ) -> Record {
        let log = self.logs.entry(stream).or_default();
        let seq = Seq(log.len() as u64 + 1);
        let record = Record { stream, epoch: self.epoch, seq, at, actor: actor.clone(), client_id, event };
        log.push(record.clone());
        match &record.event {
            Event::MessageDeleted(deleted) => redact(log, deleted.message),
            Event::MessagePosted(posted) => {
                if let StreamId::Room(room) = stream {
                    self.messages.insert(room, posted.ordinal);
                }
            }
            _ => {}
        }
        match stream {
            StreamId::Room(id) => {
                let epoch = self.epoch;
                let room = self.rooms.entry(id).or_insert_with(|| unmade(id, epoch));
                assert_eq!(room.apply(&record), Applied::Fresh);
            }
            StreamId::Inbox(user) => {
                let rooms = self.memberships.entry(user).or_default();
                match &record.event {
                    Event::RoomJoined(joined) => rooms.insert(joined.room.id, joined.room.clone()),
                    Event::RoomLeft(left) => rooms.remove(&left.room),
                    _ => None,
                };
            }
        }
        record
    }

    /// The log was restored from a backup – a complete one, but readers cannot know that.
    pub(crate) fn restore(&mut self) {
        self.epoch = Epoch(self.epoch.0 + 1);
        for record in self.logs.values_mut().flatten() {
            record.epoch = self.epoch;
        }
        let ids: Vec<RoomId> = self.rooms.keys().copied().collect();
        for id in ids {
            let mut room = unmade(id, self.epoch);
            for record in &self.logs[&StreamId::Room(id)] {
                assert_eq!(room.apply(record), Applied::Fresh);
            }
            self.rooms.insert(id, room);
        }
        for verdict in self.verdicts.values_mut() {
            if let Verdict::Done(Done::Appended { epoch, .. }) = verdict {
                *epoch = self.epoch;
            }
        }
    }

    pub(crate) fn is_member(&self, user: UserId, room: RoomId) -> bool {
        self.memberships.get(&user).is_some_and(|rooms| rooms.contains_key(&room))
    }

    pub(crate) fn head(&self, stream: StreamId) -> Position {
        Position { epoch: self.epoch, seq: Seq(self.logs.get(&stream).map_or(0, Vec::len) as u64) }
    }

    pub(crate) fn after(&self, stream: StreamId, after: Seq) -> &[Record] {
        let log = self.logs.get(&stream).map_or(&[][..], Vec::as_slice);
        &log[usize::try_from(after.0).unwrap().min(log.len())..]
    }

    pub(crate) fn room_head(&self, room: RoomId, recount: bool) -> RoomHead {
        let messages = self.messages.get(&room).copied().unwrap_or(0);
        RoomHead { room, head: self.head(StreamId::Room(room)), messages, recount, mentions: Vec::new() }
    }

    pub(crate) fn cursor(&self, user: UserId, room: RoomId) -> ReadCursor {
        self.cursors.get(&(user, room)).copied().unwrap_or_default()
    }

    pub(crate) fn unread(&self, user: UserId, room: RoomId) -> u32 {
        unread::count(self.rooms[&room].timeline().entries(), self.cursor(user, room).seq, user)
    }

    fn summary(&self, user: UserId, room: RoomId) -> RoomSummary {
        let info = self.rooms[&room].info();
        let RoomHead { head, messages, .. } = self.room_head(room, false);
        RoomSummary {
            room: RoomRef { id: room, name: info.name.clone(), visibility: info.visibility },
            head,
            messages,
            cursor: self.cursor(user, room),
            since: self.rooms[&room]
                .members()
                .find(|member| member.user.id == user)
                .map_or(Seq(0), |member| member.since),
            unread: self.unread(user, room),
            mentions: self.mentions(user, room),
            muted: false,
        }
    }

    pub(crate) fn inbox(&self, user: UserId) -> InboxSnapshot {
        let rooms = self.memberships.get(&user).into_iter().flat_map(BTreeMap::keys);
        InboxSnapshot {
            position: self.head(StreamId::Inbox(user)),
            rooms: rooms.map(|room| self.summary(user, *room)).collect(),
        }
    }

    pub(crate) fn room(&self, user: UserId, id: RoomId, at: At) -> Option<RoomSnapshot> {
        let room = self.rooms.get(&id).filter(|_| self.is_member(user, id))?;
        let lines: Vec<Entry> = room.timeline().entries().cloned().collect();
        let cursor = self.cursor(user, id);
        let first_unread = lines.iter().find(|line| unread::is_unread(line, cursor.seq, user)).map(|line| line.seq);
        let centre = match at {
            At::Unread => first_unread,
            At::End => None,
            At::Line(seq) => Some(seq),
        };
        let place = centre.map_or(lines.len(), |seq| lines.partition_point(|line| line.seq < seq));
        let start = place.saturating_sub(WINDOW / 2).min(lines.len().saturating_sub(WINDOW));
        let end = (start + WINDOW).min(lines.len());
        let window = HistoryPage {
            as_of: room.position().seq,
            before: None,
            after: None,
            entries: lines[start..end].to_vec(),
            at_start: start == 0,
            at_end: end == lines.len(),
        };
        Some(RoomSnapshot {
            info: room.info().clone(),
            epoch: self.epoch,
            members: room.members().cloned().collect(),
            member_count: u32::try_from(room.members().count()).unwrap(),
            window,
            cursor,
            first_unread,
            unread: self.unread(user, id),
            mentions: self.mentions(user, id),
        })
    }

    fn history(&self, user: UserId, id: RoomId, page: Page) -> Option<HistoryPage> {
        let room = self.rooms.get(&id).filter(|_| self.is_member(user, id))?;
        let lines: Vec<Entry> = room.timeline().entries().cloned().collect();
        let (before, after, start, end) = match page {
            Page::Before(seq) => {
                let end = lines.partition_point(|line| line.seq < seq);
                (Some(seq), None, end.saturating_sub(WINDOW), end)
            }
            Page::After(seq) => {
                let start = lines.partition_point(|line| line.seq <= seq);
                (None, Some(seq), start, (start + WINDOW).min(lines.len()))
            }
        };
        Some(HistoryPage {
            as_of: room.position().seq,
            before,
            after,
            entries: lines[start..end].to_vec(),
            at_start: start == 0,
            at_end: end == lines.len(),
        })
    }

    /// Answers a request, as of now.
    pub(crate) fn answer(&self, user: UserId, request: &Fetch) -> Result<Answer, FetchFailure> {
        let none = || FetchFailure(Some(ErrorCode::NotFound.into()));
        match request {
            Fetch::Inbox => Ok(Answer::Inbox(self.inbox(user))),
            Fetch::Room { room, at } => {
                self.room(user, *room, *at).map(|room| Answer::Room(Box::new(room))).ok_or_else(none)
            }
            Fetch::History { room, page, .. } => self.history(user, *room, *page).map(Answer::History).ok_or_else(none),
            Fetch::Summaries(rooms) => {
                let rooms = rooms.iter().filter(|room| self.is_member(user, **room));
                Ok(Answer::Summaries(rooms.map(|room| self.summary(user, *room)).collect()))
            }
        }
    }
}

/// Takes the texts of a deleted message out of the log.
fn redact(log: &mut [Record], message: Seq) {
    for record in log {
        match &mut record.event {
            Event::MessagePosted(posted) if record.seq == message => {
                *posted = MessagePosted { redacted: true, ..MessagePosted::new(posted.ordinal, String::new()) };
            }
            Event::MessageEdited(edited) if edited.message == message => {
                *edited = MessageEdited { redacted: true, ..MessageEdited::new(message, String::new()) };
            }
            Event::MessagePosted(MessagePosted { quote: Some(quote), .. }) if quote.message == message => {
                quote.content = Quoted::Deleted;
            }
            _ => {}
        }
    }
}

/// A room before its first event, which says all about it.
fn unmade(id: RoomId, epoch: Epoch) -> Room {
    Room::from(RoomSnapshot {
        info: RoomInfo::created(
            id,
            crate::device::person(0),
            &RoomCreated {
                name: String::new(),
                visibility: Visibility::Public,
                history: History::Everything,
                everyone: false,
            },
        ),
        epoch,
        members: Vec::new(),
        member_count: 0,
        window: HistoryPage {
            as_of: Seq(0),
            before: None,
            after: None,
            entries: Vec::new(),
            at_start: true,
            at_end: true,
        },
        cursor: ReadCursor::default(),
        first_unread: None,
        unread: 0,
        mentions: 0,
    })
}
