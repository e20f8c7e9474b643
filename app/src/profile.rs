//! What people say of themselves, where it is shown.

use leptos::prelude::*;
use protocol::{RoomPresence, UserId, UserRef, members::Member};

use crate::{erased::memo, shown::ShownRoom};

/// Display names of a room's members, in the order of their accounts. Most people have none.
pub(crate) type Names = Vec<(UserId, String)>;

/// Those that are known.
pub(crate) fn names_of(presence: &RoomPresence) -> Names {
    presence.profiles.iter().filter_map(|profile| Some((profile.user, profile.name.clone()?))).collect()
}

/// By what a user is called; none where it is the user name.
pub(crate) fn display_name(names: &Names, user: UserId) -> Option<&String> {
    names.iter().find_map(|(other, name)| (*other == user).then_some(name))
}

impl ShownRoom {
    /// By what a user is called here; none where it is the user name.
    pub(crate) fn display_name(self, user: UserId) -> Option<String> {
        self.names.with(|names| display_name(names, user).cloned())
    }

    /// By what a user is called here, as [`full_name`]: all sentences and labels take names from this.
    pub(crate) fn called(self, user: &UserRef) -> String {
        full_name(self.display_name(user.id), user.name.as_str())
    }
}

/// Both names, the way they are read out: another's display name may be this one's user name.
pub(crate) fn full_name(display: Option<String>, name: &str) -> String {
    display.map_or_else(|| name.to_owned(), |display| format!("{display} @{name}"))
}

/// Sorts members by what they are called, as far as ASCII goes.
pub(crate) fn sort(members: &mut [Member], names: &Names) {
    members.sort_by_cached_key(|member| match display_name(names, member.user.id) {
        Some(name) => name.to_ascii_lowercase(),
        None => member.user.name.folded(),
    });
}

/// The status of a member, as it is shown and read out; empty where there is none.
pub(crate) fn status_of(room: ShownRoom, user: UserId) -> Memo<String> {
    memo(move || {
        room.presence
            .with(|presence| {
                let status = presence.as_ref()?.profile(user)?.status.as_ref()?;
                Some(format!("{} {}", status.emoji, status.text))
            })
            .unwrap_or_default()
    })
}
