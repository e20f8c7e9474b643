//! Snapshot + events = fresh snapshot, for every kind of event.
//!
//! Random histories happen in a model of the server's tables, written without the reducers. A client that starts
//! from a window of any of its states, folds the rest of the log and joins pages of history read before or after
//! what it has folded, ends with what a fresh snapshot shows.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that meets the unexpected fails")]

use std::{cell::RefCell, collections::BTreeMap};

use proptest::{prelude::*, test_runner::TestRunner};
use protocol::{
    Applied, Body, ClientId, Entry, EntryKind, Epoch, Event, EventKind, HistoryPage, Inbox, InboxSnapshot, Mentions,
    Position, Quote, Quoted, Reaction, ReadCursor, Record, Room, RoomId, RoomInfo, RoomSnapshot, RoomSummary, Seq,
    StreamId, UnixMs, UserId, UserRef, Username,
    markup::parse,
    members::{Member, MemberAdded, MemberJoined, MemberLeft, MemberRemoved, RoomJoined, RoomLeft},
    messages::{MessageDeleted, MessageEdited, MessagePosted},
    mute::RoomMuted,
    reactions::{ReactionAdded, ReactionRemoved},
    rooms::{History, RoomCreated, RoomDeleted, RoomRef, RoomRenamed, RoomTransferred, TopicSet, Visibility},
};
use strum::IntoEnumIterator;

const ROOM: RoomId = RoomId(1);
const VIEWER: UserId = UserId(1);
const CASES: u32 = 400;

/// Numbers that follow from a seed (SplitMix64, Steele et al. 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 11).unwrap() % bound.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.below(all.len())].clone())
    }
}

/// The server's tables after some events.
#[derive(Clone, Debug, Default)]
struct Tables {
    info: Option<RoomInfo>,
    members: BTreeMap<UserId, Member>,
    lines: BTreeMap<Seq, Entry>,
    messages: u64,
    /// Replies, by what they answer, and whether that is hidden.
    replies: BTreeMap<Seq, (Seq, bool)>,
    /// What is under which message, by whom, in the order in which it came.
    reactions: Vec<(Seq, String, UserRef)>,
}

impl Tables {
    /// Brings what the lines show of other tables up to date: quotes and reactions are looked up, not kept.
    fn derive(&mut self) {
        let quotes: BTreeMap<Seq, Quote> = (self.replies.iter())
            .map(|(reply, (message, is_hidden))| {
                (*reply, if *is_hidden { Quote::hidden(*message) } else { quote_of(&self.lines[message]) })
            })
            .collect();
        for (seq, line) in &mut self.lines {
            if let EntryKind::Message { quote, reactions, .. } = &mut line.kind {
                *quote = quotes.get(seq).cloned();
                let here = self.reactions.iter().filter(|(message, ..)| message == seq);
                *reactions =
                    here.map(|(_, emoji, user)| Reaction { emoji: emoji.clone(), user: user.clone() }).collect();
            }
        }
    }
}

fn quote_of(line: &Entry) -> Quote {
    match &line.kind {
        EntryKind::Message { body: Body::Text { text, .. }, .. } => Quote::of(line.seq, line.actor.clone(), text),
        EntryKind::Message { body: Body::Deleted, .. } => Quote { message: line.seq, content: Quoted::Deleted },
        EntryKind::Notice { .. } => panic!("only messages are answered"),
    }
}

/// Somebody, everybody, or nobody.
fn who(chance: &mut Chance, members: &[UserRef]) -> Mentions {
    let users = chance.pick(members).filter(|_| chance.one_in(2)).into_iter().collect();
    Mentions { users, everyone: chance.one_in(6) }
}

/// A room and its first member's inbox, event by event.
#[derive(Default)]
struct World {
    /// The logs as they were written.
    room: Vec<Record>,
    inbox: Vec<Record>,
    /// The tables after each event of the room; the first is before any.
    states: Vec<Tables>,
    /// The rooms after each event of the inbox.
    inboxes: Vec<BTreeMap<RoomId, (RoomRef, bool)>>,
}

fn person(id: u64) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

impl World {
    fn new() -> Self {
        Self { states: vec![Tables::default()], inboxes: vec![BTreeMap::new()], ..Self::default() }
    }

    fn now(&self) -> &Tables {
        self.states.last().unwrap()
    }

