//! What every store keeps to. A second one adds a `Place` and one line with the macro below.

use std::sync::Arc;

use protocol::{
    Applied, Body, ClientId, Command, Done, Entry, EntryKind, ErrorCode, Event, EventKind, Position, ReadCursor,
    Record, Room, RoomId, Seq, Status, StreamId, UnixMs, UserId, Username,
    members::{AddMember, JoinRoom, LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage},
    mute::MuteRoom,
    reactions::{AddReaction, RemoveReaction},
    rooms::{CreateRoom, History, RenameRoom, Visibility},
};
use server::store::{
    AccountStore as _, Actor, DirectoryAt, ExecuteError, PageAt, PresenceStore as _, Profile, ProfileStore as _, Store,
    StreamStore as _, WindowAt,
    accounts::{Admission, Lifetime, NewAccount, NewSession, TokenHash},
};

use super::Told;

/// Where a store lives.
pub(super) trait Place {
    type Store: Store;
    fn new() -> Self;
    async fn open(&self, told: Arc<Told>) -> Self::Store;
}

const GENERAL: RoomId = RoomId(1);
const NOW: UnixMs = UnixMs(1_700_000_000_000);

/// A store with the words that the tests speak in.
struct Bench<P: Place> {
    place: P,
    store: P::Store,
    told: Arc<Told>,
    ids: u128,
}

impl<P: Place> Bench<P> {
    async fn new() -> Self {
        let (place, told) = (P::new(), Arc::new(Told::default()));
        let store = place.open(Arc::clone(&told)).await;
        Self { place, store, told, ids: 0 }
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.told = Arc::new(Told::default());
        self.store = self.place.open(Arc::clone(&self.told)).await;
    }

    async fn user(&mut self, name: &str) -> Actor {
        let session = NewSession { token: TokenHash(self.token()), device: String::new(), per_user_max: 9 };
        let account = NewAccount {
            username: Username::parse(name).unwrap(),
            password_hash: String::new(),
            admission: Admission::Open,
            session,
        };
        Actor::from(&self.store.sign_up(account, NOW).await.unwrap().session)
    }

    fn token(&mut self) -> [u8; 32] {
        let mut token = [0; 32];
        token[..16].copy_from_slice(self.id().0.as_bytes());
        token
    }

    fn id(&mut self) -> ClientId {
        self.ids += 1;
        ClientId(uuid::Uuid::from_u128(self.ids))
    }

    async fn run(&self, actor: &Actor, command: Command) -> Result<Done, ErrorCode> {
        self.store.execute(actor, command, NOW).await.map_err(|error| match error {
            ExecuteError::Refused(refusal) => refusal.code,
            ExecuteError::Store(error) => panic!("{error}"),
        })
    }

    async fn seq(&self, actor: &Actor, command: Command) -> Seq {
        match self.run(actor, command).await.unwrap() {
            Done::Appended { seq, .. } => seq,
            Done::Unchanged => panic!("nothing was appended"),
        }
    }

    fn post(&mut self, room: RoomId, text: &str) -> Command {
        Command::PostMessage(PostMessage::new(self.id(), room, text.to_owned()))
    }

    async fn say(&mut self, actor: &Actor, room: RoomId, text: &str) -> Seq {
        let post = self.post(room, text);
        self.seq(actor, post).await
    }

    async fn create(&mut self, actor: &Actor, name: &str, visibility: Visibility, history: History) -> RoomId {
        let create = CreateRoom { client_id: self.id(), name: name.to_owned(), visibility, history };
        match self.run(actor, Command::CreateRoom(create)).await.unwrap() {
            Done::Appended { stream: StreamId::Room(room), .. } => room,
            other => panic!("{other:?}"),
        }
    }

    async fn add(&mut self, actor: &Actor, room: RoomId, whom: &Actor) -> Result<Done, ErrorCode> {
        let username = whom.user.name.clone();
        let add = Command::AddMember(AddMember { client_id: self.id(), room, username });
        self.run(actor, add).await
    }

