//! What is in one batch: that it is one, and that it comes to what the same would one after the other.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use futures::future::join_all;
use protocol::{ReadCursor, RoomId, Seq, UserId};

use crate::store::{
    StreamStore as _,
    sqlite::bench::{Bench, GENERAL},
};

/// Accounts that are in the room for everyone, made by hand.
const FIRST: u64 = 100;
const LAST: u64 = 599;

async fn crowd(bench: &Bench) {
    let mut write = bench.store.begin_write().await.unwrap();
    let users = "WITH RECURSIVE n (i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 599) \
                 INSERT INTO users (id, username, username_key, password_hash, role, created_at_ms) \
                 SELECT i, 'u' || i, 'u' || i, '', 'member', 0 FROM n";
    sqlx::query(users).execute(&mut *write).await.unwrap();
    let members = "INSERT INTO members (room_id, user_id, since) SELECT 1, id, 1 FROM users WHERE id >= 100";
    sqlx::query(members).execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
}

/// Counts the commits on the connection that writes from now on.
async fn commits(bench: &Bench) -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let mut write = bench.store.begin_write().await.unwrap();
    write.lock_handle().await.unwrap().set_commit_hook(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    });
    count
}

fn at(seq: u64) -> ReadCursor {
    ReadCursor { version: 0, seq: Seq(seq) }
}

#[tokio::test]
async fn read_cursors_share_the_commit_of_their_batch() {
    let mut bench = Bench::new().await;
    crowd(&bench).await;
    for _ in 0..5 {
        let post = bench.post(GENERAL, "hi");
        bench.run(post).await.unwrap();
    }
    let commits = commits(&bench).await;

    let post = bench.post(GENERAL, "beside");
    let moves = (FIRST..=LAST).map(|user| bench.store.set_read_cursor(UserId(user), GENERAL, at(user % 9)));
    let (posted, moved) = tokio::join!(bench.run(post), join_all(moves));

    posted.unwrap();
    for (user, moved) in (FIRST..=LAST).zip(moved) {
        assert_eq!(moved.unwrap(), Some(at((user % 9).min(7))), "up to what is there");
    }
    let commits = commits.load(Ordering::Relaxed);
    assert!(commits <= 3, "{commits} commits");
}

#[tokio::test]
async fn read_cursors_of_one_user_come_to_what_the_merge_says() {
    let mut bench = Bench::new().await;
    for _ in 0..5 {
        let post = bench.post(GENERAL, "hi");
        bench.run(post).await.unwrap();
    }
    let (ada, bob) = (bench.ada.user.id, UserId(99));
    let set = |user, room, version, seq| bench.store.set_read_cursor(user, room, ReadCursor { version, seq: Seq(seq) });

    let together = tokio::join!(set(ada, GENERAL, 1, 4), set(ada, GENERAL, 0, 5), set(ada, GENERAL, 1, 2));
    let others = tokio::join!(set(bob, GENERAL, 1, 2), set(ada, RoomId(9), 0, 1));
    let older = set(ada, GENERAL, 0, 6).await.unwrap();

    let merged = Some(ReadCursor { version: 1, seq: Seq(4) });
    for moved in [together.0, together.1, together.2] {
        assert_eq!(moved.unwrap(), merged);
    }
    assert_eq!((others.0.unwrap(), others.1.unwrap()), (None, None), "who is no member has none");
    assert_eq!(older, merged, "an older one changes nothing");
}
