//! The gate and the decisions, without a server. Each command × each role is a table over real sockets, in
//! `tests/it/socket_roles.rs`.

use protocol::{
    ClientId, Command, ErrorCode, Quote, RoomId, RoomInfo, Seq, UserId, UserRef, Username,
    members::{LeaveRoom, RemoveMember},
    messages::{DeleteMessage, EditMessage, PostMessage},
    rooms::{History, RenameRoom, RoomCreated, Visibility},
};

use super::{Action, Decision, Facts, MessageFacts, RoomFacts, TargetFacts, authorize, decide};
use crate::store::Actor;

const ROOM: RoomId = RoomId(5);
const MESSAGE: Seq = Seq(9);

fn user(id: u64) -> UserRef {
    UserRef { id: UserId(id), name: Username::parse(&format!("user{id}")).unwrap() }
}

fn id() -> ClientId {
    ClientId(uuid::Uuid::from_u128(1))
}

/// User 1, who made the room and owns the server, about a message of user 2.
fn keeper(visibility: Visibility) -> Facts {
    Facts {
        room: Some(RoomFacts {
            info: RoomInfo::created(
                ROOM,
                user(1),
                &RoomCreated { name: "den".to_owned(), visibility, history: History::Everything, everyone: false },
            ),
            messages: 3,
            actor_since: Some(Seq(2)),
            is_muted: false,
        }),
        target: Some(TargetFacts { user: user(2), is_member: true, is_disabled: false }),
        message: Some(MessageFacts {
            seq: MESSAGE,
            author: UserId(2),
            is_deleted: false,
            is_same_text: false,
            quote: Quote::of(MESSAGE, user(2), "hi"),
        }),
        ..Facts::about(Actor { user: user(1), is_owner: true })
    }
}

fn outsider(visibility: Visibility) -> Facts {
    let mut facts = keeper(visibility);
    facts.room.as_mut().unwrap().actor_since = None;
    facts
}

fn post(text: &str) -> Command {
    Command::PostMessage(PostMessage::new(id(), ROOM, text.to_owned()))
}

fn delete() -> Command {
    Command::DeleteMessage(DeleteMessage { client_id: id(), room: ROOM, message: MESSAGE })
}

#[test]
fn only_members_read() {
    for (visibility, refusal) in
        [(Visibility::Private, ErrorCode::NotFound), (Visibility::Public, ErrorCode::Forbidden)]
    {
        assert_eq!(authorize(Action::Read, &keeper(visibility)), Ok(()));
        assert_eq!(authorize(Action::Read, &outsider(visibility)), Err(refusal));
    }
}

#[test]
fn a_room_that_does_not_exist_is_answered_like_one_that_cannot_be_seen() {
    let rename = Command::RenameRoom(RenameRoom { client_id: id(), room: ROOM, name: "lair".to_owned() });
    let put_out = RemoveMember { client_id: id(), room: ROOM, username: user(2).name };
    for command in [post("hi"), delete(), rename, Command::RemoveMember(put_out)] {
        let hidden = decide(&command, &outsider(Visibility::Private)).unwrap_err();
        let missing = decide(&command, &Facts { room: None, ..outsider(Visibility::Private) }).unwrap_err();
        assert_eq!(hidden, missing, "{command:?}");
    }
}

#[test]
fn nobody_leaves_or_is_put_out_of_the_room_for_everyone() {
    let mut facts = keeper(Visibility::Public);
    facts.room.as_mut().unwrap().info.everyone = true;
    let leave = Command::LeaveRoom(LeaveRoom { client_id: id(), room: ROOM });
    let put_out = Command::RemoveMember(RemoveMember { client_id: id(), room: ROOM, username: user(2).name });

    for command in [leave, put_out] {
        assert_eq!(decide(&command, &facts).unwrap_err().code, ErrorCode::Forbidden);
    }
}

#[test]
fn a_message_from_before_one_may_read_does_not_exist() {
    let mut facts = keeper(Visibility::Private);
    let room = facts.room.as_mut().unwrap();
    room.info.history = History::SinceJoining;
    room.actor_since = Some(MESSAGE.next());

    assert_eq!(decide(&delete(), &facts).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_deleted_message_is_neither_edited_nor_deleted_again() {
    let mut facts = keeper(Visibility::Private);
    facts.message.as_mut().unwrap().is_deleted = true;
    facts.message.as_mut().unwrap().author = UserId(1);
    let edit = EditMessage { client_id: id(), room: ROOM, message: MESSAGE, text: "back".to_owned() };

    for command in [Command::EditMessage(edit), delete()] {
        assert_eq!(decide(&command, &facts).unwrap_err().code, ErrorCode::NotFound);
    }
}

#[test]
fn a_taken_name_matters_for_public_rooms_only() {
    let rename = Command::RenameRoom(RenameRoom { client_id: id(), room: ROOM, name: "lair".to_owned() });
    let taken = |visibility| Facts { is_name_taken: true, ..keeper(visibility) };

    assert_eq!(decide(&rename, &taken(Visibility::Public)).unwrap_err().code, ErrorCode::RoomNameTaken);
    assert!(matches!(decide(&rename, &taken(Visibility::Private)), Ok(Decision::Append(_))));
}

#[test]
fn a_message_is_as_long_as_the_limits_and_no_longer() {
    let facts = keeper(Visibility::Private);
    let code = |text: &str| decide(&post(text), &facts).err().map(|refusal| refusal.code);

    assert_eq!(code(&"x".repeat(10_000)), None);
    assert_eq!(code(&"x".repeat(10_001)), Some(ErrorCode::TooLarge));
    assert_eq!(code(&"\u{1f600}".repeat(10_000)), None, "40,000 bytes");
    assert_eq!(code(&("\u{1f600}".repeat(9_999) + "éée")), Some(ErrorCode::TooLarge), "10,002 characters");
    assert_eq!(code(" \n\t"), Some(ErrorCode::Invalid));
    assert_eq!(code("a\0b"), Some(ErrorCode::Invalid));
}