    async fn log(&self, stream: StreamId) -> Vec<Arc<Record>> {
        self.store.replay(stream, Seq(0), u64::MAX >> 1).await.unwrap()
    }

    async fn texts(&self, actor: &Actor, room: RoomId) -> Vec<String> {
        let snapshot = self.store.room(actor.user.id, room, WindowAt::End).await.unwrap().unwrap();
        snapshot.window.entries.iter().filter_map(text).collect()
    }

    async fn is_muted(&self, actor: &Actor, room: RoomId) -> bool {
        let summaries = self.store.summaries(actor.user.id, &[room]).await.unwrap();
        summaries[0].muted
    }

    async fn unread(&self, actor: &Actor, room: RoomId) -> u32 {
        let snapshot = self.store.room(actor.user.id, room, WindowAt::End).await.unwrap().unwrap();
        let summaries = self.store.summaries(actor.user.id, &[room]).await.unwrap();
        assert_eq!(summaries[0].unread, snapshot.unread, "list and room count alike");
        let counted = protocol::unread::count(&snapshot.window.entries, snapshot.cursor.seq, actor.user.id);
        assert_eq!(counted, snapshot.unread, "SQL counts as the one definition does");
        assert_eq!(summaries[0].mentions, snapshot.mentions, "list and room count mentions alike");
        let entries = &snapshot.window.entries;
        let counted = protocol::unread::count_mentions(entries, snapshot.cursor.seq, actor.user.id);
        assert_eq!(counted, snapshot.mentions, "SQL counts mentions as the one definition does");
        snapshot.unread
    }
}

fn text(entry: &Entry) -> Option<String> {
    match &entry.kind {
        EntryKind::Message { body: Body::Text { text, .. }, .. } => Some(text.clone()),
        EntryKind::Message { body: Body::Deleted, .. } => Some("(deleted)".to_owned()),
        EntryKind::Notice { .. } => None,
    }
}

pub(super) async fn sequences_are_dense_and_told_in_the_order_of_commits<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let posts: Vec<_> = (0..200).map(|n| bench.post(GENERAL, &format!("{n}"))).collect();

    let store = &bench.store;
    let answers = futures::future::join_all(posts.into_iter().enumerate().map(|(n, post)| {
        let actor = if n % 2 == 0 { &ada } else { &bob };
        store.execute(actor, post, NOW)
    }))
    .await;

    assert!(answers.iter().all(Result::is_ok));
    let log = bench.log(StreamId::Room(GENERAL)).await;
    let seqs: Vec<u64> = log.iter().map(|record| record.seq.0).collect();
    assert_eq!(seqs, (1..=202).collect::<Vec<_>>());
    let told: Vec<_> = bench.told.0.lock().unwrap().clone();
    let told: Vec<_> = told.into_iter().filter(|record| record.stream == StreamId::Room(GENERAL)).collect();
    assert_eq!(told, log, "what is told is what is stored, in order");
}

pub(super) async fn a_retry_appends_once_and_gets_the_first_answer<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    let post = bench.post(GENERAL, "once");

    let first = bench.run(&ada, post.clone()).await;
    let second = bench.run(&ada, post.clone()).await;
    bench.reopen().await;
    let third = bench.run(&ada, post).await;

    assert_eq!((first, second), (third, third));
    assert_eq!(bench.texts(&ada, GENERAL).await, ["once"]);
    assert!(bench.told.0.lock().unwrap().is_empty(), "a retry tells nobody anything");
}

pub(super) async fn the_same_id_with_other_content_is_a_conflict<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let client_id = bench.id();
    let post = |text: &str| Command::PostMessage(PostMessage::new(client_id, GENERAL, text.to_owned()));

    bench.run(&ada, post("one")).await.unwrap();

    assert_eq!(bench.run(&ada, post("other")).await, Err(ErrorCode::Conflict));
    assert!(bench.run(&bob, post("bob's")).await.is_ok(), "the id is the author's own");
}

