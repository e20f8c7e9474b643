//! A store with the words that the tests beside it speak in.

use std::{
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicU32},
    time::Duration,
};

use protocol::{ClientId, Command, Done, Record, RoomId, Seq, StreamId, UnixMs, Username, messages::PostMessage};

use super::{SqliteStore, Tuning};
use crate::{
    limits::Limits,
    store::{
        AccountStore as _, Actor, ExecuteError, Sink, StreamStore as _,
        accounts::{Admission, NewAccount, NewSession, TokenHash},
        underway::Underway,
    },
};

pub(super) const NOW: UnixMs = UnixMs(1_700_000_000_000);
pub(super) const GENERAL: RoomId = RoomId(1);
/// More than any of these tests fills.
pub(super) const MANY_PAGES: u32 = 1_000_000;

/// Remembers what was told, in order, and each time whether more was about to be.
#[derive(Default)]
pub(super) struct Told {
    pub(super) records: Mutex<Vec<Arc<Record>>>,
    pub(super) and_more: Mutex<Vec<bool>>,
    pub(super) underway: Underway,
}

impl Sink for Told {
    fn committed(&self, records: &[Arc<Record>]) {
        self.records.lock().unwrap().extend_from_slice(records);
        self.and_more.lock().unwrap().push(self.underway.next(StreamId::Room(GENERAL)).is_some());
    }

    fn underway(&self) -> Underway {
        self.underway.clone()
    }
}

pub(super) struct Bench {
    pub(super) directory: tempfile::TempDir,
    pub(super) store: SqliteStore,
    pub(super) told: Arc<Told>,
    pub(super) ada: Actor,
    pub(super) pages_max: Arc<AtomicU32>,
    ids: u128,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(Tuning { busy_timeout: Duration::from_secs(1), ..Tuning::default() }).await
    }

    pub(super) async fn with(tuning: Tuning) -> Self {
        let (directory, told) = (tempfile::tempdir().unwrap(), Arc::new(Told::default()));
        let pages_max = Arc::new(AtomicU32::new(MANY_PAGES));
        let tuning = Tuning { pages_max: Some(Arc::clone(&pages_max)), ..tuning };
        let sink: Arc<dyn Sink> = told.clone();
        let store = SqliteStore::open_tuned(directory.path(), sink, &Limits::default(), tuning).await.unwrap();
        let session = NewSession { token: TokenHash([1; 32]), device: String::new(), per_user_max: 9 };
        let username = Username::parse("ada").unwrap();
        let account = NewAccount { username, password_hash: String::new(), admission: Admission::Open, session };
        let ada = Actor::from(&store.sign_up(account, NOW).await.unwrap().session);
        Self { directory, store, told, ada, pages_max, ids: 0 }
    }

    pub(super) fn id(&mut self) -> ClientId {
        self.ids += 1;
        ClientId(uuid::Uuid::from_u128(self.ids))
    }

    pub(super) fn post(&mut self, room: RoomId, text: &str) -> Command {
        Command::PostMessage(PostMessage::new(self.id(), room, text.to_owned()))
    }

    pub(super) async fn run(&self, command: Command) -> Result<Done, ExecuteError> {
        self.store.execute(&self.ada, command, NOW).await
    }

    pub(super) async fn log(&self, room: RoomId) -> Vec<Arc<Record>> {
        self.store.replay(StreamId::Room(room), Seq(0), 1_000_000).await.unwrap()
    }

    /// The log has these answers, one place after the other without a hole, and what is told is what is stored.
    pub(super) async fn has(&self, answers: &[Done]) {
        let log = self.log(GENERAL).await;
        let seqs: Vec<u64> = log.iter().map(|record| record.seq.0).collect();
        assert_eq!(seqs, (1..=log.len() as u64).collect::<Vec<_>>(), "no holes");
        let posted: Vec<Seq> = log.iter().filter(|r| r.client_id.is_some()).map(|r| r.seq).collect();
        let mut acknowledged: Vec<Seq> = answers.iter().map(|done| seq(*done)).collect();
        acknowledged.sort();
        assert_eq!(posted, acknowledged, "each acknowledged one is there, and nothing else");
        let told = self.told.records.lock().unwrap().clone();
        let told: Vec<_> = told.into_iter().filter(|r| r.stream == StreamId::Room(GENERAL)).collect();
        assert_eq!(told, log, "what is told is what is stored, in order");
    }
}

pub(super) fn seq(done: Done) -> Seq {
    match done {
        Done::Appended { seq, .. } => seq,
        Done::Unchanged => panic!("nothing was appended"),
    }
}

pub(super) fn files(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}
