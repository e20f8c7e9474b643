//! A message with more to it than is overwritten at once.

use std::time::Duration;

use protocol::{
    ClientId, Command, Done, UnixMs, UserId, Username,
    messages::{DeleteMessage, EditMessage, PostMessage},
    reactions::{AddReaction, RemoveReaction},
};
use sqlx::Connection as _;
use tokio::time::timeout;

use super::*;
use crate::store::{
    AccountStore as _, Actor, NoFollowers, Store as _, StreamStore as _,
    accounts::{Admission, NewAccount, NewSession, TokenHash},
    sqlite::{FILE_NAME, SqliteStore},
};

const NOW: UnixMs = UnixMs(1_700_000_000_000);
const GENERAL: RoomId = RoomId(1);
const STREAM: StreamId = StreamId::Room(GENERAL);
/// More edits, answers and reactions than a few batches take.
const EACH: u64 = 400;

struct Bench {
    directory: tempfile::TempDir,
    store: SqliteStore,
    ada: Actor,
    ids: u64,
}

impl Bench {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path(), std::sync::Arc::new(NoFollowers)).await.unwrap();
        let session = NewSession { token: TokenHash([1; 32]), device: String::new(), per_user_max: 9 };
        let username = Username::parse("ada").unwrap();
        let account = NewAccount { username, password_hash: String::new(), admission: Admission::Open, session };
        let ada = Actor::from(&store.sign_up(account, NOW).await.unwrap().session);
        Self { directory, store, ada, ids: 0 }
    }

    fn id(&mut self) -> ClientId {
        self.ids += 1;
        ClientId(uuid::Uuid::from_u128(self.ids.into()))
    }

    async fn run(&self, command: Command) -> Seq {
        match self.store.execute(&self.ada, command, NOW).await.unwrap() {
            Done::Appended { seq, .. } => seq,
            Done::Unchanged => panic!("nothing was appended"),
        }
    }

    /// A message that was edited, answered and reacted to often.
    async fn busy_message(&mut self) -> Seq {
        let post = PostMessage::new(self.id(), GENERAL, "secret".to_owned());
        let message = self.run(Command::PostMessage(post)).await;
        let mut commands = Vec::new();
        for n in 0..EACH {
            let text = format!("**secret** {n}");
            commands.push(Command::EditMessage(EditMessage { client_id: self.id(), room: GENERAL, message, text }));
            let answer = PostMessage::new(self.id(), GENERAL, format!("answer {n}"));
            commands.push(Command::PostMessage(PostMessage { reply_to: Some(message), ..answer }));
            let (client_id, emoji) = (self.id(), "👍".to_owned());
            commands.push(match n % 2 {
                0 => Command::AddReaction(AddReaction { client_id, room: GENERAL, message, emoji }),
                _ => Command::RemoveReaction(RemoveReaction { client_id, room: GENERAL, message, emoji }),
            });
        }
        for some in commands.chunks(600) {
            futures::future::join_all(some.iter().cloned().map(|command| self.run(command))).await;
        }
        message
    }

    async fn delete(&mut self, message: Seq) {
        let delete = DeleteMessage { client_id: self.id(), room: GENERAL, message };
        self.run(Command::DeleteMessage(delete)).await;
    }

    /// A turn at writing, and how many events have the text when it has come.
    async fn turn(&self) -> (super::super::write::Write, i64) {
        let mut turn = self.store.begin_write().await.unwrap();
        let sql = "SELECT count(*) FROM events WHERE event LIKE '%secret%'";
        let left = sqlx::query_scalar(sql).fetch_one(&mut *turn).await.unwrap();
        (turn, left)
    }

    async fn finished(&self) {
        let finish = async {
            let is_any = "SELECT EXISTS (SELECT 1 FROM redactions)";
            while sqlx::query_scalar::<_, bool>(is_any).fetch_one(&self.store.read).await.unwrap() {
                drop(self.turn().await);
            }
        };
        timeout(Duration::from_secs(60), finish).await.expect("it is finished");
    }

    /// All that can be read of the room.
    async fn shown(&self, user: UserId, message: Seq) -> String {
        let log = self.store.replay(STREAM, Seq(0), 1_000_000).await.unwrap();
        let window = self.store.room(user, GENERAL, crate::store::WindowAt::Line(message)).await.unwrap();
        let edits = self.store.edits(user, GENERAL, message).await.unwrap();
        format!("{log:?} {window:?} {edits:?}")
    }
}

#[tokio::test]
async fn a_deleted_message_is_gone_before_its_log_is_overwritten() {
    let mut bench = Bench::new().await;
    let message = bench.busy_message().await;
    let user = bench.ada.user.id;
    assert!(bench.shown(user, message).await.contains("secret"));

    bench.delete(message).await;
    let (turn, left) = bench.turn().await;

    assert!(left > 0, "it is overwritten later, and not while this holds the turn");
    assert!(!bench.shown(user, message).await.contains("secret"));
    drop(turn);
}

