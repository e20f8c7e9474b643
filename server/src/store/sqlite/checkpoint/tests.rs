//! How long the log gets, who pays for it, and what is said where it cannot be helped.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::future::join_all;
use protocol::{Command, Done};
use tokio::time::timeout;

use super::*;
use crate::store::{
    ExecuteError, Store as _, StreamStore as _,
    sqlite::{
        FILE_NAME, Tuning,
        bench::{Bench, GENERAL, MANY_PAGES, files},
    },
};

/// Small enough to be reached soon.
const SMALL: LogLimits = LogLimits { copy: 50, restart: 200, max: 600, probe_interval: Duration::from_millis(20) };

/// What is written between two looks, and until writing is refused, comes on top.
const ON_TOP: u64 = 4_000;

/// A page and its head in the log.
const PAGE_BYTES: u64 = 4_096 + 24;

async fn small() -> Bench {
    Bench::with(Tuning { log: SMALL, ..Tuning::default() }).await
}

fn posts(bench: &mut Bench, count: usize) -> Vec<Command> {
    (0..count).map(|n| bench.post(GENERAL, &n.to_string().repeat(50))).collect()
}

async fn run(bench: &Bench, posts: &[Command]) -> Vec<Result<Done, ExecuteError>> {
    join_all(posts.iter().cloned().map(|post| bench.run(post))).await
}

fn log_bytes(bench: &Bench) -> u64 {
    std::fs::metadata(bench.directory.path().join(format!("{FILE_NAME}-wal"))).unwrap().len()
}

/// Asks again and again until it is so.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.expect("it comes");
}

#[tokio::test]
async fn the_log_is_copied_beside_who_commits() {
    let mut bench = small().await;
    let path = bench.directory.path().join(FILE_NAME);
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let before = std::fs::metadata(&path).unwrap().len();

    for _ in 0..5 {
        let posts = posts(&mut bench, 200);
        assert!(run(&bench, &posts).await.iter().all(Result::is_ok));
    }

    until(async || {
        let log: (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut other).await.unwrap();
        log.1 - log.2 < SMALL.copy
    })
    .await;
    assert!(std::fs::metadata(&path).unwrap().len() > before, "it is in the database");
}

#[tokio::test]
async fn the_log_starts_again_while_somebody_always_writes() {
    let mut bench = small().await;
    let posts = posts(&mut bench, 16 * 400);

    // Sixteen who always write: there is no moment at which all is copied.
    let lines = posts.chunks(400).map(async |line| {
        for post in line {
            bench.run(post.clone()).await.unwrap();
        }
    });
    join_all(lines).await;

    // All that was written are three times as many.
    let pages = log_bytes(&bench) / PAGE_BYTES;
    assert!(pages < SMALL.restart.cast_unsigned() + ON_TOP, "{pages} pages");
}

#[tokio::test]
async fn a_reader_who_holds_the_log_open_bounds_it_and_shows() {
    let mut bench = small().await;
    let path = bench.directory.path().join(FILE_NAME);
    let mut reader = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    sqlx::query("SELECT count(*) FROM events").fetch_one(&mut reader).await.unwrap();

    let mut stored = Vec::new();
    let refused = loop {
        let posts = posts(&mut bench, 20);
        let (done, refused): (Vec<_>, Vec<_>) = run(&bench, &posts).await.into_iter().partition(Result::is_ok);
        stored.extend(done.into_iter().map(Result::unwrap));
        assert!(stored.len() < 20_000, "the log grows without end");
        if let Some(refused) = refused.into_iter().next() {
            break refused.unwrap_err();
        }
    };

    assert!(matches!(refused, ExecuteError::Store(StoreError::Busy)), "{refused:?}");
    let reason = bench.store.write_health().unwrap_err();
    assert!(reason.contains("holds the log"), "{reason}");
    assert!(log_bytes(&bench) < (SMALL.max.cast_unsigned() + ON_TOP) * PAGE_BYTES, "{}", log_bytes(&bench));

    sqlx::query("COMMIT").execute(&mut reader).await.unwrap();
    reader.close().await.unwrap();
    until(async || bench.store.write_health().is_ok()).await;
    let post = bench.post(GENERAL, "again");
    stored.push(bench.run(post).await.unwrap());
    bench.has(&stored).await;
    bench.store.close().await;
    assert_eq!(files(bench.directory.path()), [FILE_NAME]);
}

