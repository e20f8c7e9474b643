//! The lane with paused time: who is told what, how often, and when it ends. One node, or two on one bus.

use std::{sync::Arc, time::Duration};

use protocol::{
    PresenceState, Record, RoomPresence, RoomTyping, ServerFrame, StreamId, UnixMs, UserId, UserPresence,
    limits::PRESENCE_LISTED_MAX, members::MemberRemoved,
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Activity, state::PRESENCE_INTERVAL};
use crate::{
    auth::connected::ConnectedSessions,
    bus::Network,
    clock::{Clock, Randomness},
    hub::{
        Hub, Registration,
        fake::{FakeStore, ROOM, STREAM, message, user},
    },
    limits::Limits,
    store::Sink as _,
};

mod bounds;
mod nodes;
mod profiles;
mod seen;
mod typing;

const ADA: UserId = UserId(1);
const BOB: UserId = UserId(2);
const GRACE: Duration = Duration::from_millis(15_000);
const HERE: Activity = Activity { away: false, room: Some(ROOM) };
const AWAY: Activity = Activity { away: true, room: None };

struct Node {
    hub: Arc<Hub>,
    store: Arc<FakeStore>,
    clock: Clock,
    stop: CancellationToken,
}

impl Node {
    /// A node of a network; the first members are in the room.
    fn join(network: &Network, number: u64, members: u64) -> Self {
        let (limits, clock) = (Limits::default(), Clock::manual(UnixMs(1_000)));
        let random = Randomness::seeded(number);
        let (hub, task) = Hub::new(Arc::new(network.join()), &limits, clock.clone(), &random);
        let (store, stop) = (Arc::new(FakeStore::default()), CancellationToken::new());
        store.members.lock().unwrap().extend((1..=members).map(UserId));
        tokio::spawn(task.run(store.clone(), ConnectedSessions::default(), stop.clone()));
        tokio::spawn(Arc::clone(hub.presence()).run(store.clone(), stop.clone()));
        Self { hub, store, clock, stop }
    }

    fn alone(members: u64) -> Self {
        Self::join(&Network::default(), 1, members)
    }

    /// A connection that has said nothing yet.
    fn connect(&self, user: UserId) -> Registration {
        let registration = Registration::new(&self.hub, user);
        let set = self.hub.presence().viewing_set(user);
        self.hub.presence().knows_viewing(registration.follower(), true, set);
        registration
    }

    fn report(&self, connection: &Registration, activity: Activity) {
        self.hub.presence().report(connection.follower(), activity);
    }

    /// Somebody who looks at the room.
    fn active(&self, user: UserId) -> Registration {
        let connection = self.connect(user);
        self.report(&connection, HERE);
        connection
    }

    /// A follower of the room, with the whole picture.
    async fn watcher(&self, user: UserId) -> Watcher<'_> {
        let connection = self.active(user);
        connection.follow(STREAM);
        let mut watcher = Watcher {
            node: self,
            connection,
            told: None,
            frames: 0,
            picture: RoomPresence::unknown(ROOM),
            typing: Vec::new(),
        };
        watcher.until(|picture| picture.of(user).is_some_and(|user| user.here)).await;
        watcher
    }

    fn commit(&self, record: Record) {
        self.hub.committed(&[Arc::new(record)]);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Watcher<'a> {
    node: &'a Node,
    connection: Registration,
    told: Option<u64>,
    frames: usize,
    picture: RoomPresence,
    typing: Vec<RoomTyping>,
}

