//! Data folders with as many messages as a server has after years: written by the store as it writes posts, in larger batches.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use protocol::{ClientId, ReadCursor, RoomId, Seq, UnixMs, messages::PostMessage};
use serde::Serialize;
use server::store::{
    sqlite::{FILE_NAME, seed::Seed},
    streams::{Actor, StreamStore as _},
};
use tokio::time::Instant;

use crate::people::{Folder, Person, Place, now};

/// Messages of one transaction.
const BATCH: u64 = 16 * 1_024;
/// Time between two messages of a room, in milliseconds: a million are eleven days of a room in which much is said.
const APART_MS: i64 = 1_000;
/// Those who write, in every room.
pub const AUTHORS: usize = 5;
/// Rooms beside the one that was asked for, at most: one person makes all of them.
const ROOMS_MAX: usize = 900;
/// Unread messages of who has read nearly all.
pub const FEW_UNREAD: u64 = 50;

/// A data folder with so many messages
#[derive(Clone, Debug, clap::Args)]
pub struct Seeding {
    /// The folder; it has to be empty, or not there
    #[arg(long)]
    data: PathBuf,
    /// Messages in all
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// Rooms that they are in
    #[arg(long, default_value_t = 1)]
    rooms: usize,
}

/// What was made.
#[derive(Debug, Serialize)]
pub struct Seeded {
    rooms: Vec<RoomId>,
    messages: u64,
    /// With these, one connects as `Authorization: Bearer`.
    tokens: Vec<String>,
    bytes: u64,
    seconds: f64,
}

impl Seeding {
    /// Makes the folder.
    ///
    /// # Errors
    /// It cannot be written, or has something in it.
    pub async fn run(&self) -> Result<Seeded> {
        ensure!((1..=ROOMS_MAX).contains(&self.rooms), "1 to {ROOMS_MAX} rooms");
        ensure!(!self.data.join(FILE_NAME).exists(), "{} has a server's data in it", self.data.display());
        let started = Instant::now();
        let folder = Folder::open(&self.data).await?;
        let people = folder.people(AUTHORS).await?;
        let mut rooms = Vec::with_capacity(self.rooms);
        let each = self.messages / self.rooms as u64;
        for number in 0..self.rooms as u64 {
            let room = folder.room(&format!("room {number}"), &people).await?.room;
            let more = u64::from(number < self.messages % self.rooms as u64);
            folder.fill(room, &people, each + more).await?;
            rooms.push(room);
        }
        folder.close().await;
        let bytes = std::fs::metadata(self.data.join(FILE_NAME))?.len();
        let tokens = people.into_iter().map(|person| person.token).collect();
        Ok(Seeded { rooms, messages: self.messages, tokens, bytes, seconds: started.elapsed().as_secs_f64() })
    }
}

impl Folder {
    /// So many messages of these people in a room, the last of them now. Returns where the room ends by then.
    ///
    /// # Errors
    /// They could not be written, or the room does not end where it has to.
    pub async fn fill(&self, room: RoomId, authors: &[Person], messages: u64) -> Result<Place> {
        let actors: Vec<Actor> = authors.iter().map(|person| Actor::from(&person.session)).collect();
        let before = self.place(room).await?;
        let first = now().0 - APART_MS * i64::try_from(messages)?;
        let mut written = 0;
        while written < messages {
            let batch = BATCH.min(messages - written);
            let seeds = (written..written + batch).map(|number| {
                let at = UnixMs(first + APART_MS * i64::try_from(number).unwrap_or(i64::MAX));
                let client_id = ClientId::new(at, &std::array::from_fn(|_| fastrand::u8(..)));
                let actor = actors[fastrand::usize(..actors.len())].clone();
                Seed { actor, post: PostMessage::new(client_id, room, text(number)), now: at }
            });
            self.0.seed(seeds.collect()).await?;
            written += batch;
        }
        let after = self.place(room).await?;
        ensure!(after.head.seq.0 == before.head.seq.0 + messages, "the room does not end where it has to");
        Ok(after)
    }

    /// Somebody has read a room, but for so many messages.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn read(&self, reader: &Person, place: Place, unread: u64) -> Result<()> {
        let seq = Seq(place.head.seq.0.saturating_sub(unread));
        self.0.set_read_cursor(reader.session.user.id, place.room, ReadCursor { version: 0, seq }).await?;
        Ok(())
    }
}

/// What is said in a chat, in length and markup.
fn text(number: u64) -> String {
    match number % 16 {
        0 => format!("**Nr. {number}** is where `it` [began](https://example.org/{number})"),
        1..=4 => format!("ok {number}"),
        5 => format!(
            "{number}: {}",
            "and so it goes on for a while, as it does when somebody explains something. ".repeat(4)
        ),
        _ => format!("message {number}, of the length that most messages have in a chat"),
    }
}
