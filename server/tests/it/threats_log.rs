//! The log of a running server (threat 36): whatever somebody sends, each of its lines is one that the server wrote, with
//! nothing in it that moves a terminal, and no password, token or text of people is there. In each format, with
//! everything told.

use std::{fs::File, net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    Client, PASSWORD, Process, Start,
    socket::{BINARY, CLOSE, FIN, RawSocket, TEXT},
};

/// What would change colours, end a line, and begin one that looks like the server's. The last is one character that
/// some terminals take for an escape.
const HOSTILE: &str = "\u{1b}[31m\r\n2026-01-01T00:00:00.000000Z  INFO server: FORGED\u{9b}31m";

/// The same in an address.
const HOSTILE_PATH: &str = "%1b%5b31m%0d%0a2026-01-01T00:00:00.000000Z%20%20INFO%20server:%20FORGED%c2%9b31m";

/// Stands in everything that nobody but its owner is to read.
const CANARY: &str = "canary-7f3a";

fn hostile_canary() -> String {
    format!("{CANARY}{HOSTILE}")
}

/// Sends bytes over a connection of their own, and reads what comes until the end.
async fn send(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // The end may be a reset, where not all was read; what matters is what is logged of it.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("it ends");
}

/// Sends a request with these bytes in a line of its head.
async fn ask(address: SocketAddr, line: &[u8], headers: &[&[u8]]) {
    let host = format!("Host: {address}");
    let mut lines = vec![line, host.as_bytes(), b"Connection: close"];
    lines.extend(headers);
    // After the last line of the head, and after the head.
    lines.extend([&b""[..]; 2]);
    send(address, &lines.join(&b"\r\n"[..])).await;
}

