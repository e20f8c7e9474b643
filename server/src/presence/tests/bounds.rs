//! What one user, or one page, may take of the lane.

use super::*;
use crate::{
    bus::{Bus as _, BusMessage, Received},
    presence::{
        NodeId, PresenceNews, TypingNews,
        room::{PENDING_MAX, PICTURE_USERS_MAX, Room, picture_of},
        state::{NEWCOMERS_MAX, State},
        typing::{SAID_MAX, Typing},
    },
    store::Roster,
};

/// Another node that only listens: what it was told of typing meanwhile, a batch each.
struct Listener(
    Box<dyn crate::bus::Subscription>,
    #[expect(dead_code, reason = "it stays in the network")] crate::bus::LocalBus,
);

impl Listener {
    fn join(network: &Network) -> Self {
        let bus = network.join();
        Self(bus.subscribe(), bus)
    }

    async fn heard(&mut self) -> Vec<Arc<[TypingNews]>> {
        let mut heard = Vec::new();
        while let Ok(received) = timeout(Duration::ZERO, self.0.recv()).await {
            if let Some(Received::Message(BusMessage::Presence(PresenceNews::Typing(changes)))) = received {
                heard.push(changes);
            }
        }
        heard
    }
}

#[tokio::test(start_paused = true)]
async fn the_other_nodes_are_told_of_typing_at_most_ten_times_a_second() {
    let network = Network::default();
    let (node, mut listener) = (Node::join(&network, 1, 2), Listener::join(&network));

    for n in 0..200 {
        for room in [ROOM, protocol::RoomId(2)] {
            node.hub.presence().set_typing(room, &user(2), n % 2 == 0);
        }
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(200)).await;

    let heard = listener.heard().await;
    assert!((9..=12).contains(&heard.len()), "{} messages in a second", heard.len());
    assert_eq!(*heard[heard.len() - 1], [(ROOM, user(2), false), (protocol::RoomId(2), user(2), false)], "the latest");
}

#[tokio::test(start_paused = true)]
async fn who_has_posted_is_not_said_to_be_writing_after_that() {
    let network = Network::default();
    let (node, mut listener) = (Node::join(&network, 1, 9), Listener::join(&network));

    // The messages of these tests are from user 9.
    node.hub.presence().set_typing(ROOM, &user(9), true);
    node.commit((*message(1)).clone());
    sleep(Duration::from_secs(1)).await;

    assert!(listener.heard().await.is_empty());
}

#[test]
fn of_more_than_a_thousand_who_write_at_once_the_other_nodes_are_not_told() {
    let mut typing = Typing::default();
    for id in 0..=SAID_MAX as u64 {
        typing.say(ROOM, user(id), true);
    }
    typing.say(ROOM, user(1), false);

    let said = typing.take_said();
    assert_eq!(said.len(), SAID_MAX);
    assert!(said.contains(&(ROOM, user(1), false)), "the latest of those");
    assert!(!typing.has_news());
}

#[test]
fn a_page_of_a_large_room_asks_for_a_few_members_at_a_time() {
    let count = 3 * PICTURE_USERS_MAX as u64 + 1;
    let roster = Roster { members: (1..=count).map(|id| (UserId(id), None)).collect(), ..Roster::default() };

    let mut asked = Vec::new();
    let picture = picture_of(ROOM, &roster, UnixMs(0), |members| {
        asked.push(members.len());
        members.iter().map(|(user, _)| (PresenceState::Online, *user == BOB)).collect()
    });

    assert_eq!(asked, [PICTURE_USERS_MAX, PICTURE_USERS_MAX, PICTURE_USERS_MAX, 1]);
    assert_eq!(u64::from(picture.online), count);
    assert!(picture.of(BOB).unwrap().here && !picture.of(ADA).unwrap().here);
}

#[test]
fn so_many_come_and_go_while_the_members_are_read_and_with_one_more_they_are_read_again() {
    for (count, is_learnt) in [(PENDING_MAX, true), (PENDING_MAX + 1, false)] {
        let mut room = Room::default();
        for id in 1..=count as u64 {
            room.membership(UserId(id), protocol::Seq(id), true);
        }

        assert_eq!(room.learn(&Roster::default()).is_some(), is_learnt, "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_newcomers_say_is_read_of_so_many_at_once_and_of_one_more_after_them() {
    let now = tokio::time::Instant::now();
    let mut state = State::new(NodeId(1), now);
    state.newcomers = (0..=NEWCOMERS_MAX as u64).map(|id| (now, UserId(id))).collect();

    assert_eq!((state.newcomers_at(now).len(), state.newcomers_at(now).len()), (NEWCOMERS_MAX, 1));
}
