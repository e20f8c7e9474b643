//! What every store keeps to. A second one adds a `Place` and one line with the macro below.

pub(super) mod log;
pub(super) mod reading;
pub(super) mod rooms;

use std::sync::Arc;

use protocol::{
    Body, ClientId, Command, Done, Entry, EntryKind, ErrorCode, Record, RoomId, Seq, StreamId, UnixMs, Username,
    members::AddMember,
    messages::PostMessage,
    rooms::{CreateRoom, History, Visibility},
};
use server::store::{
    AccountStore as _, Actor, ExecuteError, Store, StreamStore as _, WindowAt,
    accounts::{Admission, NewAccount, NewSession, TokenHash},
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

    /// Whether a room is new to somebody, and how much is unread there.
    async fn news(&self, actor: &Actor, room: RoomId) -> (bool, u32) {
        let summaries = self.store.summaries(actor.user.id, &[room]).await.unwrap();
        (protocol::unread::is_new_room(summaries[0].cursor.seq, summaries[0].since), self.unread(actor, room).await)
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

macro_rules! contract {
    ($place:ty) => {
        crate::store::contract::contract! { @each $place:
            log::sequences_are_dense_and_told_in_the_order_of_commits
            log::a_retry_appends_once_and_gets_the_first_answer
            log::the_same_id_with_other_content_is_a_conflict
            log::who_has_left_still_learns_the_fate_of_what_was_stored
            log::a_refused_command_leaves_its_batch_alone
            log::a_deleted_text_is_gone_from_everywhere
            log::a_snapshot_and_later_events_make_a_fresh_snapshot
            reading::windows_and_pages_meet_without_overlap_or_hole
            reading::a_room_opens_at_the_first_unread_line_with_context_above
            reading::unread_counts_other_peoples_live_messages_after_the_cursor
            reading::a_read_cursor_moves_as_the_merge_says
            reading::history_before_joining_stays_hidden_where_the_room_says_so
            rooms::a_room_is_new_to_who_was_brought_in_until_they_look
            rooms::a_muted_room_says_so_until_its_user_has_left
            rooms::everyone_is_in_general_and_its_inbox_says_so
            rooms::what_people_say_of_themselves_is_counted_and_forgotten_when_over
            rooms::public_names_are_unique_whatever_their_case
            rooms::outsiders_find_public_rooms_and_nothing_of_private_ones
            log::heads_and_replays_end_where_the_log_ends
        }
    };
    (@each $place:ty: $($noun:ident::$name:ident)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                crate::store::contract::$noun::$name::<$place>().await;
            }
        )+
    };
}
pub(super) use contract;
