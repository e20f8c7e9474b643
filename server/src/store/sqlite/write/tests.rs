//! A disk that is full, a file that others hold, callers that go away: what is answered, and what is there afterwards.

use std::sync::atomic::Ordering;

use futures::{FutureExt as _, future::join_all};
use protocol::{
    Command, RoomId, Username,
    rooms::{CreateRoom, History, Visibility},
};

use super::*;
use crate::store::{
    AccountStore as _, ExecuteError, Store as _, StreamStore as _,
    accounts::{NewSession, SessionId, TokenHash},
    sqlite::{
        FILE_NAME, Tuning,
        bench::{Bench, GENERAL, MANY_PAGES, NOW, files},
        checkpoint::LogLimits,
    },
};

#[tokio::test]
async fn a_full_disk_says_so_and_recovers() {
    let mut bench = Bench::new().await;
    bench.pages_max.store(1, Ordering::Relaxed);
    bench.store.lane.reconnect().await;
    let long = "word ".repeat(1_000);

    let (mut stored, mut first) = (Vec::new(), None);
    for _ in 0..200 {
        let post = bench.post(GENERAL, &long);
        match bench.run(post).await {
            Ok(done) => stored.push(done),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    let first = first.expect("it is full");
    assert!(matches!(first, ExecuteError::Store(StoreError::Full(_))), "{first:?}");
    assert!(bench.store.write_health().unwrap_err().contains("full"));
    assert!(!bench.log(GENERAL).await.is_empty(), "reading goes on");
    let session = NewSession { token: TokenHash([2; 32]), device: "d".repeat(90_000), per_user_max: 9 };
    let of = bench.store.credentials(&Username::parse("ada").unwrap()).await.unwrap().unwrap();
    let session = bench.store.open_session(&of, session, NOW).await;
    assert!(matches!(session, Err(StoreError::Full(_))), "who writes beside the queue is told as well");

    bench.pages_max.store(MANY_PAGES, Ordering::Relaxed);
    bench.store.lane.reconnect().await;
    for _ in 0..3 {
        let post = bench.post(GENERAL, &long);
        stored.push(bench.run(post).await.expect("there is room again"));
    }
    assert_eq!(bench.store.write_health(), Ok(()));
    bench.has(&stored).await;
}

#[tokio::test]
async fn a_database_that_is_locked_is_busy_for_everybody_and_not_for_longer_than_it_says() {
    let mut bench = Bench::with(Tuning { busy_timeout: Duration::from_secs(2), ..Tuning::default() }).await;
    let path = bench.directory.path().join(FILE_NAME);
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let posts: Vec<_> = (0..600).map(|n| bench.post(GENERAL, &n.to_string())).collect();

    let start = Instant::now();
    let waiting = join_all(posts.iter().cloned().map(|post| bench.run(post)));
    let beside = bench.store.end_sessions_but(bench.ada.user.id, SessionId(1));
    let (answers, beside) = tokio::join!(waiting, beside);

    let took = start.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert!(matches!(beside, Err(StoreError::Busy)), "{beside:?}");
    for answer in &answers {
        assert!(matches!(answer, Err(ExecuteError::Store(StoreError::Busy))), "{answer:?}");
    }
    assert_eq!(bench.store.write_health(), Ok(()), "that is no fault of the disk");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let retried = join_all(posts.iter().cloned().map(|post| bench.run(post))).await;
    let retried: Vec<_> = retried.into_iter().map(Result::unwrap).collect();
    bench.has(&retried).await;
}

#[tokio::test]
async fn who_goes_away_in_the_middle_leaves_nothing_and_stops_nobody() {
    let mut bench = Bench::new().await;

    let sql = "UPDATE streams SET head = head + 1000";
    for round in 0..100 {
        // Left while it begins, or between two statements, or in the middle of one.
        assert!(round % 4 > 0 || bench.store.begin_write().now_or_never().is_none_or(|begun| begun.is_ok()));
        let mut write = bench.store.begin_write().await.expect("it is nobody's turn any more");
        for _ in 0..round % 10 {
            sqlx::query(sql).execute(&mut *write).await.unwrap();
        }
        if round % 3 > 0 {
            sqlx::query(sql).execute(&mut *write).now_or_never();
        }
    }

    let post = bench.post(GENERAL, "hi");
    let done = bench.run(post).await.expect("it is nobody's turn any more");
    bench.has(&[done]).await;
}

#[tokio::test]
async fn what_is_being_committed_is_told_also_where_the_caller_goes_away() {
    let bench = Bench::new().await;
    let told = || bench.told.records.lock().unwrap().len();
    let before = told();
    let record = bench.log(GENERAL).await.remove(0);
    let mut write = bench.store.begin_write().await.unwrap();
    sqlx::query("UPDATE server SET rooms = 77").execute(&mut *write).await.unwrap();

    let left = write.commit_and_tell(vec![record], || {}).now_or_never();

    assert!(left.is_none(), "it is left while it waits");
    let mut next = bench.store.begin_write().await.unwrap();
    assert_eq!(told(), before + 1, "it was told before the next turn began");
    let rooms: i64 = sqlx::query_scalar("SELECT rooms FROM server").fetch_one(&mut *next).await.unwrap();
    assert_eq!(rooms, 77);
}

#[tokio::test]
async fn a_command_that_fails_by_itself_fails_alone() {
    let mut bench = Bench::new().await;
    let create = CreateRoom {
        client_id: bench.id(),
        name: "den".to_owned(),
        visibility: Visibility::Public,
        history: History::Everything,
    };
    bench.run(Command::CreateRoom(create)).await.unwrap();
    let mut write = bench.store.begin_write().await.unwrap();
    sqlx::query("UPDATE rooms SET info = 'no room' WHERE id = 2").execute(&mut *write).await.unwrap();
    let posts = [bench.post(GENERAL, "a"), bench.post(RoomId(2), "b"), bench.post(GENERAL, "c")];

    let (answers, ()) =
        tokio::join!(join_all(posts.into_iter().map(|post| bench.run(post))), async { write.commit().await.unwrap() });

    assert!(matches!(answers[1], Err(ExecuteError::Store(StoreError::Internal(_)))), "{:?}", answers[1]);
    let stored: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
    assert_eq!(stored.len(), 2);
    bench.has(&stored).await;
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_says_so_and_recovers() {
    let log = LogLimits { probe_interval: Duration::from_millis(20), ..LogLimits::default() };
    let mut bench = Bench::with(Tuning { log, ..Tuning::default() }).await;
    let (here, away) = (bench.directory.path().join(FILE_NAME), bench.directory.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    bench.store.lane.reconnect().await;

    let post = bench.post(GENERAL, "hi");
    let refused = bench.run(post.clone()).await;
    assert!(matches!(refused, Err(ExecuteError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    assert!(bench.store.write_health().is_err());
    assert!(!here.exists(), "no other one is made in its place");

    std::fs::write(&here, "no database ".repeat(1_000)).unwrap();
    let refused = bench.run(post.clone()).await;
    assert!(matches!(refused, Err(ExecuteError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    assert!(bench.store.write_health().is_err());

    std::fs::rename(&away, &here).unwrap();
    while bench.store.write_health().is_err() {
        tokio::task::yield_now().await;
    }
    let done = bench.run(post).await.unwrap();
    bench.has(&[done]).await;
}

#[tokio::test]
async fn nothing_but_the_database_is_left_in_its_folder() {
    let mut bench = Bench::new().await;
    let post = bench.post(GENERAL, "hi");
    bench.run(post).await.unwrap();
    drop(bench.store.begin_write().await.unwrap());
    bench.pages_max.store(1, Ordering::Relaxed);
    bench.store.lane.reconnect().await;
    loop {
        let post = bench.post(GENERAL, &"word ".repeat(1_900));
        if bench.run(post).await.is_err() {
            break;
        }
    }

    bench.store.close().await;

    assert_eq!(files(bench.directory.path()), [FILE_NAME]);
    let post = bench.post(GENERAL, "too late");
    assert!(matches!(bench.run(post).await, Err(ExecuteError::Store(StoreError::Busy))));
    assert!(matches!(bench.store.begin_write().await, Err(StoreError::Busy)), "nothing opens it again");
    assert_eq!(files(bench.directory.path()), [FILE_NAME]);
}
