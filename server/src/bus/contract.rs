//! What every bus has to keep, written against the trait.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test names what it waits for; everything else is one case")]

use std::{sync::Arc, time::Duration};

use protocol::{ReadCursor, RoomId, Seq, UserId};
use tokio::time::timeout;

use super::{Bus, BusMessage, Received, Subscription};

/// Messages that no subscription may have to hold.
const FLOOD: u64 = 100_000;

/// Checks the whole contract; `node` makes one more node of the same network.
pub(crate) async fn holds(node: impl Fn() -> Arc<dyn Bus>) {
    everyone_else_receives_in_order(&node).await;
    an_early_message_is_not_for_a_late_subscriber(&node).await;
    who_falls_behind_is_told_and_goes_on(&node).await;
}

async fn everyone_else_receives_in_order(node: &impl Fn() -> Arc<dyn Bus>) {
    let (ada, bob, eve) = (node(), node(), node());
    let (mut at_ada, mut at_bob, mut at_eve) = (ada.subscribe(), bob.subscribe(), eve.subscribe());

    ada.publish(message(1));
    ada.publish(message(2));
    bob.publish(message(3));

    assert!(ada.is_shared());
    assert_eq!(number(&mut at_bob).await, 1);
    assert_eq!(number(&mut at_bob).await, 2);
    // Its own messages do not come back: the first that `ada` receives is `bob`'s.
    assert_eq!(number(&mut at_ada).await, 3);
    let mut all = [number(&mut at_eve).await, number(&mut at_eve).await, number(&mut at_eve).await];
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3]);
}

async fn an_early_message_is_not_for_a_late_subscriber(node: &impl Fn() -> Arc<dyn Bus>) {
    let (ada, bob) = (node(), node());
    ada.publish(message(1));
    let mut at_bob = bob.subscribe();

    ada.publish(message(2));

    assert_eq!(number(&mut at_bob).await, 2);
}

async fn who_falls_behind_is_told_and_goes_on(node: &impl Fn() -> Arc<dyn Bus>) {
    let (ada, bob) = (node(), node());
    let mut at_bob = bob.subscribe();

    for n in 0..FLOOD {
        ada.publish(message(n));
    }

    let mut missed = false;
    loop {
        match next(&mut at_bob).await {
            Received::Missed => missed = true,
            Received::Message(last) if last == message(FLOOD - 1) => break,
            Received::Message(_) => {}
        }
    }
    assert!(missed, "messages were lost in silence, or nothing bounds what waits");
}

fn message(n: u64) -> BusMessage {
    let cursor = ReadCursor { version: 0, seq: Seq(n) };
    BusMessage::CursorMoved { user: UserId(1), room: RoomId(1), cursor, shown: true }
}

async fn number(subscription: &mut Box<dyn Subscription>) -> u64 {
    match next(subscription).await {
        Received::Message(BusMessage::CursorMoved { cursor, .. }) => cursor.seq.0,
        other => panic!("{other:?} was never published"),
    }
}

async fn next(subscription: &mut Box<dyn Subscription>) -> Received {
    timeout(Duration::from_secs(10), subscription.recv()).await.expect("a message arrives").expect("the bus is there")
}
