//! Members: joining, leaving, being added and removed.

use serde::{Deserialize, Serialize};

use crate::{
    account::{UserRef, Username},
    from_json,
    id::{ClientId, RoomId, Seq},
    rooms::RoomRef,
};

/// Join a public room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRoom {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Which.
    pub room: RoomId,
}

from_json!(JoinRoom { client_id, room });

/// Leave a room. Nobody leaves `general`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveRoom {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Which.
    pub room: RoomId,
}

from_json!(LeaveRoom { client_id, room });

/// Bring someone in: the room's creator or the server's owner, being members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// Whom.
    pub username: Username,
}

from_json!(AddMember { client_id, room, username });

/// Put someone out: the room's creator or the server's owner, being members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveMember {
    /// Makes a retry recognisable.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// Whom.
    pub username: Username,
}

from_json!(RemoveMember { client_id, room, username });

/// The actor joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberJoined {}

from_json!(MemberJoined {});

/// The actor left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLeft {}

from_json!(MemberLeft {});

/// The actor brought someone in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberAdded {
    /// Whom.
    pub user: UserRef,
}

from_json!(MemberAdded { user });

/// The actor put someone out, who receives nothing after this event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRemoved {
    /// Whom.
    pub user: UserRef,
}

from_json!(MemberRemoved { user });

/// In an inbox: its user is a member of this room now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomJoined {
    /// Which.
    pub room: RoomRef,
}

from_json!(RoomJoined { room });

/// In an inbox: its user is no member of this room any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLeft {
    /// Which.
    pub room: RoomId,
}

from_json!(RoomLeft { room });

/// Who is in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub user: UserRef,
    /// The event by which they (last) joined.
    pub since: Seq,
}

from_json!(Member { user, since });

/// Somebody who is not in a room and could be brought in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub user: UserRef,
    /// By what the others call them, where that is not the user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
}

from_json!(Candidate { user, called });
