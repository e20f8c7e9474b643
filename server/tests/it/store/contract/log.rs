//! The log: dense, told in order, appended to once, and what is folded from it.

use protocol::{
    Applied, Command, ErrorCode, EventKind, Room, RoomId, Seq, StreamId,
    members::{JoinRoom, LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage},
    reactions::{AddReaction, RemoveReaction},
    rooms::{History, RenameRoom, Visibility},
};
use server::store::{Actor, StreamStore as _, WindowAt};

use super::{Bench, GENERAL, NOW, Place};

pub(in crate::store) async fn sequences_are_dense_and_told_in_the_order_of_commits<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let posts: Vec<_> = (0..200).map(|n| bench.post(GENERAL, &format!("{n}"))).collect();

    let store = &bench.store;
    let answers = futures::future::join_all(posts.into_iter().enumerate().map(|(n, post)| {
        let actor = if n % 2 == 0 { &ada } else { &bob };
        store.execute(actor, post, NOW)
    }))
    .await;

    assert!(answers.iter().all(Result::is_ok));
    let log = bench.log(StreamId::Room(GENERAL)).await;
    let seqs: Vec<u64> = log.iter().map(|record| record.seq.0).collect();
    assert_eq!(seqs, (1..=202).collect::<Vec<_>>());
    let told: Vec<_> = bench.told.0.lock().unwrap().clone();
    let told: Vec<_> = told.into_iter().filter(|record| record.stream == StreamId::Room(GENERAL)).collect();
    assert_eq!(told, log, "what is told is what is stored, in order");
}

pub(in crate::store) async fn a_retry_appends_once_and_gets_the_first_answer<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    let post = bench.post(GENERAL, "once");

    let first = bench.run(&ada, post.clone()).await;
    let second = bench.run(&ada, post.clone()).await;
    bench.reopen().await;
    let third = bench.run(&ada, post).await;

    assert_eq!((first, second), (third, third));
    assert_eq!(bench.texts(&ada, GENERAL).await, ["once"]);
    assert!(bench.told.0.lock().unwrap().is_empty(), "a retry tells nobody anything");
}

pub(in crate::store) async fn the_same_id_with_other_content_is_a_conflict<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let client_id = bench.id();
    let post = |text: &str| Command::PostMessage(PostMessage::new(client_id, GENERAL, text.to_owned()));

    bench.run(&ada, post("one")).await.unwrap();

    assert_eq!(bench.run(&ada, post("other")).await, Err(ErrorCode::Conflict));
    assert!(bench.run(&bob, post("bob's")).await.is_ok(), "the id is the author's own");
}

pub(in crate::store) async fn who_has_left_still_learns_the_fate_of_what_was_stored<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "den", Visibility::Private, History::Everything).await;
    bench.add(&ada, room, &bob).await.unwrap();
    let post = bench.post(room, "hi");
    let stored = bench.run(&bob, post.clone()).await;

    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room });
    bench.run(&bob, leave).await.unwrap();

    assert_eq!(bench.run(&bob, post).await, stored);
    let another = bench.post(room, "again");
    assert_eq!(bench.run(&bob, another).await, Err(ErrorCode::NotFound));
}

pub(in crate::store) async fn a_refused_command_leaves_its_batch_alone<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    let commands =
        [bench.post(GENERAL, "a"), bench.post(RoomId(99), "b"), bench.post(GENERAL, " "), bench.post(GENERAL, "c")];

    let store = &bench.store;
    let answers =
        futures::future::join_all(commands.into_iter().map(|command| store.execute(&ada, command, NOW))).await;

    let kinds: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(kinds, [true, false, false, true]);
    assert_eq!(bench.texts(&ada, GENERAL).await, ["a", "c"]);
}

pub(in crate::store) async fn a_deleted_text_is_gone_from_everywhere<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    let post = bench.post(GENERAL, "secret one");
    let message = bench.seq(&ada, post.clone()).await;
    let edit = EditMessage { client_id: bench.id(), room: GENERAL, message, text: "secret two".to_owned() };
    bench.run(&ada, Command::EditMessage(edit)).await.unwrap();

    let answer = PostMessage { reply_to: Some(message), ..PostMessage::new(bench.id(), GENERAL, "why?".to_owned()) };
    bench.run(&ada, Command::PostMessage(answer.clone())).await.unwrap();

    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room: GENERAL, message });
    bench.run(&ada, delete).await.unwrap();
    assert!(bench.run(&ada, Command::PostMessage(answer.clone())).await.is_ok());
    let other = PostMessage { text: "what?".to_owned(), ..answer };
    assert_eq!(
        bench.run(&ada, Command::PostMessage(other)).await,
        Err(ErrorCode::Conflict),
        "the answer is still known"
    );
    assert_eq!(bench.store.edits(ada.user.id, GENERAL, message).await.unwrap(), None);

    let log = protocol::encode(&bench.log(StreamId::Room(GENERAL)).await);
    assert!(!log.contains("secret"), "{log}");
    assert_eq!(bench.texts(&ada, GENERAL).await, ["(deleted)", "why?"]);
    assert!(bench.run(&ada, post).await.is_ok(), "a late retry still gets its answer");
    let edit = EditMessage { client_id: bench.id(), room: GENERAL, message, text: "back".to_owned() };
    assert_eq!(bench.run(&ada, Command::EditMessage(edit)).await, Err(ErrorCode::NotFound));
}

