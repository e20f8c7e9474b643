//! A room with more in it than is overwritten at once.

use std::{path::Path, time::Duration};

use protocol::{
    ClientId, Command, Epoch, Seq, UnixMs, Username,
    messages::PostMessage,
    rooms::{CreateRoom, DeleteRoom, History},
};
use tokio::time::timeout;

use super::*;
use crate::store::{
    AccountStore as _, Actor, NoFollowers, Store as _, StreamStore as _, WindowAt,
    accounts::{Admission, NewAccount, NewSession, TokenHash},
    sqlite::{FILE_NAME, SqliteStore},
};

const NOW: UnixMs = UnixMs(1_700_000_000_000);
/// The second one: everyone is in the first.
const ROOM: RoomId = RoomId(2);
const STREAM: StreamId = StreamId::Room(ROOM);
/// For more batches than may pass before a test looks.
const MESSAGES: u64 = 3 * ROWS_MAX.cast_unsigned();

struct Bench {
    directory: tempfile::TempDir,
    store: SqliteStore,
    ada: Actor,
}

impl Bench {
    /// Ada, with a room full of secrets.
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path()).await;
        let session = NewSession { token: TokenHash([1; 32]), device: String::new(), per_user_max: 9 };
        let username = Username::parse("ada").unwrap();
        let account = NewAccount { username, password_hash: String::new(), admission: Admission::Open, session };
        let ada = Actor::from(&store.sign_up(account, NOW).await.unwrap().session);
        let bench = Self { directory, store, ada };
        let (name, visibility) = ("secret den".to_owned(), Visibility::Public);
        bench
            .run(Command::CreateRoom(CreateRoom { client_id: id(0), name, visibility, history: History::Everything }))
            .await;
        for first in (0..MESSAGES).step_by(500) {
            let post = |n| PostMessage::new(id(n + 1), ROOM, format!("secret {n}"));
            let posts = (first..first + 500).map(|n| bench.run(Command::PostMessage(post(n))));
            futures::future::join_all(posts).await;
        }
        bench
    }

    async fn run(&self, command: Command) {
        self.store.execute(&self.ada, command, NOW).await.unwrap();
    }

    async fn delete(&self) {
        self.run(Command::DeleteRoom(DeleteRoom { client_id: id(MESSAGES + 1), room: ROOM })).await;
    }

    /// A turn at writing, as every command takes one, and what is to be overwritten when it has come.
    async fn turn(&self) -> (super::super::write::Write, i64) {
        let mut turn = self.store.begin_write().await.unwrap();
        let sql = "SELECT (SELECT count(*) FROM entries WHERE room_id = 2) \
                   + (SELECT count(*) FROM events WHERE stream = 'room:2' AND event LIKE '%secret%')";
        let left = sqlx::query_scalar(sql).fetch_one(&mut *turn).await.unwrap();
        (turn, left)
    }

    /// Takes turns until nothing is left to do.
    async fn finished(&self) {
        let finish = async {
            let is_any = "SELECT EXISTS (SELECT 1 FROM erasures)";
            while sqlx::query_scalar::<_, bool>(is_any).fetch_one(&self.store.read).await.unwrap() {
                drop(self.turn().await);
            }
        };
        timeout(Duration::from_secs(60), finish).await.expect("it is finished");
    }

    /// Whether the file holds a text, after the last connection has closed it.
    async fn holds(self, text: &str) -> bool {
        self.store.close().await;
        let file = std::fs::read(self.directory.path().join(FILE_NAME)).unwrap();
        file.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

async fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(directory, std::sync::Arc::new(NoFollowers)).await.unwrap()
}

fn id(n: u64) -> ClientId {
    ClientId(uuid::Uuid::from_u128(n.into()))
}