    /// Lets something of a kind happen, where it can.
    fn happens(&mut self, kind: EventKind, chance: &mut Chance) {
        let mut tables = self.now().clone();
        let seq = Seq(self.room.len() as u64 + 1);
        let at = UnixMs(1_000 * i64::try_from(self.room.len() + self.inbox.len()).unwrap());
        let members: Vec<UserRef> = tables.members.values().map(|member| member.user.clone()).collect();
        let outsiders: Vec<UserRef> =
            (1..6).map(person).filter(|user| !tables.members.contains_key(&user.id)).collect();
        let others: Vec<UserRef> = members.iter().filter(|user| user.id != VIEWER).cloned().collect();
        let live: Vec<Seq> = tables.lines.values().filter(|line| is_live(line)).map(|line| line.seq).collect();
        let is_made = tables.info.is_some();
        let member = |user: &UserRef| Member { user: user.clone(), since: seq };
        let happened = match kind {
            EventKind::RoomCreated => (!is_made).then(|| {
                let actor = person(VIEWER.0);
                let event = RoomCreated {
                    name: "first".to_owned(),
                    visibility: Visibility::Private,
                    history: History::Everything,
                    everyone: chance.one_in(2),
                };
                tables.info = Some(RoomInfo::created(
                    ROOM,
                    actor.clone(),
                    &RoomCreated {
                        name: event.name.clone(),
                        visibility: event.visibility,
                        history: event.history,
                        everyone: event.everyone,
                    },
                ));
                tables.members.insert(actor.id, member(&actor));
                (actor, Event::RoomCreated(event))
            }),
            EventKind::RoomRenamed => tables.info.as_mut().zip(chance.pick(&members)).map(|(info, actor)| {
                info.name = format!("room {seq}");
                (actor, Event::RoomRenamed(RoomRenamed { name: info.name.clone() }))
            }),
            EventKind::TopicSet => tables.info.as_mut().zip(chance.pick(&members)).map(|(info, actor)| {
                info.topic = format!("topic {seq}");
                (actor, Event::TopicSet(TopicSet { topic: info.topic.clone() }))
            }),
            EventKind::RoomTransferred => tables.info.as_mut().zip(chance.pick(&members)).and_then(|(info, user)| {
                // To somebody else than before, or nothing changes.
                let is_news = info.creator != user;
                info.creator = user.clone();
                is_news.then(|| (user.clone(), Event::RoomTransferred(RoomTransferred { user })))
            }),
            // Seldom, so that most histories go on for a while.
            EventKind::RoomDeleted => chance.pick(&members).filter(|_| chance.one_in(4)).map(|actor| {
                tables.members.clear();
                (actor, Event::RoomDeleted(RoomDeleted {}))
            }),
            EventKind::MemberJoined => chance.pick(&outsiders).filter(|_| is_made).map(|actor| {
                tables.members.insert(actor.id, member(&actor));
                (actor, Event::MemberJoined(MemberJoined {}))
            }),
            EventKind::MemberLeft => chance.pick(&others).map(|actor| {
                tables.members.remove(&actor.id);
                (actor, Event::MemberLeft(MemberLeft {}))
            }),
            EventKind::MemberAdded => chance.pick(&outsiders).zip(chance.pick(&members)).map(|(user, actor)| {
                tables.members.insert(user.id, member(&user));
                (actor, Event::MemberAdded(MemberAdded { user }))
            }),
            EventKind::MemberRemoved => chance.pick(&others).map(|user| {
                tables.members.remove(&user.id);
                (person(VIEWER.0), Event::MemberRemoved(MemberRemoved { user }))
            }),
            EventKind::MessagePosted => chance.pick(&members).map(|actor| {
                tables.messages += 1;
                let quote = chance.pick(&live).filter(|_| chance.one_in(2)).map(|message| {
                    let quoted = &tables.lines[&message];
                    if chance.one_in(4) { Quote::hidden(message) } else { quote_of(quoted) }
                });
                let mentions = who(chance, &members);
                let posted =
                    MessagePosted { quote, mentions, ..MessagePosted::new(tables.messages, format!("text {seq}")) };
                (actor, Event::MessagePosted(posted))
            }),
            EventKind::MessageEdited => chance.pick(&live).map(|message| {
                let text = format!("edit {seq}");
                let line = tables.lines.get_mut(&message).unwrap();
                let mentions = who(chance, &members);
                set_body(
                    line,
                    Body::Text {
                        text: text.clone(),
                        markup: parse(&text),
                        edited_at: Some(at),
                        mentions: mentions.clone(),
                    },
                );
                let edited = MessageEdited { mentions, ..MessageEdited::new(message, text) };
                (line.actor.clone(), Event::MessageEdited(edited))
            }),
            EventKind::MessageDeleted => chance.pick(&live).map(|message| {
                let line = tables.lines.get_mut(&message).unwrap();
                set_body(line, Body::Deleted);
                tables.replies.remove(&message);
                tables.reactions.retain(|(on, ..)| *on != message);
                (line.actor.clone(), Event::MessageDeleted(MessageDeleted { message }))
            }),
            EventKind::ReactionAdded => chance.pick(&live).zip(chance.pick(&members)).and_then(|(message, user)| {
                let emoji = ["\u{1f44d}", "\u{1f389}", "\u{2764}"][chance.below(3)].to_owned();
                let is_there = tables.reactions.iter().any(|(on, e, who)| (*on, e, who) == (message, &emoji, &user));
                (!is_there).then(|| {
                    tables.reactions.push((message, emoji.clone(), user.clone()));
                    (user, Event::ReactionAdded(ReactionAdded { message, emoji }))
                })
            }),
            EventKind::ReactionRemoved => chance.pick(&tables.reactions.clone()).map(|gone| {
                tables.reactions.retain(|reaction| *reaction != gone);
                let (message, emoji, user) = gone;
                (user, Event::ReactionRemoved(ReactionRemoved { message, emoji }))
            }),
            EventKind::RoomJoined | EventKind::RoomLeft | EventKind::RoomMuted => {
                return self.inbox_happens(kind, at, chance);
            }
            EventKind::Unknown => None,
        };
        let Some((actor, event)) = happened else { return };
        let client_id = Some(ClientId::new(at, &[u8::try_from(seq.0 % 256).unwrap(); 10]));
        let kind = match &event {
            Event::MessagePosted(e) => {
                if let Some(quote) = &e.quote {
                    tables.replies.insert(seq, (quote.message, quote.content == Quoted::Hidden));
                }
                let body = Body::Text {
                    text: e.text.clone(),
                    markup: parse(&e.text),
                    edited_at: None,
                    mentions: e.mentions.clone(),
                };
                let (quote, reactions) = (None, Vec::new());
                Some(EntryKind::Message { client_id, ordinal: e.ordinal, body, quote, reactions })
            }
            Event::RoomCreated(_)
            | Event::RoomRenamed(_)
            | Event::TopicSet(_)
            | Event::RoomTransferred(_)
            | Event::MemberJoined(_)
            | Event::MemberLeft(_)
            | Event::MemberAdded(_)
            | Event::MemberRemoved(_) => Some(EntryKind::Notice { notice: event.clone() }),
            Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::ReactionAdded(_)
            | Event::ReactionRemoved(_)
            | Event::RoomDeleted(_)
            | Event::RoomJoined(_)
            | Event::RoomLeft(_)
            | Event::RoomMuted(_)
            | Event::Unknown => None,
        };
        if let Some(kind) = kind {
            tables.lines.insert(seq, Entry { seq, at, actor: actor.clone(), kind });
        }
        tables.derive();
        self.states.push(tables);
        self.room.push(Record { stream: StreamId::Room(ROOM), epoch: Epoch(1), seq, at, actor, client_id, event });
    }

