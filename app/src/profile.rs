//! What people say of themselves, where it is shown.

use leptos::prelude::*;
use protocol::UserId;

use crate::{erased::memo, shown::ShownRoom};

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
