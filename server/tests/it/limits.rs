//! Limits at their value and one above, over sockets and HTTP, where no other topic has them: `docs/limits.md` says which test holds which.

use std::time::Duration;

use protocol::{
    Command, Done, ErrorCode, Event, HistoryPage, Quoted, RoomId, RoomSnapshot, RoomSummary, Seq, StreamId,
    command::Unsubscribe,
    limits::{
        DISPLAY_NAME_CHARS_MAX, EMOJI_BYTES_MAX, EXCERPT_CHARS_MAX, HISTORY_ENTRIES_MAX, MEMBERS_LISTED_MAX,
        PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, ROOM_NAME_CHARS_MAX, UNREAD_MAX, USERNAME_CHARS_MAX,
        WINDOW_CONTEXT_ENTRIES, WINDOW_ENTRIES,
    },
    rooms::{CreateRoom, DeleteRoom, History, RenameRoom, SetTopic, TOPIC_CHARS_MAX, Visibility},
};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::json;
use server::limits::Limits;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{
    Client, PASSWORD, TestServer,
    socket::{GENERAL, Socket, answer, client_id, leave, post, react, read_up_to, unlimited},
};

const STREAM: StreamId = StreamId::Room(GENERAL);

/// There is no such room.
const NOWHERE: RoomId = RoomId(999);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What is read at an address.
async fn read<T: DeserializeOwned>(client: &Client, path: &str) -> T {
    let answer = client.get(path).await;
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error} in {answer:?}"))
}

async fn is_limited(socket: &mut Socket, command: &Command) -> bool {
    socket.ask(command.clone()).await == Err(ErrorCode::RateLimited)
}

#[tokio::test]
async fn a_bucket_has_its_tokens_and_not_one_more_and_gets_the_next_at_its_time() {
    let (server, limits) = (TestServer::start().await, Limits::default());
    let mut ada = server.user("ada").await.connect().await;

    for (what, per_second, burst, command) in [
        ("posts", limits.posts_per_second, limits.posts_burst, post(NOWHERE, "hi")),
        ("writes", limits.writes_per_second, limits.writes_burst, leave(NOWHERE)),
        (
            "reads",
            limits.reads_per_second,
            limits.reads_burst,
            Command::Unsubscribe(Unsubscribe { stream: StreamId::Room(NOWHERE) }),
        ),
    ] {
        for n in 1..=burst {
            assert!(!is_limited(&mut ada, &command).await, "{what}: {n} of {burst}");
        }
        let refused = ada.send(command.clone()).await;
        let refused = ada.answer(refused).await.unwrap_err();
        let token_ms = 1_000 / u64::from(per_second);
        assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::RateLimited, Some(token_ms)), "{what}");

        server.advance(ms(token_ms - 1));
        assert!(is_limited(&mut ada, &command).await, "{what}: a millisecond too early");
        server.advance(ms(1));
        assert!(!is_limited(&mut ada, &command).await, "{what}: when it was told");
        assert!(is_limited(&mut ada, &command).await, "{what}: one, and not two");
    }
}

#[tokio::test]
async fn a_room_takes_the_next_message_a_fiftieth_of_a_second_later_and_no_sooner() {
    let server = TestServer::with(|config| config.limits.room_posts_burst = 20).await;
    let (mut ada, mut bob) = (server.user("ada").await.connect().await, server.user("bob").await.connect().await);
    // What one is in is known a moment after one is connected.
    ada.follow(STREAM).await;
    bob.follow(STREAM).await;
    let command = post(GENERAL, "hi");
    let token_ms = 1_000 / u64::from(Limits::default().room_posts_per_second);

    for n in 0..20 {
        ada.say(GENERAL, &format!("{n}")).await;
    }

    assert!(is_limited(&mut bob, &command).await);
    server.advance(ms(token_ms - 1));
    assert!(is_limited(&mut bob, &command).await, "a millisecond too early");
    server.advance(ms(1));
    assert!(!is_limited(&mut bob, &command).await, "when it was told");
    assert!(is_limited(&mut bob, &post(GENERAL, "hello")).await, "one, and not two");
}

#[tokio::test]
async fn user_names_and_passwords_have_their_lengths_and_not_one_more() {
    let server = TestServer::start().await;
    let name = "n".repeat(USERNAME_CHARS_MAX);
    let password = |chars: usize| "odd teapots, nine. ".chars().cycle().take(chars).collect::<String>();

    for (username, password, status) in [
        (&*name, PASSWORD, 303),
        (&*format!("{name}n"), PASSWORD, 422),
        ("ada", &*password(PASSWORD_CHARS_MIN - 1), 422),
        ("ada", &*password(PASSWORD_CHARS_MIN), 303),
        ("bob", &*password(PASSWORD_CHARS_MAX + 1), 422),
        ("bob", &*password(PASSWORD_CHARS_MAX), 303),
    ] {
        let answer = server.visitor().post_form("/signup", &[("username", username), ("password", password)]).await;
        assert_eq!(answer.status, status, "{username} {password}");
    }
    assert_eq!(server.names().await, [&*name, "ada", "bob"]);
}