pub(super) async fn who_has_left_still_learns_the_fate_of_what_was_stored<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "den", Visibility::Private, History::Everything).await;
    bench.add(&ada, room, &bob).await.unwrap();
    let post = bench.post(room, "hi");
    let stored = bench.run(&bob, post.clone()).await;

    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room });
    bench.run(&bob, leave).await.unwrap();

    assert_eq!(bench.run(&bob, post).await, stored);
    let another = bench.post(room, "again");
    assert_eq!(bench.run(&bob, another).await, Err(ErrorCode::NotFound));
}

pub(super) async fn a_refused_command_leaves_its_batch_alone<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    let commands =
        [bench.post(GENERAL, "a"), bench.post(RoomId(99), "b"), bench.post(GENERAL, " "), bench.post(GENERAL, "c")];

    let store = &bench.store;
    let answers =
        futures::future::join_all(commands.into_iter().map(|command| store.execute(&ada, command, NOW))).await;

    let kinds: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(kinds, [true, false, false, true]);
    assert_eq!(bench.texts(&ada, GENERAL).await, ["a", "c"]);
}

pub(super) async fn a_deleted_text_is_gone_from_everywhere<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    let post = bench.post(GENERAL, "secret one");
    let message = bench.seq(&ada, post.clone()).await;
    let edit = EditMessage { client_id: bench.id(), room: GENERAL, message, text: "secret two".to_owned() };
    bench.run(&ada, Command::EditMessage(edit)).await.unwrap();

    let answer = PostMessage { reply_to: Some(message), ..PostMessage::new(bench.id(), GENERAL, "why?".to_owned()) };
    bench.run(&ada, Command::PostMessage(answer.clone())).await.unwrap();

    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room: GENERAL, message });
    bench.run(&ada, delete).await.unwrap();
    assert!(bench.run(&ada, Command::PostMessage(answer.clone())).await.is_ok());
    let other = PostMessage { text: "what?".to_owned(), ..answer };
    assert_eq!(
        bench.run(&ada, Command::PostMessage(other)).await,
        Err(ErrorCode::Conflict),
        "the answer is still known"
    );
    assert_eq!(bench.store.edits(ada.user.id, GENERAL, message).await.unwrap(), None);

    let log = protocol::encode(&bench.log(StreamId::Room(GENERAL)).await);
    assert!(!log.contains("secret"), "{log}");
    assert_eq!(bench.texts(&ada, GENERAL).await, ["(deleted)", "why?"]);
    assert!(bench.run(&ada, post).await.is_ok(), "a late retry still gets its answer");
    let edit = EditMessage { client_id: bench.id(), room: GENERAL, message, text: "back".to_owned() };
    assert_eq!(bench.run(&ada, Command::EditMessage(edit)).await, Err(ErrorCode::NotFound));
}

