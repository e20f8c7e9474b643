//! Presence and typing on raw frames: who is told, of whom, and when it ends.

use protocol::{
    Command, Done, PresenceState, RoomId, RoomPresence, ServerFrame, StreamId, UserId,
    presence::{SetPresence, SetViewing},
    rooms::{History, Visibility},
    typing::SetTyping,
};

use crate::support::{
    TestServer,
    socket::{GENERAL, Socket, add, remove, unlimited},
};

/// Short, so that a test need not wait; and long enough for a busy machine to come back within.
const GRACE_MS: u64 = 1_500;

async fn server() -> TestServer {
    TestServer::with(|config| {
        unlimited(config);
        config.limits.presence_grace_ms = GRACE_MS;
    })
    .await
}

fn looks_at(room: RoomId) -> Command {
    Command::SetPresence(SetPresence { away: false, room: Some(room) })
}

fn away() -> Command {
    Command::SetPresence(SetPresence { away: true, room: None })
}

fn typing(room: RoomId, typing: bool) -> Command {
    Command::SetTyping(SetTyping { room, typing })
}

/// Reads on until a room's picture is like this, and returns it.
async fn picture(socket: &mut Socket, room: RoomId, is_wanted: impl Fn(&RoomPresence) -> bool) -> RoomPresence {
    let mut picture = RoomPresence::unknown(room);
    socket
        .wait(|frame| match frame {
            ServerFrame::Presence(news) if news.room == room => {
                picture.update(news.clone());
                is_wanted(&picture).then(|| picture.clone())
            }
            _ => None,
        })
        .await
}

async fn until(socket: &mut Socket, room: RoomId, user: UserId, state: PresenceState) -> RoomPresence {
    picture(socket, room, |picture| picture.users.iter().any(|known| known.user == user && known.state == state)).await
}

fn is_lane(frame: &ServerFrame) -> bool {
    matches!(frame, ServerFrame::Presence(_) | ServerFrame::Typing(_))
}

#[tokio::test]
async fn presence_goes_to_those_who_share_a_followed_room_and_to_nobody_else() {
    let server = server().await;
    let (ada, bob, eve) = (server.user("ada").await, server.user("bob").await, server.user("eve").await);
    let (mut ada, mut eve) = (ada.connect().await, eve.connect().await);
    let hidden = ada.create("back room", Visibility::Private, History::Everything).await;
    ada.append(add(hidden, "bob")).await;
    ada.follow(StreamId::Room(hidden)).await;
    // An outsider who tries to follow, to look and to write.
    eve.subscribe(StreamId::Room(hidden), crate::support::socket::NOTHING).await;
    assert_eq!(eve.ask(looks_at(hidden)).await, Ok(Done::Unchanged));
    assert_eq!(eve.ask(typing(hidden, true)).await, Ok(Done::Unchanged));

    let mut bob = bob.connect().await;
    bob.ask(looks_at(hidden)).await.unwrap();
    let told = picture(&mut ada, hidden, |picture| picture.of(bob.me).is_some_and(|bob| bob.here)).await;

    assert!(told.users.iter().all(|user| user.user != eve.me), "{told:?}");
    eve.settle().await;
    assert!(!eve.kept().iter().any(is_lane), "she follows nothing");
    assert!(!ada.kept().iter().any(|frame| matches!(frame, ServerFrame::Typing(_))), "nor is she heard");
}

#[tokio::test]
async fn two_sockets_are_one_user_and_the_last_one_that_closes_ends_it_after_the_grace() {
    let server = server().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut ada = ada.connect().await;
    ada.follow(StreamId::Room(GENERAL)).await;
    let (mut desk, mut phone) = (bob.connect().await, bob.connect().await);
    desk.ask(looks_at(GENERAL)).await.unwrap();
    phone.ask(away()).await.unwrap();
    let me = desk.me;
    let told = until(&mut ada, GENERAL, me, PresenceState::Online).await;
    assert_eq!(told.online, 2, "ada, and bob once");

    desk.gone_away().await;
    until(&mut ada, GENERAL, me, PresenceState::Away).await;
    phone.gone_away().await;
    let told = until(&mut ada, GENERAL, me, PresenceState::Offline).await;

    assert!(told.users.iter().any(|user| user.user == me && user.last_seen.is_some()), "{told:?}");
}

#[tokio::test]
async fn a_reload_is_not_told() {
    let server = server().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut ada = ada.connect().await;
    ada.follow(StreamId::Room(GENERAL)).await;
    let mut before = bob.connect().await;
    before.ask(looks_at(GENERAL)).await.unwrap();
    picture(&mut ada, GENERAL, |picture| picture.of(before.me).is_some_and(|bob| bob.here)).await;
    ada.kept();

    before.gone_away().await;
    let mut after = bob.connect().await;
    after.ask(looks_at(GENERAL)).await.unwrap();
    // What is told next is something else.
    ada.ask(away()).await.unwrap();
    let mut news = Vec::new();
    let me = ada.me;
    ada.wait(|frame| match frame {
        ServerFrame::Presence(presence) => {
            news.extend(presence.users.clone());
            presence.users.iter().any(|user| user.user == me && user.state == PresenceState::Away).then_some(())
        }
        _ => None,
    })
    .await;

    assert!(news.iter().all(|user| user.user == me), "{news:?}");
}

