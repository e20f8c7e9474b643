//! Sessions: how they begin, how long they live, how they end.

use std::time::Duration;

use protocol::{ErrorCode, Username};
use reqwest::Method;
use serde_json::json;
use server::store::accounts::NewSession;

use crate::support::{PASSWORD, TestServer, send};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_program_logs_in_with_json_and_shows_its_token() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let program = server.visitor();

    let answer = program.post("/api/v1/sessions", &json!({ "username": "ada", "password": PASSWORD })).await;

    assert_eq!(answer.status, 201);
    assert!(answer.cookie().is_none(), "a program gets no cookie");
    assert_eq!(answer.json()["user"], json!({ "id": 1, "name": "ada" }));
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(token.len(), 22, "128 bits in base64url");
    let list = send(program.request(Method::GET, "/api/v1/invites").bearer_auth(&token)).await;
    assert_eq!(list.status, 200);

    let ended = send(program.request(Method::DELETE, "/api/v1/sessions/current").bearer_auth(&token)).await;
    assert_eq!(ended.status, 204);
    let list = send(program.request(Method::GET, "/api/v1/invites").bearer_auth(&token)).await;
    assert_eq!(list.header("www-authenticate"), "Bearer");
    list.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_cookie_that_was_there_before_logging_in_is_replaced() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let before = ada.clone();
    let mut planted = server.visitor();
    planted.cookie = Some("parlor_session=AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let preset = planted.clone();

    let form = [("username", "ada"), ("password", PASSWORD)];
    assert_eq!(ada.post_form("/login", &form).await.status, 303);
    assert_eq!(planted.post_form("/login", &form).await.status, 303);

    assert_ne!(ada.cookie, before.cookie);
    assert!(ada.is_logged_in().await);
    assert!(!before.is_logged_in().await, "the session before is still open");
    assert_ne!(planted.cookie, preset.cookie);
    assert!(planted.is_logged_in().await);
    assert!(!preset.is_logged_in().await, "the planted token opens a session");
}

#[tokio::test]
async fn an_unused_session_ends_after_thirty_days_and_a_used_one_after_a_hundred_and_eighty() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let bob = server.user("bob").await;

    for _ in 0..8 {
        server.advance(DAY * 22);
        assert!(ada.is_logged_in().await, "a session in use ended");
    }
    assert!(!bob.is_logged_in().await, "a session unused for 176 days goes on");

    server.advance(DAY * 3);
    assert!(ada.is_logged_in().await, "179 days are not 180");
    server.advance(DAY + Duration::from_millis(1));
    assert!(!ada.is_logged_in().await, "a session goes on after 180 days");
}

#[tokio::test]
async fn a_token_is_stored_only_as_its_hash() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let token = ada.cookie.as_ref().unwrap().split_once('=').unwrap().1.to_owned();

    let mut kept = Vec::new();
    for file in std::fs::read_dir(server.data()).unwrap() {
        kept.extend(std::fs::read(file.unwrap().path()).unwrap());
    }

    let contains = |needle: &str| kept.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(contains("$argon2id$v=19$m=19456,t=2,p=1$"), "the password's hash was looked for in the wrong place");
    assert!(!contains(&token), "the token is on disk");
    assert!(!contains(PASSWORD), "the password is on disk");
}

#[tokio::test]
async fn the_longest_unused_session_ends_when_a_user_has_too_many() {
    let server = TestServer::with(|config| config.limits.sessions_per_user = 2).await;
    let first = server.user("ada").await;
    let mut second = server.visitor();
    let mut third = server.visitor();
    let form = [("username", "ada"), ("password", PASSWORD)];

    server.advance(DAY);
    second.post_form("/login", &form).await;
    server.advance(DAY);
    third.post_form("/login", &form).await;

    assert!(!first.is_logged_in().await);
    assert!(second.is_logged_in().await && third.is_logged_in().await);
}

#[tokio::test]
async fn logging_out_tells_the_sockets_of_that_session_and_no_others() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let mut elsewhere = server.visitor();
    elsewhere.post_form("/login", &[("username", "ada"), ("password", PASSWORD)]).await;
    let here = server.socket_of(&ada).await;
    let there = server.socket_of(&elsewhere).await;

    ada.post_form("/logout", &[]).await;

    tokio::time::timeout(Duration::from_secs(5), here.ended()).await.expect("the socket was not told");
    assert!(futures::FutureExt::now_or_never(there.ended()).is_none(), "another session's socket was told");
}

#[tokio::test]
async fn changing_the_password_ends_all_other_sessions() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let mut elsewhere = server.visitor();
    elsewhere.post_form("/login", &[("username", "ada"), ("password", PASSWORD)]).await;
    let here = server.socket_of(&ada).await;
    let there = server.socket_of(&elsewhere).await;
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });

    ada.json(Method::PUT, "/api/v1/password", &change("a wrong guess", "eleven even kettles"))
        .await
        .refused(401, "wrong_login");
    ada.json(Method::PUT, "/api/v1/password", &change(PASSWORD, "password1")).await.refused(422, "password_common");
    assert!(elsewhere.is_logged_in().await, "a refused change ended a session");
    let answer = ada.json(Method::PUT, "/api/v1/password", &change(PASSWORD, "eleven even kettles")).await;

    assert_eq!(answer.status, 204, "{answer:?}");
    tokio::time::timeout(Duration::from_secs(5), there.ended()).await.expect("the other socket was not told");
    assert!(futures::FutureExt::now_or_never(here.ended()).is_none(), "the own socket was told");
    assert!(ada.is_logged_in().await && !elsewhere.is_logged_in().await);
    let form = [("username", "ada"), ("password", "eleven even kettles")];
    assert_eq!(server.visitor().post_form("/login", &form).await.status, 303);
}

#[tokio::test]
async fn a_session_that_ends_by_itself_closes_its_sockets_within_five_seconds() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let guard = server.socket_of(&ada).await;

    server.advance(DAY * 31);

    tokio::time::timeout(Duration::from_secs(5), guard.ended()).await.expect("the socket was not told");
}

#[tokio::test]
async fn a_password_that_changed_while_it_was_being_checked_opens_no_session() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let name = Username::parse("ada").unwrap();
    let new = NewSession { token: server::auth::token::hash("token").unwrap(), device: String::new(), per_user_max: 5 };

    let opened = server.ask(move |app| async move {
        let checked = app.store.credentials(&name).await.unwrap().unwrap();
        app.store.set_password(checked.user.id, "$argon2id$new".to_owned(), None).await.unwrap();
        app.store.open_session(&checked, new, app.clock.now()).await.unwrap()
    });

    assert_eq!(opened.await, None);
}

#[tokio::test]
async fn private_answers_are_kept_by_no_cache() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;

    let answers = [
        ada.get("/api/v1/invites").await,
        server.visitor().get("/api/v1/invites").await,
        ada.get("/api/v1/no-such-thing").await,
        ada.post("/api/v1/sessions", &json!({ "username": "ada", "password": PASSWORD })).await,
        ada.post_form("/login", &[("username", "ada"), ("password", "wrong password")]).await,
        ada.post_form("/logout", &[]).await,
    ];

    for answer in answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("camera=()"));
    }
}

#[tokio::test]
async fn a_wrong_log_in_form_is_shown_again_in_words() {
    let server = TestServer::start().await;
    server.user("ada").await;

    let answer = server.visitor().post_form("/login", &[("username", "ada"), ("password", "wrong password")]).await;

    answer.shows(401, ErrorCode::WrongLogin);
}