pub(super) async fn a_snapshot_and_later_events_make_a_fresh_snapshot<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "den", Visibility::Public, History::Everything).await;
    let first = bench.say(&ada, room, "one").await;
    let old = bench.store.room(ada.user.id, room, WindowAt::End).await.unwrap().unwrap();

    let commands = [
        Command::RenameRoom(RenameRoom { client_id: bench.id(), room, name: "lair".to_owned() }),
        Command::EditMessage(EditMessage {
            client_id: bench.id(),
            room,
            message: first,
            text: "**won**, `really`".to_owned(),
        }),
    ];
    for command in commands {
        bench.run(&ada, command).await.unwrap();
    }
    let join = Command::JoinRoom(JoinRoom { client_id: bench.id(), room });
    bench.run(&bob, join).await.unwrap();
    let second = bench.say(&bob, room, "two, @room").await;
    answered_and_reacted(&mut bench, &ada, &bob, room, [first, second]).await;
    let text = format!("**@{}** and @room", bob.user.name);
    let edit = EditMessage { client_id: bench.id(), room, message: first, text };
    bench.run(&ada, Command::EditMessage(edit)).await.unwrap();
    assert_eq!((bench.unread(&ada, room).await, bench.unread(&bob, room).await), (3, 0));
    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room, message: second });
    bench.run(&bob, delete).await.unwrap();
    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room });
    bench.run(&bob, leave).await.unwrap();
    bench.add(&ada, room, &bob).await.unwrap();
    let remove = RemoveMember { client_id: bench.id(), room, username: bob.user.name.clone() };
    bench.run(&ada, Command::RemoveMember(remove)).await.unwrap();

    let mut folded = Room::from(old);
    let mut kinds = Vec::new();
    for record in bench.store.replay(StreamId::Room(room), folded.position().seq, 100).await.unwrap() {
        assert_eq!(folded.apply(&record), Applied::Fresh);
        kinds.push(EventKind::from(&record.event));
    }
    let fresh = Room::from(bench.store.room(ada.user.id, room, WindowAt::End).await.unwrap().unwrap());
    assert_eq!(folded, fresh);
    for kind in [
        EventKind::RoomRenamed,
        EventKind::MessageEdited,
        EventKind::MessageDeleted,
        EventKind::MemberRemoved,
        EventKind::ReactionAdded,
        EventKind::ReactionRemoved,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} happened");
    }
}

/// Bob answers the messages and names Ada; both react, and he takes one reaction back.
async fn answered_and_reacted<P: Place>(
    bench: &mut Bench<P>,
    ada: &Actor,
    bob: &Actor,
    room: RoomId,
    messages: [Seq; 2],
) {
    for message in messages {
        let post = PostMessage::new(bench.id(), room, format!("@{} sees", ada.user.name));
        bench.run(bob, Command::PostMessage(PostMessage { reply_to: Some(message), ..post })).await.unwrap();
        for (actor, emoji) in [(bob, "👍"), (ada, "👍"), (bob, "🎉")] {
            let react = AddReaction { client_id: bench.id(), room, message, emoji: emoji.to_owned() };
            bench.run(actor, Command::AddReaction(react)).await.unwrap();
        }
        let unreact = RemoveReaction { client_id: bench.id(), room, message, emoji: "👍".to_owned() };
        bench.run(bob, Command::RemoveReaction(unreact)).await.unwrap();
    }
}

pub(super) async fn windows_and_pages_meet_without_overlap_or_hole<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    for n in 0..250 {
        bench.say(&ada, GENERAL, &format!("{n}")).await;
    }
    let user = ada.user.id;

    let window = bench.store.room(user, GENERAL, WindowAt::Line(Seq(120))).await.unwrap().unwrap().window;
    let mut timeline = protocol::Timeline::new(window.clone());
    assert!(timeline.get(Seq(120)).is_some() && !window.at_start && !window.at_end);
    while !timeline.is_at_start() {
        let first = timeline.entries().next().unwrap().seq;
        let page = bench.store.history(user, GENERAL, PageAt::Before(first), 37).await.unwrap().unwrap();
        assert!(timeline.join(page, Seq(251)));
    }
    while !timeline.is_at_end() {
        let last = timeline.entries().next_back().unwrap().seq;
        let page = bench.store.history(user, GENERAL, PageAt::After(last), 37).await.unwrap().unwrap();
        assert!(timeline.join(page, Seq(251)));
    }

    let seqs: Vec<u64> = timeline.entries().map(|entry| entry.seq.0).collect();
    assert_eq!(seqs, (1..=251).collect::<Vec<_>>());
}