#[tokio::test]
async fn who_logs_out_is_offline_though_the_grace_is_long() {
    let server = TestServer::with(unlimited).await;
    let (ada, mut bob) = (server.user("ada").await, server.user("bob").await);
    let mut ada = ada.connect().await;
    ada.follow(StreamId::Room(GENERAL)).await;
    let mut socket = bob.connect().await;
    until(&mut ada, GENERAL, socket.me, PresenceState::Online).await;

    bob.post_form("/logout", &[]).await;
    socket.closed().await;

    until(&mut ada, GENERAL, socket.me, PresenceState::Offline).await;
}

#[tokio::test]
async fn who_is_put_out_is_told_nothing_more() {
    let server = server().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    let room = ada.create("back room", Visibility::Private, History::Everything).await;
    ada.append(add(room, "bob")).await;
    ada.follow(StreamId::Room(room)).await;
    bob.follow(StreamId::Room(room)).await;
    until(&mut bob, room, ada.me, PresenceState::Online).await;

    ada.append(remove(room, "bob")).await;
    bob.wait(|frame| matches!(frame, ServerFrame::Ended { .. }).then_some(())).await;
    bob.kept();
    ada.ask(away()).await.unwrap();
    ada.ask(typing(room, true)).await.unwrap();
    let me = ada.me;
    until(&mut ada, room, me, PresenceState::Away).await;

    bob.settle().await;
    assert!(!bob.kept().iter().any(is_lane));
}

#[tokio::test]
async fn hiding_oneself_holds_on_all_devices_and_after_coming_back() {
    let server = server().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut ada = ada.connect().await;
    ada.follow(StreamId::Room(GENERAL)).await;
    let (mut desk, mut phone) = (bob.connect().await, bob.connect().await);
    let me = desk.me;
    desk.ask(looks_at(GENERAL)).await.unwrap();
    picture(&mut ada, GENERAL, |picture| picture.of(me).is_some_and(|bob| bob.here)).await;

    desk.ask(Command::SetViewing(SetViewing { shown: false })).await.unwrap();
    let hidden = |frame: &ServerFrame| matches!(frame, ServerFrame::Viewing { shown: false }).then_some(());
    phone.wait(hidden).await;
    picture(&mut ada, GENERAL, |picture| picture.of(me).is_some_and(|bob| !bob.here)).await;
    ada.kept();

    let mut tablet = bob.connect().await;
    tablet.wait(hidden).await;
    tablet.ask(looks_at(GENERAL)).await.unwrap();
    tablet.gone_away().await;
    desk.gone_away().await;
    phone.gone_away().await;
    let told = until(&mut ada, GENERAL, me, PresenceState::Offline).await;
    assert!(!told.of(me).unwrap().here);
    assert!(
        !ada.kept().iter().any(|frame| matches!(frame, ServerFrame::Presence(p) if p.of(me).is_some_and(|u| u.here)))
    );
}

#[tokio::test]
async fn typing_is_told_is_never_refused_and_ends_with_the_message() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let (mut ada, mut bob) = (ada.connect().await, bob.connect().await);
    ada.follow(StreamId::Room(GENERAL)).await;
    let me = ada.me;
    until(&mut ada, GENERAL, me, PresenceState::Online).await;

    // Far more than any bucket holds; the clock stands, so none is ever filled again.
    for n in 0..500 {
        assert_eq!(bob.ask(typing(GENERAL, n % 2 == 1)).await, Ok(Done::Unchanged));
    }
    let who = |wanted: Vec<UserId>| {
        move |frame: &ServerFrame| match frame {
            ServerFrame::Typing(told) => {
                let ids: Vec<UserId> = told.users.iter().map(|user| user.id).collect();
                (ids == wanted).then_some(())
            }
            _ => None,
        }
    };
    ada.wait(who(vec![bob.me])).await;
    let frames = 1 + ada.kept().iter().filter(|frame| matches!(frame, ServerFrame::Typing(_))).count();
    assert!(frames < 250, "{frames} frames: not conflated");

    bob.ask(typing(GENERAL, true)).await.unwrap();
    bob.say(GENERAL, "there").await;
    ada.wait(who(vec![])).await;
}

#[tokio::test]
async fn the_page_of_a_room_says_who_is_there() {
    let server = server().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut socket = bob.connect().await;
    socket.ask(looks_at(GENERAL)).await.unwrap();

    let page = ada.get("/rooms/1-general").await;

    assert!(page.body.contains("aria-label=\"bob, online"), "{}", page.body);
    assert!(page.body.contains("aria-label=\"ada, offline\""), "{}", page.body);
}

#[tokio::test]
async fn when_somebody_was_there_last_survives_a_restart_of_the_lane() {
    let server = server().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut watcher = ada.connect().await;
    watcher.follow(StreamId::Room(GENERAL)).await;
    let socket = bob.connect().await;
    let me = socket.me;
    until(&mut watcher, GENERAL, me, PresenceState::Online).await;
    socket.gone_away().await;
    until(&mut watcher, GENERAL, me, PresenceState::Offline).await;

    // Another question to the store, until it has been written down.
    let seen = loop {
        let roster = server.ask(|app| async move { app.store.roster(GENERAL).await }).await.unwrap();
        if let Some((_, Some(at))) = roster.members.into_iter().find(|(user, _)| *user == me) {
            break at;
        }
        watcher.settle().await;
    };

    assert_eq!(seen, server.app.clock.now());
}
