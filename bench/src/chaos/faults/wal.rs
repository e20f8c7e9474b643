//! Another program reads and does not end: the log of the database cannot start again. It stays bounded, the server says
//! what is the matter, and it is over when that program lets go.

use std::{fs, net::SocketAddr, time::Duration};

use anyhow::{Result, ensure};
use protocol::{ClientFrame, Command, CommandId, RoomId, messages::PostMessage};
use server::store::sqlite::FILE_NAME;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::Played;
use crate::{
    chaos::scene::{Props, Scene},
    dialect::Dialect,
    oracle::disk,
    people::client_id,
    wire::{Opened, Read, Wire},
};

/// No further than this the log grows: 256 MiB, and what is written until that is noticed.
const LOG_BYTES_MAX: u64 = (256 + 64) * 1024 * 1024;
/// How long it may take to write as much, and to notice that it is over.
const FULL_MAX: Duration = Duration::from_secs(240);
const OVER_MAX: Duration = Duration::from_secs(60);
/// Characters of a message that fills.
const TEXT_CHARS: usize = 9_900;
/// Messages of one filler that are on their way.
const ON_THEIR_WAY: u64 = 16;

/// The limits stay in the path; these would judge those who fill.
const SETTINGS: [&str; 8] = [
    "--posts-per-second",
    "1000000",
    "--posts-burst",
    "1000000",
    "--room-posts-per-second",
    "1000000",
    "--room-posts-burst",
    "1000000",
];

pub(super) async fn play(props: &Props<'_>) -> Result<Played> {
    let mut scene = Scene::set(&Props { settings: &SETTINGS, ..props.clone() }).await?;
    while scene.goes_on() {
        let mut other = disk::connect(&scene.stage.data).await?;
        sqlx::query("BEGIN").execute(&mut other).await?;
        let _: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut other).await?;
        scene.counts("times that the log was held open");

        let mut fillers = JoinSet::new();
        for (number, person) in scene.scenery.fillers.iter().enumerate() {
            let (token, room) = (person.token.clone(), scene.scenery.cellar.room);
            fillers.spawn_local(fill(scene.stage.address, token, room, number));
        }
        let said = scene.stage.until_health(503, FULL_MAX).await;
        // Those who fill would go on, and are answered `busy` by now.
        fillers.shutdown().await;
        match said {
            Ok(said) if said.contains("holds the log") => {}
            Ok(said) => scene.wrong.push(format!("the log is held open, and the server says: {said}")),
            Err(error) => scene.wrong.push(format!("the log is held open and grows, and {error:#}")),
        }
        let grown = largest(&scene, Duration::from_secs(2)).await?;
        if grown > LOG_BYTES_MAX {
            scene.wrong.push(format!("the log has grown to {grown} bytes"));
        }
        sqlx::query("ROLLBACK").execute(&mut other).await?;
        sqlx::Connection::close(other).await?;
        scene.recovers();
        if let Err(error) = scene.stage.until_health(200, OVER_MAX).await {
            scene.wrong.push(format!("nobody holds the log, and {error:#}"));
        }
        scene.settles(OVER_MAX).await;
    }
    Ok(scene.into())
}

/// How large the log's file gets within some time.
async fn largest(scene: &Scene, within: Duration) -> Result<u64> {
    let (until, mut largest) = (Instant::now() + within, 0);
    while Instant::now() < until {
        let log = fs::metadata(scene.stage.data.join(format!("{FILE_NAME}-wal")))?;
        largest = largest.max(log.len());
        sleep(Duration::from_millis(50)).await;
    }
    Ok(largest)
}

/// Says long things, many at a time, in a room that nobody looks at.
async fn fill(server: SocketAddr, token: String, room: RoomId, number: usize) -> Result<()> {
    let request = Dialect::Parlor.request(&token, room);
    let Opened::Open(mut wire) = Wire::open(server, &request, number).await? else { return Ok(()) };
    let (mut sent, mut answered) = (0, 0);
    loop {
        while sent < answered + ON_THEIR_WAY {
            sent += 1;
            let text = "w".repeat(TEXT_CHARS);
            let command = Command::PostMessage(PostMessage::new(client_id(), room, text));
            wire.send(&serde_json::to_string(&ClientFrame { id: CommandId(sent), command })?).await?;
        }
        let read = wire.read(|frame| {
            ensure!(!frame.starts_with(br#"{"type":"error""#), "refused: {}", String::from_utf8_lossy(frame));
            answered += u64::from(frame.starts_with(br#"{"type":"ack""#));
            Ok(())
        });
        if let Read::Closed(_) = read.await? {
            return Ok(());
        }
    }
}
