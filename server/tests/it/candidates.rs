//! Who is offered to somebody who brings people into a room.

use protocol::{
    RoomId,
    limits::{CANDIDATES_MAX, DISPLAY_NAME_CHARS_MAX},
    rooms::{History, Visibility},
};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Client, TestServer,
    socket::{GENERAL, add, unlimited},
};

fn path(room: RoomId, name: &str) -> String {
    format!("/api/v1/rooms/{room}/candidates?name={name}")
}

async fn offered(client: &Client, room: RoomId, name: &str) -> Vec<String> {
    let answer = client.get(&path(room, name)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let people = answer.json();
    people.as_array().unwrap().iter().map(|one| one["user"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn those_who_may_come_in_are_found_by_either_name_and_not_when_they_are_in_or_disabled() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    for name in ["cid", "Dora", "dan_b"] {
        server.user(name).await;
    }
    let mut socket = ada.connect().await;
    let room = socket.create("cellar", Visibility::Private, History::Everything).await;
    let named = bob.json(Method::PUT, "/api/v1/profile/name", &json!({ "name": "Robert Öz-Dorn" })).await;
    assert_eq!(named.status, 204, "{named:?}");

    assert_eq!(offered(&ada, room, "").await, ["bob", "cid", "dan_b", "Dora"]);
    assert_eq!(offered(&ada, room, "D").await, ["dan_b", "Dora"]);
    assert_eq!(offered(&ada, room, "d_").await, [""; 0], "a sign of SQL is a sign like others");
    assert_eq!(offered(&ada, room, "rob").await, ["bob"]);
    assert_eq!(offered(&ada, room, "%C3%B6z").await, ["bob"], "a word in the middle, in small letters");
    assert_eq!(offered(&ada, room, "dorn").await, [""; 0], "only where a word begins");

    socket.append(add(room, "cid")).await;
    let dora = server.account("Dora").await.user.id;
    server.ask(move |app| async move { app.store.set_disabled(dora, Some(app.clock.now())).await }).await.unwrap();

    assert_eq!(offered(&ada, room, "").await, ["bob", "dan_b"]);
}

#[tokio::test]
async fn only_who_may_bring_people_in_is_told_who_there_is() {
    let server = TestServer::with(unlimited).await;
    let (ada, bob, eve) = (server.user("ada").await, server.user("bob").await, server.user("eve").await);
    let mut socket = bob.connect().await;
    let room = socket.create("cellar", Visibility::Private, History::Everything).await;
    socket.append(add(room, "eve")).await;

    eve.get(&path(room, "a")).await.refused(403, "forbidden");
    ada.get(&path(room, "a")).await.refused(404, "not_found");
    bob.get(&path(GENERAL, "a")).await.refused(403, "forbidden");
    assert_eq!(offered(&bob, room, "a").await, ["ada"]);
}

#[tokio::test]
async fn what_is_offered_has_bounds() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    for n in 0..=CANDIDATES_MAX {
        server.user(&format!("user-{n:02}")).await;
    }
    let room = ada.connect().await.create("cellar", Visibility::Private, History::Everything).await;
    let longest = "x".repeat(DISPLAY_NAME_CHARS_MAX);

    let first = offered(&ada, room, "").await;

    assert_eq!((first.len(), first[0].as_str()), (CANDIDATES_MAX as usize, "user-00"));
    assert_eq!(offered(&ada, room, &longest).await, [""; 0]);
    ada.get(&path(room, &format!("{longest}x"))).await.refused(413, "too_large");
}
