//! Sessions and passwords, as the HTTP endpoints carry them.

use serde::{Deserialize, Serialize};

use crate::{
    account::UserRef,
    id::{SessionId, UnixMs},
};

/// Open a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// Whose, in any case.
    pub username: String,
    /// Their password.
    pub password: String,
}

/// A new session. The only answer that has the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedIn {
    /// Shows the session with each request.
    pub token: String,
    /// Who is logged in.
    pub user: UserRef,
}

/// Change one's password, and end all of one's other sessions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one until now.
    pub current_password: String,
    /// The one from now on.
    pub new_password: String,
}

/// A session, as its user sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its number.
    pub id: SessionId,
    /// With what it was opened, such as `Firefox on Linux`; empty where that is not known.
    pub device: String,
    /// When it was opened.
    pub created_at: UnixMs,
    /// When it was last used, to the hour.
    pub seen_at: UnixMs,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A user's sessions, last used first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// They.
    pub sessions: Vec<SessionInfo>,
}
