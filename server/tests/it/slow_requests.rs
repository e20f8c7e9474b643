//! Peers that take their time, and heads that are too large: raw bytes over a TCP connection.

use std::{fmt::Write as _, time::Duration};

use server::{Config, serve::Timeouts};
use tokio::time::{Instant, timeout};

use crate::support::{TestServer, bytes::Bytes};

/// The real times, divided by so much that a test can wait for them.
const QUICK: Timeouts = Timeouts {
    headers: Duration::from_millis(400),
    body: Duration::from_millis(800),
    // Far from the others, so that a busy machine takes none for it.
    idle: Duration::from_secs(60),
    idle_of_proxies: Duration::from_secs(60),
    progress: Duration::from_secs(60),
};

/// How often a slow peer sends a byte.
const BEAT: Duration = Duration::from_millis(20);

fn quick(config: &mut Config) {
    config.timeouts = QUICK;
}

const HEAD: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";

fn slow_head() -> impl Iterator<Item = u8> {
    HEAD.bytes().chain("X-Slow: ".bytes()).chain(std::iter::repeat_n(b'a', 10_000))
}

const GUESS: &str = "username=ada&password=guess";

#[tokio::test]
async fn a_head_that_comes_a_byte_at_a_time_is_given_up() {
    let server = TestServer::with(quick).await;

    let started = Instant::now();
    let mut slow = Bytes::to(&server).await;
    slow.drip(BEAT, slow_head()).await;

    assert!((QUICK.headers..QUICK.idle).contains(&started.elapsed()), "{:?}", started.elapsed());
    // Nothing was answered: there was no request.
    assert!(slow.rest().await.is_empty());
}

