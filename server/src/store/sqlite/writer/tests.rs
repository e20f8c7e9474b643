//! What is in one batch: that it is one, and that it comes to what the same would one after the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt as _, StreamExt as _, future::join_all, stream::FuturesUnordered};
use protocol::{
    ClientId, Command, ReadCursor, Record, RoomId, Seq, StreamId, UnixMs, UserId, Username,
    members::{AddMember, JoinRoom, LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage},
    mute::MuteRoom,
    reactions::AddReaction,
    rooms::{CreateRoom, History, RenameRoom, TransferRoom, Visibility},
};
use sqlx::Row as _;

use super::{CommandJob, caught, posts};
use crate::{
    sabotage::Without,
    store::{
        AccountStore as _, Actor, ExecuteError, StoreError, StreamStore as _,
        accounts::{Admission, NewAccount, NewSession, TokenHash},
        sqlite::{
            Tuning,
            append::insert_events,
            bench::{Bench, GENERAL, NOW},
            seed::Seed,
        },
        writer::{BATCH_COMMANDS_MAX, COMMANDS_RESERVED, QUEUE_COMMANDS_MAX},
    },
};

/// Accounts that are in the room for everyone, made by hand.
const FIRST: u64 = 100;
const LAST: u64 = 599;

async fn crowd(bench: &Bench) {
    let mut write = bench.store.begin_write().await.unwrap();
    let users = "WITH RECURSIVE n (i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 599) \
                 INSERT INTO users (id, username, username_key, password_hash, role, created_at_ms) \
                 SELECT i, 'u' || i, 'u' || i, '', 'member', 0 FROM n";
    sqlx::query(users).execute(&mut *write).await.unwrap();
    let members = "INSERT INTO members (room_id, user_id, since) SELECT 1, id, 1 FROM users WHERE id >= 100";
    sqlx::query(members).execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
}

/// Counts the commits on the connection that writes from now on.
async fn commits(bench: &Bench) -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let mut write = bench.store.begin_write().await.unwrap();
    write.lock_handle().await.unwrap().set_commit_hook(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    });
    count
}

fn at(seq: u64) -> ReadCursor {
    ReadCursor { version: 0, seq: Seq(seq) }
}

#[tokio::test]
async fn read_cursors_share_the_commit_of_their_batch() {
    let mut bench = Bench::new().await;
    crowd(&bench).await;
    for _ in 0..5 {
        let post = bench.post(GENERAL, "hi");
        bench.run(post).await.unwrap();
    }
    let commits = commits(&bench).await;

    let post = bench.post(GENERAL, "beside");
    let moves = (FIRST..=LAST).map(|user| bench.store.set_read_cursor(UserId(user), GENERAL, at(user % 9)));
    let (posted, moved) = tokio::join!(bench.run(post), join_all(moves));

    posted.unwrap();
    for (user, moved) in (FIRST..=LAST).zip(moved) {
        assert_eq!(moved.unwrap(), Some(at((user % 9).min(7))), "up to what is there");
    }
    let commits = commits.load(Ordering::Relaxed);
    assert!(commits <= 3, "{commits} commits");
}

#[tokio::test]
async fn a_commit_takes_so_many_commands_and_the_next_is_another() {
    for (commands, expected) in [(BATCH_COMMANDS_MAX, 1), (BATCH_COMMANDS_MAX + 1, 2)] {
        let bench = Bench::new().await;
        let commits = commits(&bench).await;

        // All of them wait before the writer looks.
        let stored = join_all((0..commands).map(|n| bench.run(bench_post(n as u128)))).await;

        assert!(stored.iter().all(Result::is_ok));
        assert_eq!(commits.load(Ordering::Relaxed), expected, "{commands} commands");
    }
}

