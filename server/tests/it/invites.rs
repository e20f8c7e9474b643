//! Invitations (threat 12).

use std::time::Duration;

use protocol::ErrorCode;
use serde_json::{Value, json};
use server::config::Registration;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{Client, PASSWORD, TestServer};

async fn by_invitation() -> TestServer {
    TestServer::with(|config| config.registration = Some(Registration::Invite)).await
}

async fn invite(owner: &Client, uses: u32, expires_in_s: u64) -> Value {
    let answer = owner.post("/api/v1/invites", &json!({ "uses": uses, "expires_in_s": expires_in_s })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

async fn join(server: &TestServer, name: &str, token: &str) -> crate::support::Answer {
    server.visitor().post_form("/signup", &[("username", name), ("password", PASSWORD), ("invite", token)]).await
}

#[tokio::test]
async fn the_owner_makes_a_link_that_lets_the_invited_in() {
    let server = by_invitation().await;
    let ada = server.user("ada").await;

    let made = invite(&ada, 2, 3600).await;
    let token = made["token"].as_str().unwrap();

    assert_eq!(made["url"], format!("http://{}/signup?invite={token}", server.address));
    assert_eq!(join(&server, "bob", token).await.status, 303);
    let listed = ada.get("/api/v1/invites").await.json();
    assert_eq!((&listed["invites"][0]["uses"], &listed["invites"][0]["uses_max"]), (&json!(1), &json!(2)));
    assert_eq!(listed["invites"][0].get("token"), None, "the token is told once");
}

#[tokio::test]
async fn fifty_uses_at_once_of_a_link_for_one_let_one_in() {
    let server = by_invitation().await;
    let ada = server.user("ada").await;
    let made = invite(&ada, 1, 3600).await;
    let token = made["token"].as_str().unwrap();

    let names: Vec<_> = (0..50).map(|number| format!("user-{number}")).collect();
    let answers = futures::future::join_all(names.iter().map(|name| join(&server, name, token))).await;

    let (joined, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 303);
    assert_eq!(joined.len(), 1);
    for answer in refused {
        answer.shows(403, ErrorCode::InviteUsedUp);
    }
    assert_eq!(server.names().await.len(), 2);
}

#[tokio::test]
async fn what_is_no_valid_invitation_is_refused_in_words() {
    let server = by_invitation().await;
    let ada = server.user("ada").await;
    let short = invite(&ada, 5, 60).await;
    let revoked = invite(&ada, 5, 3600).await;
    let path = format!("/api/v1/invites/{}", revoked["id"]);
    assert_eq!(ada.delete(&path).await.status, 204);
    server.advance(Duration::from_mins(1));

    let long = "A".repeat(5_000);
    for (token, code) in [
        ("", ErrorCode::InviteNeeded),
        ("   ", ErrorCode::InviteNeeded),
        ("not-a-token", ErrorCode::InviteInvalid),
        ("' OR 1=1 --", ErrorCode::InviteInvalid),
        (&*long, ErrorCode::InviteInvalid),
        (short["token"].as_str().unwrap(), ErrorCode::InviteExpired),
        (revoked["token"].as_str().unwrap(), ErrorCode::InviteInvalid),
    ] {
        join(&server, "bob", token).await.shows(403, code);
    }
    let without = server.visitor().post_form("/signup", &[("username", "bob"), ("password", PASSWORD)]).await;
    without.shows(403, ErrorCode::InviteNeeded);
    assert_eq!(server.names().await, ["ada"]);
}

#[tokio::test]
async fn a_sign_up_that_fails_uses_no_invitation() {
    let server = by_invitation().await;
    let ada = server.user("ada").await;
    let made = invite(&ada, 1, 3600).await;
    let token = made["token"].as_str().unwrap();

    join(&server, "ADA", token).await.shows(409, ErrorCode::UsernameTaken);

    assert_eq!(join(&server, "bob", token).await.status, 303);
}

#[tokio::test]
async fn an_invitation_that_cannot_be_looked_up_is_no_refusal() {
    let server = by_invitation().await;
    let ada = server.user("ada").await;
    let made = invite(&ada, 1, 3600).await;
    let path = format!("/signup?invite={}", made["token"].as_str().unwrap());
    let options = SqliteConnectOptions::new().filename(server.data().join("parlor.db"));
    let mut away = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("ALTER TABLE invites RENAME TO invites_away").execute(&mut away).await.unwrap();

    let failure = server.visitor().get(&path).await;

    sqlx::query("ALTER TABLE invites_away RENAME TO invites").execute(&mut away).await.unwrap();
    assert_eq!(failure.status, 500, "{failure:?}");
    assert!(!failure.body.contains("Create account"), "no form that leads nowhere: {failure:?}");
    let form = server.visitor().get(&path).await;
    assert_eq!(form.status, 200);
    assert!(form.body.contains("Create account"));
}

#[tokio::test]
async fn who_is_not_invited_does_not_learn_which_names_are_taken() {
    let server = by_invitation().await;
    server.user("ada").await;

    join(&server, "ada", "not-a-token").await.shows(403, ErrorCode::InviteInvalid);
    join(&server, "new", "not-a-token").await.shows(403, ErrorCode::InviteInvalid);
}

#[tokio::test]
async fn only_the_owner_makes_lists_and_revokes_invitations() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let bob = server.user("bob").await;
    let made = invite(&ada, 1, 3600).await;
    let path = format!("/api/v1/invites/{}", made["id"]);
    let body = json!({ "uses": 1, "expires_in_s": 60 });

    for (client, status, code) in [(bob, 403, "forbidden"), (server.visitor(), 401, "unauthorized")] {
        client.post("/api/v1/invites", &body).await.refused(status, code);
        client.get("/api/v1/invites").await.refused(status, code);
        client.delete(&path).await.refused(status, code);
    }

    assert_eq!(ada.get("/api/v1/invites").await.json()["invites"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_invitation_has_bounds() {
    let server = TestServer::with(|config| config.limits.invites = 2).await;
    let ada = server.user("ada").await;

    for body in [
        json!({ "uses": 0, "expires_in_s": 60 }),
        json!({ "uses": 1_001, "expires_in_s": 60 }),
        json!({ "uses": 1, "expires_in_s": 0 }),
        json!({ "uses": 1, "expires_in_s": 366 * 24 * 3600 }),
    ] {
        ada.post("/api/v1/invites", &body).await.refused(422, "invalid");
    }
    invite(&ada, 1_000, 60).await;
    invite(&ada, 1, 365 * 24 * 3600).await;
    ada.post("/api/v1/invites", &json!({ "uses": 1, "expires_in_s": 60 })).await.refused(422, "invalid");
}
