//! Each command by each role, over a socket: who may do what, as one table. A new command does not compile here.

use protocol::{
    Command, CommandKind, Done, ErrorCode, RoomId, Seq, StreamId, Username,
    command::{Subscribe, Unsubscribe},
    messages::{DeleteMessage, EditMessage},
    mute::MuteRoom,
    presence::{SetPresence, SetViewing},
    rooms::{CreateRoom, DeleteRoom, History, RenameRoom, SetTopic, TransferRoom, Visibility},
    typing::SetTyping,
};
use strum::IntoEnumIterator as _;

use crate::support::{
    TestServer,
    socket::{NOTHING, Socket, add, client_id, join, leave, post, react, read_up_to, remove, unlimited, unreact},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Made the room.
    Creator,
    /// Owns the server, and is in the room.
    Owner,
    /// Is in the room, and wrote the message.
    Author,
    /// Is in the room.
    Member,
    /// Is not in the room, which is public.
    Passerby,
    /// Is not in the room, which is private.
    Outsider,
    /// Owns the server, and is not in the room, which is private.
    OwnerOutside,
}

const ROLES: [Role; 7] =
    [Role::Creator, Role::Owner, Role::Author, Role::Member, Role::Passerby, Role::Outsider, Role::OwnerOutside];

const YES: Result<(), ErrorCode> = Ok(());
const NO: Result<(), ErrorCode> = Err(ErrorCode::Forbidden);
const NIL: Result<(), ErrorCode> = Err(ErrorCode::NotFound);

/// The table. Columns as in [`ROLES`]; none for what is no command of this version.
fn expected(command: CommandKind) -> Option<[Result<(), ErrorCode>; 7]> {
    Some(match command {
        CommandKind::Subscribe => [YES, YES, YES, YES, NO, NIL, NIL],
        CommandKind::Unsubscribe => [YES, YES, YES, YES, YES, YES, YES],
        CommandKind::SetReadCursor => [YES, YES, YES, YES, NO, NIL, NIL],
        // Never refused: who is not in the room is just not heard.
        CommandKind::SetPresence => [YES, YES, YES, YES, YES, YES, YES],
        CommandKind::SetTyping => [YES, YES, YES, YES, YES, YES, YES],
        CommandKind::SetViewing => [YES, YES, YES, YES, YES, YES, YES],
        CommandKind::PostMessage => [YES, YES, YES, YES, NO, NIL, NIL],
        CommandKind::EditMessage => [NO, NO, YES, NO, NO, NIL, NIL],
        CommandKind::DeleteMessage => [YES, YES, YES, NO, NO, NIL, NIL],
        CommandKind::AddReaction => [YES, YES, YES, YES, NO, NIL, NIL],
        CommandKind::RemoveReaction => [YES, YES, YES, YES, NO, NIL, NIL],
        CommandKind::CreateRoom => [YES, YES, YES, YES, YES, YES, YES],
        CommandKind::RenameRoom => [YES, YES, NO, NO, NO, NIL, NIL],
        CommandKind::SetTopic => [YES, YES, NO, NO, NO, NIL, NIL],
        CommandKind::TransferRoom => [YES, YES, NO, NO, NO, NIL, NIL],
        CommandKind::DeleteRoom => [YES, YES, NO, NO, NO, NIL, NIL],
        CommandKind::JoinRoom => [YES, YES, YES, YES, YES, NIL, NIL],
        CommandKind::LeaveRoom => [YES, YES, YES, YES, YES, NIL, NIL],
        CommandKind::MuteRoom => [YES, YES, YES, YES, NO, NIL, NIL],
        CommandKind::AddMember => [YES, YES, NO, NO, NO, NIL, NIL],
        CommandKind::RemoveMember => [YES, YES, NO, NO, NO, NIL, NIL],
        CommandKind::Unknown => return None,
    })
}