#[tokio::test]
async fn read_cursors_of_one_user_come_to_what_the_merge_says() {
    let mut bench = Bench::new().await;
    for _ in 0..5 {
        let post = bench.post(GENERAL, "hi");
        bench.run(post).await.unwrap();
    }
    let (ada, bob) = (bench.ada.user.id, UserId(99));
    let set = |user, room, version, seq| bench.store.set_read_cursor(user, room, ReadCursor { version, seq: Seq(seq) });

    let together = tokio::join!(set(ada, GENERAL, 1, 4), set(ada, GENERAL, 0, 5), set(ada, GENERAL, 1, 2));
    let others = tokio::join!(set(bob, GENERAL, 1, 2), set(ada, RoomId(9), 0, 1));
    let older = set(ada, GENERAL, 0, 6).await.unwrap();

    let merged = Some(ReadCursor { version: 1, seq: Seq(4) });
    for moved in [together.0, together.1, together.2] {
        assert_eq!(moved.unwrap(), merged);
    }
    assert_eq!((others.0.unwrap(), others.1.unwrap()), (None, None), "who is no member has none");
    assert_eq!(older, merged, "an older one changes nothing");
}

#[tokio::test]
async fn read_cursors_leave_a_quarter_of_the_queue_to_commands() {
    let mut bench = Bench::with(Tuning { busy_timeout: Duration::from_secs(20), ..Tuning::default() }).await;
    let turn = bench.store.begin_write().await.unwrap();
    let first = bench.post(GENERAL, "first");
    let mut first = std::pin::pin!(bench.run(first));
    assert!(first.as_mut().now_or_never().is_none());
    while bench.store.writer.capacity() < QUEUE_COMMANDS_MAX {
        // The writer has taken it, and waits for the turn.
        tokio::task::yield_now().await;
    }
    let ada = bench.ada.user.id;

    let cursors = QUEUE_COMMANDS_MAX - COMMANDS_RESERVED;
    let mut moved = FuturesUnordered::new();
    for _ in 0..cursors {
        moved.push(bench.store.set_read_cursor(ada, GENERAL, at(1)));
        assert!(moved.next().now_or_never().is_none(), "it waits");
    }
    let refused = bench.store.set_read_cursor(ada, GENERAL, at(1)).now_or_never();
    assert!(matches!(refused, Some(Err(StoreError::Busy))), "{refused:?}");
    let mut posted = FuturesUnordered::new();
    for n in 0..COMMANDS_RESERVED {
        posted.push(bench.run(bench_post(n as u128)));
        assert!(posted.next().now_or_never().is_none(), "there is room for commands");
    }
    let refused = bench.run(bench_post(9_999)).now_or_never();
    assert!(matches!(refused, Some(Err(ExecuteError::Store(StoreError::Busy)))), "{refused:?}");

    drop(turn);
    first.await.unwrap();
    assert_eq!(moved.map(Result::unwrap).count().await, cursors);
    assert_eq!(posted.map(Result::unwrap).count().await, COMMANDS_RESERVED);
}

#[tokio::test]
async fn whoever_is_told_knows_whether_more_is_underway() {
    let mut bench = Bench::new().await;
    bench.told.and_more.lock().unwrap().clear();
    let turn = bench.store.begin_write().await.unwrap();
    let (first, second) = (bench.post(GENERAL, "first"), bench.post(GENERAL, "second"));
    let mut first = std::pin::pin!(bench.run(first));
    assert!(first.as_mut().now_or_never().is_none());
    while bench.store.writer.capacity() < QUEUE_COMMANDS_MAX {
        tokio::task::yield_now().await;
    }
    let mut second = std::pin::pin!(bench.run(second));
    assert!(second.as_mut().now_or_never().is_none(), "it waits for the next batch");

    drop(turn);
    first.await.unwrap();
    second.await.unwrap();

    assert_eq!(*bench.told.and_more.lock().unwrap(), [true, false]);
}

#[tokio::test]
async fn what_is_refused_or_fails_is_not_underway_any_more() {
    let mut bench = Bench::with(Tuning { busy_timeout: Duration::from_millis(50), ..Tuning::default() }).await;
    let nowhere = bench.post(RoomId(999), "nobody");
    assert!(matches!(bench.run(nowhere).await, Err(ExecuteError::Refused(_))));
    assert_eq!(bench.told.underway.next(StreamId::Room(RoomId(999))), None, "refused");

    let turn = bench.store.begin_write().await.unwrap();
    let posts: Vec<_> = (0..=QUEUE_COMMANDS_MAX).map(|n| bench_post(n as u128)).collect();
    let failed = join_all(posts.into_iter().map(|post| bench.run(post))).await;

    assert!(failed.iter().all(|one| matches!(one, Err(ExecuteError::Store(StoreError::Busy)))));
    assert_eq!(bench.told.underway.next(StreamId::Room(GENERAL)), None, "no room, no turn, or behind one without");
    drop(turn);
}

