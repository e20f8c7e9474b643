//! Accounts with a session each, written into a data folder by the store: no password is hashed.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use protocol::{Epoch, Position, RoomId, Seq, UnixMs, Username};
use server::{
    auth::token,
    store::{
        Store as _,
        accounts::{AccountStore as _, Admission, NewAccount, NewSession},
        sqlite::SqliteStore,
        streams::{NoFollowers, StreamStore as _},
    },
};

/// As long as those of the server are.
const TOKEN_CHARS: usize = 43;
/// Everybody is in this room: the first one.
pub const GENERAL: RoomId = RoomId(1);

/// People who can connect.
#[derive(Clone, Debug)]
pub struct People {
    /// Of a session each.
    pub tokens: Vec<String>,
    /// Where [`GENERAL`] ends, with all of them in it.
    pub head: Position,
}

impl People {
    /// For a server that asks nobody who they are, and begins with an empty room.
    #[must_use]
    pub fn nobody_asks_for(count: usize) -> Self {
        Self { tokens: vec![String::new(); count], head: Position { epoch: Epoch(1), seq: Seq(0) } }
    }
}

/// So many new people, who are all in [`GENERAL`]. The server must not run on the folder meanwhile.
///
/// # Errors
/// The folder could not be written.
pub async fn make(data: &Path, count: usize) -> Result<People> {
    let store = SqliteStore::open(data, Arc::new(NoFollowers)).await?;
    let now = UnixMs(i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_millis())?);
    let mut tokens = Vec::with_capacity(count);
    let mut last = None;
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
        last = Some(store.sign_up(account, now).await?.session.user.id);
        tokens.push(token);
    }
    let inbox = store.inbox(last.context("nobody")?).await?;
    let general = inbox.rooms.iter().find(|room| room.room.id == GENERAL).context("everybody is in the first room")?;
    store.close().await;
    Ok(People { tokens, head: general.head })
}
