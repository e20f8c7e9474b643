//! What people say of themselves: in which order it comes, who is told, and when it is over.

use protocol::{
    Event, Seq, Status,
    limits::{DISPLAY_NAME_CHARS_MAX, EMOJI_BYTES_MAX, STATUS_CHARS_MAX},
    members::MemberAdded,
};

use super::*;
use crate::{
    hub::fake::message,
    presence::{profiles::Profiles, room::picture_of},
    store::{Profile, Roster},
};

fn says(version: u64, text: &str, until: Option<i64>) -> Profile {
    let status = Status { emoji: "🌴".to_owned(), text: text.to_owned(), until: until.map(UnixMs) };
    Profile { version, name: None, status: Some(status) }
}

impl Node {
    fn sets(&self, user: UserId, profile: &Profile) {
        self.store.profiles.lock().unwrap().insert(user, profile.clone());
        self.hub.presence().set_profile(user, profile.clone());
    }
}

impl Watcher<'_> {
    fn status(&self, user: UserId) -> Option<&str> {
        Some(self.picture.profile(user)?.status.as_ref()?.text.as_str())
    }

    async fn until_says(&mut self, user: UserId, text: Option<&str>) -> Duration {
        self.until(|picture| {
            let status = picture.profile(user).and_then(|profile| profile.status.as_ref());
            status.map(|status| status.text.as_str()) == text
        })
        .await
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_words_the_later_one_holds_in_whatever_order_they_come() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;

    node.sets(BOB, &says(2, "later", None));
    node.sets(BOB, &says(1, "earlier", None));
    let took = ada.until_says(BOB, Some("later")).await;

    assert!(took <= 2 * PRESENCE_INTERVAL, "{took:?}");
    assert_eq!(ada.passes(Duration::from_secs(60)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_while_the_members_are_being_read_is_not_lost() {
    let node = Node::alone(2);
    node.store.profiles.lock().unwrap().insert(BOB, says(1, "before", None));
    let connection = node.active(ADA);
    connection.follow(STREAM);
    // The store has the older word, the lane hears the newer one first; and one of a stranger.
    node.hub.presence().set_profile(BOB, says(2, "meanwhile", None));
    node.hub.presence().set_profile(UserId(99), says(1, "stranger", None));

    let mut ada = node.watcher(ADA).await;
    ada.until_says(BOB, Some("meanwhile")).await;

    assert!(ada.picture.profile(UserId(99)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_status_is_over_within_seconds_of_its_end_and_another_one_is_not() {
    let node = Node::alone(3);
    let mut ada = node.watcher(ADA).await;
    node.sets(BOB, &says(1, "lunch", Some(61_000)));
    node.sets(UserId(3), &says(1, "holiday", None));
    ada.until_says(BOB, Some("lunch")).await;
    ada.passes(Duration::from_secs(120)).await;
    assert_eq!(ada.status(BOB), Some("lunch"), "the clock on the wall decides");

    node.clock.advance(Duration::from_secs(60));

    assert!(ada.until_says(BOB, None).await <= Duration::from_secs(5));
    assert_eq!(ada.status(UserId(3)), Some("holiday"));
}

#[tokio::test(start_paused = true)]
async fn a_name_stays_when_a_status_is_over() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;
    node.sets(BOB, &Profile { name: Some("Robert".to_owned()), ..says(1, "lunch", Some(61_000)) });
    ada.until_says(BOB, Some("lunch")).await;

    node.clock.advance(Duration::from_secs(60));
    ada.until_says(BOB, None).await;

    assert_eq!(ada.picture.profile(BOB).unwrap().name.as_deref(), Some("Robert"));
    node.sets(BOB, &Profile { version: 2, ..Profile::default() });
    ada.until(|picture| picture.profile(BOB).is_some_and(|bob| bob.name.is_none())).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_brought_in_is_asked_of_the_store_and_again_when_that_fails() {
    let node = Node::alone(1);
    node.store.profiles.lock().unwrap().insert(BOB, says(1, "holiday", None));
    node.store.failures.store(1, std::sync::atomic::Ordering::SeqCst);
    let mut ada = node.watcher(ADA).await;

    node.commit(Record { event: Event::MemberAdded(MemberAdded { user: user(2) }), ..(*message(1)).clone() });

    ada.until_says(BOB, Some("holiday")).await;
    node.commit(Record {
        seq: Seq(2),
        event: Event::MemberRemoved(MemberRemoved { user: user(2) }),
        ..(*message(1)).clone()
    });
    node.sets(BOB, &says(2, "still on holiday", None));
    ada.passes(Duration::from_secs(60)).await;
    assert_eq!(ada.status(BOB), Some("holiday"), "who is out is told of no more");
}

#[tokio::test(start_paused = true)]
async fn the_other_nodes_are_told() {
    let network = Network::default();
    let (first, second) = (Node::join(&network, 1, 2), Node::join(&network, 2, 2));
    let mut ada = second.watcher(ADA).await;

    first.sets(BOB, &says(1, "holiday", None));

    ada.until_says(BOB, Some("holiday")).await;
}

#[test]
fn the_longest_of_all_who_are_listed_fit_what_may_wait_for_a_socket() {
    let members: Vec<_> = (1..=PRESENCE_LISTED_MAX as u64 + 1).map(|id| (UserId(id), Some(UnixMs(i64::MAX)))).collect();
    let longest = Status {
        emoji: "x".repeat(EMOJI_BYTES_MAX),
        text: "🌴".repeat(STATUS_CHARS_MAX),
        until: Some(UnixMs(i64::MAX)),
    };
    let profile = Profile { version: 1, name: Some("🌴".repeat(DISPLAY_NAME_CHARS_MAX)), status: Some(longest) };
    let profiles = members.iter().map(|(user, _)| (*user, profile.clone())).collect();
    let roster = Roster { as_of: Seq(1), members, profiles };

    let picture =
        picture_of(ROOM, &roster, UnixMs(0), |users| users.iter().map(|_| (PresenceState::Online, true)).collect());

    assert_eq!(picture.profiles.len(), PRESENCE_LISTED_MAX, "who is only counted says nothing");
    let bytes = protocol::encode(&ServerFrame::Presence(picture)).len() as u64;
    assert!(bytes < Limits::default().socket_waiting_bytes, "{bytes}");
}

#[test]
fn who_has_left_while_the_members_were_being_read_says_nothing() {
    let mut profiles = Profiles::default();

    profiles.learn(&[(ADA, says(1, "here", None)), (BOB, says(1, "gone", None))], |user| user == ADA);

    assert_eq!(profiles.picture(None).iter().map(|told| told.user).collect::<Vec<_>>(), [ADA]);
}

#[test]
fn of_who_may_turn_out_to_be_a_member_so_many_are_kept_at_most() {
    let mut profiles = Profiles::default();
    for id in 0..=1_000 {
        profiles.set_early(UserId(id), &says(1, "here", None));
    }
    assert_eq!(profiles.picture(None).len(), 1_000);

    // Of those who are known, the latest is not lost while the members of a long room are being read again.
    profiles.set_early(UserId(7), &says(2, "gone", None));
    let told = profiles.picture(None);
    assert_eq!(told[7].status.as_ref().map(|status| status.text.as_str()), Some("gone"));
}