/// Requests that are wrong in their heads.
async fn hostile_heads(address: SocketAddr) {
    let raw = format!("GET /api/v1/{HOSTILE} HTTP/1.1");
    let c1 = "GET /api/v1/\u{9b}31mFORGED HTTP/1.1";
    let query = format!("GET /signup?invite={CANARY}&next={HOSTILE_PATH} HTTP/1.1");
    let encoded = format!("GET /api/v1/{HOSTILE_PATH} HTTP/1.1");
    let page = format!("GET /{HOSTILE_PATH} HTTP/1.1");
    let absolute = format!("GET http://{CANARY}:secret@{address}/api/v1/nothing HTTP/1.1");
    for line in [&*raw, c1, &query, &encoded, &page, &absolute] {
        ask(address, line.as_bytes(), &[]).await;
    }
    for method in ["FORGED", "F\u{1b}[31m", "\u{9b}31m"] {
        ask(address, format!("{method} /api/v1/rooms HTTP/1.1").as_bytes(), &[]).await;
    }
    for value in [HOSTILE, "a\rFORGED", "a\n2026-01-01 FORGED", "\u{9b}31mFORGED", CANARY] {
        for name in [
            "User-Agent",
            "Referer",
            "Origin",
            "X-Forwarded-For",
            "Accept-Language",
            "Content-Type",
            "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Key",
            "Authorization: Bearer",
            "Cookie: parlor_session",
        ] {
            let separator = if name.starts_with("Cookie") {
                "="
            } else if name.contains(' ') {
                " "
            } else {
                ": "
            };
            let header = format!("{name}{separator}{value}");
            let upgrade: [&[u8]; 3] = [header.as_bytes(), b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"];
            ask(address, b"GET /ws HTTP/1.1", &upgrade).await;
            ask(address, b"GET /api/v1/rooms/1 HTTP/1.1", &[header.as_bytes()]).await;
            ask(address, b"POST /login HTTP/1.1", &[header.as_bytes(), b"Content-Length: 0"]).await;
        }
    }
    send(address, HOSTILE.as_bytes()).await;
    send(address, format!("GET / HTTP/1.1\r\n{HOSTILE}\r\n\r\n").as_bytes()).await;
}

/// Forms and JSON with words that are refused, and words that are not.
async fn hostile_bodies(visitor: &Client, ada: &Client) {
    let (mut visitor, mut ada, text) = (visitor.clone(), ada.clone(), hostile_canary());
    let text = text.as_str();
    for path in ["/login", "/signup"] {
        for (name, password) in [(text, CANARY), ("ada", CANARY), (CANARY, text), ("bob", CANARY)] {
            visitor.post_form(path, &[("username", name), ("password", password), ("next", text)]).await;
        }
        visitor.post_form(path, &[("username", "ada"), ("password", CANARY), ("invite", text)]).await;
        visitor.post_form(path, &[(text, text)]).await;
    }
    for body in [
        json!({ "username": text, "password": text }),
        json!({ "username": "ada", "password": CANARY }),
        json!({ "username": "ada", "password": [text] }),
        json!({ text: text }),
        json!(text),
    ] {
        visitor.post("/api/v1/sessions", &body).await;
        ada.post("/api/v1/invites", &body).await;
    }
    let change = [("current_password", PASSWORD), ("new_password", CANARY), ("repeated_password", text)];
    ada.post_form("/settings/password", &change).await;
    for (path, field) in [("name", "name"), ("status", "text"), ("", "zone")] {
        let path = format!("/settings/profile/{path}");
        ada.post_form(path.trim_end_matches('/'), &[(field, text)]).await;
        ada.post_form(path.trim_end_matches('/'), &[(field, CANARY)]).await;
    }
}

/// Frames with names and texts, some of which are taken.
async fn hostile_frames(ada: &Client) {
    let text = hostile_canary();
    let text = text.as_str();
    let mut socket = RawSocket::open(ada, "/ws").await;
    let uuid = |n: u8| format!("01a0c450-6c7b-7102-8304-0506070809{n:02x}");
    for (number, command) in [
        json!({ "type": "post_message", "client_id": uuid(1), "room": 1, "text": text }),
        json!({ "type": "create_room", "client_id": uuid(2), "name": text, "visibility": "public", "history": "everything" }),
        json!({ "type": "create_room", "client_id": uuid(3), "name": CANARY, "visibility": "public", "history": "everything" }),
        json!({ "type": "set_topic", "client_id": uuid(4), "room": 1, "topic": text }),
        json!({ "type": "add_reaction", "client_id": uuid(5), "room": 1, "message": 2, "emoji": text }),
        json!({ "type": "subscribe", "stream": text, "after": { "epoch": 0, "seq": 0 } }),
        json!({ "type": text, text: text }),
        json!(text),
    ]
    .iter()
    .enumerate()
    {
        socket.command(number as u64, command).await;
        let answer = socket.answer().await;
        assert_eq!(answer["type"] == "ack", [0, 2].contains(&number), "{answer}");
    }
    for (opcode, payload) in [(TEXT, text.as_bytes()), (BINARY, text.as_bytes())] {
        socket.frame(FIN | opcode, payload).await;
        assert_eq!(socket.answer().await["type"], "error");
    }
    for (first, payload) in [
        (FIN | CLOSE, [&[0x03, 0xe8], text.as_bytes()].concat()),
        (FIN | TEXT, [text.as_bytes(), &[0xff]].concat()),
        (FIN | 0x40 | TEXT, text.as_bytes().to_vec()),
    ] {
        let mut socket = RawSocket::open(ada, "/ws").await;
        socket.frame(first, &payload).await;
        socket.close_code().await;
        socket.frame(FIN | CLOSE, &[]).await;
        assert_eq!(socket.next().await, None);
    }
}

/// Does all of it to a server of its own, and returns its log, with the secrets that came about.
async fn log_of(format: &str) -> (Vec<u8>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log");
    let settings = ["--log-level", "trace", "--log-format", format];
    let log = Some(File::create(&file).unwrap());
    let server = Process::start(&directory.path().join("data"), Start { settings: &settings, log, ..Start::default() });
    let ada = server.user("ada").await;
    let program = server.visitor().post("/api/v1/sessions", &json!({ "username": "ada", "password": PASSWORD })).await;
    let invite = ada.post("/api/v1/invites", &json!({ "uses": 1, "expires_in_s": 60 })).await;
    let of = |answer: &crate::support::Answer| answer.json()["token"].as_str().unwrap().to_owned();
    let (token, invite) = (of(&program), of(&invite));
    let cookie = ada.cookie.as_ref().unwrap().split_once('=').unwrap().1.to_owned();
    // The invitation is shown, refused with another name, and used.
    server.visitor().get(&format!("/signup?invite={invite}")).await;
    for name in ["ada", "bob"] {
        let fields = [("username", name), ("password", PASSWORD), ("invite", &*invite)];
        server.visitor().post_form("/signup", &fields).await;
    }
    let bearer = server.visitor().request(reqwest::Method::GET, "/api/v1/rooms/999").bearer_auth(&token);
    crate::support::send(bearer).await.refused(404, "not_found");

    hostile_heads(server.address).await;
    hostile_frames(&ada).await;
    hostile_bodies(&server.visitor(), &ada).await;
    ada.clone().post_form("/logout", &[]).await;
    server.signal("-TERM");
    let secrets = vec![cookie, token, invite, PASSWORD.to_owned(), CANARY.to_owned()];
    (std::fs::read(file).unwrap(), secrets)
}

/// Whether a text is on one line and moves nothing.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Whether a line begins as the server begins them: with a time and a level.
fn is_begun(line: &str) -> bool {
    let Some((time, rest)) = line.split_once(' ') else { return false };
    let level = rest.trim_start().split(' ').next().unwrap_or_default();
    time.len() == "2026-01-01T00:00:00.000000Z".len()
        && time.ends_with('Z')
        && ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level)
}

fn holds_no_secret(log: &str, secrets: &[String]) {
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
    // The log was written, and what it says of hostile requests is there.
    for told in ["logged in", "logged out", "request refused", "FORGED"] {
        assert!(log.contains(told), "nothing of {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_a_line_of_the_log_and_no_secret_is_in_it() {
    let (log, secrets) = log_of("text").await;

    let log = String::from_utf8(log).expect("the log is text");
    for line in log.lines() {
        assert!(is_plain(line), "{line:?}");
        assert!(is_begun(line), "{line:?}");
        assert!(!line.contains("INFO server: FORGED"), "{line:?}");
    }
    holds_no_secret(&log, &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_where_the_log_is_for_programs() {
    let (log, secrets) = log_of("json").await;

    let log = String::from_utf8(log).expect("the log is text");
    for line in log.lines() {
        assert!(is_plain(line), "{line:?}");
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(object["timestamp"].is_string() && object["level"].is_string(), "{line:?}");
        // Nor in what a program reads from it, and may print; but statements of our own have lines.
        if object["target"] == "sqlx::query" {
            continue;
        }
        for (field, value) in object["fields"].as_object().unwrap() {
            assert!(value.as_str().is_none_or(is_plain), "{field} in {line:?}");
        }
    }
    holds_no_secret(&log, &secrets);
}