#[tokio::test]
async fn others_write_between_the_batches_of_a_deleted_message() {
    let mut bench = Bench::new().await;
    let message = bench.busy_message().await;
    let (turn, mut before) = bench.turn().await;
    drop(turn);
    assert_eq!(before, 1 + 2 * EACH.cast_signed());

    bench.delete(message).await;
    let mut turns = 0;
    while before > 0 {
        let (turn, left) = bench.turn().await;
        assert!(
            before - left <= EVENTS_MAX + EVENTS_AT_ONCE_MAX + 1,
            "{} events were overwritten in one go",
            before - left
        );
        turns += i32::from(left < before);
        before = left;
        drop(turn);
    }

    assert!(turns > 1, "{turns}");
    bench.finished().await;
    let log = bench.store.replay(STREAM, Seq(0), 1_000_000).await.unwrap();
    let reactions = log.iter().filter(|record| matches!(record.event, Event::ReactionAdded(_)));
    assert_eq!(reactions.count() as u64, EACH / 2, "that somebody reacted stays");
    bench.store.close().await;
    let file = std::fs::read(bench.directory.path().join(FILE_NAME)).unwrap();
    assert!(!file.windows(6).any(|window| window == b"secret"));
}

#[tokio::test]
async fn what_was_not_redacted_when_the_server_was_killed_is_after_it_has_started() {
    let mut bench = Bench::new().await;
    let message = bench.busy_message().await;
    bench.delete(message).await;
    let (turn, left) = bench.turn().await;
    assert!(left > 0);

    for task in std::mem::take(&mut *bench.store.tasks.lock().await) {
        task.abort();
    }
    drop(turn);
    bench.store.read.close().await;
    bench.store.lane.close().await;
    let sink = std::sync::Arc::new(NoFollowers);
    bench.store = SqliteStore::open(bench.directory.path(), sink).await.unwrap();
    bench.finished().await;

    assert_eq!(bench.turn().await.1, 0);
}

#[tokio::test]
async fn a_store_that_was_closed_leaves_an_older_program_nothing_to_read() {
    let mut bench = Bench::new().await;
    let message = bench.busy_message().await;
    bench.delete(message).await;
    let (turn, left) = bench.turn().await;
    assert!(left > 0);

    tokio::join!(bench.store.close(), async { drop(turn) });

    let path = bench.directory.path().join(FILE_NAME);
    let mut older = sqlx::SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let sql = "SELECT (SELECT count(*) FROM redactions), (SELECT count(*) FROM events WHERE event LIKE '%secret%')";
    let left: (i64, i64) = sqlx::query_as(sql).fetch_one(&mut older).await.unwrap();
    assert_eq!(left, (0, 0));
}

#[tokio::test]
async fn a_message_with_few_edits_is_overwritten_at_once() {
    let mut bench = Bench::new().await;
    let post = PostMessage::new(bench.id(), GENERAL, "secret".to_owned());
    let message = bench.run(Command::PostMessage(post)).await;
    for n in 1..EVENTS_AT_ONCE_MAX {
        let (client_id, text) = (bench.id(), format!("secret {n}"));
        bench.run(Command::EditMessage(EditMessage { client_id, room: GENERAL, message, text })).await;
    }
    let hold = bench.store.begin_write().await.unwrap();
    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room: GENERAL, message });

    let (deleted, ()) = tokio::join!(bench.run(delete), async { drop(hold) });

    assert!(deleted > message);
    let pending: i64 =
        sqlx::query_scalar("SELECT count(*) FROM redactions").fetch_one(&bench.store.read).await.unwrap();
    assert_eq!((pending, bench.turn().await.1), (0, 0));
}

#[tokio::test]
async fn what_refers_to_a_message_is_found_by_indexes_and_in_order() {
    let bench = Bench::new().await;
    let mut connection = bench.store.read.acquire().await.unwrap();
    let mut tx = connection.begin().await.unwrap();

    let explain = format!("EXPLAIN QUERY PLAN {REFERRING}");
    let plan = sqlx::query(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *tx).await.unwrap();

    let plan: Vec<String> = plan.iter().map(|row| row.get::<String, _>(3)).collect();
    assert!(plan.iter().all(|step| !step.contains("SCAN") && !step.contains("TEMP B-TREE")), "{plan:#?}");
    assert!(plan.iter().any(|step| step.contains("events_of_message")), "{plan:#?}");
    assert!(plan.iter().any(|step| step.contains("entries_replies")), "{plan:#?}");
}
