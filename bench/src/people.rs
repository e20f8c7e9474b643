//! Accounts with a session each, and rooms, written into a data folder by the store: no password is hashed.

use std::{path::Path, sync::Arc, time::SystemTime};

use anyhow::{Context as _, Result, bail};
use protocol::{
    ClientId, Command, Done, Entry, Epoch, Position, Record, RoomId, RoomSnapshot, RoomSummary, Seq, StreamId, UnixMs,
    UserId, Username,
    members::JoinRoom,
    rooms::{CreateRoom, History, Visibility},
};
use server::{
    auth::token,
    store::{
        Store as _,
        accounts::{AccountStore as _, Admission, NewAccount, NewSession, Session},
        sqlite::SqliteStore,
        streams::{Actor, NoFollowers, PageAt, StreamStore as _, WindowAt},
    },
};

/// As long as those of the server are.
const TOKEN_CHARS: usize = 43;
/// Events that are read at once.
const PAGE: u64 = 1_000;
/// Lines that are read at once.
const LINES: u32 = 100;
/// Everybody is in this room: the first one.
pub(crate) const GENERAL: RoomId = RoomId(1);

/// A room, and where it ends.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Which.
    pub room: RoomId,
    /// Its last event.
    pub head: Position,
}

impl Place {
    /// In a server that asks nobody who they are.
    pub const EMPTY: Self = Self { room: GENERAL, head: Position { epoch: Epoch(1), seq: Seq(0) } };

    /// One of several rooms of such a server.
    pub(crate) fn empty(number: usize) -> Self {
        Self { room: RoomId(number as u64 + 1), ..Self::EMPTY }
    }
}

/// Somebody who can connect.
pub struct Person {
    /// Of their session.
    pub token: String,
    pub(crate) session: Session,
}

impl Person {
    /// For the sync engine.
    #[must_use]
    pub fn native_session(&self) -> client::native::Session {
        client::native::Session { token: self.token.clone(), user: self.session.user.clone() }
    }
}

/// The time.
#[must_use]
pub fn now() -> UnixMs {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What a command is recognised by.
#[must_use]
pub fn client_id() -> ClientId {
    ClientId::new(now(), &std::array::from_fn(|_| fastrand::u8(..)))
}

/// A server's data folder, while no server runs on it.
pub struct Folder(pub(crate) SqliteStore);

impl Folder {
    /// Opens a folder, or makes one.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn open(data: &Path) -> Result<Self> {
        Ok(Self(SqliteStore::open(data, Arc::new(NoFollowers)).await?))
    }

    /// So many new people, in a folder that has nobody yet.
    ///
    /// # Errors
    /// The folder could not be written.
    pub async fn people(&self, count: usize) -> Result<Vec<Person>> {
        let mut people = Vec::with_capacity(count);
        for number in 1..=count {
            let token: String = (0..TOKEN_CHARS).map(|_| fastrand::alphanumeric()).collect();
            let session = NewSession {
                token: token::hash(&token).context("a token of the right length")?,
                device: "a load generator".to_owned(),
                per_user_max: 1,
            };
            let username = Username::parse(&format!("user{number}")).expect("a name");
            let password_hash = "none: nobody can log in".to_owned();
            let account = NewAccount { username, password_hash, admission: Admission::Open, session };
            let session = self.0.sign_up(account, now()).await?.session;
            people.push(Person { token, session });
        }
        Ok(people)
    }

    /// A room with these people.
    ///
    /// # Errors
    /// The folder could not be written.
    pub async fn room<'a>(&self, name: &str, people: impl IntoIterator<Item = &'a Person>) -> Result<Place> {
        self.room_with(name, History::default(), people).await
    }

    /// The same, where what later members may read is said.
    ///
    /// # Errors
    /// The folder could not be written.
    pub async fn room_with<'a>(
        &self,
        name: &str,
        history: History,
        people: impl IntoIterator<Item = &'a Person>,
    ) -> Result<Place> {
        let mut others = people.into_iter();
        let creator = others.next().context("a room needs somebody")?;
        let create =
            CreateRoom { client_id: client_id(), name: name.to_owned(), visibility: Visibility::Public, history };
        let done = self.0.execute(&Actor::from(&creator.session), Command::CreateRoom(create), now()).await?;
        let Done::Appended { stream: StreamId::Room(room), .. } = done else { bail!("no new room") };
        for person in others {
            let join = Command::JoinRoom(JoinRoom { client_id: client_id(), room });
            self.0.execute(&Actor::from(&person.session), join, now()).await?;
        }
        self.place(room).await
    }

    /// So many rooms, to which people are dealt in turn; a single one is that in which everybody is.
    ///
    /// # Errors
    /// The folder could not be written.
    pub async fn rooms(&self, people: &[Person], count: usize) -> Result<Vec<Place>> {
        if count == 1 {
            return Ok(vec![self.general().await?]);
        }
        let mut places = Vec::with_capacity(count);
        for number in 0..count {
            let members = people.iter().skip(number).step_by(count);
            places.push(self.room(&format!("room {number}"), members).await?);
        }
        Ok(places)
    }

    /// The room in which everybody is.
    ///
    /// # Errors
    /// The folder could not be read.
    pub async fn general(&self) -> Result<Place> {
        self.place(GENERAL).await
    }

    pub(crate) async fn place(&self, room: RoomId) -> Result<Place> {
        let heads = self.0.heads(&[StreamId::Room(room)]).await?;
        let (_, head) = *heads.first().context("no such room")?;
        Ok(Place { room, head })
    }

    /// All events of a log.
    ///
    /// # Errors
    /// The folder could not be read.
    pub async fn log(&self, stream: StreamId) -> Result<Vec<Arc<Record>>> {
        self.log_after(stream, Seq(0)).await
    }

    /// What has happened in a room since.
    ///
    /// # Errors
    /// The folder could not be read.
    pub async fn log_since(&self, place: Place) -> Result<Vec<Arc<Record>>> {
        self.log_after(StreamId::Room(place.room), place.head.seq).await
    }

    async fn log_after(&self, stream: StreamId, mut after: Seq) -> Result<Vec<Arc<Record>>> {
        let mut log = Vec::new();
        loop {
            let page = self.0.replay(stream, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(log) };
            after = last.seq;
            log.extend(page);
        }
    }

    /// All lines of a room, page by page from the last one on, as the tables have them for somebody in it.
    ///
    /// # Errors
    /// The folder could not be read, or they are not in it.
    pub async fn lines(&self, user: UserId, room: RoomId) -> Result<Vec<Entry>> {
        let (mut lines, mut before) = (Vec::new(), Seq(u64::MAX >> 11));
        loop {
            let page = self.0.history(user, room, PageAt::Before(before), LINES).await?.context("no member")?;
            let Some(first) = page.entries.first() else { return Ok(lines) };
            before = first.seq;
            lines.splice(0..0, page.entries);
        }
    }

    /// Somebody's rooms.
    ///
    /// # Errors
    /// The folder could not be read.
    pub async fn inbox(&self, user: UserId) -> Result<Vec<RoomSummary>> {
        Ok(self.0.inbox(user).await?.rooms)
    }

    /// A room as it opens for somebody in it, at its end.
    ///
    /// # Errors
    /// The folder could not be read, or they are not in it.
    pub async fn opened(&self, user: UserId, room: RoomId) -> Result<RoomSnapshot> {
        self.0.room(user, room, WindowAt::End).await?.context("no member")
    }

    /// Leaves it to a server.
    pub async fn close(self) {
        self.0.close().await;
    }
}
