//! Signing up, logging in and out.

use std::time::{Duration, Instant};

use protocol::ErrorCode;
use server::{config::Registration, store::accounts::Role};

use crate::support::{PASSWORD, TestServer};

#[tokio::test]
async fn signing_up_logs_in_and_leads_to_the_front_page() {
    let server = TestServer::start().await;
    let mut ada = server.visitor();

    let answer = ada.post_form("/signup", &[("username", "ada"), ("password", PASSWORD)]).await;

    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax") && cookie.contains("; Path=/"),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"), "over plain HTTP a browser would drop {cookie}");
    assert!(ada.is_logged_in().await);
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure_and_bound_to_the_host() {
    let server = TestServer::with(|config| config.public_url = Some("https://chat.example.org".parse().unwrap())).await;
    let mut ada = server.visitor();

    let answer = ada.post_form("/signup", &[("username", "ada"), ("password", PASSWORD)]).await;

    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-parlor_session=") && cookie.contains("; Secure"), "{cookie}");
    assert!(answer.header("strict-transport-security").contains("max-age="));
    assert!(ada.is_logged_in().await);
}

#[tokio::test]
async fn logging_out_ends_the_session_on_the_server() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let stolen = ada.clone();

    let answer = ada.post_form("/logout", &[]).await;

    assert_eq!((answer.status, answer.header("location")), (303, "/login"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert!(!stolen.is_logged_in().await, "the old cookie still works");
}

#[tokio::test]
async fn logging_in_leads_to_where_one_was_going_unless_that_is_elsewhere() {
    let server = TestServer::start().await;
    server.user("ada").await;

    for (next, location) in [
        ("/rooms/general?at=7", "/rooms/general?at=7"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test/", "/"),
        ("/\r\nset-cookie: a=b", "/"),
    ] {
        let form = [("username", "Ada"), ("password", PASSWORD), ("next", next)];
        let answer = server.visitor().post_form("/login", &form).await;
        assert_eq!((answer.status, answer.header("location")), (303, location), "for {next:?}");
    }
}

#[tokio::test]
async fn wrong_names_and_passwords_are_refused_in_words() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let long = "x".repeat(33);
    let too_long = "ab".repeat(65);

    for (username, password, status, code) in [
        ("ADA", PASSWORD, 409, ErrorCode::UsernameTaken),
        ("", PASSWORD, 422, ErrorCode::UsernameInvalid),
        (&*long, PASSWORD, 422, ErrorCode::UsernameInvalid),
        ("ada lovelace", PASSWORD, 422, ErrorCode::UsernameInvalid),
        ("аda", PASSWORD, 422, ErrorCode::UsernameInvalid),
        ("../ada", PASSWORD, 422, ErrorCode::UsernameInvalid),
        ("<script>", PASSWORD, 422, ErrorCode::UsernameInvalid),
        ("bob", "1234567", 422, ErrorCode::PasswordTooShort),
        ("bob", &*too_long, 422, ErrorCode::PasswordTooLong),
        ("bob", "Password123", 422, ErrorCode::PasswordCommon),
        ("bob", "eeeeeeeeee", 422, ErrorCode::PasswordCommon),
        ("bobbobbob", "BobBobBob", 422, ErrorCode::PasswordCommon),
    ] {
        let answer = server.visitor().post_form("/signup", &[("username", username), ("password", password)]).await;
        answer.shows(status, code);
    }
    assert_eq!(server.names().await, ["ada"]);
}

#[tokio::test]
async fn what_means_everyone_is_nobodys_name() {
    let server = TestServer::start().await;

    for name in ["room", "Here"] {
        let answer = server.visitor().post_form("/signup", &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 409, "{name}");
        assert!(answer.body.contains("means everyone in a room"), "{}", answer.body);
    }
    assert!(server.names().await.is_empty());
}

#[tokio::test]
async fn a_password_of_the_longest_length_and_any_script_works() {
    let server = TestServer::start().await;
    let password = "é漢🙂 ".repeat(32);
    assert_eq!(password.chars().count(), 128);
    let mut ada = server.visitor();
    ada.post_form("/signup", &[("username", "ada"), ("password", &password)]).await;

    let answer = server.visitor().post_form("/login", &[("username", "ada"), ("password", &password)]).await;

    assert_eq!(answer.status, 303, "{answer:?}");
}

#[tokio::test]
async fn fifty_who_arrive_at_once_on_an_empty_server_make_one_owner() {
    let server = TestServer::start().await;

    let sign_ups = (0..50).map(|number| {
        let mut visitor = server.visitor();
        let name = format!("user-{number}");
        async move { visitor.post_form("/signup", &[("username", &name), ("password", PASSWORD)]).await.status }
    });
    let answers = futures::future::join_all(sign_ups).await;

    assert!(answers.iter().all(|status| *status == 303), "{answers:?}");
    let accounts = server.accounts().await;
    assert_eq!(accounts.len(), 50);
    let owners: Vec<_> = accounts.iter().filter(|account| account.role == Role::Owner).collect();
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0].user.id.0, 1, "the first to arrive owns the server");
}