#[tokio::test]
async fn a_panic_ends_its_batch_and_not_the_writer() {
    let mut bench = Bench::new().await;

    let lost = caught(async {
        let _write = bench.store.begin_write().await?;
        if bench.ada.user.id.0 > 0 {
            panic!("a fault of the server");
        }
        Ok(())
    });
    assert!(matches!(lost.await, Err(StoreError::Internal(_))));

    let post = bench.post(GENERAL, "hi");
    let done = bench.run(post).await.unwrap();
    bench.has(&[done]).await;
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Any mix of commands of three people in four rooms, one of which is not there at first: posts for the most part, some
/// of them sent again, or with another's id, or to nowhere, or without a text. No room is deleted: it is erased beside
/// the batch, so that what is there depends on when one looks.
fn mix(dice: &mut Dice, count: u64) -> Vec<(usize, Command)> {
    let mut ids = 1_000;
    let mix = (0..count).map(|n| {
        let again = dice.roll(12) == 0 && n > 0;
        ids += u128::from(!again);
        let client_id = ClientId(uuid::Uuid::from_u128(ids));
        let (room, message) = (RoomId(1 + dice.roll(4)), Seq(1 + dice.roll(20)));
        let text = ["one", "one", "**two**", "@bob, three", "", "four @room", "five", "six"][dice.roll(8) as usize];
        let post = PostMessage::new(client_id, room, text.to_owned());
        let username = Username::parse(["ada", "bob", "cleo", "dan"][dice.roll(4) as usize]).unwrap();
        let command = match dice.roll(32) {
            0 => Command::PostMessage(PostMessage { reply_to: Some(message), ..post }),
            1 => Command::EditMessage(EditMessage { client_id, room, message, text: format!("{text} edited") }),
            2 => Command::DeleteMessage(DeleteMessage { client_id, room, message }),
            3 => Command::AddReaction(AddReaction { client_id, room, message, emoji: "👍".to_owned() }),
            4 => Command::LeaveRoom(LeaveRoom { client_id, room }),
            5 => Command::JoinRoom(JoinRoom { client_id, room }),
            6 => Command::RenameRoom(RenameRoom { client_id, room, name: format!("room {n}") }),
            7 => Command::AddMember(AddMember { client_id, room, username }),
            8 => Command::RemoveMember(RemoveMember { client_id, room, username }),
            9 => Command::TransferRoom(TransferRoom { client_id, room, username }),
            10 => Command::MuteRoom(MuteRoom { client_id, room, muted: dice.roll(2) == 0 }),
            11 => Command::CreateRoom(CreateRoom {
                client_id,
                name: format!("new {}", dice.roll(4)),
                visibility: Visibility::Public,
                history: History::Everything,
            }),
            _ => Command::PostMessage(post),
        };
        (dice.roll(3) as usize, command)
    });
    mix.collect()
}

/// Three people, and two rooms beside the one for everyone; the same ones in every store.
async fn people(bench: &Bench) -> Vec<Actor> {
    let mut people = vec![bench.ada.clone()];
    for (n, name) in [(2, "bob"), (3, "cleo")] {
        let session = NewSession { token: TokenHash([n; 32]), device: String::new(), per_user_max: 9 };
        let username = Username::parse(name).unwrap();
        let account = NewAccount { username, password_hash: String::new(), admission: Admission::Open, session };
        people.push(Actor::from(&bench.store.sign_up(account, NOW).await.unwrap().session));
    }
    for (n, history) in [(1, History::Everything), (2, History::SinceJoining)] {
        let (client_id, name) = (ClientId(uuid::Uuid::from_u128(n)), format!("den {n}"));
        let create = CreateRoom { client_id, name, visibility: Visibility::Public, history };
        bench.store.execute(&people[1], Command::CreateRoom(create), NOW).await.unwrap();
        for (whose, person) in [(10, &people[0]), (20, &people[2])] {
            let (client_id, room) = (ClientId(uuid::Uuid::from_u128(whose + n)), RoomId(1 + n as u64));
            bench.store.execute(person, Command::JoinRoom(JoinRoom { client_id, room }), NOW).await.unwrap();
        }
    }
    people
}

/// All that is in the database, as text.
async fn rows(bench: &Bench) -> Vec<String> {
    let mut connection = bench.store.read.acquire().await.unwrap();
    let tables =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut *connection).await.unwrap();
    let mut all = Vec::new();
    for table in tables {
        let columns = "SELECT group_concat('quote(\"' || name || '\")', ' || '','' || ') FROM pragma_table_info(?)";
        let columns: String = sqlx::query_scalar(columns).bind(&table).fetch_one(&mut *connection).await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("SELECT '{table}: ' || {columns} FROM \"{table}\" ORDER BY 1"));
        all.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut *connection).await.unwrap());
    }
    all
}