#[tokio::test]
async fn a_display_name_has_its_length_and_not_one_character_more() {
    let server = TestServer::start().await;
    let bob = server.user("bob").await;
    let longest = "ß".repeat(DISPLAY_NAME_CHARS_MAX);

    let set = bob.json(Method::PUT, "/api/v1/profile/name", &json!({ "name": longest })).await;
    assert_eq!(set.status, 204, "{set:?}");
    let longer = bob.json(Method::PUT, "/api/v1/profile/name", &json!({ "name": format!("{longest}s") })).await;
    longer.refused(413, "too_large");

    assert_eq!(bob.get("/api/v1/profile").await.json()["name"], longest);
}

#[tokio::test]
async fn names_and_topics_of_rooms_have_their_lengths_and_not_one_character_more() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let (name, topic) = ("ß".repeat(ROOM_NAME_CHARS_MAX), "ß".repeat(TOPIC_CHARS_MAX));
    let create = |name: &str| {
        let (visibility, history) = (Visibility::Private, History::Everything);
        Command::CreateRoom(CreateRoom { client_id: client_id(), name: name.to_owned(), visibility, history })
    };

    assert!(ada.ask(create(&name)).await.is_ok());
    assert_eq!(ada.ask(create(&format!("{name}s"))).await, Err(ErrorCode::TooLarge));

    let room = ada.create("den", Visibility::Private, History::Everything).await;
    let rename = |name: String| Command::RenameRoom(RenameRoom { client_id: client_id(), room, name });
    let set_topic = |topic: String| Command::SetTopic(SetTopic { client_id: client_id(), room, topic });
    assert_eq!(ada.ask(rename(format!("{name}s"))).await, Err(ErrorCode::TooLarge));
    assert!(ada.ask(rename(name)).await.is_ok());
    assert_eq!(ada.ask(set_topic(format!("{topic}s"))).await, Err(ErrorCode::TooLarge));
    assert!(ada.ask(set_topic(topic)).await.is_ok());
}

#[tokio::test]
async fn an_emoji_has_its_bytes_and_not_one_more() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    let message = ada.say(GENERAL, "lunch").await;
    // Five people and two signs, of which the last one has three bytes, or four.
    let people = ["👨🏽", "👩🏽", "👧🏽", "👦🏽", "👦🏽", "✔"].join("\u{200d}");
    let (longest, longer) = (format!("{people}\u{200d}✔"), format!("{people}\u{200d}👦"));
    assert_eq!((longest.len(), longer.len()), (EMOJI_BYTES_MAX, EMOJI_BYTES_MAX + 1));

    assert!(ada.ask(react(GENERAL, message, &longest)).await.is_ok());
    assert_eq!(ada.ask(react(GENERAL, message, &longer)).await, Err(ErrorCode::TooLarge));
}

#[tokio::test]
async fn a_quote_shows_so_many_characters_and_then_that_there_are_more() {
    let server = TestServer::with(unlimited).await;
    let mut ada = server.user("ada").await.connect().await;
    ada.follow(STREAM).await;
    let all = "ü".repeat(EXCERPT_CHARS_MAX);

    for (text, shown) in [(all.clone(), all.clone()), (format!("{all}ü"), format!("{all}…"))] {
        let message = ada.say(GENERAL, &text).await;
        ada.event(STREAM).await;
        ada.append(answer(GENERAL, message, "yes")).await;

        let Event::MessagePosted(posted) = ada.event(STREAM).await.event else { panic!("it was posted") };
        let Some(Quoted::Text { excerpt, .. }) = posted.quote.map(|quote| quote.content) else { panic!("it quotes") };
        assert_eq!(excerpt, shown);
    }
}