fn command(kind: CommandKind, room: RoomId, message: Seq, name: &str) -> Option<Command> {
    let (id, stream, name) = (client_id(), StreamId::Room(room), name.to_owned());
    Some(match kind {
        CommandKind::Subscribe => Command::Subscribe(Subscribe { stream, after: NOTHING }),
        CommandKind::Unsubscribe => Command::Unsubscribe(Unsubscribe { stream }),
        CommandKind::SetReadCursor => read_up_to(room, 0, 1),
        CommandKind::SetPresence => Command::SetPresence(SetPresence { away: false, room: Some(room) }),
        CommandKind::SetTyping => Command::SetTyping(SetTyping { room, typing: true }),
        CommandKind::SetViewing => Command::SetViewing(SetViewing { shown: true }),
        CommandKind::PostMessage => post(room, "hi"),
        CommandKind::EditMessage => {
            Command::EditMessage(EditMessage { client_id: id, room, message, text: "other".to_owned() })
        }
        CommandKind::DeleteMessage => Command::DeleteMessage(DeleteMessage { client_id: id, room, message }),
        CommandKind::AddReaction => react(room, message, "👍"),
        CommandKind::RemoveReaction => unreact(room, message, "👍"),
        CommandKind::CreateRoom => {
            let (visibility, history) = (Visibility::Public, History::Everything);
            Command::CreateRoom(CreateRoom { client_id: id, name, visibility, history })
        }
        CommandKind::RenameRoom => Command::RenameRoom(RenameRoom { client_id: id, room, name }),
        CommandKind::SetTopic => Command::SetTopic(SetTopic { client_id: id, room, topic: name }),
        CommandKind::TransferRoom => {
            let username = Username::parse("mia").unwrap();
            Command::TransferRoom(TransferRoom { client_id: id, room, username })
        }
        CommandKind::DeleteRoom => Command::DeleteRoom(DeleteRoom { client_id: id, room }),
        CommandKind::JoinRoom => join(room),
        CommandKind::LeaveRoom => leave(room),
        CommandKind::MuteRoom => Command::MuteRoom(MuteRoom { client_id: id, room, muted: true }),
        CommandKind::AddMember => add(room, "zoe"),
        CommandKind::RemoveMember => remove(room, "mia"),
        CommandKind::Unknown => return None,
    })
}

#[tokio::test]
async fn each_command_by_each_role_has_the_answer_of_the_table() {
    let server = TestServer::with(unlimited).await;
    // The first account owns the server.
    let mut sockets = Vec::new();
    for name in ["owen", "cleo", "abel", "mia", "pia", "zoe"] {
        sockets.push(server.user(name).await.connect().await);
    }
    let [mut owen, mut cleo, mut abel, mut mia, mut pia, _zoe]: [Socket; 6] = sockets.try_into().ok().unwrap();

    let mut cases = 0;
    for kind in CommandKind::iter() {
        let Some(row) = expected(kind) else { continue };
        for (role, expected) in ROLES.into_iter().zip(row) {
            cases += 1;
            let visibility = if role == Role::Passerby { Visibility::Public } else { Visibility::Private };
            let room = cleo.create(&format!("room {cases}"), visibility, History::Everything).await;
            let members: &[&str] = if role == Role::OwnerOutside { &["abel", "mia"] } else { &["owen", "abel", "mia"] };
            for member in members {
                cleo.append(add(room, member)).await;
            }
            let message = abel.say(room, "mine").await;
            let before = cleo.follow(StreamId::Room(room)).await;
            let actor = match role {
                Role::Creator => &mut cleo,
                Role::Owner | Role::OwnerOutside => &mut owen,
                Role::Author => &mut abel,
                Role::Member => &mut mia,
                Role::Passerby | Role::Outsider => &mut pia,
            };

            let answer = actor.ask(command(kind, room, message, &format!("new {cases}")).unwrap()).await;

            assert_eq!(answer.map(|_: Done| ()), expected, "{kind:?} by {role:?}");
            if expected.is_err() {
                let after = cleo.follow(StreamId::Room(room)).await;
                assert_eq!(after, before, "{kind:?} by {role:?} was refused and appended");
            }
            if role != Role::Creator || kind != CommandKind::LeaveRoom {
                let stop = Command::Unsubscribe(Unsubscribe { stream: StreamId::Room(room) });
                cleo.ask(stop).await.unwrap();
            }
        }
    }
    assert_eq!(cases, 21 * 7);
}