#[tokio::test]
async fn a_batch_comes_to_what_its_commands_come_to_one_by_one() {
    for seed in 0..6 {
        let commands = mix(&mut Dice(seed), 150);
        let (alone, together) = (Bench::new().await, Bench::new().await);
        let (who, same) = (people(&alone).await, people(&together).await);
        assert_eq!(who, same);

        let mut one_by_one = Vec::new();
        // A little later each.
        let commands: Vec<_> = (NOW.0..).map(UnixMs).zip(commands).collect();
        for (now, (by, command)) in &commands {
            one_by_one.push(alone.store.execute(&who[*by], command.clone(), *now).await);
        }
        let commits = commits(&together).await;
        let at_once = commands.iter().map(|(now, (by, c))| together.store.execute(&who[*by], c.clone(), *now));
        let at_once = join_all(at_once).await;

        for ((one, other), command) in one_by_one.iter().zip(&at_once).zip(&commands) {
            assert_eq!(format!("{one:?}"), format!("{other:?}"), "{command:?}");
        }
        assert_eq!(*alone.told.records.lock().unwrap(), *together.told.records.lock().unwrap(), "what is told");
        assert_eq!(rows(&alone).await, rows(&together).await, "what is stored");
        let commits = commits.load(Ordering::Relaxed);
        assert!(commits <= 2, "{commits} commits");
        assert!(at_once.iter().filter(|answer| answer.is_ok()).count() > 40, "much of it makes sense");
        assert!(at_once.iter().filter(|answer| answer.is_err()).count() > 20, "and some does not");
    }
}

#[tokio::test]
async fn a_run_of_posts_is_carried_out_together() {
    let mut bench = Bench::new().await;
    let post = bench.post(GENERAL, "before");
    let first = bench.run(post.clone()).await.unwrap();
    let jobs: Vec<_> = (0..200).map(|n| job(&bench.ada, bench_post(n))).chain([job(&bench.ada, post)]).collect();
    let run: Vec<_> = jobs.iter().map(|job| (job, posts::plain(job).unwrap())).collect();

    let mut write = bench.store.begin_write().await.unwrap();
    let (answers, records) = posts::run(&mut write, &run).await.unwrap();
    write.commit_and_tell(records, || {}).await.unwrap();

    let mut answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.pop(), Some(first), "that one was stored before");
    answers.push(first);
    bench.has(&answers).await;
}

#[tokio::test]
async fn posts_that_are_seeded_make_the_rows_of_posts_that_are_posted() {
    let (posted, seeded) = (Bench::new().await, Bench::new().await);
    let who = people(&posted).await;
    assert_eq!(who, people(&seeded).await);
    let mut dice = Dice(7);
    let seeds: Vec<Seed> = (0..400)
        .map(|n| {
            let actor = who[dice.roll(3) as usize].clone();
            let text = ["hi", "**so** it `is`", "https://example.org/ *a* \n- b", "| a |\n|---|\n| b |"][n % 4];
            let (id, room) = (ClientId(uuid::Uuid::from_u128(5_000 + n as u128)), RoomId(1 + dice.roll(3)));
            Seed { actor, post: PostMessage::new(id, room, format!("{text} {n}")), now: UnixMs(NOW.0 + n as i64) }
        })
        .collect();

    for Seed { actor, post, now } in &seeds {
        posted.store.execute(actor, Command::PostMessage(post.clone()), *now).await.unwrap();
    }
    seeded.store.seed(seeds.clone()).await.unwrap();

    assert_eq!(rows(&posted).await, rows(&seeded).await);
    // A retry of one of them gets its answer, and another one with its id is refused.
    let Seed { actor, post, now } = &seeds[17];
    let answers = [&posted, &seeded].map(|bench| bench.store.execute(actor, Command::PostMessage(post.clone()), *now));
    let [one, other] = answers.map(|answer| answer.map(Result::unwrap));
    assert_eq!(one.await, other.await);
    let post = PostMessage { text: "another".to_owned(), ..post.clone() };
    assert!(seeded.store.execute(actor, Command::PostMessage(post), *now).await.is_err());
}