#[tokio::test]
async fn health_recovers_from_a_full_disk_without_anybody_who_writes() {
    let mut bench = small().await;
    bench.pages_max.store(1, Ordering::Relaxed);
    bench.store.lane.reconnect().await;
    loop {
        let post = bench.post(GENERAL, &"word ".repeat(1_900));
        if bench.run(post).await.is_err() {
            break;
        }
    }
    assert!(bench.store.write_health().is_err());

    let well = timeout(10 * SMALL.probe_interval, until(async || bench.store.write_health().is_ok())).await;
    assert!(well.is_err(), "it is full all the same");
    bench.pages_max.store(MANY_PAGES, Ordering::Relaxed);
    bench.store.lane.reconnect().await;

    until(async || bench.store.write_health().is_ok()).await;
}

#[tokio::test]
async fn what_cannot_be_copied_bounds_the_log_and_shows() {
    let refuses = Arc::new(AtomicBool::new(true));
    let tuning = Tuning { log: SMALL, refuses_copies: Some(Arc::clone(&refuses)), ..Tuning::default() };
    let mut bench = Bench::with(tuning).await;

    let mut stored = Vec::new();
    let refused = loop {
        let posts = posts(&mut bench, 20);
        let (done, refused): (Vec<_>, Vec<_>) = run(&bench, &posts).await.into_iter().partition(Result::is_ok);
        stored.extend(done.into_iter().map(Result::unwrap));
        assert!(stored.len() < 20_000, "the log grows without end");
        if let Some(refused) = refused.into_iter().next() {
            break refused.unwrap_err();
        }
    };

    assert!(matches!(refused, ExecuteError::Store(StoreError::Busy)), "{refused:?}");
    until(async || bench.store.write_health().is_err_and(|reason| reason.contains("cannot be copied"))).await;
    assert!(timeout(10 * SMALL.probe_interval, until(async || bench.store.write_health().is_ok())).await.is_err());
    assert!(log_bytes(&bench) < (SMALL.max.cast_unsigned() + ON_TOP) * PAGE_BYTES, "{}", log_bytes(&bench));

    refuses.store(false, Ordering::Relaxed);
    until(async || bench.store.write_health().is_ok()).await;
    let post = bench.post(GENERAL, "again");
    stored.push(bench.run(post).await.unwrap());
    bench.has(&stored).await;
}

/// A keeper that looks when it is asked to, beside one with nothing to do, and a log that is to start again.
async fn asked() -> (Bench, Keeper) {
    let mut bench = Bench::new().await;
    let posts = posts(&mut bench, 2 * usize::try_from(SMALL.restart).unwrap());
    for posts in posts.chunks(10) {
        assert!(run(&bench, posts).await.iter().all(Result::is_ok));
    }
    let options =
        SqliteConnectOptions::new().filename(bench.directory.path().join(FILE_NAME)).pragma("wal_autocheckpoint", "0");
    let mut lane = bench.store.lane.clone();
    lane.busy_timeout = Duration::from_millis(10);
    let limits = LogLimits { copy: 50, restart: 200, max: 100_000, ..SMALL };
    (bench, Keeper::new(lane, Box::new(move || options.clone()), limits))
}

#[tokio::test]
async fn a_log_that_starts_again_already_is_left_alone() {
    let (mut bench, mut keeper) = asked().await;
    assert!(matches!(keeper.keep().await, Ok(false)));

    let turn = bench.store.begin_write().await.unwrap();
    let again = keeper.keep().await;
    assert!(matches!(again, Ok(false)), "it takes no turn: {again:?}");

    drop(turn);
    let posts = posts(&mut bench, 20);
    assert!(run(&bench, &posts).await.iter().all(Result::is_ok));
    assert!(keeper.ask("PRAGMA wal_checkpoint(NOOP)").await.unwrap().pages < SMALL.restart, "it started again");
}

#[tokio::test]
async fn who_reads_at_the_end_of_the_log_makes_everybody_wait_less_and_less_often() {
    let (bench, mut keeper) = asked().await;
    let path = bench.directory.path().join(FILE_NAME);
    let mut reader = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    sqlx::query("SELECT count(*) FROM events").fetch_one(&mut reader).await.unwrap();

    for round in 0..10 {
        assert!(matches!(keeper.keep().await, Ok(true)));
        let pause = keeper.restarts.not_before.unwrap() - Instant::now();
        let most = (HELD_INTERVAL * 2_u32.pow(round)).min(RESTART_PAUSE_MAX);
        assert!(pause <= most && pause > most / 2, "{pause:?} of {most:?}");
        keeper.restarts.not_before = Some(Instant::now() + RESTART_PAUSE_MAX);
        let turn = bench.store.begin_write().await.unwrap();
        assert!(matches!(keeper.keep().await, Ok(true)), "nobody waits in between");
        drop(turn);
        keeper.restarts.not_before = Some(Instant::now());
    }

    sqlx::query("COMMIT").execute(&mut reader).await.unwrap();
    assert!(matches!(keeper.keep().await, Ok(false)));
    assert_eq!(keeper.restarts.pause, HELD_INTERVAL);
}