    fn inbox_happens(&mut self, kind: EventKind, at: UnixMs, chance: &mut Chance) {
        let mut rooms = self.inboxes.last().unwrap().clone();
        let id = RoomId(1 + chance.below(8) as u64);
        let event = if kind == EventKind::RoomJoined {
            let room = RoomRef { id, name: format!("room {id}"), visibility: Visibility::Public };
            if rooms.insert(id, (room.clone(), false)).is_some() {
                return;
            }
            Event::RoomJoined(RoomJoined { room })
        } else {
            let Some(room) = chance.pick(&rooms.keys().copied().collect::<Vec<_>>()) else { return };
            if kind == EventKind::RoomLeft {
                rooms.remove(&room);
                Event::RoomLeft(RoomLeft { room })
            } else {
                let (_, muted) = rooms.get_mut(&room).unwrap();
                *muted = !*muted;
                Event::RoomMuted(RoomMuted { room, muted: *muted })
            }
        };
        let seq = Seq(self.inbox.len() as u64 + 1);
        let actor = person(VIEWER.0);
        self.inboxes.push(rooms);
        let stream = StreamId::Inbox(VIEWER);
        self.inbox.push(Record { stream, epoch: Epoch(1), seq, at, actor, client_id: None, event });
    }

    /// The event at an index of the room's log, as it is read when `read_at` events are there: without the texts of
    /// messages that are deleted by then.
    fn read(&self, index: usize, read_at: usize) -> Record {
        let mut record = self.room[index].clone();
        let is_deleted = |message: Seq| {
            self.room[..read_at].iter().any(|later| match &later.event {
                Event::MessageDeleted(deleted) => deleted.message == message,
                _ => false,
            })
        };
        match &mut record.event {
            Event::MessagePosted(posted) if is_deleted(record.seq) => {
                *posted = MessagePosted { redacted: true, ..MessagePosted::new(posted.ordinal, String::new()) };
            }
            Event::MessagePosted(MessagePosted { quote: Some(quote), .. })
                if quote.content != Quoted::Hidden && is_deleted(quote.message) =>
            {
                quote.content = Quoted::Deleted;
            }
            Event::MessageEdited(edited) if is_deleted(edited.message) => {
                *edited = MessageEdited { redacted: true, ..MessageEdited::new(edited.message, String::new()) };
            }
            _ => {}
        }
        record
    }

