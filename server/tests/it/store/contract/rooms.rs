//! Who is in which room, and what others learn of it.

use protocol::{
    Command, Done, ErrorCode, Event, Position, ReadCursor, Seq, Status, StreamId, UnixMs, UserId,
    members::{JoinRoom, LeaveRoom},
    mute::MuteRoom,
    rooms::{CreateRoom, History, RenameRoom, Visibility},
};
use server::store::{
    AccountStore as _, DirectoryAt, PageAt, PresenceStore as _, Profile, ProfileStore as _, StreamStore as _, WindowAt,
    accounts::Lifetime,
};

use super::{Bench, GENERAL, NOW, Place};

pub(in crate::store) async fn everyone_is_in_general_and_its_inbox_says_so<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);

    let inbox = bench.store.inbox(bob.user.id).await.unwrap();

    assert_eq!(inbox.rooms.iter().map(|room| room.room.name.as_str()).collect::<Vec<_>>(), ["general"]);
    let log = bench.log(StreamId::Inbox(bob.user.id)).await;
    assert!(
        matches!(log[0].event, Event::RoomJoined(_)) && inbox.position == Position { epoch: log[0].epoch, seq: Seq(1) }
    );
    let snapshot = bench.store.room(ada.user.id, GENERAL, WindowAt::End).await.unwrap().unwrap();
    assert_eq!(snapshot.members.iter().map(|member| member.user.id).collect::<Vec<_>>(), [ada.user.id, bob.user.id]);
    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room: GENERAL });
    assert_eq!(bench.run(&bob, leave).await, Err(ErrorCode::Forbidden));
}

pub(in crate::store) async fn a_room_is_new_to_who_was_brought_in_until_they_look<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob, eve) = (bench.user("ada").await, bench.user("bob").await, bench.user("eve").await);
    let room = bench.create(&ada, "garden", Visibility::Public, History::Everything).await;
    bench.say(&ada, room, "what was said before is not unread").await;
    let join = Command::JoinRoom(JoinRoom { client_id: bench.id(), room });

    bench.add(&ada, room, &bob).await.unwrap();
    bench.run(&eve, join).await.unwrap();

    assert_eq!(bench.news(&ada, room).await, (false, 0));
    assert_eq!(bench.news(&bob, room).await, (true, 0));
    assert_eq!(bench.news(&eve, room).await, (false, 0), "who came by themselves knows");
    assert_eq!(bench.news(&bob, GENERAL).await, (false, 0), "nor is anybody brought into that");
    let said = bench.say(&ada, room, "hello").await;
    assert_eq!(bench.news(&bob, room).await, (true, 1));
    let read = ReadCursor { version: 0, seq: said };
    bench.store.set_read_cursor(bob.user.id, room, read).await.unwrap();
    assert_eq!(bench.news(&bob, room).await, (false, 0));

    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room });
    bench.run(&bob, leave).await.unwrap();
    bench.add(&ada, room, &bob).await.unwrap();
    assert_eq!(bench.news(&bob, room).await, (true, 0), "brought in once more");
}

pub(in crate::store) async fn a_muted_room_says_so_until_its_user_has_left<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "garden", Visibility::Public, History::Everything).await;
    let join = Command::JoinRoom(JoinRoom { client_id: bench.id(), room });
    bench.run(&bob, join).await.unwrap();
    let mut mute = || Command::MuteRoom(MuteRoom { client_id: bench.id(), room, muted: true });
    let (mute, mute_again) = (mute(), mute());

    let done = bench.run(&ada, mute).await;
    let again = bench.run(&ada, mute_again).await;

    assert!(matches!(done, Ok(Done::Appended { stream: StreamId::Inbox(user), .. }) if user == ada.user.id));
    assert_eq!(again, Ok(Done::Unchanged));
    assert_eq!((bench.is_muted(&ada, room).await, bench.is_muted(&bob, room).await), (true, false));
    let join = Command::JoinRoom(JoinRoom { client_id: bench.id(), room });
    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room });
    bench.run(&ada, leave).await.unwrap();
    bench.run(&ada, join).await.unwrap();
    assert!(!bench.is_muted(&ada, room).await);
}