#[tokio::test]
async fn windows_and_pages_have_so_many_lines_and_not_one_more() {
    let server = TestServer::with(unlimited).await;
    let (_ada, bob) = (server.user("ada").await, server.user("bob").await);
    let page = async || read::<HistoryPage>(&bob, "/api/v1/rooms/1/history?before=9007199254740991").await;
    let window = async |at: &str| read::<RoomSnapshot>(&bob, &format!("/api/v1/rooms/1?at={at}")).await.window;
    let say_until = async |lines: u32| {
        let there = page().await.entries.len();
        server.says_at_once("ada", GENERAL, (there..lines as usize).map(|n| format!("{n}"))).await;
    };

    for (lines, is_all) in [(WINDOW_ENTRIES, true), (WINDOW_ENTRIES + 1, false)] {
        say_until(lines).await;
        let window = window("end").await;
        assert_eq!((window.entries.len(), window.at_start), (WINDOW_ENTRIES as usize, is_all), "of {lines}");
    }
    for (lines, is_all) in [(HISTORY_ENTRIES_MAX, true), (HISTORY_ENTRIES_MAX + 1, false)] {
        say_until(lines).await;
        let page = page().await;
        assert_eq!((page.entries.len(), page.at_start), (HISTORY_ENTRIES_MAX as usize, is_all), "of {lines}");
    }

    // All but the first of them. Who has read so many has as many above the first unread one as are shown; then one more.
    let lines: Vec<Seq> = page().await.entries.iter().map(|entry| entry.seq).collect();
    let context = WINDOW_CONTEXT_ENTRIES as usize;
    let mut socket = bob.connect().await;
    for (read, is_all) in [(context - 2, true), (context - 1, false)] {
        socket.ask(read_up_to(GENERAL, 0, lines[read].0)).await.unwrap();
        let window = window("unread").await;
        assert_eq!((window.entries[context].seq, window.at_start), (lines[read + 1], is_all), "{read}");
        assert_eq!(window.entries.len(), WINDOW_ENTRIES as usize);
    }
}

#[tokio::test]
async fn counting_unread_messages_stops_at_its_limit() {
    let server = TestServer::start().await;
    let (_ada, bob) = (server.user("ada").await, server.user("bob").await);
    let unread = async || {
        let (list, room): (Vec<RoomSummary>, RoomSnapshot) =
            (read(&bob, "/api/v1/rooms?ids=1").await, read(&bob, "/api/v1/rooms/1").await);
        (list[0].unread, room.unread)
    };

    server.says_at_once("ada", GENERAL, (1..UNREAD_MAX).map(|n| format!("{n}"))).await;
    assert_eq!(unread().await, (UNREAD_MAX - 1, UNREAD_MAX - 1));
    for _ in 0..2 {
        server.says_at_once("ada", GENERAL, std::iter::once("one more".to_owned())).await;
        assert_eq!(unread().await, (UNREAD_MAX, UNREAD_MAX));
    }
}

#[tokio::test]
async fn one_request_asks_about_so_many_rooms_and_not_one_more() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let about = |count: usize| format!("/api/v1/rooms?ids={}", vec!["1"; count].join(","));

    assert_eq!(ada.get(&about(500)).await.status, 200);
    ada.get(&about(501)).await.refused(413, "too_large");
}

/// Puts so many more people into a room, without asking anybody: as many sign-ups would take minutes.
async fn crowd(database: &mut SqliteConnection, room: RoomId, count: u32) {
    let users = "INSERT INTO users (username, username_key, password_hash, role, created_at_ms) \
                 WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) \
                 SELECT 'crowd' || (n + most), 'crowd' || (n + most), '', 'member', 0 \
                 FROM numbers, (SELECT max(id) AS most FROM users)";
    sqlx::query(users).bind(count).execute(&mut *database).await.unwrap();
    let members = "INSERT OR IGNORE INTO members (room_id, user_id, since) \
                   SELECT ?, id, 1 FROM users WHERE username LIKE 'crowd%'";
    sqlx::query(members).bind(room.0.cast_signed()).execute(database).await.unwrap();
}

#[tokio::test]
async fn of_a_room_so_many_members_are_listed_and_with_one_more_it_cannot_be_deleted() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    let room = socket.create("hall", Visibility::Public, History::Everything).await;
    let database = SqliteConnectOptions::new().filename(server.data().join("parlor.db"));
    let mut database = SqliteConnection::connect_with(&database).await.unwrap();
    let counts = async || {
        let snapshot: RoomSnapshot = read(&ada, &format!("/api/v1/rooms/{room}")).await;
        (snapshot.members.len(), snapshot.member_count)
    };
    let delete = || Command::DeleteRoom(DeleteRoom { client_id: client_id(), room });

    crowd(&mut database, room, MEMBERS_LISTED_MAX - 1).await;
    assert_eq!(counts().await, (MEMBERS_LISTED_MAX as usize, MEMBERS_LISTED_MAX));
    crowd(&mut database, room, 1).await;
    assert_eq!(counts().await, (MEMBERS_LISTED_MAX as usize, MEMBERS_LISTED_MAX + 1));
    assert_eq!(socket.ask(delete()).await, Err(ErrorCode::TooLarge));

    let one = "DELETE FROM members WHERE user_id = (SELECT max(user_id) FROM members)";
    sqlx::query(one).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    assert!(matches!(socket.ask(delete()).await, Ok(Done::Appended { .. })));
}
