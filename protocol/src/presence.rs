//! Who is there: online, away, offline; and who looks at a room now.
//!
//! Presence is told, never stored: of each user only the latest holds, and what was lost is mended by the next whole
//! picture. Each connection says what its user does ([`SetPresence`]); the server makes one presence of all of them.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::{
    from_json,
    id::{RoomId, UnixMs, UserId},
    limits::PRESENCE_LISTED_MAX,
    parsed_from_json,
    profile::UserProfile,
};

/// Say what the user does on this connection: the latest one holds, until the connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// Nobody has touched this device for a while, or the page is out of sight.
    pub away: bool,
    /// The room that is looked at, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomId>,
}

from_json!(SetPresence { away, room });

/// Let others see which room one looks at, or not; holds on all devices until it is set again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetViewing {
    /// Whether others see it.
    pub shown: bool,
}

from_json!(SetViewing { shown });

/// Whether somebody is there.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PresenceState {
    /// On some device.
    Online,
    /// Connected, and away from all devices.
    Away,
    /// Not connected.
    #[default]
    Offline,
}

parsed_from_json!(PresenceState);

/// The presence of one user, as the members of a room see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPresence {
    /// Whose.
    pub user: UserId,
    /// Whether they are there.
    pub state: PresenceState,
    /// They look at this room now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub here: bool,
    /// When they were there last; only of who is offline, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<UnixMs>,
}

from_json!(UserPresence { user, state, here or false, last_seen });

/// The presence in a room: all of it, or what has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPresence {
    /// Which room.
    pub room: RoomId,
    /// This is all: who is not listed was never seen. Otherwise only what has changed is listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// By account number.
    pub users: Vec<UserPresence>,
    /// What those listed say of themselves, by account number; with `whole`, of all who say something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<UserProfile>,
    /// Members who are online.
    pub online: u32,
    /// Members who are away.
    pub away: u32,
    /// Members with higher account numbers are only counted: the room has more than [`PRESENCE_LISTED_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_to: Option<UserId>,
}

from_json!(RoomPresence { room, whole or false, users, profiles or Vec::new(), online, away, listed_to });

impl RoomPresence {
    /// A room in which nobody was ever seen.
    #[must_use]
    pub fn unknown(room: RoomId) -> Self {
        Self { room, whole: true, users: Vec::new(), profiles: Vec::new(), online: 0, away: 0, listed_to: None }
    }

    /// The last account that is listed in a room with these members, who come in order; none where all are.
    pub fn listed_to(members: impl Iterator<Item = UserId>) -> Option<UserId> {
        let mut first: Vec<UserId> = members.take(PRESENCE_LISTED_MAX + 1).collect();
        (first.len() > PRESENCE_LISTED_MAX).then(|| first.pop()).flatten()?;
        first.pop()
    }

    /// Takes what the server says. Of each user the latest holds.
    pub fn update(&mut self, news: Self) {
        if news.whole {
            *self = news;
            return;
        }
        for user in news.users {
            match self.users.binary_search_by_key(&user.user, |known| known.user) {
                Ok(index) => self.users[index] = user,
                Err(index) => self.users.insert(index, user),
            }
        }
        for profile in news.profiles {
            match self.profiles.binary_search_by_key(&profile.user, |known| known.user) {
                Ok(index) => self.profiles[index] = profile,
                Err(index) => self.profiles.insert(index, profile),
            }
        }
        self.online = news.online;
        self.away = news.away;
        self.listed_to = news.listed_to;
    }

    /// What a member says of themselves, if anything is known of it.
    #[must_use]
    pub fn profile(&self, user: UserId) -> Option<&UserProfile> {
        let found = self.profiles.binary_search_by_key(&user, |known| known.user);
        found.ok().map(|index| &self.profiles[index])
    }

    /// The presence of a member; none of one who is only counted.
    #[must_use]
    pub fn of(&self, user: UserId) -> Option<UserPresence> {
        if self.listed_to.is_some_and(|last| user > last) {
            return None;
        }
        let nothing = UserPresence { user, state: PresenceState::Offline, here: false, last_seen: None };
        let found = self.users.binary_search_by_key(&user, |known| known.user);
        Some(found.map_or(nothing, |index| self.users[index]))
    }
}
