//! What a client can ask for over the socket, in the imperative.

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

use crate::{
    account::Username,
    cursor::ReadCursor,
    error::{ErrorCode, Invalid},
    from_json,
    id::{ClientId, CommandId, RoomId, Seq},
    members::{AddMember, JoinRoom, LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage, check_text},
    mute::MuteRoom,
    presence::{SetPresence, SetViewing},
    reactions::{AddReaction, RemoveReaction, check_emoji},
    rooms::{CreateRoom, DeleteRoom, RenameRoom, SetTopic, TransferRoom, check_name, check_topic},
    stream::{Position, StreamId},
    tagged_from_json,
    typing::SetTyping,
};

/// One text frame from a client: a numbered command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFrame {
    /// Comes back with the answer. Unique among the commands of a connection that wait for one.
    pub id: CommandId,
    /// What to do.
    pub command: Command,
}

from_json!(ClientFrame { id, command });

/// What a client can ask for. Unknown fields are refused, an unknown `type` is answered `unsupported`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[strum_discriminants(name(CommandKind), derive(EnumIter, IntoStaticStr, Hash), strum(serialize_all = "snake_case"))]
#[strum_discriminants(doc = "The name of a [`Command`], without what it carries.")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Follow a stream.
    Subscribe(Subscribe),
    /// Stop following a stream.
    Unsubscribe(Unsubscribe),
    /// Say how far one has read.
    SetReadCursor(SetReadCursor),
    /// Say what one does on this connection.
    SetPresence(SetPresence),
    /// Say that one is writing.
    SetTyping(SetTyping),
    /// Let others see which room one looks at, or not.
    SetViewing(SetViewing),
    /// Say something.
    PostMessage(PostMessage),
    /// Replace the text of a message.
    EditMessage(EditMessage),
    /// Delete a message.
    DeleteMessage(DeleteMessage),
    /// Put an emoji under a message.
    AddReaction(AddReaction),
    /// Take it back.
    RemoveReaction(RemoveReaction),
    /// Make a room.
    CreateRoom(CreateRoom),
    /// Give a room another name.
    RenameRoom(RenameRoom),
    /// Say what a room is about.
    SetTopic(SetTopic),
    /// Give a room to another member.
    TransferRoom(TransferRoom),
    /// Delete a room.
    DeleteRoom(DeleteRoom),
    /// Join a public room.
    JoinRoom(JoinRoom),
    /// Leave a room.
    LeaveRoom(LeaveRoom),
    /// Be told of a room no more, or again.
    MuteRoom(MuteRoom),
    /// Bring someone in.
    AddMember(AddMember),
    /// Put someone out.
    RemoveMember(RemoveMember),
    /// From a newer client.
    #[serde(other)]
    Unknown,
}

tagged_from_json!(Command {
    "subscribe" => Subscribe(_),
    "unsubscribe" => Unsubscribe(_),
    "set_read_cursor" => SetReadCursor(_),
    "set_presence" => SetPresence(_),
    "set_typing" => SetTyping(_),
    "set_viewing" => SetViewing(_),
    "post_message" => PostMessage(_),
    "edit_message" => EditMessage(_),
    "delete_message" => DeleteMessage(_),
    "add_reaction" => AddReaction(_),
    "remove_reaction" => RemoveReaction(_),
    "create_room" => CreateRoom(_),
    "rename_room" => RenameRoom(_),
    "set_topic" => SetTopic(_),
    "transfer_room" => TransferRoom(_),
    "delete_room" => DeleteRoom(_),
    "join_room" => JoinRoom(_),
    "leave_room" => LeaveRoom(_),
    "mute_room" => MuteRoom(_),
    "add_member" => AddMember(_),
    "remove_member" => RemoveMember(_),
} else Unknown);

/// Follow a stream from a known place: what is missing comes first, in order, then [`crate::ServerFrame::Live`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// Which.
    pub stream: StreamId,
    /// The last event that the client has; `seq` 0 for none.
    pub after: Position,
}

from_json!(Subscribe { stream, after });

/// Stop following a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unsubscribe {
    /// Which.
    pub stream: StreamId,
}

from_json!(Unsubscribe { stream });

/// Say how far one has read; idempotent, see [`ReadCursor::merge`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetReadCursor {
    /// Where.
    pub room: RoomId,
    /// How far.
    pub cursor: ReadCursor,
}

from_json!(SetReadCursor { room, cursor });