    fn page(&self, as_of: usize, wanted: Wanted, limit: usize) -> HistoryPage {
        let lines = &self.states[as_of].lines;
        let (before, after, entries): (_, _, Vec<Entry>) = match wanted {
            Wanted::Before(seq) => {
                let mut entries: Vec<Entry> =
                    lines.range(..seq).rev().take(limit).map(|(_, line)| line.clone()).collect();
                entries.reverse();
                (Some(seq), None, entries)
            }
            Wanted::After(seq) => {
                (None, Some(seq), lines.range(seq.next()..).take(limit).map(|(_, line)| line.clone()).collect())
            }
            Wanted::From(seq) => (None, None, lines.range(seq..).take(limit).map(|(_, line)| line.clone()).collect()),
        };
        let reaches = |end: Option<&Seq>, entry: Option<&Entry>, bound: Option<Seq>| match (end, entry, bound) {
            (Some(end), Some(entry), _) => entry.seq == *end,
            (Some(end), None, Some(bound)) => before.is_some() && bound <= *end || after.is_some() && bound >= *end,
            (None, ..) => true,
            (Some(_), None, None) => false,
        };
        HistoryPage {
            as_of: Seq(as_of as u64),
            before,
            after,
            at_start: reaches(lines.keys().next(), entries.first(), before),
            at_end: reaches(lines.keys().next_back(), entries.last(), after),
            entries,
        }
    }

    fn snapshot(&self, as_of: usize, window: HistoryPage) -> RoomSnapshot {
        let tables = &self.states[as_of];
        // Before the room is made there is nothing to say about it; its first event says all.
        let info = tables.info.clone().unwrap_or(RoomInfo::created(
            ROOM,
            person(9),
            &RoomCreated {
                name: String::new(),
                visibility: Visibility::Public,
                history: History::Everything,
                everyone: false,
            },
        ));
        RoomSnapshot {
            info,
            epoch: Epoch(1),
            members: tables.members.values().cloned().collect(),
            member_count: u32::try_from(tables.members.len()).unwrap(),
            window,
            cursor: ReadCursor::default(),
            first_unread: None,
            unread: 0,
            mentions: 0,
        }
    }

    fn inbox_snapshot(&self, as_of: usize) -> InboxSnapshot {
        let position = Position { epoch: Epoch(1), seq: Seq(as_of as u64) };
        let summary = |(room, muted): &(RoomRef, bool)| RoomSummary {
            room: room.clone(),
            head: Position::default(),
            messages: 0,
            cursor: ReadCursor::default(),
            since: Seq(1),
            unread: 0,
            mentions: 0,
            muted: *muted,
        };
        InboxSnapshot { position, rooms: self.inboxes[as_of].values().map(summary).collect() }
    }
}

#[derive(Clone, Copy)]
enum Wanted {
    Before(Seq),
    After(Seq),
    From(Seq),
}

fn is_live(line: &Entry) -> bool {
    matches!(line.kind, EntryKind::Message { body: Body::Text { .. }, .. })
}

fn set_body(line: &mut Entry, new: Body) {
    match &mut line.kind {
        EntryKind::Message { body, .. } => *body = new,
        EntryKind::Notice { .. } => panic!("only messages have a text"),
    }
}

/// What a room shows, without the place in the log.
fn shown(room: &Room) -> (RoomInfo, Vec<Member>, Vec<Entry>) {
    (room.info().clone(), room.members().cloned().collect(), room.timeline().entries().cloned().collect())
}