pub(super) async fn a_room_opens_at_the_first_unread_line_with_context_above<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    for n in 0..200 {
        bench.say(&ada, GENERAL, &format!("{n}")).await;
    }
    let cursor = ReadCursor { version: 0, seq: Seq(100) };
    bench.store.set_read_cursor(bob.user.id, GENERAL, cursor).await.unwrap().unwrap();

    let unread = bench.store.room(bob.user.id, GENERAL, WindowAt::Unread).await.unwrap().unwrap();
    let read = bench.store.room(ada.user.id, GENERAL, WindowAt::Unread).await.unwrap().unwrap();

    assert_eq!((unread.first_unread, unread.unread), (Some(Seq(101)), 102));
    let seqs: Vec<u64> = unread.window.entries.iter().map(|entry| entry.seq.0).collect();
    assert_eq!((seqs[0], seqs[seqs.len() - 1]), (81, 140));
    assert!(read.window.at_end && read.first_unread.is_none(), "with nothing unread it opens at the end");
}

pub(super) async fn unread_counts_other_peoples_live_messages_after_the_cursor<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    assert_eq!(bench.unread(&bob, GENERAL).await, 0);

    let one = bench.say(&ada, GENERAL, "one").await;
    bench.say(&bob, GENERAL, "mine").await;
    let two = bench.say(&ada, GENERAL, "two").await;
    assert_eq!((bench.unread(&bob, GENERAL).await, bench.unread(&ada, GENERAL).await), (2, 1));

    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room: GENERAL, message: two });
    bench.run(&ada, delete).await.unwrap();
    assert_eq!(bench.unread(&bob, GENERAL).await, 1);

    let read = ReadCursor { version: 0, seq: one };
    bench.store.set_read_cursor(bob.user.id, GENERAL, read).await.unwrap();
    assert_eq!(bench.unread(&bob, GENERAL).await, 0);
}

pub(super) async fn a_read_cursor_moves_as_the_merge_says<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    for _ in 0..5 {
        bench.say(&ada, GENERAL, "x").await;
    }
    let at = |version, seq| ReadCursor { version, seq: Seq(seq) };
    let mut expected = at(0, 1);

    for cursor in [at(0, 4), at(0, 2), at(1, 2), at(0, 5), at(1, 3), at(1, 1)] {
        let merged = bench.store.set_read_cursor(ada.user.id, GENERAL, cursor).await.unwrap().unwrap();
        expected = expected.merge(cursor);
        assert_eq!(merged, expected);
    }
    let beyond = bench.store.set_read_cursor(ada.user.id, GENERAL, at(1, 900)).await.unwrap().unwrap();
    assert_eq!(beyond, at(1, 6), "nobody has read what is not there yet");
    let elsewhere = bench.store.set_read_cursor(ada.user.id, RoomId(77), at(0, 1)).await.unwrap();
    assert_eq!(elsewhere, None);
}

pub(super) async fn history_before_joining_stays_hidden_where_the_room_says_so<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "den", Visibility::Private, History::SinceJoining).await;
    let early = bench.say(&ada, room, "before").await;
    bench.add(&ada, room, &bob).await.unwrap();
    bench.say(&ada, room, "after").await;

    let bobs = bench.store.room(bob.user.id, room, WindowAt::Line(early)).await.unwrap().unwrap();
    let page = bench.store.history(bob.user.id, room, PageAt::Before(Seq(9)), 50).await.unwrap().unwrap();

    let texts: Vec<_> = bobs.window.entries.iter().filter_map(text).collect();
    assert_eq!(texts, ["after"]);
    assert!(bobs.window.at_start && page.at_start);
    assert_eq!(page.entries.iter().filter_map(text).collect::<Vec<_>>(), ["after"]);
    assert_eq!(bench.texts(&ada, room).await, ["before", "after"]);
    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room, message: early });
    assert_eq!(bench.run(&bob, delete).await, Err(ErrorCode::NotFound));
}

