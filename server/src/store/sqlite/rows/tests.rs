//! What is kept beside a text: where its tree is, and what quotes of it show.

use protocol::{
    Command, Done, Quoted,
    messages::{DeleteMessage, EditMessage, PostMessage},
};

use super::*;
use crate::store::{
    AccountStore as _, Actor, NoFollowers, StreamStore as _, WindowAt,
    accounts::{Admission, NewAccount, NewSession, TokenHash},
    sqlite::SqliteStore,
};

const NOW: UnixMs = UnixMs(1_700_000_000_000);
const GENERAL: RoomId = RoomId(1);

struct Bench {
    _directory: tempfile::TempDir,
    store: SqliteStore,
    ada: Actor,
    ids: u128,
}

impl Bench {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path(), std::sync::Arc::new(NoFollowers)).await.unwrap();
        let session = NewSession { token: TokenHash([1; 32]), device: String::new(), per_user_max: 9 };
        let username = Username::parse("ada").unwrap();
        let account = NewAccount { username, password_hash: String::new(), admission: Admission::Open, session };
        let ada = Actor::from(&store.sign_up(account, NOW).await.unwrap().session);
        Self { _directory: directory, store, ada, ids: 0 }
    }

    fn id(&mut self) -> ClientId {
        self.ids += 1;
        ClientId(uuid::Uuid::from_u128(self.ids))
    }

    async fn run(&self, command: Command) -> Seq {
        match self.store.execute(&self.ada, command, NOW).await.unwrap() {
            Done::Appended { seq, .. } => seq,
            Done::Unchanged => panic!("nothing was appended"),
        }
    }

    async fn say(&mut self, text: &str, reply_to: Option<Seq>) -> Seq {
        let post = PostMessage::new(self.id(), GENERAL, text.to_owned());
        self.run(Command::PostMessage(PostMessage { reply_to, ..post })).await
    }

    async fn edit(&mut self, message: Seq, text: &str) {
        let edit = EditMessage { client_id: self.id(), room: GENERAL, message, text: text.to_owned() };
        self.run(Command::EditMessage(edit)).await;
    }

    /// Changes the tables by hand, as another program would.
    async fn sql(&self, sql: &'static str) {
        let mut write = self.store.begin_write().await.unwrap();
        sqlx::query(sql).execute(&mut *write).await.unwrap();
        write.commit().await.unwrap();
    }

    async fn line(&self, message: Seq) -> (Vec<Node>, Option<String>) {
        let at = WindowAt::Line(message);
        let snapshot = self.store.room(self.ada.user.id, GENERAL, at).await.unwrap().unwrap();
        let line = snapshot.window.entries.into_iter().find(|line| line.seq == message).unwrap();
        let EntryKind::Message { body: Body::Text { markup, .. }, quote, .. } = line.kind else { panic!("a text") };
        let excerpt = quote.map(|quote| match quote.content {
            Quoted::Text { excerpt, .. } => excerpt,
            Quoted::Deleted | Quoted::Hidden => panic!("it quotes a text"),
        });
        (markup, excerpt)
    }
}

#[tokio::test]
async fn a_tree_is_read_from_where_it_was_written_and_not_made_again() {
    let mut bench = Bench::new().await;
    let message = bench.say("**one**", None).await;

    // Another tree than the text would have: it shows which of them is read.
    bench.sql("UPDATE events SET event = replace(event, '\"strong\"', '\"emphasis\"')").await;
    assert_eq!(bench.line(message).await.0, markup::parse("*one*"));
    bench.edit(message, "**two**").await;
    assert_eq!(bench.line(message).await.0, markup::parse("**two**"));
    bench.sql("UPDATE events SET event = replace(event, '\"strong\"', '\"emphasis\"')").await;
    assert_eq!(bench.line(message).await.0, markup::parse("*two*"), "that of the edit");

    bench.edit(message, "three").await;
    assert_eq!(bench.line(message).await.0, []);
}

#[tokio::test]
async fn a_text_from_before_is_read_as_it_stands() {
    let mut bench = Bench::new().await;
    let message = bench.say("**one**", None).await;
    let answer = bench.say("yes", Some(message)).await;

    bench.sql("UPDATE entries SET tree_seq = NULL, excerpt = NULL").await;

    assert_eq!(bench.line(message).await.0, markup::parse("**one**"));
    assert_eq!(bench.line(answer).await.1.as_deref(), Some("**one**"));
}

#[tokio::test]
async fn what_an_older_program_changes_leaves_nothing_behind() {
    let mut bench = Bench::new().await;
    let message = bench.say("**one** @room", None).await;
    let answer = bench.say("yes", Some(message)).await;

    bench.sql("UPDATE entries SET body = '*two*', edited_at_ms = 1 WHERE ordinal = 1").await;
    assert_eq!(bench.line(message).await.0, markup::parse("*two*"));
    assert_eq!(bench.line(answer).await.1.as_deref(), Some("*two*"));

    bench.sql("UPDATE entries SET body = '', edited_at_ms = NULL, is_deleted = 1 WHERE ordinal = 1").await;
    let left = "SELECT count(*) FROM mentions";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&bench.store.read).await.unwrap();
    assert_eq!(left, 0, "nobody is counted as named in what is gone");
}

#[tokio::test]
async fn what_is_kept_beside_a_text_goes_with_it() {
    let mut bench = Bench::new().await;
    let message = bench.say("**secret**", None).await;

    let delete = DeleteMessage { client_id: bench.id(), room: GENERAL, message };
    bench.run(Command::DeleteMessage(delete)).await;

    let left = "SELECT count(*) FROM entries WHERE tree_seq IS NOT NULL OR excerpt IS NOT NULL OR body LIKE '%secret%'";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&bench.store.read).await.unwrap();
    assert_eq!(left, 0);
}
