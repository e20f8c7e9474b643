//! How many connections and sockets there may be, and whose they are: raw handshakes over TCP connections.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::support::{TestServer, bytes::Bytes};

/// A connection that has asked for a socket without a session, and what was answered. It stays open.
async fn ask(server: &TestServer, headers: &str) -> (Bytes, u16) {
    ask_at(server, "/ws", headers).await
}

async fn ask_at(server: &TestServer, path: &str, headers: &str) -> (Bytes, u16) {
    let mut connection = Bytes::to(server).await;
    let handshake = connection.handshake(path, headers);
    connection.send(&handshake).await;
    let status = connection.status().await;
    (connection, status)
}

async fn ask_for(server: &TestServer, count: usize, headers: impl Fn(usize) -> String) -> Vec<Bytes> {
    let mut open = Vec::new();
    for number in 0..count {
        let (connection, status) = ask(server, &headers(number)).await;
        assert_eq!(status, 401, "the one with number {number}");
        open.push(connection);
    }
    open
}

fn from(addresses: &str) -> String {
    format!("X-Forwarded-For: {addresses}\r\n")
}

#[tokio::test]
async fn the_fifty_first_connection_without_a_session_is_refused_until_one_ends() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    let mut open = ask_for(&server, 50, |_| String::new()).await;

    assert_eq!(ask(&server, "").await.1, 429);
    let mut echo = Bytes::to(&server).await;
    echo.send(&echo.handshake("/ws/echo", "")).await;
    assert_eq!(echo.status().await, 429);
    ada.connect().await;
    // Asking again on the same connection is no other connection.
    let again = open[0].handshake("/ws", "");
    open[0].send(&again).await;
    assert_eq!(open[0].status().await, 401);

    open.pop();
    // The server hears of it a moment later.
    while ask(&server, "").await.1 == 429 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_shows_a_session_after_all_is_not_counted_any_more() {
    let server = TestServer::with(|config| config.limits.sockets_per_address_anonymous = 1).await;
    let ada = server.user("ada").await;
    let (mut connection, status) = ask(&server, "").await;
    assert_eq!(status, 401);
    assert_eq!(ask(&server, "").await.1, 429);

    // No handshake any more, but with a session.
    let cookie = ada.cookie.as_ref().unwrap();
    let request =
        format!("GET /ws HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\n\r\n", server.address);
    connection.send(&request).await;
    assert_eq!(connection.status().await, 400);

    assert_eq!(ask(&server, "").await.1, 401);
}

#[tokio::test]
async fn echoes_are_counted_among_those_without_a_session() {
    let server = TestServer::with(|config| config.limits.sockets_per_address_anonymous = 2).await;
    let visitor = server.visitor();

    let _open = (
        visitor.open(visitor.upgrade("/ws/echo")).await.expect("one of two"),
        visitor.open(visitor.upgrade("/ws/echo")).await.expect("two of two"),
    );

    assert_eq!(visitor.open(visitor.upgrade("/ws/echo")).await.err(), Some(429));
    assert_eq!(ask(&server, "").await.1, 429);
}

#[tokio::test]
async fn what_an_untrusted_peer_says_of_its_address_changes_no_count() {
    let server = TestServer::with(|config| config.limits.sockets_per_address_anonymous = 3).await;

    let _open = ask_for(&server, 3, |number| from(&format!("203.0.113.{number}"))).await;

    assert_eq!(ask(&server, &from("203.0.113.200")).await.1, 429);
    assert_eq!(ask(&server, &from("198.51.100.7, 203.0.113.201")).await.1, 429);
}

#[tokio::test]
async fn behind_trusted_proxies_the_last_address_that_none_of_them_has_is_counted() {
    let server = TestServer::with(|config| {
        config.limits.sockets_per_address_anonymous = 2;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    })
    .await;

    // Through two proxies; what stands before the address that the outer one saw is made up.
    let mut open = Vec::new();
    for number in 0..2 {
        let headers = from(&format!("198.51.100.{number}, 203.0.113.5, 10.1.2.3"));
        let (echo, status) = ask_at(&server, "/ws/echo", &headers).await;
        assert_eq!(status, 101, "the one with number {number}");
        open.push(echo);
    }

    assert_eq!(ask(&server, &from("198.51.100.9, 203.0.113.5, 10.9.9.9")).await.1, 429);
    assert_eq!(ask(&server, &from("203.0.113.5, 203.0.113.6, 10.1.2.3")).await.1, 401, "another address");
}

#[tokio::test]
async fn a_refused_handshake_leaves_no_place_on_the_connection_of_a_proxy() {
    let server = TestServer::with(|config| {
        config.limits.sockets_per_address_anonymous = 1;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;

    // The proxy keeps both connections, for whoever comes next.
    let _kept = ask_for(&server, 2, |_| from("203.0.113.5")).await;

    let (_echo, status) = ask_at(&server, "/ws/echo", &from("203.0.113.5")).await;
    assert_eq!(status, 101);
    assert_eq!(ask(&server, &from("203.0.113.5")).await.1, 429, "what is open is counted");
}

#[tokio::test]
async fn an_address_with_too_many_connections_gets_no_more() {
    let server =
        TestServer::with(|config| (config.limits.connections_per_address, config.limits.sockets_per_address) = (2, 1))
            .await;
    let mut first = Bytes::to(&server).await;
    let mut second = Bytes::to(&server).await;
    for open in [&mut first, &mut second] {
        open.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(open.status().await, 200);
    }

    assert!(!Bytes::to(&server).await.is_answered().await);

    drop(first);
    // The server hears of it a moment later.
    while !Bytes::to(&server).await.is_answered().await {
        tokio::task::yield_now().await;
    }
}

/// A server of its own with so few open files: `-n 48`, or `-S -n 48` where it may have more if it asks.
fn with_files(limit: &str, data: &Path) -> (Child, SocketAddr) {
    let parlor = env!("CARGO_BIN_EXE_parlor");
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit {limit} && exec {parlor} serve --listen 127.0.0.1:0 --data \"$0\"")])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().rsplit('/').next().unwrap().parse().unwrap())
}

/// Whether a server answers.
fn is_well(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

#[test]
fn without_open_files_a_server_turns_away_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    // Fewer than it takes for what connections leave alone, so that there really are none left.
    let (mut child, address) = with_files("-n 48", directory.path());
    assert!(is_well(address));

    let open: Vec<_> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
    let turned_away = open
        .iter()
        .filter(|stream| {
            let mut stream: &TcpStream = stream;
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            // The end, in order or not, and not silence.
            !matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        })
        .count();
    assert!((60..100).contains(&turned_away), "{turned_away}");

    drop(open);
    while !is_well(address) {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_server_takes_as_many_open_files_as_it_may_have() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, address) = with_files("-S -n 64", directory.path());

    let answered = || {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).ok()?;
        answer.starts_with(b"HTTP/1.1 200").then_some(stream)
    };
    // All of them stay open.
    let open: Vec<_> = std::iter::from_fn(answered).take(100).collect();

    assert_eq!(open.len(), 100);
    child.kill().unwrap();
    child.wait().unwrap();
}