pub(super) async fn everyone_is_in_general_and_its_inbox_says_so<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);

    let inbox = bench.store.inbox(bob.user.id).await.unwrap();

    assert_eq!(inbox.rooms.iter().map(|room| room.room.name.as_str()).collect::<Vec<_>>(), ["general"]);
    let log = bench.log(StreamId::Inbox(bob.user.id)).await;
    assert!(
        matches!(log[0].event, Event::RoomJoined(_)) && inbox.position == Position { epoch: log[0].epoch, seq: Seq(1) }
    );
    let snapshot = bench.store.room(ada.user.id, GENERAL, WindowAt::End).await.unwrap().unwrap();
    assert_eq!(snapshot.members.iter().map(|member| member.user.id).collect::<Vec<_>>(), [ada.user.id, bob.user.id]);
    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room: GENERAL });
    assert_eq!(bench.run(&bob, leave).await, Err(ErrorCode::Forbidden));
}

pub(super) async fn a_muted_room_says_so_until_its_user_has_left<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "garden", Visibility::Public, History::Everything).await;
    let join = Command::JoinRoom(JoinRoom { client_id: bench.id(), room });
    bench.run(&bob, join).await.unwrap();
    let mut mute = || Command::MuteRoom(MuteRoom { client_id: bench.id(), room, muted: true });
    let (mute, mute_again) = (mute(), mute());

    let done = bench.run(&ada, mute).await;
    let again = bench.run(&ada, mute_again).await;

    assert!(matches!(done, Ok(Done::Appended { stream: StreamId::Inbox(user), .. }) if user == ada.user.id));
    assert_eq!(again, Ok(Done::Unchanged));
    assert_eq!((bench.is_muted(&ada, room).await, bench.is_muted(&bob, room).await), (true, false));
    let join = Command::JoinRoom(JoinRoom { client_id: bench.id(), room });
    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room });
    bench.run(&ada, leave).await.unwrap();
    bench.run(&ada, join).await.unwrap();
    assert!(!bench.is_muted(&ada, room).await);
}

pub(super) async fn what_people_say_of_themselves_is_counted_and_forgotten_when_over<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await.user.id, bench.user("bob").await.user.id);
    let until = Some(UnixMs(NOW.0 + 1_000));
    let status = Some(Status { emoji: "🌴".to_owned(), text: "On holiday".to_owned(), until });
    let forget = |now| Lifetime { now, seen_after: UnixMs(0), created_after: UnixMs(0) };

    assert_eq!(bench.store.profiles(&[ada, bob]).await.unwrap(), [], "nobody has said anything");
    let first = bench.store.set_status(bob, None).await.unwrap();
    let second = bench.store.set_status(bob, status.clone()).await.unwrap();

    assert_eq!((first.status, second.status), (None, status.clone()));
    assert!(first.version < second.version);
    bench.reopen().await;
    let known = bench.store.profiles(&[ada, bob]).await.unwrap();
    assert_eq!(known, [(bob, Profile { version: second.version, name: None, status })]);
    assert_eq!(bench.store.roster(GENERAL).await.unwrap().profiles, known);
    bench.store.forget_expired(forget(NOW)).await.unwrap();
    assert_eq!(bench.store.profiles(&[bob]).await.unwrap(), known, "it is not over");
    bench.store.forget_expired(forget(UnixMs(NOW.0 + 1_000))).await.unwrap();
    assert_eq!(bench.store.profiles(&[bob]).await.unwrap()[0].1.status, None);
    let named = bench.store.set_display_name(bob, Some("Robert".to_owned())).await.unwrap();
    assert!(named.version > second.version && named.name.as_deref() == Some("Robert"));
    assert_eq!(bench.store.set_display_name(bob, None).await.unwrap().name, None);
}

pub(super) async fn public_names_are_unique_whatever_their_case<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    bench.create(&ada, "Über uns", Visibility::Public, History::Everything).await;
    let room = bench.create(&bob, "mine", Visibility::Public, History::Everything).await;

    let name = "über UNS".to_owned();
    let create = CreateRoom {
        client_id: bench.id(),
        name: name.clone(),
        visibility: Visibility::Public,
        history: History::Everything,
    };
    let rename = RenameRoom { client_id: bench.id(), room, name: name.clone() };

    assert_eq!(bench.run(&bob, Command::CreateRoom(create)).await, Err(ErrorCode::RoomNameTaken));
    assert_eq!(bench.run(&bob, Command::RenameRoom(rename)).await, Err(ErrorCode::RoomNameTaken));
    let hidden = bench.create(&bob, &name, Visibility::Private, History::Everything).await;
    assert_ne!(hidden, room, "private rooms may be called anything");
    let again = RenameRoom { client_id: bench.id(), room, name: "Mine".to_owned() };
    assert!(bench.run(&bob, Command::RenameRoom(again)).await.is_ok(), "its own name in other case is free");
}

