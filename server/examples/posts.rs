//! How many posts a second the store takes, each acknowledged, and how long one waits: without sockets, with every sync.
//!
//! `cargo run --release -p server --example posts -- DIRECTORY SECONDS ROOMS IN_FLIGHT`. The directory has to be on the disk
//! that is meant, and is left as it is. Compare rows of one run on one machine, not days.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "this is a measurement for whoever runs it")]

use std::{path::PathBuf, sync::Arc, time::Duration};

use protocol::{
    ClientId, Command, Done, RoomId, StreamId, UnixMs, Username,
    messages::PostMessage,
    rooms::{CreateRoom, History, Visibility},
};
use server::store::{
    AccountStore as _, Actor, NoFollowers, Store as _, StreamStore as _,
    accounts::{Admission, NewAccount, NewSession, TokenHash},
    sqlite::SqliteStore,
};
use tokio::time::Instant;

const NOW: UnixMs = UnixMs(1_700_000_000_000);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().unwrap());
    let mut number = || arguments.next().unwrap().parse::<u64>().unwrap();
    let (seconds, rooms, in_flight) = (number(), number(), number());
    let store = Arc::new(SqliteStore::open(&directory, Arc::new(NoFollowers)).await.unwrap());
    let session = NewSession { token: TokenHash([1; 32]), device: String::new(), per_user_max: 9 };
    let username = Username::parse("ada").unwrap();
    let account = NewAccount { username, password_hash: String::new(), admission: Admission::Open, session };
    let ada = Actor::from(&store.sign_up(account, NOW).await.unwrap().session);
    let rooms = made(&store, &ada, rooms).await;

    let end = Instant::now() + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..in_flight)
        .map(|n| {
            let (store, ada) = (Arc::clone(&store), ada.clone());
            let room = rooms[usize::try_from(n).unwrap() % rooms.len()];
            tokio::spawn(async move {
                let (mut waits, mut at) = (Vec::new(), 0);
                while Instant::now() < end {
                    at += 1;
                    let text = format!("{at:0200}");
                    let post = Command::PostMessage(PostMessage::new(id(n, at), room, text));
                    let start = Instant::now();
                    if store.execute(&ada, post, NOW).await.is_ok() {
                        waits.push(start.elapsed());
                    }
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.unwrap());
    }
    store.close().await;
    waits.sort();
    let at = |part: usize| waits[(waits.len() - 1) * part / 1_000].as_secs_f64() * 1_000.0;
    println!(
        "{} posts/s, {in_flight} in flight, {} rooms: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.2} ms",
        waits.len() as u64 / seconds,
        rooms.len(),
        at(500),
        at(990),
        at(999),
        at(1_000)
    );
}

async fn made(store: &SqliteStore, ada: &Actor, count: u64) -> Vec<RoomId> {
    let mut rooms = Vec::new();
    for n in 0..count {
        let (name, visibility) = (format!("room {n}"), Visibility::Public);
        let create = CreateRoom { client_id: id(1 << 32, n), name, visibility, history: History::Everything };
        match store.execute(ada, Command::CreateRoom(create), NOW).await.unwrap() {
            Done::Appended { stream: StreamId::Room(room), .. } => rooms.push(room),
            Done::Appended { .. } | Done::Unchanged => unreachable!("a room is made"),
        }
    }
    rooms
}

fn id(who: u64, n: u64) -> ClientId {
    ClientId(uuid::Uuid::from_u128((u128::from(who) << 64) | u128::from(n)))
}
