//! The one gate to a room: every command, subscription and read of it asks here. Decided elsewhere is only what the owner of
//! the server may do beside rooms (`auth::extract::OwnerSession`, `pages::visit::OwnerVisit`), and what a public room shows to
//! who is not in it (the store's queries).

use protocol::ErrorCode;

use super::facts::{Facts, MessageFacts, RoomFacts};
use protocol::rooms::Visibility;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read a room, follow its stream, move one's read cursor in it, mute it for oneself.
    Read,
    /// Post in a room.
    Post,
    /// Change the text of a message.
    Edit,
    /// Delete a message.
    Delete,
    /// Put an emoji under a message, or answer it.
    React,
    /// Make a room.
    Create,
    /// Change what a room is: its name and other settings.
    Change,
    /// Delete a room.
    Erase,
    /// Join a room.
    Join,
    /// Leave a room.
    Leave,
    /// Bring someone in or put someone out.
    ManageMembers,
}

/// Whether the actor may do this, from what is known.
///
/// What the actor may not see is answered as what does not exist.
///
/// # Errors
/// `not_found` or `forbidden`.
pub fn authorize(action: Action, facts: &Facts) -> Result<(), ErrorCode> {
    if action == Action::Create {
        return Ok(());
    }
    let room = facts.room.as_ref().filter(|room| is_visible(room)).ok_or(ErrorCode::NotFound)?;
    let is_member = room.actor_since.is_some();
    let is_keeper = facts.actor.is_owner || room.info.creator.id == facts.actor.user.id;
    let allowed = match action {
        Action::Create => true,
        Action::Read | Action::Post => is_member,
        Action::Edit => is_member && message(room, facts)?.author == facts.actor.user.id,
        Action::Delete => is_member && (message(room, facts)?.author == facts.actor.user.id || is_keeper),
        Action::React => is_member && message(room, facts).map(|_| true)?,
        Action::Change => is_member && is_keeper,
        Action::Erase => is_member && is_keeper && !room.info.everyone,
        Action::Join => true,
        Action::Leave => !room.info.everyone,
        Action::ManageMembers => is_member && is_keeper && !room.info.everyone,
    };
    if allowed { Ok(()) } else { Err(ErrorCode::Forbidden) }
}

fn is_visible(room: &RoomFacts) -> bool {
    match room.info.visibility {
        Visibility::Public => true,
        Visibility::Private => room.actor_since.is_some(),
    }
}

/// The message, unless it is deleted or was posted before the actor may read.
fn message<'a>(room: &RoomFacts, facts: &'a Facts) -> Result<&'a MessageFacts, ErrorCode> {
    let visible_from = room.visible_from().ok_or(ErrorCode::NotFound)?;
    facts
        .message
        .as_ref()
        .filter(|message| !message.is_deleted && message.seq >= visible_from)
        .ok_or(ErrorCode::NotFound)
}