/// What an inbox shows, without the place in the log.
fn listed(inbox: &Inbox) -> Vec<(RoomRef, bool)> {
    inbox.rooms().map(|room| (room.clone(), inbox.is_muted(room.id))).collect()
}

fn happened(steps: &[(usize, u64)]) -> World {
    let kinds: Vec<EventKind> = EventKind::iter().collect();
    let mut world = World::new();
    for (kind, seed) in steps {
        world.happens(EventKind::RoomCreated, &mut Chance(*seed));
        world.happens(kinds[kind % kinds.len()], &mut Chance(*seed));
    }
    world
}

fn steps() -> impl Strategy<Value = (Vec<(usize, u64)>, u64)> {
    (prop::collection::vec((any::<usize>(), any::<u64>()), 1..70), any::<u64>())
}

#[test]
fn a_snapshot_and_the_events_after_it_are_a_fresh_snapshot() {
    let changes: RefCell<BTreeMap<EventKind, u32>> = RefCell::default();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(CASES));

    let result = runner.run(&steps(), |(steps, seed)| {
        let world = happened(&steps);
        let mut chance = Chance(seed);
        every_event_changes_what_is_shown(&world, &mut changes.borrow_mut());
        for _ in 0..4 {
            a_window_catches_up(&world, &mut chance)?;
        }
        an_inbox_catches_up(&world, &mut chance)
    });

    if let Err(error) = result {
        panic!("{error}");
    }
    let changes = changes.into_inner();
    for kind in EventKind::iter().filter(|kind| *kind != EventKind::Unknown) {
        let count = changes.get(&kind).copied().unwrap_or(0);
        assert!(count >= 50, "{kind:?} has changed something {count} times only");
    }
}

/// Counts the events of each kind; every one of them must have an effect.
fn every_event_changes_what_is_shown(world: &World, changes: &mut BTreeMap<EventKind, u32>) {
    let mut room = Room::from(world.snapshot(0, world.page(0, Wanted::From(Seq(0)), 1)));
    for record in &world.room {
        let before = shown(&room);
        assert_eq!(room.apply(record), Applied::Fresh);
        assert_ne!(before, shown(&room), "{record:?} changes nothing");
        *changes.entry(EventKind::from(&record.event)).or_default() += 1;
    }
    let mut inbox = Inbox::from(&world.inbox_snapshot(0));
    for record in &world.inbox {
        let before = listed(&inbox);
        assert_eq!(inbox.apply(record), Applied::Fresh);
        assert_ne!(before, listed(&inbox), "{record:?} changes nothing");
        *changes.entry(EventKind::from(&record.event)).or_default() += 1;
    }
}

fn a_window_catches_up(world: &World, chance: &mut Chance) -> Result<(), TestCaseError> {
    let end = world.room.len();
    let start = chance.below(end + 1);
    let first = Seq(chance.below(start + 2) as u64);
    let limit = 1 + chance.below(12);
    let mut room = Room::from(world.snapshot(start, world.page(start, Wanted::From(first), limit)));
    // Whether the log is read as things happen, or later, when more is deleted.
    let is_prompt = chance.one_in(2);
    let mut on_its_way: Option<HistoryPage> = None;
    let mut newest_page = start;

    for index in start..end {
        if chance.one_in(3) && on_its_way.is_none() {
            on_its_way = asked_page(world, &room, start + chance.below(end - start + 1), chance);
        }
        if chance.one_in(3)
            && let Some(page) = on_its_way.take()
        {
            let as_of = usize::try_from(page.as_of.0).unwrap();
            let position = room.position().seq;
            if room.timeline_mut().join(page, position) {
                newest_page = newest_page.max(as_of);
            }
        }
        let read_at = if is_prompt { index + 1 } else { index + 1 + chance.below(end - index) };
        prop_assert_eq!(room.apply(&world.read(index, read_at)), Applied::Fresh);
        prop_assert_eq!(room.apply(&world.read(index, read_at)), Applied::Duplicate);
        let is_blank = |line: &Entry| matches!(&line.kind, EntryKind::Message { body: Body::Text { text, .. }, .. } if text.is_empty());
        prop_assert!(!room.timeline().entries().any(is_blank), "what is taken out of the log is never shown as empty");
        if is_prompt && newest_page <= index + 1 {
            shows_what_is_there(world, &room, index + 1)?;
        }
    }
    while let Some(page) = asked_page_towards_the_ends(world, &room, end) {
        let position = room.position().seq;
        prop_assert!(room.timeline_mut().join(page, position), "a fresh page fits");
    }

    let all = world.page(end, Wanted::From(Seq(0)), usize::MAX);
    prop_assert_eq!(room, Room::from(world.snapshot(end, all)));
    Ok(())
}

