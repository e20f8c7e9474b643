//! A socket does not outlive its session (threat 3), however that ends and whichever node the socket is at: raw frames.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    command_line::parlor,
    support::{
        Client, Nodes, PASSWORD, TestServer, send,
        socket::{CLOSE, FIN, PING, PONG, RawSocket, TEXT},
    },
};

/// What threat 3 allows.
const AT_ONCE: Duration = Duration::from_secs(5);

const DAY: Duration = Duration::from_hours(24);

const OTHER_PASSWORD: &str = "eleven even kettles";

/// How a session ends on the server.
#[derive(Clone, Copy, Debug)]
enum Way {
    LoggedOut,
    LoggedOutByAProgram,
    LoggedInAgain,
    PasswordChanged,
    PasswordChangedByAProgram,
    RevokedInTheSettings,
    RevokedByAProgram,
    OthersRevoked,
    Disabled,
}

const WAYS: [Way; 9] = [
    Way::LoggedOut,
    Way::LoggedOutByAProgram,
    Way::LoggedInAgain,
    Way::PasswordChanged,
    Way::PasswordChangedByAProgram,
    Way::RevokedInTheSettings,
    Way::RevokedByAProgram,
    Way::OthersRevoked,
    Way::Disabled,
];

impl Way {
    /// Whether no session of the user is left.
    fn ends_all(self) -> bool {
        matches!(self, Self::Disabled)
    }

    /// Ends the session of `bob`. `elsewhere` is the same user in another session, `ada` owns the server.
    async fn end(self, mut bob: Client, mut elsewhere: Client, mut ada: Client) {
        let status = match self {
            Self::LoggedOut => bob.post_form("/logout", &[]).await.status,
            Self::LoggedOutByAProgram => bob.delete("/api/v1/sessions/current").await.status,
            Self::LoggedInAgain => {
                let name = &own_name(&bob).await;
                bob.post_form("/login", &[("username", name), ("password", PASSWORD)]).await.status
            }
            Self::PasswordChanged => {
                let fields = [
                    ("current_password", PASSWORD),
                    ("new_password", OTHER_PASSWORD),
                    ("repeated_password", OTHER_PASSWORD),
                ];
                elsewhere.post_form("/settings/password", &fields).await.status
            }
            Self::PasswordChangedByAProgram => {
                let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
                elsewhere.json(Method::PUT, "/api/v1/password", &change).await.status
            }
            Self::RevokedInTheSettings => {
                let path = format!("/settings/sessions/{}/end", other_session(&elsewhere).await);
                elsewhere.post_form(&path, &[]).await.status
            }
            Self::RevokedByAProgram => {
                let path = format!("/api/v1/sessions/{}", other_session(&elsewhere).await);
                elsewhere.delete(&path).await.status
            }
            Self::OthersRevoked => elsewhere.post_form("/settings/sessions/end-others", &[]).await.status,
            Self::Disabled => {
                let path = format!("/settings/members/{}/disable", own_id(&bob).await);
                ada.post_form(&path, &[]).await.status
            }
        };
        assert!([204, 303].contains(&status), "{self:?}: {status}");
    }
}

/// Who a client is, as the first frame of its socket says.
async fn hello(client: &Client) -> serde_json::Value {
    RawSocket::open(client, "/ws").await.json().await["user"].clone()
}

async fn own_name(client: &Client) -> String {
    hello(client).await["name"].as_str().unwrap().to_owned()
}

async fn own_id(client: &Client) -> u64 {
    hello(client).await["id"].as_u64().unwrap()
}

/// The number of the one other session that a client's user has.
async fn other_session(client: &Client) -> u64 {
    let list = client.get("/api/v1/sessions").await.json();
    let others = list["sessions"].as_array().unwrap().iter().filter(|session| session["current"] != json!(true));
    let others: Vec<u64> = others.map(|session| session["id"].as_u64().unwrap()).collect();
    let [other] = others.as_slice() else { panic!("{list}") };
    *other
}