impl Watcher<'_> {
    fn take(&mut self) {
        let news = self.connection.follower().take();
        if news.presence.contains(&ROOM) {
            let user = self.connection.follower().user;
            let (frames, told) = self.node.hub.presence().take(ROOM, user, self.told);
            self.told = told;
            for frame in frames {
                let ServerFrame::Presence(presence) = serde_json::from_str(&frame).unwrap() else { panic!("{frame}") };
                self.frames += 1;
                self.picture.update(presence);
            }
        }
        if news.typing.contains(&ROOM)
            && let Some(frame) = self.node.hub.presence().take_typing(ROOM, self.connection.follower().user)
        {
            let ServerFrame::Typing(typing) = serde_json::from_str(&frame).unwrap() else { panic!("{frame}") };
            self.typing.push(typing);
        }
    }

    /// Waits until the picture is like this; says how long it took.
    async fn until(&mut self, is_wanted: impl Fn(&RoomPresence) -> bool) -> Duration {
        let started = Instant::now();
        while !is_wanted(&self.picture) {
            let bells = std::future::poll_fn(|cx| self.connection.follower().poll_rung(cx));
            timeout(Duration::from_secs(600), bells).await.expect("something is told");
            self.take();
        }
        started.elapsed()
    }

    async fn until_is(&mut self, user: UserId, state: PresenceState) -> Duration {
        self.until(|picture| picture.of(user).is_some_and(|user| user.state == state)).await
    }

    /// Lets time pass and takes what is told; says how many frames that were.
    async fn passes(&mut self, time: Duration) -> usize {
        let before = self.frames;
        sleep(time).await;
        self.take();
        self.frames - before
    }

    fn of(&self, user: UserId) -> UserPresence {
        self.picture.of(user).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn all_sessions_of_a_user_are_one_and_the_most_active_counts() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;

    let (desk, phone) = (node.active(BOB), node.connect(BOB));
    node.report(&phone, AWAY);
    ada.until_is(BOB, PresenceState::Online).await;
    assert_eq!((ada.picture.online, ada.picture.away), (2, 0), "one user, however many devices");

    node.report(&desk, AWAY);
    ada.until_is(BOB, PresenceState::Away).await;
    assert_eq!((ada.picture.online, ada.picture.away, ada.of(BOB).here), (1, 1, false));

    node.report(&phone, HERE);
    ada.until_is(BOB, PresenceState::Online).await;
    drop(desk);
    assert_eq!(ada.passes(2 * GRACE).await, 0, "another device is still there");
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_gone_after_the_grace_and_was_seen_when_they_left() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;
    let bob = node.active(BOB);
    ada.until_is(BOB, PresenceState::Online).await;

    node.clock.advance(Duration::from_secs(9));
    drop(bob);
    let took = ada.until_is(BOB, PresenceState::Offline).await;

    assert!(took >= GRACE && took <= GRACE + Duration::from_secs(1), "{took:?}");
    assert_eq!(ada.of(BOB).last_seen, Some(UnixMs(10_000)));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(node.store.seen.lock().unwrap().get(&BOB), Some(&UnixMs(10_000)), "and it is kept");
}

#[tokio::test(start_paused = true)]
async fn a_reload_and_a_gap_of_ten_seconds_are_not_told() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;
    let mut bob = node.active(BOB);
    let hidden = node.connect(BOB);
    node.report(&hidden, AWAY);
    ada.until_is(BOB, PresenceState::Online).await;
    ada.passes(Duration::from_secs(1)).await;

    for gap_s in [0, 1, 10] {
        drop(bob);
        let mut frames = ada.passes(Duration::from_secs(gap_s)).await;
        bob = node.connect(BOB);
        frames += ada.passes(Duration::from_secs(1)).await;
        node.report(&bob, HERE);
        frames += ada.passes(2 * GRACE).await;
        assert_eq!(frames, 0, "after {gap_s} s");
    }
}

#[tokio::test(start_paused = true)]
async fn who_logs_out_is_gone_at_once() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;
    let bob = node.active(BOB);
    ada.until_is(BOB, PresenceState::Online).await;

    bob.log_out();
    drop(bob);

    assert!(ada.until_is(BOB, PresenceState::Offline).await <= PRESENCE_INTERVAL);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_says_nothing_is_online_and_looks_at_nothing() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;

    let _bot = node.connect(BOB);

    ada.until_is(BOB, PresenceState::Online).await;
    assert!(!ada.of(BOB).here);
}

#[tokio::test(start_paused = true)]
async fn only_members_are_told_and_only_members_are_told_of() {
    let node = Node::alone(2);
    let (mut ada, stranger) = (node.watcher(ADA).await, node.active(UserId(3)));
    stranger.follow(STREAM);
    node.hub.presence().set_typing(ROOM, &user(3), true);
    ada.passes(Duration::from_secs(60)).await;

    assert_eq!(ada.picture.online, 1, "a stranger is not counted either");
    assert!(ada.picture.users.iter().all(|user| user.user != UserId(3)));
    assert!(ada.typing.is_empty(), "{:?}", ada.typing);
    let told = node.hub.presence().take(ROOM, UserId(3), None);
    assert!(told.0.is_empty() && node.hub.presence().take_typing(ROOM, UserId(3)).is_none());
}

