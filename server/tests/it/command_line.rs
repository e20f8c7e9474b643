//! The command line, as a program of its own beside a running server.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use protocol::ErrorCode;

use crate::support::{PASSWORD, TestServer};

pub(crate) fn parlor(data: &Path, args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

async fn log_in(server: &TestServer, name: &str, password: &str) -> u16 {
    server.visitor().post_form("/login", &[("username", name), ("password", password)]).await.status
}

#[tokio::test]
async fn accounts_are_listed() {
    let server = TestServer::start().await;
    server.user("ada").await;
    server.user("Bob").await;

    let list = out(&parlor(&server.data(), &["user", "list"], ""));

    let lines: Vec<Vec<_>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines, [["1", "ada", "owner"], ["2", "Bob", "member"]]);
}

#[tokio::test]
async fn a_disabled_account_is_out_within_five_seconds_and_an_enabled_one_can_come_back() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let bob = server.user("bob").await;
    let socket = server.socket_of(&bob).await;

    out(&parlor(&server.data(), &["user", "disable", "BOB"], ""));

    tokio::time::timeout(Duration::from_secs(5), socket.ended()).await.expect("the socket stayed open");
    assert!(!bob.is_logged_in().await);
    let refused = server.visitor().post_form("/login", &[("username", "bob"), ("password", PASSWORD)]).await;
    refused.shows(401, ErrorCode::WrongLogin);
    assert!(out(&parlor(&server.data(), &["user", "list"], "")).contains("disabled"));

    out(&parlor(&server.data(), &["user", "enable", "bob"], ""));
    assert_eq!(log_in(&server, "bob", PASSWORD).await, 303);
}

#[tokio::test]
async fn a_new_password_is_read_from_standard_input_and_ends_all_sessions() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let socket = server.socket_of(&ada).await;

    out(&parlor(&server.data(), &["user", "reset-password", "ada"], "eleven even kettles\n"));

    tokio::time::timeout(Duration::from_secs(5), socket.ended()).await.expect("the socket stayed open");
    assert!(!ada.is_logged_in().await);
    assert_eq!(log_in(&server, "ada", PASSWORD).await, 401);
    assert_eq!(log_in(&server, "ada", "eleven even kettles").await, 303);
}

#[tokio::test]
async fn a_made_up_password_is_printed() {
    let server = TestServer::start().await;
    server.user("ada").await;

    let printed = out(&parlor(&server.data(), &["user", "reset-password", "ada", "--generate"], ""));

    let password = printed.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert_eq!(log_in(&server, "ada", password).await, 303);
}

#[tokio::test]
async fn a_bad_password_or_name_is_refused_in_words() {
    let server = TestServer::start().await;
    server.user("ada").await;

    let common = err(&parlor(&server.data(), &["user", "reset-password", "ada"], "password123\n"));
    let short = err(&parlor(&server.data(), &["user", "reset-password", "ada"], ""));
    let unknown = err(&parlor(&server.data(), &["user", "disable", "nobody"], ""));
    let nowhere = err(&parlor(&server.data().join("nowhere"), &["user", "list"], ""));

    assert!(common.contains(ErrorCode::PasswordCommon.message()), "{common}");
    assert!(short.contains(ErrorCode::PasswordTooShort.message()), "{short}");
    assert!(unknown.contains("nobody"), "{unknown}");
    assert!(nowhere.contains("nowhere") && nowhere.contains("--data"), "{nowhere}");
    assert!(!server.data().join("nowhere").exists(), "a directory was made by looking");
    assert_eq!(log_in(&server, "ada", PASSWORD).await, 303);
}

#[tokio::test]
async fn promoting_hands_the_server_over() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let bob = server.user("bob").await;

    out(&parlor(&server.data(), &["user", "promote", "bob"], ""));

    assert_eq!(bob.get("/api/v1/invites").await.status, 200);
    ada.get("/api/v1/invites").await.refused(403, "forbidden");
}

#[tokio::test]
async fn the_program_serves_from_an_empty_directory_and_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("Parlor is at http://").unwrap_or_else(|| panic!("{line:?}"));

    let health = reqwest::get(format!("http://{address}/healthz")).await.unwrap();
    let second = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(directory.path())
        .output()
        .unwrap();

    assert_eq!(health.status(), 200);
    assert!(err(&second).contains("another Parlor is running"), "{second:?}");
    assert!(directory.path().join("data/parlor.db").exists());
    let mode = std::fs::metadata(directory.path().join("data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others on the machine can read the data");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "SIGTERM is no failure");
}
