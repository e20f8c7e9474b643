//! Several nodes on one bus.

use super::*;

#[tokio::test(start_paused = true)]
async fn presence_crosses_nodes_and_a_node_that_comes_later_learns_it() {
    let network = Network::default();
    let (first, early) = (Node::join(&network, 1, 2), Node::join(&network, 2, 2));
    let mut ada = early.watcher(ADA).await;
    let bob = first.active(BOB);
    ada.until(|picture| picture.of(BOB).is_some_and(|bob| bob.here)).await;

    let late = Node::join(&network, 3, 2);
    let mut other = late.watcher(ADA).await;
    let took = other.until_is(BOB, PresenceState::Online).await;
    assert!(took <= Duration::from_secs(5), "{took:?}");
    // The leases keep it so.
    assert_eq!(ada.passes(Duration::from_secs(600)).await, 0);

    first.report(&bob, AWAY);
    ada.until_is(BOB, PresenceState::Away).await;
    other.until_is(BOB, PresenceState::Away).await;
    first.hub.viewing_set(BOB, false);
    first.report(&bob, HERE);
    other.until_is(BOB, PresenceState::Online).await;
    assert!(!other.of(BOB).here);
}

#[tokio::test(start_paused = true)]
async fn the_users_of_a_node_that_died_are_gone_within_15_seconds() {
    let network = Network::default();
    let (dies, lives) = (Node::join(&network, 1, 2), Node::join(&network, 2, 2));
    let mut ada = lives.watcher(ADA).await;
    let _bob = dies.active(BOB);
    ada.until_is(BOB, PresenceState::Online).await;
    ada.passes(Duration::from_secs(33)).await;

    dies.stop.cancel();

    let took = ada.until_is(BOB, PresenceState::Offline).await;
    assert!(took <= Duration::from_secs(15), "{took:?}");
    assert!(ada.of(BOB).last_seen.is_some());
}

#[tokio::test(start_paused = true)]
async fn who_moves_to_another_node_stays() {
    let network = Network::default();
    let (one, other) = (Node::join(&network, 1, 2), Node::join(&network, 2, 2));
    let mut ada = one.watcher(ADA).await;
    let here = one.active(BOB);
    ada.until_is(BOB, PresenceState::Online).await;

    drop(here);
    let _there = other.active(BOB);

    assert_eq!(ada.passes(Duration::from_secs(60)).await, 0);
}
