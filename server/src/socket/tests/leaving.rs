//! Who is told that the server leaves, and when.

use super::*;
use crate::{
    hub::{Bells, Registration},
    serve::{TELL_INTERVAL, TOLD_AT_ONCE},
    socket::wheel::Place,
};

/// A connection that nobody reads from.
struct Listener {
    registration: Registration,
    _place: Place,
}

impl Listener {
    fn new(server: &Server) -> Self {
        let registration = Registration::new(&server.hub, user(1).id);
        Self { _place: server.sockets.wheel.enter(registration.follower()), registration }
    }

    fn is_told(&self) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        matches!(self.registration.follower().poll_rung(&mut cx), Poll::Ready(bells) if bells.has(Bells::LEAVING))
    }
}

#[tokio::test(start_paused = true)]
async fn sockets_are_told_two_hundred_at_a_time_and_each_once() {
    let server = Server::without(Arc::default(), Without::NOTHING);
    let mut listeners: Vec<_> = (0..450).map(|_| Listener::new(&server)).collect();
    sleep(TELL_INTERVAL / 2).await;
    server.sockets.drain.leave(450);

    let mut told = Vec::new();
    for _ in 0..4 {
        sleep(Duration::from_millis(1)).await;
        told.push(listeners.iter().filter(|listener| listener.is_told()).count());
        sleep(TELL_INTERVAL - Duration::from_millis(1)).await;
    }

    assert_eq!(told, [TOLD_AT_ONCE, TOLD_AT_ONCE, 50, 0]);
    // Who had begun a handshake comes after all others.
    listeners.push(Listener::new(&server));
    sleep(TELL_INTERVAL).await;
    assert_eq!(listeners.iter().filter(|listener| listener.is_told()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_has_no_session_any_more_is_told_nothing_when_the_server_leaves() {
    let mut bench = Bench::new().await;
    bench.follow().await;
    let id = "00000000-0000-7000-8000-000000000001";
    // The disk hangs, and is waited for.
    bench.send(&format!(r#"{{"id":2,"command":{{"type":"post_message","client_id":"{id}","room":1,"text":"x"}}}}"#));
    sleep(Duration::from_secs(1)).await;
    bench.sockets.drain.leave(1);
    sleep(Duration::from_secs(1)).await;
    bench.sessions.revoke(SessionsRevoked { user: user(1).id, except: None, only: None });
    bench.commit(1);

    let closed = loop {
        match bench.message().await {
            Message::Close(Some(close)) => break u16::from(close.code),
            Message::Text(text) => assert!(!text.contains("message 1"), "it is told"),
            _ => {}
        }
    };
    assert_eq!(closed, close::SESSION_ENDED);
}
