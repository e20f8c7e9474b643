//! What disks and power do wrong, done to a server that is a process of its own.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use protocol::{Body, EntryKind, ErrorCode, HistoryPage, RoomId, StreamId};
use tempfile::TempDir;

use crate::support::{Client, Process, Start, socket::post};

const GENERAL: RoomId = RoomId(1);

fn start(data: &Path) -> Process {
    Process::start(data, Start::default())
}

/// All that was said, in order.
async fn texts(client: &Client) -> Vec<String> {
    let (mut all, mut before) = (Vec::new(), "9007199254740991".to_owned());
    loop {
        let answer = client.get(&format!("/api/v1/rooms/1/history?before={before}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let page: HistoryPage = serde_json::from_str(&answer.body).unwrap();
        let Some(first) = page.entries.first() else { break };
        before = first.seq.to_string();
        let said = page.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Message { body: Body::Text { text, .. }, .. } => Some(text.clone()),
            EntryKind::Message { body: Body::Deleted, .. } | EntryKind::Notice { .. } => None,
        });
        all.splice(0..0, said);
    }
    all
}

/// Whether this system lets a program be run by `strace`; some containers do not, and then the test says that it was not
/// tried.
#[expect(clippy::print_stderr, reason = "who reads the output has to know")]
fn may_trace() -> bool {
    let traced = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let may = traced.unwrap_or_else(|error| panic!("strace: {error}. Run `cargo xtask setup`.")).success();
    if !may {
        eprintln!("not tried: this system lets no program be traced");
    }
    may
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_is_never_acknowledged_and_shows() {
    if may_trace() {
        a_sync_fails("").await;
    }
}

#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_sync_is_noticed() {
    if may_trace() {
        server::sabotage::fails(a_sync_fails("without=sync"), "acknowledged, and not on disk").await;
    }
}

/// `failpoints`: what the server that cannot sync is without.
async fn a_sync_fails(failpoints: &str) {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    let ada = server.user("ada").await;
    ada.connect().await.say(GENERAL, "before").await;
    server.signal("-TERM");

    let fail = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e"];
    let fail = [fail.as_slice(), &["inject=fsync,fdatasync:error=EIO"]].concat();
    let server = Process::start(directory.path(), Start { under: &fail, failpoints, ..Start::default() });
    let ada = server.back(&ada);
    let mut socket = ada.connect().await;
    let refused = post(GENERAL, "while nothing is synced");
    for _ in 0..3 {
        let answer = socket.ask(refused.clone()).await;
        assert!(answer.is_err(), "acknowledged, and not on disk: {answer:?}");
        assert_eq!(answer, Err(ErrorCode::Unavailable));
    }
    let health = ada.get("/healthz").await;
    assert_eq!(health.status, 503);
    assert!(health.body.contains("failed to take a commit"), "{}", health.body);
    assert_eq!(texts(&ada).await.first().map(String::as_str), Some("before"), "reading goes on");
    server.signal("-TERM");

    let server = start(directory.path());
    let ada = server.back(&ada);
    assert_eq!(ada.get("/healthz").await.status, 200);
    let mut socket = ada.connect().await;
    socket.append(refused.clone()).await;
    socket.append(refused).await;
    assert_eq!(texts(&ada).await, ["before", "while nothing is synced"], "once, whatever had got to the disk");
    server.signal("-TERM");
    let left = directory.path().read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert!(!left.into_iter().any(|file| file.ends_with("-wal") || file.ends_with("-shm")), "all is in one file");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_each_of_twenty_kills() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = start(directory.path());
    let mut ada = server.user("ada").await;
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 0..20_u64 {
        let mut lines = Vec::new();
        for line in 0..3 {
            let (mut socket, acknowledged) = (ada.connect().await, Arc::clone(&acknowledged));
            // It ends with the connection.
            lines.push(tokio::spawn(async move {
                for n in 0.. {
                    let text = format!("{round}-{line}-{n}");
                    socket.say(GENERAL, &text).await;
                    acknowledged.lock().unwrap().insert(text);
                }
            }));
        }
        let mut watch = ada.connect().await;
        watch.follow(StreamId::Room(GENERAL)).await;
        for _ in 0..=round {
            watch.event(StreamId::Room(GENERAL)).await;
        }
        server.signal("-KILL");
        for line in lines {
            assert!(line.await.is_err());
        }
        server = start(directory.path());
        ada = server.back(&ada);
    }

    let stored = texts(&ada).await;
    let once: BTreeSet<_> = stored.iter().cloned().collect();
    assert_eq!(once.len(), stored.len(), "nothing twice");
    let acknowledged = acknowledged.lock().unwrap();
    assert!(acknowledged.len() >= 20, "{}", acknowledged.len());
    let lost: Vec<_> = acknowledged.difference(&once).collect();
    assert!(lost.is_empty(), "{lost:?}");
    server.signal("-TERM");
}

/// A disk of a few megabytes.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` for who may not mount anything.
    fn mount() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(disk.0.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(disk)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).stderr(Stdio::null()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_so_and_is_over_once_there_is_room() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("not tried: mounting a small disk needs root");
        return;
    };
    let other = disk.0.path().join("something else");
    std::fs::write(&other, vec![1; 4 * 1024 * 1024]).unwrap();
    let server = start(&disk.0.path().join("data"));
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    let long = "word ".repeat(1_900);

    let mut stored = 0;
    let refused = loop {
        let command = socket.send(post(GENERAL, &long)).await;
        match socket.answer(command).await {
            Ok(_) => stored += 1,
            Err(refused) => break refused,
        }
        assert!(stored < 1_000, "it is never full");
    };
    assert_eq!((refused.code, &*refused.message), (ErrorCode::Unavailable, FULL));
    let health = ada.get("/healthz").await;
    assert_eq!(health.status, 503);
    assert!(health.body.contains("the disk is full"), "{}", health.body);
    assert_eq!(texts(&ada).await.len(), stored, "reading goes on, and what was refused is not there");

    std::fs::remove_file(other).unwrap();
    for _ in 0..3 {
        socket.say(GENERAL, &long).await;
    }
    assert_eq!(ada.get("/healthz").await.status, 200);
    assert_eq!(texts(&ada).await.len(), stored + 3);
    server.signal("-TERM");
}

const FULL: &str = "The server's disk is full: nothing can be stored. Reading works.";
