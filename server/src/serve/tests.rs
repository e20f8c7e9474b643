//! What cannot be seen from outside: socket options, and how long a slow reader is waited for.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, interval},
};
use tokio_util::sync::CancellationToken;

use super::{Timeouts, http, line::Stream};

/// The two ends of a connection.
async fn pair() -> (Stream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (tcp, address) = listener.accept().await.unwrap();
    let file = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    (Stream::new(tcp, address, false, file), peer)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_socket_has_a_bounded_buffer_and_more_time_from_its_first_byte_on() {
    use rustix::net::sockopt::{socket_send_buffer_size, tcp_nodelay, tcp_user_timeout};
    let (mut stream, _peer) = pair().await;
    let of_http = socket_send_buffer_size(stream.tcp()).unwrap();
    assert!(tcp_nodelay(stream.tcp()).unwrap());
    assert_eq!(tcp_user_timeout(stream.tcp()).unwrap(), 30_000);

    stream.write_all(b"a page").await.unwrap();
    assert_eq!(socket_send_buffer_size(stream.tcp()).unwrap(), of_http, "pages are not slowed down");
    stream.line().becomes_socket();
    stream.write_all(b"101").await.unwrap();

    assert_eq!(socket_send_buffer_size(stream.tcp()).unwrap(), 2 * 64 * 1024, "the system doubles it");
    assert_eq!(tcp_user_timeout(stream.tcp()).unwrap(), 75_000);
}

#[tokio::test]
async fn a_file_that_is_taken_slowly_is_not_cut_off_by_the_time_between_requests() {
    // More than the system takes ahead at both ends.
    const FILE: usize = 64 * 1024 * 1024;
    let idle = Duration::from_millis(200);
    let (stream, mut peer) = pair().await;
    let router = Router::new().route("/", get(|| async { vec![b'a'; FILE] }));
    let timeouts = Timeouts { idle, ..Timeouts::default() };
    let served = tokio::spawn(http::serve(stream, router, timeouts, CancellationToken::new()));
    peer.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();

    // Something is taken ten times in each of the times between requests, and altogether it takes several of them.
    let (mut beats, started, mut taken) = (interval(idle / 10), Instant::now(), 0);
    let mut piece = vec![0; 1024 * 1024];
    loop {
        beats.tick().await;
        match peer.read(&mut piece).await.unwrap() {
            0 => break,
            bytes => taken += bytes,
        }
    }

    assert!(taken > FILE, "{taken}");
    assert!(started.elapsed() > 5 * idle, "{:?}", started.elapsed());
    served.await.unwrap();
}

#[tokio::test]
async fn a_head_that_comes_before_the_answer_is_taken_does_not_cut_it_off() {
    const FILE: usize = 64 * 1024 * 1024;
    let headers = Duration::from_millis(200);
    let (stream, mut peer) = pair().await;
    let router = Router::new().route("/", get(|| async { vec![b'a'; FILE] }));
    let timeouts = Timeouts { headers, ..Timeouts::default() };
    let served = tokio::spawn(http::serve(stream, router, timeouts, CancellationToken::new()));
    peer.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    peer.readable().await.unwrap();

    // The next one begins, and nothing of the answer is taken for longer than a head may take; then it is, slowly.
    peer.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    tokio::time::sleep(3 * headers).await;
    let (mut beats, started, mut taken) = (interval(headers / 20), Instant::now(), 0);
    let mut piece = vec![0; 1024 * 1024];
    while taken < FILE {
        beats.tick().await;
        match peer.read(&mut piece).await.unwrap() {
            0 => break,
            bytes => taken += bytes,
        }
    }

    assert!(taken >= FILE, "{taken}");
    assert!(started.elapsed() > 2 * headers, "{:?}", started.elapsed());
    // From here on, it has the time that a head has, and not that between requests.
    let (rest, started) = (peer.read_to_end(&mut piece).await, Instant::now());
    assert!(rest.is_ok() && started.elapsed() < Timeouts::default().idle / 2, "{rest:?}");
    served.await.unwrap();
}