/// A page next to the window, as it was or will be after `as_of` events.
fn asked_page(world: &World, room: &Room, as_of: usize, chance: &mut Chance) -> Option<HistoryPage> {
    let timeline = room.timeline();
    let limit = 1 + chance.below(6);
    let first = timeline.entries().next()?.seq;
    let last = timeline.entries().next_back()?.seq;
    if chance.one_in(2) {
        (!timeline.is_at_start()).then(|| world.page(as_of, Wanted::Before(first), limit))
    } else {
        (!timeline.is_at_end()).then(|| world.page(as_of, Wanted::After(last), limit))
    }
}

fn asked_page_towards_the_ends(world: &World, room: &Room, end: usize) -> Option<HistoryPage> {
    let timeline = room.timeline();
    let mut lines = timeline.entries().map(|line| line.seq);
    let first = lines.next();
    let last = lines.next_back().or(first);
    if !timeline.is_at_start() {
        Some(world.page(end, Wanted::Before(first.unwrap_or(Seq(u64::MAX >> 1))), 5))
    } else if !timeline.is_at_end() {
        Some(world.page(end, Wanted::After(last.unwrap_or(Seq(0))), 5))
    } else {
        None
    }
}

/// The window is a piece without holes of what the tables say.
fn shows_what_is_there(world: &World, room: &Room, as_of: usize) -> Result<(), TestCaseError> {
    let tables = &world.states[as_of];
    let lines: Vec<&Entry> = room.timeline().entries().collect();
    if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
        let there: Vec<&Entry> = tables.lines.range(first.seq..=last.seq).map(|(_, line)| line).collect();
        prop_assert_eq!(&lines, &there);
        prop_assert!(!room.timeline().is_at_start() || tables.lines.keys().next() == Some(&first.seq));
        prop_assert!(!room.timeline().is_at_end() || tables.lines.keys().next_back() == Some(&last.seq));
    }
    prop_assert_eq!(Some(room.info()), tables.info.as_ref());
    prop_assert!(room.members().eq(tables.members.values()));
    Ok(())
}

fn an_inbox_catches_up(world: &World, chance: &mut Chance) -> Result<(), TestCaseError> {
    let end = world.inbox.len();
    let start = chance.below(end + 1);
    let mut inbox = Inbox::from(&world.inbox_snapshot(start));

    for record in &world.inbox[start..] {
        prop_assert_eq!(inbox.apply(record), Applied::Fresh);
        prop_assert_eq!(inbox.apply(record), Applied::Duplicate);
    }

    prop_assert_eq!(inbox, Inbox::from(&world.inbox_snapshot(end)));
    Ok(())
}

/// Where a kind stands among all, as steps name it.
fn place_of(kind: EventKind) -> usize {
    EventKind::iter().position(|other| other == kind).unwrap()
}

#[test]
fn an_event_after_a_hole_is_not_folded() {
    let steps: Vec<(usize, u64)> = (0..20).map(|seed| (place_of(EventKind::MessagePosted), seed)).collect();
    let world = happened(&steps);
    let mut room = Room::from(world.snapshot(2, world.page(2, Wanted::From(Seq(0)), 9)));
    let before = room.clone();

    assert_eq!(room.apply(&world.room[3]), Applied::Gap);
    assert_eq!(room.apply(&Record { epoch: Epoch(2), ..world.room[2].clone() }), Applied::OtherEpoch);
    assert_eq!(room.apply(&Record { event: Event::Unknown, ..world.room[2].clone() }), Applied::Unknown);

    assert_eq!(room, before);
}

#[test]
fn a_page_that_does_not_touch_the_window_is_not_joined() {
    let steps: Vec<(usize, u64)> = (0..30).map(|seed| (place_of(EventKind::MessagePosted), seed)).collect();
    let world = happened(&steps);
    let mut room = Room::from(world.snapshot(30, world.page(30, Wanted::From(Seq(10)), 5)));
    let before = room.clone();

    for wanted in [Wanted::Before(Seq(9)), Wanted::After(Seq(15)), Wanted::From(Seq(1))] {
        assert!(!room.timeline_mut().join(world.page(30, wanted, 5), Seq(30)));
    }
    assert!(!room.timeline_mut().join(world.page(29, Wanted::Before(Seq(10)), 5), Seq(30)), "older than the window");

    assert_eq!(room, before);
}
