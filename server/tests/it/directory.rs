//! Many rooms: how many a user may make, and how the directory lists them.

use protocol::{
    Command, ErrorCode, RoomId,
    limits::{DIRECTORY_ROOMS_MAX, ROOM_NAME_CHARS_MAX},
    rooms::{CreateRoom, History, Visibility},
};

use crate::support::{
    Client, TestServer,
    socket::{Socket, client_id, unlimited},
};

fn create(name: &str) -> Command {
    let (visibility, history) = (Visibility::Public, History::Everything);
    Command::CreateRoom(CreateRoom { client_id: client_id(), name: name.to_owned(), visibility, history })
}

async fn make(socket: &mut Socket, name: &str) -> RoomId {
    socket.create(name, Visibility::Public, History::Everything).await
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("/api/v1/directory{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rooms = answer.json();
    rooms.as_array().unwrap().iter().map(|entry| entry["room"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn one_room_more_than_a_user_may_make_is_refused() {
    let server = TestServer::with(|config| config.limits.rooms_per_user = 2).await;
    // The owner's room for everyone does not count.
    let (mut ada, mut bob) = (server.user("ada").await.connect().await, server.user("bob").await.connect().await);
    make(&mut ada, "one").await;
    let retried = create("two");
    ada.ask(retried.clone()).await.unwrap();

    let command = ada.send(create("three")).await;
    let refusal = ada.answer(command).await.unwrap_err();

    assert_eq!(refusal.code, ErrorCode::Forbidden);
    assert!(refusal.message.contains("as many rooms as one user may"), "{refusal:?}");
    assert!(ada.ask(retried).await.is_ok(), "a retry of what was done is answered as before");
    make(&mut bob, "three").await;
}

#[tokio::test]
async fn the_directory_comes_in_pages_by_name() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    for name in ["Zoo", "Ähre", "garden", "Gate 100%"] {
        make(&mut socket, name).await;
    }

    assert_eq!(names(&ada, "?limit=2").await, ["garden", "Gate 100%"]);
    assert_eq!(names(&ada, "?limit=2&after=GATE%20100%25").await, ["general", "Zoo"]);
    assert_eq!(names(&ada, "?limit=2&after=zoo").await, ["Ähre"]);
    assert_eq!(names(&ada, "?after=%C3%84hre").await, [""; 0]);
    assert_eq!(names(&ada, "?name=GA").await, ["garden", "Gate 100%"]);
    assert_eq!(names(&ada, "?name=%20%C3%A4h%20").await, ["Ähre"]);
    assert_eq!(names(&ada, "?name=%25").await, ["Gate 100%"], "a sign of SQL is a sign like others");
}

#[tokio::test]
async fn a_page_of_the_directory_has_bounds() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let longest = "x".repeat(ROOM_NAME_CHARS_MAX);

    for query in ["?limit=0", &format!("?limit={}", DIRECTORY_ROOMS_MAX + 1), "?limit=x", "?role=admin"] {
        ada.get(&format!("/api/v1/directory{query}")).await.refused(400, "malformed");
    }
    for field in ["name", "after"] {
        assert!(names(&ada, &format!("?{field}={longest}&limit={DIRECTORY_ROOMS_MAX}")).await.is_empty());
        ada.get(&format!("/api/v1/directory?{field}={longest}x")).await.refused(413, "too_large");
        assert_eq!(ada.get(&format!("/rooms?{field}={longest}x")).await.status, 413);
    }
}

#[tokio::test]
async fn the_page_of_rooms_leads_on_to_the_next_one() {
    let server = TestServer::with(unlimited).await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    // With `general`, one room more than a page has.
    for number in 0..DIRECTORY_ROOMS_MAX {
        make(&mut socket, &format!("hall {number:03} & more")).await;
    }

    let first = ada.get("/rooms").await.body;
    let second = ada.get("/rooms?name=&after=hall%20098%20%26%20more").await.body;
    let found = ada.get("/rooms?name=hall+09").await.body;

    let next = "href=\"/rooms?name=&amp;after=hall%20098%20%26%20more\"";
    assert!(first.contains(next) && first.contains("More rooms"), "{first}");
    assert!(second.contains("Join") || second.contains("hall-099"), "{second}");
    assert!(!second.contains("More rooms"), "{second}");
    assert!(found.contains("hall-090") && !found.contains("hall-080-more\" rel"), "{found}");
    assert!(found.contains("value=\"hall 09\""), "what was looked for stays in the field");
}

#[tokio::test]
async fn the_form_that_joins_a_room_leads_into_it() {
    let server = TestServer::with(unlimited).await;
    let (mut ada, mut bob) = (server.user("ada").await, server.user("bob").await);
    let room = make(&mut ada.connect().await, "Büro 7").await;
    let page = bob.get(&format!("/rooms/{room}")).await.body;
    let form = format!("/rooms/{room}-büro-7/join");
    assert!(page.contains(&format!("action=\"{form}\"")), "{page}");

    // Whatever the address calls the room, its own name is in the one that follows; twice is as good as once.
    for path in [form, format!("/rooms/{room}-old-name/join")] {
        let answer = bob.post_form(&path, &[]).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        assert_eq!(answer.header("location"), format!("/rooms/{room}-b%C3%BCro-7#composer"));
    }

    assert_eq!(bob.get(&format!("/api/v1/rooms/{room}")).await.status, 200);
    assert_eq!(ada.post_form("/rooms/nothing/join", &[]).await.status, 404);
}

#[tokio::test]
async fn the_form_that_joins_a_room_opens_no_private_one() {
    let server = TestServer::with(unlimited).await;
    let (ada, mut bob) = (server.user("ada").await, server.user("bob").await);
    let room = ada.connect().await.create("den", Visibility::Private, History::Everything).await;
    let there_is_none = RoomId(room.0 + 7);

    for room in [room, there_is_none] {
        assert_eq!(bob.post_form(&format!("/rooms/{room}-den/join"), &[]).await.status, 404);
        assert_eq!(bob.get(&format!("/api/v1/rooms/{room}")).await.status, 404);
    }
    let mut visitor = server.visitor();
    let door = visitor.post_form("/rooms/1-general/join", &[]).await;
    assert_eq!(door.header("location"), "/login?next=/rooms/1-general");
}