#[tokio::test]
async fn a_post_that_names_somebody_is_not_seeded() {
    let mut bench = Bench::new().await;
    let before = rows(&bench).await;
    let seed = |id, text: &str| Seed {
        actor: bench.ada.clone(),
        post: PostMessage::new(id, GENERAL, text.to_owned()),
        now: NOW,
    };
    let seeds =
        vec![seed(ClientId(uuid::Uuid::from_u128(1)), "hi"), seed(ClientId(uuid::Uuid::from_u128(2)), "hi @ada")];

    assert!(bench.store.seed(seeds).await.is_err());

    assert_eq!(rows(&bench).await, before, "nor is what came before it");
    let post = bench.post(GENERAL, "hi");
    assert!(bench.run(post).await.is_ok());
}

#[tokio::test]
async fn posts_that_cannot_go_together_go_one_by_one() {
    let mut bench = Bench::new().await;
    let mut write = bench.store.begin_write().await.unwrap();
    let sql = "CREATE TRIGGER odd BEFORE INSERT ON events WHEN new.event LIKE '%odd one%' \
               BEGIN SELECT raise(ABORT, 'odd'); END";
    sqlx::query(sql).execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
    let posts: Vec<_> = ["a", "b", "the odd one", "c", "d"].map(|text| bench.post(GENERAL, text)).into();

    let answers = join_all(posts.into_iter().map(|post| bench.run(post))).await;

    let kinds: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(kinds, [true, true, false, true, true]);
    let stored: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
    bench.has(&stored).await;
}

#[tokio::test]
async fn what_was_answered_before_is_found_by_its_index() {
    let bench = Bench::new().await;

    let sql = format!("EXPLAIN QUERY PLAN WITH asked (actor, client) AS (VALUES (?, ?), (?, ?){}", posts::EARLIER);
    let plan = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&bench.store.read).await.unwrap();

    let plan: Vec<String> = plan.iter().map(|row| row.get(3)).collect();
    let step = "SEARCH e USING INDEX events_once (client_id=? AND actor_id=?)";
    assert!(plan.iter().any(|found| found == step), "{plan:#?}");
}

#[tokio::test]
async fn the_log_itself_refuses_a_command_twice() {
    log_refuses_twice(Without::NOTHING).await;
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn a_log_that_takes_a_command_twice_is_noticed() {
    crate::sabotage::fails(log_refuses_twice(Without::UNIQUE_INDEX), "it was taken twice").await;
}

/// One that was looked up and not found, and has been stored since.
async fn log_refuses_twice(without: Without) {
    let mut bench = Bench::with(Tuning { without, ..Tuning::default() }).await;
    let post = bench.post(GENERAL, "once");
    bench.run(post).await.unwrap();
    let stored = bench.log(GENERAL).await.pop().unwrap();
    let cause = (stored.client_id.unwrap(), [0; 16]);
    let again = Record { seq: stored.seq.next(), ..(*stored).clone() };

    let mut write = bench.store.begin_write().await.unwrap();
    let refused = insert_events(&mut write, &[(&again, Some(cause))]).await.expect_err("it was taken twice");

    let StoreError::Internal(error) = refused else { panic!("{refused:?}") };
    assert!(error.to_string().contains("UNIQUE constraint failed: events.client_id, events.actor_id"), "{error}");
}

fn bench_post(n: u128) -> Command {
    let id = ClientId(uuid::Uuid::from_u128(1_000_000 + n));
    Command::PostMessage(PostMessage::new(id, GENERAL, format!("post {n}")))
}

fn job(actor: &Actor, command: Command) -> CommandJob {
    let (reply, _) = tokio::sync::oneshot::channel();
    CommandJob { actor: actor.clone(), command, markup: Vec::new(), rooms_per_user: 9, now: NOW, reply }
}