pub(in crate::store) async fn what_people_say_of_themselves_is_counted_and_forgotten_when_over<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await.user.id, bench.user("bob").await.user.id);
    let until = Some(UnixMs(NOW.0 + 1_000));
    let status = Some(Status { emoji: "🌴".to_owned(), text: "On holiday".to_owned(), until });
    let forget = |now| Lifetime { now, seen_after: UnixMs(0), created_after: UnixMs(0) };

    assert_eq!(bench.store.profiles(&[ada, bob]).await.unwrap(), [], "nobody has said anything");
    let first = bench.store.set_status(bob, None).await.unwrap();
    let second = bench.store.set_status(bob, status.clone()).await.unwrap();

    assert_eq!((first.status, second.status), (None, status.clone()));
    assert!(first.version < second.version);
    bench.reopen().await;
    let known = bench.store.profiles(&[ada, bob]).await.unwrap();
    assert_eq!(known, [(bob, Profile { version: second.version, name: None, status })]);
    assert_eq!(bench.store.roster(GENERAL).await.unwrap().profiles, known);
    bench.store.forget_expired(forget(NOW)).await.unwrap();
    assert_eq!(bench.store.profiles(&[bob]).await.unwrap(), known, "it is not over");
    bench.store.forget_expired(forget(UnixMs(NOW.0 + 1_000))).await.unwrap();
    assert_eq!(bench.store.profiles(&[bob]).await.unwrap()[0].1.status, None);
    let named = bench.store.set_display_name(bob, Some("Robert".to_owned())).await.unwrap();
    assert!(named.version > second.version && named.name.as_deref() == Some("Robert"));
    assert_eq!(bench.store.set_display_name(bob, None).await.unwrap().name, None);
}

pub(in crate::store) async fn public_names_are_unique_whatever_their_case<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    bench.create(&ada, "Über uns", Visibility::Public, History::Everything).await;
    let room = bench.create(&bob, "mine", Visibility::Public, History::Everything).await;

    let name = "über UNS".to_owned();
    let create = CreateRoom {
        client_id: bench.id(),
        name: name.clone(),
        visibility: Visibility::Public,
        history: History::Everything,
    };
    let rename = RenameRoom { client_id: bench.id(), room, name: name.clone() };

    assert_eq!(bench.run(&bob, Command::CreateRoom(create)).await, Err(ErrorCode::RoomNameTaken));
    assert_eq!(bench.run(&bob, Command::RenameRoom(rename)).await, Err(ErrorCode::RoomNameTaken));
    let hidden = bench.create(&bob, &name, Visibility::Private, History::Everything).await;
    assert_ne!(hidden, room, "private rooms may be called anything");
    let again = RenameRoom { client_id: bench.id(), room, name: "Mine".to_owned() };
    assert!(bench.run(&bob, Command::RenameRoom(again)).await.is_ok(), "its own name in other case is free");
}

pub(in crate::store) async fn outsiders_find_public_rooms_and_nothing_of_private_ones<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let open = bench.create(&ada, "open", Visibility::Public, History::Everything).await;
    let shut = bench.create(&ada, "shut", Visibility::Private, History::Everything).await;
    let user: UserId = bob.user.id;

    let directory = bench.store.directory(user, &DirectoryAt::default(), 9).await.unwrap();

    let listed: Vec<_> = directory.iter().map(|entry| (entry.room.id, entry.member_count, entry.joined)).collect();
    assert_eq!(listed, [(GENERAL, 2, true), (open, 1, false)]);
    let candidates = bench.store.candidates(open, "", 9).await.unwrap();
    assert_eq!(candidates.iter().map(|one| one.user.id).collect::<Vec<_>>(), [user]);
    assert!(bench.store.doorstep(open).await.unwrap().is_some());
    assert_eq!(bench.store.doorstep(shut).await.unwrap(), None);
    assert_eq!(bench.store.room_named(user, "OPEN").await.unwrap(), Some(open));
    assert_eq!(bench.store.room_named(user, "shut").await.unwrap(), None);
    for room in [open, shut] {
        assert_eq!(bench.store.room(user, room, WindowAt::End).await.unwrap(), None);
        assert_eq!(bench.store.history(user, room, PageAt::Before(Seq(9)), 9).await.unwrap(), None);
        assert!(bench.store.summaries(user, &[room]).await.unwrap().is_empty());
    }
}
