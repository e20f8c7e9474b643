//! Guessing and exhaustion (threats 29 and 33).

use std::time::{Duration, Instant};

use protocol::ErrorCode;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Client, PASSWORD, TestServer, send};

async fn log_in(client: &Client, name: &str, password: &str) -> Answer {
    client.post("/api/v1/sessions", &json!({ "username": name, "password": password })).await
}

async fn log_in_from(client: &Client, from: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "username": name, "password": password });
    send(client.request(Method::POST, "/api/v1/sessions").header("x-forwarded-for", from).json(&body)).await
}

#[tokio::test]
async fn the_sixth_failure_with_a_name_has_to_wait_also_with_the_right_password() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let guesser = server.visitor();

    for _ in 0..5 {
        log_in(&guesser, "ada", "a wrong guess").await.refused(401, "wrong_login");
    }
    let sixth = log_in(&guesser, "Ada", PASSWORD).await.refused(429, "rate_limited");

    assert_eq!(sixth.header("retry-after"), "900");
    assert_eq!(sixth.json()["retry_after_ms"], 900_000);
    assert!(ada.is_logged_in().await, "a live session was hurt");
    let form = server.visitor().post_form("/login", &[("username", "ada"), ("password", PASSWORD)]).await;
    form.shows(429, ErrorCode::RateLimited);

    server.advance(Duration::from_mins(15));
    assert_eq!(log_in(&guesser, "ada", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn a_right_password_forgets_the_failures_before_it() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let visitor = server.visitor();

    for _ in 0..3 {
        for _ in 0..4 {
            log_in(&visitor, "ada", "a wrong guess").await.refused(401, "wrong_login");
        }
        assert_eq!(log_in(&visitor, "ada", PASSWORD).await.status, 201);
    }
}

#[tokio::test]
async fn guesses_at_once_are_no_better_than_guesses_in_a_row() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let visitor = server.visitor();

    let guesses = (0..40).map(|_| log_in(&visitor, "ada", "a wrong guess"));
    let answers = futures::future::join_all(guesses).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 5);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 35);
}

#[tokio::test]
async fn unknown_names_are_throttled_like_known_ones_and_an_address_after_sixty_failures() {
    let server = TestServer::start().await;
    let visitor = server.visitor();

    for number in 0..60 {
        log_in(&visitor, &format!("nobody-{}", number / 5), "a wrong guess").await.refused(401, "wrong_login");
    }

    let next = log_in(&visitor, "somebody-else", "a wrong guess").await.refused(429, "rate_limited");
    assert_eq!(next.header("retry-after"), "3600");
}

#[tokio::test]
async fn a_forwarded_address_is_believed_from_a_trusted_proxy_only() {
    let server = TestServer::start().await;
    let behind_proxy = TestServer::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;

    for number in 0..5 {
        let from = format!("203.0.113.{number}");
        log_in_from(&server.visitor(), &from, "ada", "a wrong guess").await.refused(401, "wrong_login");
    }
    log_in_from(&server.visitor(), "203.0.113.9", "ada", "a wrong guess").await.refused(429, "rate_limited");

    for number in 0..12 {
        let from = format!("203.0.113.{number}");
        log_in_from(&behind_proxy.visitor(), &from, "ada", "a wrong guess").await.refused(401, "wrong_login");
    }
    // What stands before the address that the proxy saw is made up by the client.
    for number in 0..5 {
        let from = format!("198.51.100.{number}, 203.0.113.50");
        log_in_from(&behind_proxy.visitor(), &from, "ada", "a wrong guess").await.refused(401, "wrong_login");
    }
    let from = "198.51.100.77, 203.0.113.50";
    log_in_from(&behind_proxy.visitor(), from, "ada", "a wrong guess").await.refused(429, "rate_limited");
}

#[tokio::test]
async fn sign_ups_from_one_address_are_bounded() {
    let server = TestServer::with(|config| config.limits.signups_per_address = 3).await;
    for name in ["ada", "bob", "eve"] {
        server.user(name).await;
    }

    let fourth = server.visitor().post_form("/signup", &[("username", "dan"), ("password", PASSWORD)]).await;

    fourth.shows(429, ErrorCode::RateLimited);
    server.advance(Duration::from_hours(1));
    server.user("dan").await;
}

#[tokio::test]
async fn five_hundred_log_ins_at_once_leave_the_server_responsive() {
    let server = TestServer::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let ada = server.user("ada").await;
    let flood = server.visitor();

    let attempts = tokio::spawn(futures::future::join_all((0..500).map(move |number| {
        let flood = flood.clone();
        let from = format!("203.0.{}.{}", number / 250, number % 250);
        async move { log_in_from(&flood, &from, &format!("user-{number}"), "a wrong guess").await }
    })));
    let mut slowest = Duration::ZERO;
    while !attempts.is_finished() {
        #[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes for others")]
        let started = Instant::now();
        assert_eq!(ada.get("/healthz").await.status, 200);
        slowest = slowest.max(started.elapsed());
        assert!(ada.is_logged_in().await, "a live session was hurt");
    }

    assert!(slowest < Duration::from_secs(1), "/healthz took {slowest:?}");
    for answer in attempts.await.unwrap() {
        match answer.status {
            401 => _ = answer.refused(401, "wrong_login"),
            _ => assert!(!answer.refused(503, "busy").header("retry-after").is_empty()),
        }
    }
}

/// Fault 9: the clock of the machine is set a day forwards, or back. What counts passing time does not notice.
#[tokio::test]
async fn a_clock_that_is_set_neither_opens_nor_closes_a_limit() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    for by in [DAY_MS, -DAY_MS] {
        let server = TestServer::with(|config| {
            config.limits.reads_per_second = 1;
            config.limits.reads_burst = 1;
        })
        .await;
        let (ada, guesser) = (server.user("ada").await, server.visitor());
        assert_eq!(ada.get("/api/v1/inbox").await.status, 200);
        for _ in 0..5 {
            log_in(&guesser, "ada", "a wrong guess").await.refused(401, "wrong_login");
        }

        server.app.clock.set_by(by);

        let rate = ada.get("/api/v1/inbox").await.refused(429, "rate_limited");
        assert!(rate.json()["retry_after_ms"].as_u64().unwrap() <= 1_000, "{by}: {rate:?}");
        let guess = log_in(&guesser, "ada", PASSWORD).await.refused(429, "rate_limited");
        assert_eq!(guess.json()["retry_after_ms"], 900_000, "{by}");
        server.advance(Duration::from_secs(1));
        assert_eq!(ada.get("/api/v1/inbox").await.status, 200, "{by}: a second is a second");
        server.advance(Duration::from_mins(15));
        assert_eq!(log_in(&guesser, "ada", PASSWORD).await.status, 201, "{by}: and a quarter of an hour is one");
    }
}