#[tokio::test]
async fn a_deleted_room_is_gone_before_it_is_overwritten() {
    let bench = Bench::new().await;

    bench.delete().await;
    let (turn, left) = bench.turn().await;

    assert!(left > 0, "it is overwritten later, and not while this holds the turn");
    let log = bench.store.replay(STREAM, Seq(0), MESSAGES).await.unwrap();
    assert!(log.iter().all(|record| record.event == GONE && record.epoch == Epoch(1)), "{:?}", log.first());
    let (user, store) = (bench.ada.user.id, &bench.store);
    assert_eq!(store.room(user, ROOM, WindowAt::End).await.unwrap(), None);
    assert_eq!(store.doorstep(ROOM).await.unwrap(), None);
    assert_eq!(store.room_named(user, "secret den").await.unwrap(), None);
    assert_eq!(store.summaries(user, &[ROOM]).await.unwrap(), []);
    assert_eq!(store.directory(user, &Default::default(), 9).await.unwrap().len(), 1, "the room for everyone");
    let facts = store.facts(&bench.ada, ROOM).await.unwrap();
    assert!(!format!("{facts:?}").contains("secret"), "{facts:?}");
    drop(turn);
}

#[tokio::test]
async fn others_write_between_the_batches_of_a_deleted_room() {
    let bench = Bench::new().await;
    bench.delete().await;

    let (mut turn, mut before) = bench.turn().await;
    let mut turns = 0;
    while before > 0 {
        drop(turn);
        let left;
        (turn, left) = bench.turn().await;
        assert!(before - left <= ROWS_MAX, "{} rows were overwritten in one go", before - left);
        (before, turns) = (left, turns + 1);
    }
    drop(turn);

    assert!(turns > 3, "{turns}");
    bench.finished().await;
    assert!(!bench.holds("secret 7").await);
}

#[tokio::test]
async fn a_batch_of_long_messages_is_bounded_in_bytes() {
    let bench = Bench::new().await;
    let long = "\u{1f600}".repeat(9_990) + "secret";
    let posts =
        (0..100).map(|n| bench.run(Command::PostMessage(PostMessage::new(id(9_000_000 + n), ROOM, long.clone()))));
    futures::future::join_all(posts).await;
    let bytes_left = async || {
        let mut turn = bench.store.begin_write().await.unwrap();
        let sql = "SELECT (SELECT coalesce(sum(octet_length(body)), 0) FROM entries WHERE room_id = 2) \
                   + (SELECT coalesce(sum(octet_length(event)), 0) FROM events WHERE stream = 'room:2' AND event LIKE '%secret%')";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *turn).await.unwrap()
    };
    let mut before = bytes_left().await;
    assert!(before > 4 * BYTES_MAX, "{before}");

    bench.delete().await;
    while before > 0 {
        let left = bytes_left().await;
        assert!(before - left <= BYTES_MAX, "{} bytes were overwritten in one go", before - left);
        before = left;
    }
}

#[tokio::test]
async fn what_was_not_overwritten_when_the_server_stopped_is_after_it_has_started() {
    let mut bench = Bench::new().await;
    bench.delete().await;
    let (turn, left) = bench.turn().await;
    assert!(left > 0);

    tokio::join!(bench.store.close(), async { drop(turn) });
    bench.store = open(bench.directory.path()).await;
    bench.finished().await;

    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM rooms").fetch_one(&bench.store.read).await.unwrap();
    assert_eq!((rows, bench.turn().await.1), (1, 0));
    assert!(!bench.holds("secret 7").await);
}

#[tokio::test]
async fn what_belongs_to_a_room_refers_to_nothing_else_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await;

    let tables = tables(&mut store.read.acquire().await.unwrap()).await.unwrap();

    assert!(tables.len() >= 3, "{tables:?}");
    for table in &tables {
        let sql = "SELECT \"table\" FROM pragma_foreign_key_list(?)";
        let others: Vec<String> = sqlx::query_scalar(sql).bind(table).fetch_all(&store.read).await.unwrap();
        assert!(others.iter().all(|other| !tables.contains(other)), "{table}: batches take them in any order");
    }
}