pub(in crate::store) async fn a_snapshot_and_later_events_make_a_fresh_snapshot<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let room = bench.create(&ada, "den", Visibility::Public, History::Everything).await;
    let first = bench.say(&ada, room, "one").await;
    let old = bench.store.room(ada.user.id, room, WindowAt::End).await.unwrap().unwrap();

    let commands = [
        Command::RenameRoom(RenameRoom { client_id: bench.id(), room, name: "lair".to_owned() }),
        Command::EditMessage(EditMessage {
            client_id: bench.id(),
            room,
            message: first,
            text: "**won**, `really`".to_owned(),
        }),
    ];
    for command in commands {
        bench.run(&ada, command).await.unwrap();
    }
    let join = Command::JoinRoom(JoinRoom { client_id: bench.id(), room });
    bench.run(&bob, join).await.unwrap();
    let second = bench.say(&bob, room, "two, @room").await;
    answered_and_reacted(&mut bench, &ada, &bob, room, [first, second]).await;
    let text = format!("**@{}** and @room", bob.user.name);
    let edit = EditMessage { client_id: bench.id(), room, message: first, text };
    bench.run(&ada, Command::EditMessage(edit)).await.unwrap();
    assert_eq!((bench.unread(&ada, room).await, bench.unread(&bob, room).await), (3, 0));
    let delete = Command::DeleteMessage(DeleteMessage { client_id: bench.id(), room, message: second });
    bench.run(&bob, delete).await.unwrap();
    let leave = Command::LeaveRoom(LeaveRoom { client_id: bench.id(), room });
    bench.run(&bob, leave).await.unwrap();
    bench.add(&ada, room, &bob).await.unwrap();
    let remove = RemoveMember { client_id: bench.id(), room, username: bob.user.name.clone() };
    bench.run(&ada, Command::RemoveMember(remove)).await.unwrap();

    let mut folded = Room::from(old);
    let mut kinds = Vec::new();
    for record in bench.store.replay(StreamId::Room(room), folded.position().seq, 100).await.unwrap() {
        assert_eq!(folded.apply(&record), Applied::Fresh);
        kinds.push(EventKind::from(&record.event));
    }
    let fresh = Room::from(bench.store.room(ada.user.id, room, WindowAt::End).await.unwrap().unwrap());
    assert_eq!(folded, fresh);
    for kind in [
        EventKind::RoomRenamed,
        EventKind::MessageEdited,
        EventKind::MessageDeleted,
        EventKind::MemberRemoved,
        EventKind::ReactionAdded,
        EventKind::ReactionRemoved,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} happened");
    }
}

/// Bob answers the messages and names Ada; both react, and he takes one reaction back.
async fn answered_and_reacted<P: Place>(
    bench: &mut Bench<P>,
    ada: &Actor,
    bob: &Actor,
    room: RoomId,
    messages: [Seq; 2],
) {
    for message in messages {
        let post = PostMessage::new(bench.id(), room, format!("@{} sees", ada.user.name));
        bench.run(bob, Command::PostMessage(PostMessage { reply_to: Some(message), ..post })).await.unwrap();
        for (actor, emoji) in [(bob, "👍"), (ada, "👍"), (bob, "🎉")] {
            let react = AddReaction { client_id: bench.id(), room, message, emoji: emoji.to_owned() };
            bench.run(actor, Command::AddReaction(react)).await.unwrap();
        }
        let unreact = RemoveReaction { client_id: bench.id(), room, message, emoji: "👍".to_owned() };
        bench.run(bob, Command::RemoveReaction(unreact)).await.unwrap();
    }
}

pub(in crate::store) async fn heads_and_replays_end_where_the_log_ends<P: Place>() {
    let mut bench = Bench::<P>::new().await;
    let ada = bench.user("ada").await;
    for _ in 0..9 {
        bench.say(&ada, GENERAL, "x").await;
    }
    let (known, unknown) = (StreamId::Room(GENERAL), StreamId::Room(RoomId(50)));

    let heads = bench.store.heads(&[known, unknown]).await.unwrap();
    let some = bench.store.replay(known, Seq(3), 4).await.unwrap();

    assert_eq!(heads.len(), 1);
    assert_eq!((heads[0].0, heads[0].1.seq), (known, Seq(10)));
    assert_eq!(some.iter().map(|record| record.seq.0).collect::<Vec<_>>(), [4, 5, 6, 7]);
    assert!(bench.store.heads(&[]).await.unwrap().is_empty());
}
