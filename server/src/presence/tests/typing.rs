//! Who is writing.

use protocol::limits::{TYPING_MS_MAX, TYPISTS_TOLD_MAX};

use super::*;

#[tokio::test(start_paused = true)]
async fn typing_is_told_soon_and_ends_by_itself() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;

    node.hub.presence().set_typing(ROOM, &user(2), true);
    ada.passes(Duration::from_millis(200)).await;
    assert_eq!(ada.typing.pop().unwrap().users, [user(2)]);

    // Saying so again is no news.
    for _ in 0..5 {
        node.hub.presence().set_typing(ROOM, &user(2), true);
        ada.passes(Duration::from_secs(1)).await;
    }
    assert_eq!(ada.typing, []);

    ada.passes(Duration::from_millis(TYPING_MS_MAX)).await;
    assert_eq!(ada.typing.pop().unwrap().users, []);
}

#[tokio::test(start_paused = true)]
async fn a_message_ends_typing_and_so_does_saying_so() {
    let node = Node::alone(9);
    let mut ada = node.watcher(ADA).await;
    for stops in [true, false] {
        // The messages of these tests are from user 9.
        node.hub.presence().set_typing(ROOM, &user(9), true);
        ada.passes(Duration::from_millis(200)).await;
        assert_eq!(ada.typing.pop().unwrap().users, [user(9)]);

        if stops {
            node.hub.presence().set_typing(ROOM, &user(9), false);
        } else {
            node.commit((*message(1)).clone());
        }
        ada.passes(Duration::from_millis(200)).await;
        assert_eq!(ada.typing.pop().unwrap().users, []);
    }
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_at_most_ten_times_a_second_and_names_a_few() {
    let node = Node::alone(9);
    let mut ada = node.watcher(ADA).await;

    for n in 0..200 {
        node.hub.presence().set_typing(ROOM, &user(2), n % 2 == 0);
        ada.passes(Duration::from_millis(5)).await;
    }
    assert!(ada.typing.len() <= 11, "{} frames in a second", ada.typing.len());

    for id in 2..=2 + TYPISTS_TOLD_MAX as u64 {
        node.hub.presence().set_typing(ROOM, &user(id), true);
    }
    ada.passes(Duration::from_millis(200)).await;
    assert_eq!(ada.typing.pop().unwrap().users.len(), TYPISTS_TOLD_MAX);
}

#[tokio::test(start_paused = true)]
async fn typing_crosses_nodes() {
    let network = Network::default();
    let (here, there) = (Node::join(&network, 1, 2), Node::join(&network, 2, 2));
    let mut ada = here.watcher(ADA).await;

    there.hub.presence().set_typing(ROOM, &user(2), true);
    ada.passes(Duration::from_millis(300)).await;

    assert_eq!(ada.typing.pop().unwrap().users, [user(2)]);
}
