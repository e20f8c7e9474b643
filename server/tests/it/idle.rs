//! What somebody costs who is connected and says nothing.

use protocol::StreamId;

use crate::support::{
    Process, Start,
    socket::{GENERAL, Socket},
};

/// Bytes of the server's memory that one more socket may take, with its session's share, following one room.
const SOCKET_BYTES_MAX: u64 = 8 * 1024;

/// Sockets before which nothing is counted: what is made once, and what the allocator keeps, is made and kept by then.
const BEFORE: usize = 200;
const COUNTED: usize = 500;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_socket_takes_little_memory() {
    let data = tempfile::tempdir().unwrap();
    // One address and one user stand for many.
    let server = Process::start(data.path(), Start { settings: &["--sockets-per-user", "1000"], ..Start::default() });
    let ada = server.user("ada").await;
    let mut sockets: Vec<Socket> = Vec::new();
    let mut before = 0;
    while sockets.len() < BEFORE + COUNTED {
        if sockets.len() == BEFORE {
            before = server.memory_bytes();
        }
        let mut socket = ada.connect().await;
        socket.follow(StreamId::Room(GENERAL)).await;
        sockets.push(socket);
    }

    let each = server.memory_bytes().saturating_sub(before) / COUNTED as u64;

    assert!(each <= SOCKET_BYTES_MAX, "{each} bytes a socket");
}
