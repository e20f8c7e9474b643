//! Rooms over HTTP: what members read, what outsiders are told, what bad requests are answered.

use protocol::{
    ClientId, Command, Done, RoomId, StreamId, UnixMs,
    messages::PostMessage,
    rooms::{CreateRoom, History, Visibility},
};
use server::store::Actor;

use crate::support::{Answer, Client, TestServer};

/// The account of this name, as the store knows it.
async fn actor(server: &TestServer, name: &str) -> Actor {
    Actor { user: server.account(name).await.user, is_owner: false }
}

async fn execute(server: &TestServer, actor: &Actor, command: Command) -> Done {
    let actor = actor.clone();
    server.ask(|app| async move { app.store.execute(&actor, command, UnixMs(0)).await }).await.unwrap()
}

async fn room(server: &TestServer, actor: &Actor, name: &str, visibility: Visibility) -> RoomId {
    let client_id = ClientId(uuid::Uuid::from_u128(u128::from(server.app.random.bytes::<1>()[0]) + 1_000));
    let create = CreateRoom { client_id, name: name.to_owned(), visibility, history: History::Everything };
    match execute(server, actor, Command::CreateRoom(create)).await {
        Done::Appended { stream: StreamId::Room(room), .. } => room,
        other => panic!("{other:?}"),
    }
}

async fn say(server: &TestServer, actor: &Actor, room: RoomId, number: u128) {
    let client_id = ClientId(uuid::Uuid::from_u128(number));
    execute(server, actor, Command::PostMessage(PostMessage::new(client_id, room, format!("message {number}")))).await;
}

/// An answer without what differs between any two: the number of the log entry, the time, the asked path.
fn blanked(answer: &Answer, asked: &str) -> String {
    let mut body = answer.body.replace(&format!("rooms/{asked}"), "rooms/<asked>");
    if let Some(at) = body.find("\"correlation\":\"") {
        body.truncate(at);
    }
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", without_nonce(value.to_str().unwrap())))
        .collect();
    headers.sort();
    format!("{} {headers:?} {}", answer.status, without_nonce(&body))
}

/// Takes out every `nonce-…'` and `nonce="…"`.
fn without_nonce(text: &str) -> String {
    let parts: Vec<&str> = text.split("nonce").collect();
    let (first, rest) = parts.split_first().unwrap();
    rest.iter().fold((*first).to_owned(), |text, part| {
        let end = part.get(2..).and_then(|value| value.find(['\'', '"'])).map_or(0, |end| end + 2);
        text + "nonce" + &part[end..]
    })
}

#[tokio::test]
async fn what_an_outsider_asks_of_a_private_room_is_answered_as_if_there_were_none() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let outsider = server.user("bob").await;
    let ada = actor(&server, "ada").await;
    let hidden = room(&server, &ada, "den", Visibility::Private).await;
    say(&server, &ada, hidden, 1).await;
    let missing = RoomId(hidden.0 + 7);

    for path in [
        "/api/v1/rooms/ID",
        "/api/v1/rooms/ID?at=end",
        "/api/v1/rooms/ID?at=3",
        "/api/v1/rooms/ID/history?before=9",
        "/api/v1/rooms/ID/history?after=0&limit=5",
        "/api/v1/rooms/ID/messages/3/edits",
        "/api/v1/rooms/ID/candidates?name=a",
        "/api/v1/rooms?ids=ID",
        "/rooms/ID",
        "/rooms/ID-den",
        "/rooms/ID?at=2",
    ] {
        let at = |id: RoomId| path.replace("ID", &id.to_string());
        let (one, other) = (outsider.get(&at(hidden)).await, outsider.get(&at(missing)).await);
        assert_eq!(blanked(&one, &hidden.to_string()), blanked(&other, &missing.to_string()), "{path}");
        assert!(one.status == 404 || one.body == "[]", "{path}: {one:?}");
    }
    let directory = outsider.get("/api/v1/directory").await.body;
    assert!(!directory.contains("den") && directory.contains("general"), "{directory}");
    let (one, other) = (outsider.get("/rooms/den").await, outsider.get("/rooms/nix").await);
    assert_eq!(blanked(&one, "den"), blanked(&other, "nix"), "names are not told either");
}