pub(super) async fn outsiders_find_public_rooms_and_nothing_of_private_ones<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let open = bench.create(&ada, "open", Visibility::Public, History::Everything).await;
    let shut = bench.create(&ada, "shut", Visibility::Private, History::Everything).await;
    let user: UserId = bob.user.id;

    let directory = bench.store.directory(user, &DirectoryAt::default(), 9).await.unwrap();

    let listed: Vec<_> = directory.iter().map(|entry| (entry.room.id, entry.member_count, entry.joined)).collect();
    assert_eq!(listed, [(GENERAL, 2, true), (open, 1, false)]);
    assert!(bench.store.doorstep(open).await.unwrap().is_some());
    assert_eq!(bench.store.doorstep(shut).await.unwrap(), None);
    assert_eq!(bench.store.room_named(user, "OPEN").await.unwrap(), Some(open));
    assert_eq!(bench.store.room_named(user, "shut").await.unwrap(), None);
    for room in [open, shut] {
        assert_eq!(bench.store.room(user, room, WindowAt::End).await.unwrap(), None);
        assert_eq!(bench.store.history(user, room, PageAt::Before(Seq(9)), 9).await.unwrap(), None);
        assert!(bench.store.summaries(user, &[room]).await.unwrap().is_empty());
    }
}

pub(super) async fn heads_and_replays_end_where_the_log_ends<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    for _ in 0..9 {
        bench.say(&ada, GENERAL, "x").await;
    }
    let (known, unknown) = (StreamId::Room(GENERAL), StreamId::Room(RoomId(50)));

    let heads = bench.store.heads(&[known, unknown]).await.unwrap();
    let some = bench.store.replay(known, Seq(3), 4).await.unwrap();

    assert_eq!(heads.len(), 1);
    assert_eq!((heads[0].0, heads[0].1.seq), (known, Seq(10)));
    assert_eq!(some.iter().map(|record| record.seq.0).collect::<Vec<_>>(), [4, 5, 6, 7]);
    assert!(bench.store.heads(&[]).await.unwrap().is_empty());
}

macro_rules! contract {
    ($place:ty) => {
        crate::store::contract::contract! { @each $place:
            sequences_are_dense_and_told_in_the_order_of_commits
            a_retry_appends_once_and_gets_the_first_answer
            the_same_id_with_other_content_is_a_conflict
            who_has_left_still_learns_the_fate_of_what_was_stored
            a_refused_command_leaves_its_batch_alone
            a_deleted_text_is_gone_from_everywhere
            a_snapshot_and_later_events_make_a_fresh_snapshot
            windows_and_pages_meet_without_overlap_or_hole
            a_room_opens_at_the_first_unread_line_with_context_above
            unread_counts_other_peoples_live_messages_after_the_cursor
            a_read_cursor_moves_as_the_merge_says
            history_before_joining_stays_hidden_where_the_room_says_so
            a_muted_room_says_so_until_its_user_has_left
            everyone_is_in_general_and_its_inbox_says_so
            what_people_say_of_themselves_is_counted_and_forgotten_when_over
            public_names_are_unique_whatever_their_case
            outsiders_find_public_rooms_and_nothing_of_private_ones
            heads_and_replays_end_where_the_log_ends
        }
    };
    (@each $place:ty: $($name:ident)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                crate::store::contract::$name::<$place>().await;
            }
        )+
    };
}
pub(super) use contract;