#[tokio::test]
async fn who_says_nothing_at_all_is_given_up_as_soon() {
    let server = TestServer::with(quick).await;

    let started = Instant::now();
    let mut silent = Bytes::to(&server).await;
    assert!(silent.rest().await.is_empty());

    assert!((QUICK.headers..QUICK.idle).contains(&started.elapsed()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_second_head_has_no_more_time_than_the_first() {
    let server = TestServer::with(quick).await;
    let mut slow = Bytes::to(&server).await;
    slow.send(&format!("{HEAD}\r\n")).await;
    assert_eq!(slow.status().await, 200);

    let started = Instant::now();
    slow.drip(BEAT, slow_head()).await;

    assert!((QUICK.headers..QUICK.idle).contains(&started.elapsed()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_body_that_comes_a_byte_at_a_time_is_answered_408() {
    let server = TestServer::with(quick).await;
    let mut slow = Bytes::to(&server).await;
    slow.send(&slow.form_head("/login", 10_000)).await;

    let started = Instant::now();
    slow.drip(BEAT, std::iter::repeat_n(b'a', 10_000)).await;

    assert!((QUICK.body..QUICK.idle).contains(&started.elapsed()), "{:?}", started.elapsed());
    assert_eq!(slow.status().await, 408);
}

#[tokio::test]
async fn a_body_in_chunks_has_no_more_time() {
    let server = TestServer::with(quick).await;
    let mut slow = Bytes::to(&server).await;
    let head = slow.form_head("/login", 0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    slow.send(&head).await;

    slow.drip(BEAT, b"1\r\na\r\n".iter().copied().cycle().take(10_000)).await;

    assert_eq!(slow.status().await, 408);
}

/// The times that hold, not the test's. It takes as long as they are.
#[tokio::test]
async fn a_byte_a_second_is_given_up_after_ten_and_thirty_seconds() {
    let server = TestServer::start().await;

    let started = Instant::now();
    let (mut head, mut body) = (Bytes::to(&server).await, Bytes::to(&server).await);
    body.send(&body.form_head("/login", 1_000)).await;
    let second = Duration::from_secs(1);
    let (head_took, body_took) = tokio::join!(
        async {
            head.drip(second, slow_head()).await;
            started.elapsed()
        },
        async {
            body.drip(second, std::iter::repeat_n(b'a', 1_000)).await;
            started.elapsed()
        }
    );

    assert!((10..30).contains(&head_took.as_secs()), "{head_took:?}");
    assert!((30..75).contains(&body_took.as_secs()), "{body_took:?}");
    assert_eq!(body.status().await, 408);
}

#[tokio::test]
async fn a_connection_is_kept_between_requests_for_longer_than_a_head_may_take() {
    let times = Timeouts { idle: Duration::from_secs(2), ..QUICK };
    let server = TestServer::with(|config| config.timeouts = times).await;
    let mut browser = Bytes::to(&server).await;
    browser.send(&format!("{HEAD}\r\n")).await;
    assert_eq!(browser.status().await, 200);

    // Nothing comes, not even the end, for longer than a head may take.
    assert!(timeout(QUICK.headers * 2, browser.any()).await.is_err());

    browser.send(&browser.form_head("/login", GUESS.len())).await;
    browser.send(GUESS).await;
    assert_eq!(browser.status().await, 401);

    let started = Instant::now();
    assert!(browser.rest().await.is_empty(), "it ends in order");
    assert!(started.elapsed() >= times.idle - Duration::from_millis(100), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_trusted_proxy_keeps_its_connections_for_as_long_as_it_likes_them() {
    let times = Timeouts { idle: Duration::from_millis(300), ..QUICK };
    for (trusted, is_kept) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let server = TestServer::with(|config| {
            config.timeouts = times;
            config.trusted_proxies = vec![trusted.parse().unwrap()];
        })
        .await;
        let mut proxy = Bytes::to(&server).await;
        proxy.send(&format!("{HEAD}\r\n")).await;
        assert_eq!(proxy.status().await, 200);

        assert_eq!(timeout(times.idle * 4, proxy.any()).await.is_err(), is_kept, "{trusted}");
    }
    // Of those that are common, Google's load balancer keeps them longest.
    assert!(Timeouts::default().idle_of_proxies > Duration::from_mins(10));
}

#[tokio::test]
async fn a_form_that_has_begun_when_its_connection_would_end_is_answered() {
    let times = Timeouts { headers: Duration::from_secs(5), idle: Duration::from_millis(600), ..QUICK };
    let server = TestServer::with(|config| config.timeouts = times).await;
    let mut browser = Bytes::to(&server).await;
    browser.send(&format!("{HEAD}\r\n")).await;
    assert_eq!(browser.status().await, 200);

    let form = browser.form_head("/login", GUESS.len());
    let (begin, rest) = form.split_at(30);
    browser.send(begin).await;
    // The time between requests passes meanwhile.
    assert!(timeout(times.idle * 2, browser.any()).await.is_err());
    browser.send(rest).await;
    browser.send(GUESS).await;

    assert_eq!(browser.status().await, 401);
}

async fn status_of(server: &TestServer, head: &str) -> u16 {
    let mut connection = Bytes::to(server).await;
    connection.send(head).await;
    connection.status().await
}

#[tokio::test]
async fn a_head_has_64_kibibytes_and_not_one_more() {
    let server = TestServer::start().await;
    let head_of = |bytes: usize| {
        let (begin, end) = (format!("{HEAD}X-Long: "), "\r\n\r\n");
        format!("{begin}{}{end}", "a".repeat(bytes - begin.len() - end.len()))
    };

    assert_eq!(status_of(&server, &head_of(65_536)).await, 200);
    assert_eq!(status_of(&server, &head_of(65_537)).await, 431);
}

#[tokio::test]
async fn a_head_has_100_headers_and_not_one_more() {
    let server = TestServer::start().await;
    let head_of = |count: usize| {
        let mut head = HEAD.to_owned();
        for number in 1..count {
            write!(head, "X-{number}: a\r\n").unwrap();
        }
        head + "\r\n"
    };

    assert_eq!(status_of(&server, &head_of(100)).await, 200);
    assert_eq!(status_of(&server, &head_of(101)).await, 431);
}