impl Command {
    /// What makes a retry of this command recognisable; none where it appends nothing.
    #[must_use]
    pub fn client_id(&self) -> Option<ClientId> {
        match self {
            Self::PostMessage(c) => Some(c.client_id),
            Self::EditMessage(c) => Some(c.client_id),
            Self::DeleteMessage(c) => Some(c.client_id),
            Self::AddReaction(c) => Some(c.client_id),
            Self::RemoveReaction(c) => Some(c.client_id),
            Self::CreateRoom(c) => Some(c.client_id),
            Self::RenameRoom(c) => Some(c.client_id),
            Self::SetTopic(c) => Some(c.client_id),
            Self::TransferRoom(c) => Some(c.client_id),
            Self::DeleteRoom(c) => Some(c.client_id),
            Self::JoinRoom(c) => Some(c.client_id),
            Self::LeaveRoom(c) => Some(c.client_id),
            Self::MuteRoom(c) => Some(c.client_id),
            Self::AddMember(c) => Some(c.client_id),
            Self::RemoveMember(c) => Some(c.client_id),
            Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::SetReadCursor(_)
            | Self::SetPresence(_)
            | Self::SetTyping(_)
            | Self::SetViewing(_)
            | Self::Unknown => None,
        }
    }

    /// The room that this command is about; none for a new room and for what is not about one.
    #[must_use]
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Subscribe(Subscribe { stream, .. }) | Self::Unsubscribe(Unsubscribe { stream }) => match stream {
                StreamId::Room(room) => Some(*room),
                StreamId::Inbox(_) => None,
            },
            Self::SetReadCursor(c) => Some(c.room),
            Self::SetTyping(c) => Some(c.room),
            Self::SetPresence(c) => c.room,
            Self::PostMessage(c) => Some(c.room),
            Self::EditMessage(c) => Some(c.room),
            Self::DeleteMessage(c) => Some(c.room),
            Self::AddReaction(c) => Some(c.room),
            Self::RemoveReaction(c) => Some(c.room),
            Self::RenameRoom(c) => Some(c.room),
            Self::SetTopic(c) => Some(c.room),
            Self::TransferRoom(c) => Some(c.room),
            Self::DeleteRoom(c) => Some(c.room),
            Self::JoinRoom(c) => Some(c.room),
            Self::LeaveRoom(c) => Some(c.room),
            Self::MuteRoom(c) => Some(c.room),
            Self::AddMember(c) => Some(c.room),
            Self::RemoveMember(c) => Some(c.room),
            Self::CreateRoom(_) | Self::SetViewing(_) | Self::Unknown => None,
        }
    }

    /// The message that this command changes, and the text that it gives it.
    #[must_use]
    pub fn message(&self) -> Option<(Seq, Option<&str>)> {
        match self {
            Self::EditMessage(c) => Some((c.message, Some(&c.text))),
            Self::DeleteMessage(c) => Some((c.message, None)),
            Self::PostMessage(_)
            | Self::AddReaction(_)
            | Self::RemoveReaction(_)
            | Self::CreateRoom(_)
            | Self::RenameRoom(_)
            | Self::SetTopic(_)
            | Self::TransferRoom(_)
            | Self::DeleteRoom(_)
            | Self::JoinRoom(_)
            | Self::LeaveRoom(_)
            | Self::MuteRoom(_)
            | Self::AddMember(_)
            | Self::RemoveMember(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::SetReadCursor(_)
            | Self::SetPresence(_)
            | Self::SetTyping(_)
            | Self::SetViewing(_)
            | Self::Unknown => None,
        }
    }

    /// The message that this command is about, changed or not: to answer it, to react to it.
    #[must_use]
    pub fn about(&self) -> Option<Seq> {
        match self {
            Self::PostMessage(c) => c.reply_to,
            Self::EditMessage(c) => Some(c.message),
            Self::DeleteMessage(c) => Some(c.message),
            Self::AddReaction(c) => Some(c.message),
            Self::RemoveReaction(c) => Some(c.message),
            Self::CreateRoom(_)
            | Self::RenameRoom(_)
            | Self::SetTopic(_)
            | Self::TransferRoom(_)
            | Self::DeleteRoom(_)
            | Self::JoinRoom(_)
            | Self::LeaveRoom(_)
            | Self::MuteRoom(_)
            | Self::AddMember(_)
            | Self::RemoveMember(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::SetReadCursor(_)
            | Self::SetPresence(_)
            | Self::SetTyping(_)
            | Self::SetViewing(_)
            | Self::Unknown => None,
        }
    }

    /// The account that this command names.
    #[must_use]
    pub fn target(&self) -> Option<&Username> {
        match self {
            Self::AddMember(c) => Some(&c.username),
            Self::RemoveMember(c) => Some(&c.username),
            Self::TransferRoom(c) => Some(&c.username),
            Self::PostMessage(_)
            | Self::EditMessage(_)
            | Self::DeleteMessage(_)
            | Self::AddReaction(_)
            | Self::RemoveReaction(_)
            | Self::CreateRoom(_)
            | Self::RenameRoom(_)
            | Self::SetTopic(_)
            | Self::DeleteRoom(_)
            | Self::JoinRoom(_)
            | Self::LeaveRoom(_)
            | Self::MuteRoom(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::SetReadCursor(_)
            | Self::SetPresence(_)
            | Self::SetTyping(_)
            | Self::SetViewing(_)
            | Self::Unknown => None,
        }
    }

    /// The name that this command gives a room.
    #[must_use]
    pub fn room_name(&self) -> Option<&str> {
        match self {
            Self::CreateRoom(c) => Some(&c.name),
            Self::RenameRoom(c) => Some(&c.name),
            Self::PostMessage(_)
            | Self::EditMessage(_)
            | Self::DeleteMessage(_)
            | Self::AddReaction(_)
            | Self::RemoveReaction(_)
            | Self::SetTopic(_)
            | Self::TransferRoom(_)
            | Self::DeleteRoom(_)
            | Self::JoinRoom(_)
            | Self::LeaveRoom(_)
            | Self::MuteRoom(_)
            | Self::AddMember(_)
            | Self::RemoveMember(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::SetReadCursor(_)
            | Self::SetPresence(_)
            | Self::SetTyping(_)
            | Self::SetViewing(_)
            | Self::Unknown => None,
        }
    }

    /// Checks what needs no knowledge of the server's state: both ends refuse the same.
    ///
    /// # Errors
    /// `invalid`, `too_large`, `unsupported` for what is no command of this version.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::PostMessage(c) => check_text(&c.text),
            Self::EditMessage(c) => check_text(&c.text),
            Self::CreateRoom(c) => check_name(&c.name),
            Self::RenameRoom(c) => check_name(&c.name),
            Self::SetTopic(c) => check_topic(&c.topic),
            Self::AddReaction(c) => check_emoji(&c.emoji),
            Self::DeleteMessage(_)
            // What is there may be taken back, whatever counted as an emoji when it was put there.
            | Self::RemoveReaction(_)
            | Self::TransferRoom(_)
            | Self::DeleteRoom(_)
            | Self::JoinRoom(_)
            | Self::LeaveRoom(_)
            | Self::MuteRoom(_)
            | Self::AddMember(_)
            | Self::RemoveMember(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::SetReadCursor(_)
            | Self::SetPresence(_)
            | Self::SetTyping(_)
            | Self::SetViewing(_) => Ok(()),
            Self::Unknown => Err(Invalid::new(ErrorCode::Unsupported, ErrorCode::Unsupported.message())),
        }
    }

    /// What carrying this out costs, for the limits on how often.
    #[must_use]
    pub fn cost(&self) -> Cost {
        match self {
            Self::PostMessage(_) => Cost::Post,
            Self::EditMessage(_)
            | Self::DeleteMessage(_)
            | Self::AddReaction(_)
            | Self::RemoveReaction(_)
            | Self::CreateRoom(_)
            | Self::RenameRoom(_)
            | Self::SetTopic(_)
            | Self::TransferRoom(_)
            | Self::DeleteRoom(_)
            | Self::JoinRoom(_)
            | Self::LeaveRoom(_)
            | Self::MuteRoom(_)
            | Self::AddMember(_)
            | Self::RemoveMember(_)
            | Self::SetReadCursor(_)
            | Self::SetViewing(_) => Cost::Write,
            Self::SetPresence(_) | Self::SetTyping(_) => Cost::Nothing,
            Self::Subscribe(_) | Self::Unsubscribe(_) | Self::Unknown => Cost::Read,
        }
    }
}

/// What is counted apart by the limits on how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Posting messages.
    Post,
    /// Every other change.
    Write,
    /// Snapshots, pages and subscriptions.
    Read,
    /// What is conflated instead of refused: it changes a few bytes of memory, and the latest one wins.
    Nothing,
}
