//! How a server leaves: what is under way is finished, everyone is told, and nobody is kept waiting for ever.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    net::TcpSocket,
    task::spawn_blocking,
    time::{Instant, timeout},
};

use crate::support::{
    TestServer,
    bytes::Bytes,
    socket::{BINARY, FIN, GENERAL, RawSocket, post},
};

const GUESS: &str = "username=ada&password=guess";

/// Waits until nobody is let in any more.
async fn shut(address: SocketAddr) {
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_being_carried_out_is_answered_before_1012() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let mut socket = ada.connect().await;
    let database = SqliteConnectOptions::new().filename(server.data().join("parlor.db"));
    let mut lock = SqliteConnection::connect_with(&database).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
    let last = socket.send(post(GENERAL, "the last word")).await;
    socket.heard().await;

    let address = server.address;
    let stopping = spawn_blocking(move || drop(server));
    shut(address).await;

    // It waits for the disk, and nothing is said meanwhile.
    assert!(timeout(Duration::from_millis(500), socket.answer(last)).await.is_err());
    sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
    lock.close().await.unwrap();

    assert!(socket.answer(last).await.is_ok());
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 1012);
    assert!(reason.starts_with("retry_after_ms="), "{reason}");
    drop(socket);
    stopping.await.unwrap();
}

#[tokio::test]
async fn requests_under_way_are_answered_and_idle_connections_end() {
    let server = TestServer::start().await;
    let (mut idle, mut begun) = (Bytes::to(&server).await, Bytes::to(&server).await);
    let (mut busy, mut silent) = (Bytes::to(&server).await, Bytes::to(&server).await);
    let head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for used in [&mut idle, &mut begun] {
        used.send(head).await;
        assert_eq!(used.status().await, 200);
    }
    begun.send(&head[..20]).await;
    let form = busy.form_head("/login", GUESS.len()).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    busy.send(&form).await;
    assert_eq!(busy.status().await, 100, "the body is being read");

    let stopping = spawn_blocking(move || drop(server));

    assert!(idle.rest().await.is_empty());
    assert!(silent.rest().await.is_empty());
    busy.send(GUESS).await;
    begun.send(&head[20..]).await;
    for (answered, status) in [(&mut busy, "401"), (&mut begun, "200")] {
        let answer = answered.answer().await;
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(answered.rest().await.is_empty());
    }
    stopping.await.unwrap();
}

#[tokio::test]
async fn sockets_that_are_given_up_end() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let mut socket = RawSocket::open(&ada, "/ws").await;
    let mut echo = RawSocket::open(&ada, "/ws/echo").await;

    server.ask(|app| async move { app.drain.over().cancel() }).await;

    assert_eq!(socket.close_code().await, None);
    assert_eq!(echo.close_code().await, None);
}

#[tokio::test]
async fn an_echo_whose_peer_takes_nothing_ends_with_the_server() {
    let server = TestServer::start().await;
    let tcp = TcpSocket::new_v4().unwrap();
    // Little is on the way, so that the server soon has to wait.
    tcp.set_recv_buffer_size(4 * 1024).unwrap();
    tcp.set_send_buffer_size(16 * 1024).unwrap();
    let mut echo = RawSocket::open_on(tcp.connect(server.address).await.unwrap(), &server.visitor(), "/ws/echo").await;
    let piece = vec![7; 64 * 1024];
    while timeout(Duration::from_secs(1), echo.frame(FIN | BINARY, &piece)).await.is_ok() {}

    let started = Instant::now();
    spawn_blocking(move || drop(server)).await.unwrap();

    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[tokio::test]
async fn readyz_says_no_while_the_server_leaves_and_healthz_yes() {
    let server = TestServer::with(|config| config.drain_delay_ms = 1_500).await;
    let visitor = server.visitor();
    assert_eq!(visitor.get("/readyz").await.status, 200);

    let address = server.address;
    let stopping = spawn_blocking(move || drop(server));

    let refused = loop {
        let answer = visitor.get("/readyz").await;
        if answer.status != 200 {
            break answer.refused(503, "unavailable");
        }
    };
    assert!(refused.json()["message"].as_str().unwrap().contains("leaving"), "{refused:?}");
    assert_eq!(visitor.get("/healthz").await.status, 200);
    assert_eq!(visitor.get("/signup").await.status, 200, "what comes nevertheless is done");
    shut(address).await;
    stopping.await.unwrap();
}

#[tokio::test]
async fn readyz_says_no_where_there_is_no_place_for_another_socket() {
    let server = TestServer::with(|config| config.limits.sockets = 1).await;
    let ada = server.user("ada").await;
    assert_eq!(ada.get("/readyz").await.status, 200);

    let _only = ada.connect().await;

    ada.get("/readyz").await.refused(503, "unavailable");
    assert_eq!(ada.get("/healthz").await.status, 200);
}

/// A server in a process of its own.
fn start(data: &Path) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().rsplit('/').next().unwrap().parse().unwrap())
}

fn tell(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// How the process ended, if it did so in time; it ends in any case.
fn ended_within(mut child: Child, time: Duration) -> Option<ExitStatus> {
    let pid = Pid::from_child(&child);
    let (say, ended) = mpsc::channel();
    let waiting = std::thread::spawn(move || say.send(child.wait().unwrap()));
    let status = ended.recv_timeout(time).ok();
    if status.is_none() {
        kill_process(pid, Signal::KILL).unwrap();
    }
    waiting.join().unwrap().ok();
    status
}

/// A connection whose form is being read, and never ends.
fn endless(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Length: 10\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    stream
}

#[test]
fn a_second_signal_ends_at_once() {
    for (first, second) in [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::TERM)] {
        let directory = tempfile::tempdir().unwrap();
        let (mut child, address) = start(directory.path());
        let _busy = endless(address);

        tell(&child, first);
        while TcpStream::connect(address).is_ok() {
            std::thread::yield_now();
        }
        assert!(child.try_wait().unwrap().is_none(), "it waits for the form");
        tell(&child, second);

        let ended = ended_within(child, Duration::from_secs(3));
        assert_eq!(ended.expect("it ends at once").code(), Some(1));
    }
}

#[test]
fn one_signal_ends_in_order_however_long_somebody_takes() {
    let directory = tempfile::tempdir().unwrap();
    let (child, address) = start(directory.path());
    let _busy = endless(address);

    tell(&child, Signal::TERM);

    let ended = ended_within(child, Duration::from_secs(25));
    assert_eq!(ended.expect("it ends").code(), Some(0));
    let mut files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["lock", "parlor.db"]);
}