#[tokio::test(start_paused = true)]
async fn who_is_put_out_is_told_nothing_more() {
    let node = Node::alone(2);
    let (mut ada, bob) = (node.watcher(ADA).await, node.watcher(BOB).await);
    ada.until_is(BOB, PresenceState::Online).await;

    let event = protocol::Event::MemberRemoved(MemberRemoved { user: user(BOB.0) });
    node.commit(Record { event, ..(*message(1)).clone() });
    node.report(&ada.connection, AWAY);

    ada.until_is(ADA, PresenceState::Away).await;
    assert_eq!((ada.picture.online, ada.picture.away), (0, 1), "and counts no more");
    assert!(node.hub.presence().take(ROOM, BOB, bob.told).0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_does_not_want_it_is_not_shown_in_a_room() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;
    let _bob = node.active(BOB);
    ada.until(|picture| picture.of(BOB).is_some_and(|bob| bob.here)).await;

    node.hub.viewing_set(BOB, false);

    ada.until(|picture| picture.of(BOB).is_some_and(|bob| !bob.here)).await;
    assert_eq!(ada.of(BOB).state, PresenceState::Online);
    assert_eq!(_bob.follower().take().viewing, Some(false), "their devices are told");
}

#[tokio::test(start_paused = true)]
async fn however_much_changes_is_told_twice_a_second_and_only_if_it_is_different() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;
    let bob = node.active(BOB);
    ada.until_is(BOB, PresenceState::Online).await;
    ada.passes(Duration::from_secs(1)).await;

    let mut frames = 0;
    for n in 0..200 {
        node.report(&bob, if n % 2 == 0 { AWAY } else { HERE });
        frames += ada.passes(Duration::from_millis(25)).await;
    }
    assert!(frames <= 11, "{frames} frames in five seconds");

    for _ in 0..100 {
        node.report(&bob, AWAY);
        node.report(&bob, HERE);
    }
    ada.passes(Duration::from_secs(1)).await;
    assert_eq!(ada.passes(Duration::from_secs(60)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_comes_at_once_is_one_frame() {
    let node = Node::alone(150);
    let mut ada = node.watcher(ADA).await;
    ada.passes(Duration::from_secs(1)).await;

    let crowd: Vec<Registration> = (2..=150).map(|id| node.active(UserId(id))).collect();

    assert_eq!(ada.passes(Duration::from_secs(2)).await, 1);
    assert_eq!(ada.picture.online, 150);
    drop(crowd);
}

#[tokio::test(start_paused = true)]
async fn in_a_room_above_the_limit_the_last_are_only_counted() {
    let members = PRESENCE_LISTED_MAX as u64 + 1;
    let node = Node::alone(members);
    let mut ada = node.watcher(ADA).await;

    let _last = node.active(UserId(members));
    let _last_listed = node.active(UserId(members - 1));

    ada.until(|picture| picture.online == 3).await;
    assert_eq!(ada.picture.of(UserId(members)), None);
    assert_eq!(ada.of(UserId(members - 1)).state, PresenceState::Online);
    assert_eq!(ada.picture.listed_to, Some(UserId(members - 1)));
}

#[tokio::test(start_paused = true)]
async fn who_falls_behind_gets_the_whole_picture() {
    let node = Node::alone(2);
    let mut ada = node.watcher(ADA).await;
    let bob = node.active(BOB);
    ada.until_is(BOB, PresenceState::Online).await;
    let behind = ada.told;

    for n in 0..20 {
        node.report(&bob, if n % 2 == 0 { AWAY } else { HERE });
        sleep(2 * PRESENCE_INTERVAL).await;
    }

    let (frames, _) = node.hub.presence().take(ROOM, ADA, behind);
    assert_eq!(frames.len(), 1, "what is kept is bounded");
    let ServerFrame::Presence(whole) = serde_json::from_str(&frames[0]).unwrap() else { panic!() };
    assert!(whole.whole && whole.of(BOB).is_some_and(|bob| bob.here));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_rooms_that_nobody_follows() {
    let node = Node::alone(2);
    let ada = node.watcher(ADA).await;
    node.hub.presence().set_typing(ROOM, &user(1), true);

    ada.connection.unfollow(StreamId::Room(ROOM));
    drop(ada);

    assert!(node.hub.presence().with(|state| state.rooms.is_empty() && state.typing.deadline().is_none()));
    assert_eq!(node.hub.presence().take(ROOM, ADA, None), (Vec::new(), None));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_due_for_a_room_that_was_left_before_it_was_told() {
    let node = Node::alone(2);
    let connection = node.connect(ADA);
    // That she is there has been told.
    sleep(Duration::from_secs(2)).await;
    connection.follow(STREAM);
    let soon = Instant::now() + Duration::from_secs(1);
    let due = || node.hub.presence().with(|state| state.deadline());
    while due() > soon || node.hub.presence().with(|state| !state.loads.is_empty()) {
        tokio::task::yield_now().await;
    }

    connection.unfollow(STREAM);

    // Else the task would go round and round until something else changes.
    node.hub.presence().with(|state| _ = state.run(soon, UnixMs(2_000)));
    assert!(due() > soon);
}