async fn logged_in(client: Client, name: &str) -> Client {
    let mut client = client;
    let answer = client.post_form("/login", &[("username", name), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    client
}

/// A socket at each node, after its first frame.
async fn at_both(nodes: &Nodes, client: &Client) -> [RawSocket; 2] {
    let mut sockets =
        [RawSocket::open(&nodes.at(0, client), "/ws").await, RawSocket::open(&nodes.at(1, client), "/ws").await];
    for socket in &mut sockets {
        assert_eq!(socket.json().await["type"], "hello");
    }
    sockets
}

/// Waits for the close frame, answers it, and sees the connection end.
async fn is_closed(socket: &mut RawSocket, what: &str) {
    assert_eq!(socket.close_code().await, Some(1008), "{what}");
    socket.frame(FIN | CLOSE, &1008_u16.to_be_bytes()).await;
    assert_eq!(socket.next().await, None, "{what}: nothing comes after it");
}

async fn works(socket: &mut RawSocket, what: &str) {
    socket.command(7, &json!({ "type": "unsubscribe", "stream": "room:999" })).await;
    assert_eq!(socket.answer().await, json!({ "type": "ack", "id": 7, "done": { "type": "unchanged" } }), "{what}");
}

/// Ends a session of a user of their own in one way. `ada` owns the server.
async fn ends_with_its_sockets(nodes: &Nodes, way: Way, name: String, ada: &Client) {
    let what = &format!("{way:?}");
    let bob = nodes.user(0, &name).await;
    let elsewhere = logged_in(nodes.visitor(0), &name).await;
    let mut ending = at_both(nodes, &bob).await;
    let mut staying = at_both(nodes, if way.ends_all() { ada } else { &elsewhere }).await;

    let started = Instant::now();
    way.end(bob.clone(), elsewhere, ada.clone()).await;

    for socket in &mut ending {
        is_closed(socket, what).await;
    }
    assert!(started.elapsed() < AT_ONCE, "{what}: {:?}", started.elapsed());
    for socket in &mut staying {
        works(socket, what).await;
    }
    for node in 0..2 {
        let late = nodes.at(node, &bob);
        assert_eq!(late.open(late.upgrade("/ws")).await.err(), Some(401), "{what}");
    }
}

#[tokio::test]
async fn however_a_session_ends_its_sockets_close_at_every_node_and_no_others() {
    let nodes = Nodes::start(2).await;
    let ada = nodes.user(0, "ada").await;

    let each = |(number, way): (usize, &Way)| ends_with_its_sockets(&nodes, *way, format!("bob{number}"), &ada);
    join_all(WAYS.iter().enumerate().map(each)).await;

    nodes.stop().await;
}

#[tokio::test]
async fn a_message_that_is_half_sent_keeps_no_socket_open() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let mut sockets = Vec::new();
    let fragment = RawSocket::masked(TEXT, b"{\"id\":1,");
    let part = [FIN | TEXT, 0x80 | 100, 0, 0, 0, 0, b'{'];
    // A first fragment, a part of a frame, and a part of its head.
    for half in [&fragment[..], &part, &part[..1]] {
        let mut socket = RawSocket::open(&ada, "/ws").await;
        assert_eq!(socket.json().await["type"], "hello");
        let ping = RawSocket::masked(FIN | PING, b"?");
        // In one piece, so that what is answered tells that all of it has come.
        socket.bytes(&[&ping, half].concat()).await;
        assert_eq!(socket.control().await.unwrap().first, FIN | PONG);
        sockets.push(socket);
    }

    let started = Instant::now();
    ada.post_form("/logout", &[]).await;

    for socket in &mut sockets {
        assert_eq!(socket.close_code().await, Some(1008));
    }
    assert!(started.elapsed() < AT_ONCE);
}

#[tokio::test]
async fn what_another_process_ends_is_closed_within_five_seconds() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let (bob, cleo) = (server.user("bob").await, server.user("cleo").await);
    let mut staying = RawSocket::open(&ada, "/ws").await;
    let mut disabled = RawSocket::open(&bob, "/ws").await;
    let mut reset = RawSocket::open(&cleo, "/ws").await;

    assert!(parlor(&server.data(), &["user", "disable", "bob"], "").status.success());
    let started = Instant::now();
    is_closed(&mut disabled, "disabled").await;
    assert!(started.elapsed() < AT_ONCE);

    assert!(parlor(&server.data(), &["user", "reset-password", "cleo"], OTHER_PASSWORD).status.success());
    let started = Instant::now();
    is_closed(&mut reset, "another password").await;
    assert!(started.elapsed() < AT_ONCE);
    works(&mut staying, "of somebody else").await;
}

#[tokio::test]
async fn a_session_that_is_too_old_or_was_unused_for_too_long_takes_its_sockets_along() {
    let server = TestServer::start().await;
    let bob = server.user("bob").await;
    for _ in 0..8 {
        server.advance(DAY * 22);
        assert!(bob.is_logged_in().await);
    }
    let eve = server.user("eve").await;
    let (mut old, mut idle) = (RawSocket::open(&bob, "/ws").await, RawSocket::open(&eve, "/ws").await);

    // 181 days after it began, and in use five days ago.
    server.advance(DAY * 5);
    let started = Instant::now();
    is_closed(&mut old, "too old").await;
    assert!(started.elapsed() < AT_ONCE);
    works(&mut idle, "five days old").await;

    server.advance(DAY * 26);
    let started = Instant::now();
    is_closed(&mut idle, "unused for 31 days").await;
    assert!(started.elapsed() < AT_ONCE);
}

#[tokio::test]
async fn the_session_that_gives_way_to_one_too_many_takes_its_sockets_along() {
    let server = TestServer::with(|config| config.limits.sessions_per_user = 2).await;
    let first = server.user("ada").await;
    let mut gives_way = RawSocket::open(&first, "/ws").await;
    server.advance(DAY);
    let second = logged_in(server.visitor(), "ada").await;
    let mut stays = RawSocket::open(&second, "/ws").await;
    server.advance(DAY);

    let started = Instant::now();
    logged_in(server.visitor(), "ada").await;

    is_closed(&mut gives_way, "one too many").await;
    assert!(started.elapsed() < AT_ONCE);
    works(&mut stays, "one of two").await;
}

#[tokio::test]
async fn a_token_that_was_given_back_closes_the_sockets_of_its_program() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let token = ada.cookie.as_ref().unwrap().split_once('=').unwrap().1;
    let mut socket = RawSocket::open(&ada, "/ws").await;

    let started = Instant::now();
    let given_back = server.visitor().request(Method::DELETE, "/api/v1/sessions/current").bearer_auth(token);
    assert_eq!(send(given_back).await.status, 204);

    is_closed(&mut socket, "given back").await;
    assert!(started.elapsed() < AT_ONCE);
}