#[tokio::test]
async fn a_public_room_is_listed_but_read_by_members_only() {
    let server = TestServer::start().await;
    let owner = server.user("ada").await;
    let outsider = server.user("bob").await;
    let ada = actor(&server, "ada").await;
    let open = room(&server, &ada, "open", Visibility::Public).await;
    say(&server, &ada, open, 1).await;
    let path = format!("/api/v1/rooms/{open}");

    outsider.get(&path).await.refused(403, "forbidden");
    outsider.get(&format!("{path}/history?before=9")).await.refused(403, "forbidden");
    let page = outsider.get(&format!("/rooms/{open}")).await;
    assert!(!page.body.contains("message 1"), "the page shows nothing of it either");
    assert!(owner.get(&path).await.body.contains("message 1"));
    assert!(outsider.get("/api/v1/directory").await.body.contains("open"));
}

#[tokio::test]
async fn nobody_reads_without_a_session() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let visitor = server.visitor();

    for path in [
        "/api/v1/inbox",
        "/api/v1/directory",
        "/api/v1/rooms?ids=1",
        "/api/v1/rooms/1",
        "/api/v1/rooms/1/history?before=9",
        "/api/v1/rooms/1/messages/2/edits",
        "/api/v1/rooms/1/candidates?name=a",
    ] {
        visitor.get(path).await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn private_answers_are_kept_by_no_cache() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    for path in ["/api/v1/inbox", "/api/v1/directory", "/api/v1/rooms?ids=1", "/api/v1/rooms/1", "/rooms/1", "/login"] {
        let answer = ada.get(path).await;
        assert!(answer.header("cache-control").contains("no-store"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn bad_requests_are_refused_in_words() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let refused = async |client: &Client, path: &str, status, code| {
        client.get(path).await.refused(status, code);
    };

    for path in [
        "/api/v1/rooms",
        "/api/v1/rooms?ids=",
        "/api/v1/rooms?ids=1,x",
        "/api/v1/rooms?ids=1&role=admin",
        "/api/v1/rooms/1?at=yesterday",
        "/api/v1/rooms/1?at=-1",
        "/api/v1/rooms/1/history",
        "/api/v1/rooms/1/history?before=1&after=1",
        "/api/v1/rooms/1/history?before=[]",
        "/api/v1/rooms/1/history?before=1&limit=0",
        "/api/v1/rooms/1/history?before=1&limit=101",
        "/api/v1/rooms/1/candidates?names=a",
    ] {
        refused(&ada, path, 400, "malformed").await;
    }
    let many = vec!["1"; 501].join(",");
    refused(&ada, &format!("/api/v1/rooms?ids={many}"), 413, "too_large").await;
    for path in [
        "/api/v1/rooms/1/messages/x/edits",
        "/api/v1/rooms/one",
        "/api/v1/rooms/1'--",
        "/api/v1/rooms/99999999999999999999",
        "/api/v1/rooms/-1",
    ] {
        refused(&ada, path, 404, "not_found").await;
    }
    assert!(ada.get("/api/v1/rooms/1/history?before=1&limit=100").await.status == 200, "the limit itself is allowed");
}

#[tokio::test]
async fn reading_too_often_is_refused_with_the_time_to_wait() {
    let server = TestServer::with(|config| {
        config.limits.reads_per_second = 1;
        config.limits.reads_burst = 3;
    })
    .await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);

    for _ in 0..3 {
        assert_eq!(ada.get("/api/v1/inbox").await.status, 200);
    }
    let refused = ada.get("/api/v1/inbox").await.refused(429, "rate_limited");
    assert!(refused.json()["retry_after_ms"].as_u64().unwrap() > 0);
    assert_eq!(bob.get("/api/v1/inbox").await.status, 200, "others are not slowed down");
    server.advance(std::time::Duration::from_secs(1));
    assert_eq!(ada.get("/api/v1/inbox").await.status, 200);
}
