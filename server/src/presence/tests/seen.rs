//! When somebody was there last, when it cannot be written down.

use std::sync::atomic::Ordering;

use super::*;
use crate::presence::seen::{SEEN_USERS_MAX, Seen};

impl Node {
    /// Lets bob come and go, and waits until that has been told.
    async fn bob_was_here(&self) {
        let mut ada = self.watcher(ADA).await;
        let bob = self.active(BOB);
        ada.until_is(BOB, PresenceState::Online).await;
        drop(bob);
        ada.until_is(BOB, PresenceState::Offline).await;
    }

    fn kept(&self, user: UserId) -> Option<UnixMs> {
        self.store.seen.lock().unwrap().get(&user).copied()
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_kept_is_tried_again() {
    let node = Node::alone(2);
    node.store.failures.store(3, Ordering::SeqCst);

    node.bob_was_here().await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(node.kept(BOB), None, "the store fails");

    sleep(Duration::from_secs(4)).await;
    assert_eq!(node.kept(BOB), Some(UnixMs(1_000)));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_kept_is_kept_when_the_server_stops() {
    let node = Node::alone(2);
    node.store.failures.store(1, Ordering::SeqCst);
    node.bob_was_here().await;
    while node.store.failures.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }

    node.clock.advance(Duration::from_secs(9));
    node.stop.cancel();
    sleep(Duration::from_millis(1)).await;

    assert_eq!(node.kept(BOB), Some(UnixMs(1_000)), "and not when the server stopped");
}

#[test]
fn at_most_500_are_written_at_once_and_the_latest_time_holds() {
    let (mut seen, now) = (Seen::default(), Instant::now());
    for id in 0..=SEEN_USERS_MAX as u64 {
        seen.note(UserId(id), UnixMs(5));
    }

    let first = seen.begin(now);
    assert_eq!((first.len(), seen.begin(now).len()), (SEEN_USERS_MAX, 0), "one after the other");
    seen.note(first[0].0, UnixMs(9));
    seen.fail(&first, now + Duration::from_secs(1));
    assert!(seen.begin(now).is_empty() && seen.deadline().is_some(), "not at once");

    let (mut all, later) = (Vec::new(), now + Duration::from_secs(1));
    loop {
        let users = seen.begin(later);
        if users.is_empty() {
            break;
        }
        all.extend(users);
        seen.end();
    }
    assert_eq!((all.len(), seen.deadline()), (SEEN_USERS_MAX + 1, None));
    assert!(all.contains(&(first[0].0, UnixMs(9))));
}