#[tokio::test]
async fn fifty_who_want_one_name_at_once_make_one_account() {
    let server = TestServer::start().await;

    let sign_ups = (0..50).map(|number: usize| {
        let mut visitor = server.visitor();
        let name = if number.is_multiple_of(2) { "Ada" } else { "ada" };
        async move { visitor.post_form("/signup", &[("username", name), ("password", PASSWORD)]).await.status }
    });
    let mut answers = futures::future::join_all(sign_ups).await;

    answers.sort_unstable();
    assert_eq!(answers[0], 303);
    assert!(answers[1..].iter().all(|status| *status == 409), "{answers:?}");
    assert_eq!(server.names().await.len(), 1);
}

#[tokio::test]
async fn a_closed_server_takes_its_first_account_and_no_other() {
    let server = TestServer::with(|config| config.registration = Some(Registration::Closed)).await;
    server.user("ada").await;

    let answer = server.visitor().post_form("/signup", &[("username", "bob"), ("password", PASSWORD)]).await;

    answer.shows(403, ErrorCode::RegistrationClosed);
    assert_eq!(server.names().await, ["ada"]);
}

#[tokio::test]
async fn an_unknown_name_a_wrong_password_and_a_disabled_account_are_told_apart_by_nobody() {
    let server = TestServer::with(|config| config.limits.login_failures_per_name = 100).await;
    server.user("ada").await;
    server.user("eve").await;
    let eve = server.account("eve").await.user.id;
    server.ask(move |app| async move { app.store.set_disabled(eve, Some(app.clock.now())).await }).await.unwrap();

    let attempts = [("nobody", PASSWORD), ("ada", "not her password"), ("eve", PASSWORD), ("no name!", PASSWORD)];
    let mut bodies = Vec::new();
    let mut times = [(Duration::MAX, Duration::ZERO); 4];
    // In turns, so that what else the machine does slows all of them down.
    for _ in 0..8 {
        for ((username, password), (fastest, slowest)) in attempts.iter().zip(&mut times) {
            let body = serde_json::json!({ "username": username, "password": password });
            let visitor = server.visitor();
            #[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes for a guesser")]
            let started = Instant::now();
            let answer = visitor.post("/api/v1/sessions", &body).await.refused(401, "wrong_login");
            *fastest = started.elapsed().min(*fastest);
            *slowest = started.elapsed().max(*slowest);
            let mut body = answer.json();
            body["correlation"] = "blanked".into();
            bodies.push(body);
        }
    }

    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    let slowest_start = times.iter().map(|(fastest, _)| fastest).max().unwrap();
    let fastest_end = times.iter().map(|(_, slowest)| slowest).min().unwrap();
    assert!(slowest_start <= fastest_end, "the times do not overlap: {times:?}");
}
