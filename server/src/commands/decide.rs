//! What a command appends.

use protocol::{
    Command, ErrorCode, Event, RoomId, StreamId, UserRef,
    limits::MEMBERS_LISTED_MAX,
    members::{MemberAdded, MemberJoined, MemberLeft, MemberRemoved, RoomJoined, RoomLeft},
    messages::MessageDeleted,
    mute::RoomMuted,
    rooms::{RoomCreated, RoomDeleted, RoomRef, RoomRenamed, RoomTransferred, TopicSet, Visibility},
};

use super::{
    Refusal,
    authorize::{Action, authorize},
    facts::{Facts, RoomFacts, TargetFacts},
    messages,
};

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// These events; the first one is the answer to the command.
    Append(Vec<(StreamId, Event)>),
    /// Nothing: it is so already.
    Nothing,
}

/// Decides a command that appends events.
///
/// # Errors
/// What [`authorize`] says, `invalid` and `too_large` for what is written, and `room_name_taken`, `not_found` for who is named and does not exist, `unsupported`
/// for a command that appends nothing.
pub fn decide(command: &Command, facts: &Facts) -> Result<Decision, Refusal> {
    command.check()?;
    let actor = &facts.actor.user;
    match command {
        Command::PostMessage(c) => messages::post(c, facts),
        Command::EditMessage(c) => messages::edit(c, facts),
        Command::DeleteMessage(c) => {
            let room = allowed(Action::Delete, facts)?;
            Ok(one(room, Event::MessageDeleted(MessageDeleted { message: c.message })))
        }
        Command::AddReaction(c) => messages::react(c, facts),
        Command::RemoveReaction(c) => messages::unreact(c, facts),
        Command::CreateRoom(c) => {
            authorize(Action::Create, facts)?;
            room_left(facts)?;
            free_name(c.visibility, facts)?;
            let id = facts.next_room.ok_or(ErrorCode::Internal)?;
            let room = RoomRef { id, name: c.name.clone(), visibility: c.visibility };
            let created =
                RoomCreated { name: c.name.clone(), visibility: c.visibility, history: c.history, everyone: false };
            Ok(Decision::Append(vec![(StreamId::Room(id), Event::RoomCreated(created)), joined(actor, room)]))
        }
        Command::RenameRoom(c) => {
            let room = allowed(Action::Change, facts)?;
            if room.info.name == c.name {
                return Ok(Decision::Nothing);
            }
            free_name(room.info.visibility, facts)?;
            Ok(one(room, Event::RoomRenamed(RoomRenamed { name: c.name.clone() })))
        }
        Command::SetTopic(c) => {
            let room = allowed(Action::Change, facts)?;
            if room.info.topic == c.topic {
                return Ok(Decision::Nothing);
            }
            Ok(one(room, Event::TopicSet(TopicSet { topic: c.topic.clone() })))
        }
        Command::TransferRoom(_) => {
            let room = allowed(Action::Change, facts)?;
            let target = named(facts)?;
            if !target.is_member {
                let message = "Only somebody who is in the room can keep it. Add them first.";
                return Err(Refusal { code: ErrorCode::Invalid, message: message.into() });
            }
            if target.user == room.info.creator {
                return Ok(Decision::Nothing);
            }
            if target.is_disabled {
                let message = "This account is disabled, so nobody could keep the room with it. Choose somebody else.";
                return Err(Refusal { code: ErrorCode::Invalid, message: message.into() });
            }
            Ok(one(room, Event::RoomTransferred(RoomTransferred { user: target.user.clone() })))
        }
        Command::DeleteRoom(_) => delete_room(facts),
        Command::JoinRoom(_) => {
            let room = allowed(Action::Join, facts)?;
            if room.actor_since.is_some() {
                return Ok(Decision::Nothing);
            }
            Ok(two(room, Event::MemberJoined(MemberJoined {}), joined(actor, reference(room))))
        }
        Command::LeaveRoom(_) => {
            let room = allowed(Action::Leave, facts)
                .map_err(|refusal| explain(refusal, "Everyone is in this room, and nobody can leave it."))?;
            if room.actor_since.is_none() {
                return Ok(Decision::Nothing);
            }
            Ok(two(room, Event::MemberLeft(MemberLeft {}), left(actor, room.info.id)))
        }
        Command::MuteRoom(c) => {
            let room = allowed(Action::Read, facts)?;
            if room.is_muted == c.muted {
                return Ok(Decision::Nothing);
            }
            let muted = Event::RoomMuted(RoomMuted { room: room.info.id, muted: c.muted });
            Ok(Decision::Append(vec![(StreamId::Inbox(actor.id), muted)]))
        }
        Command::AddMember(_) => {
            let (room, target) = managed(facts)?;
            if target.is_member {
                return Ok(Decision::Nothing);
            }
            if target.is_disabled {
                let message =
                    "This account is disabled, so nobody could read the room with it. It has to be enabled first.";
                return Err(Refusal { code: ErrorCode::Invalid, message: message.into() });
            }
            let user = target.user.clone();
            let inbox = joined(&user, reference(room));
            Ok(two(room, Event::MemberAdded(MemberAdded { user }), inbox))
        }
        Command::RemoveMember(_) => {
            let (room, target) = managed(facts)?;
            if target.user.id == actor.id {
                return Err(explain(
                    ErrorCode::Forbidden.into(),
                    "You cannot remove yourself. Leave the room instead.",
                ));
            }
            if !target.is_member {
                return Ok(Decision::Nothing);
            }
            let user = target.user.clone();
            let inbox = left(&user, room.info.id);
            Ok(two(room, Event::MemberRemoved(MemberRemoved { user }), inbox))
        }
        Command::Subscribe(_)
        | Command::Unsubscribe(_)
        | Command::SetReadCursor(_)
        | Command::SetPresence(_)
        | Command::SetTyping(_)
        | Command::SetViewing(_)
        | Command::Unknown => Err(ErrorCode::Unsupported.into()),
    }
}

pub(super) fn allowed(action: Action, facts: &Facts) -> Result<&RoomFacts, Refusal> {
    authorize(action, facts)?;
    Ok(facts.room.as_ref().ok_or(ErrorCode::NotFound)?)
}

fn managed(facts: &Facts) -> Result<(&RoomFacts, &TargetFacts), Refusal> {
    let room = allowed(Action::ManageMembers, facts)?;
    Ok((room, named(facts)?))
}

fn named(facts: &Facts) -> Result<&TargetFacts, Refusal> {
    let nobody = || Refusal {
        code: ErrorCode::NotFound,
        message: "There is nobody with this username. Check the spelling.".into(),
    };
    facts.target.as_ref().ok_or_else(nobody)
}

/// The room is gone for each of its members, so their number is bounded.
fn delete_room(facts: &Facts) -> Result<Decision, Refusal> {
    let room = allowed(Action::Erase, facts).map_err(|refusal| {
        explain(refusal, "Only who keeps a room deletes it, and nobody the room that everyone is in.")
    })?;
    if facts.members.len() > MEMBERS_LISTED_MAX as usize {
        let message =
            format!("Rooms with more than {MEMBERS_LISTED_MAX} members cannot be deleted. Remove some first.");
        return Err(Refusal { code: ErrorCode::TooLarge, message: message.into() });
    }
    let deleted = (StreamId::Room(room.info.id), Event::RoomDeleted(RoomDeleted {}));
    let told = facts.members.iter().map(|member| left(member, room.info.id));
    Ok(Decision::Append(std::iter::once(deleted).chain(told).collect()))
}

/// Each room costs a little for ever, so their number is bounded.
fn room_left(facts: &Facts) -> Result<(), Refusal> {
    let enough = "You have made as many rooms as one user may. Use one of them, or ask somebody else to make this one.";
    if facts.rooms_left == 0 { Err(explain(ErrorCode::Forbidden.into(), enough)) } else { Ok(()) }
}

/// Private rooms may be called anything: a refusal would tell of another one.
fn free_name(visibility: Visibility, facts: &Facts) -> Result<(), Refusal> {
    match visibility {
        Visibility::Public if facts.is_name_taken => Err(ErrorCode::RoomNameTaken.into()),
        Visibility::Public | Visibility::Private => Ok(()),
    }
}

/// A more particular sentence for what is forbidden; what cannot be seen keeps the words of what does not exist.
fn explain(refusal: Refusal, message: &'static str) -> Refusal {
    if refusal.code == ErrorCode::Forbidden { Refusal { message: message.into(), ..refusal } } else { refusal }
}

pub(super) fn one(room: &RoomFacts, event: Event) -> Decision {
    Decision::Append(vec![(StreamId::Room(room.info.id), event)])
}

fn two(room: &RoomFacts, event: Event, inbox: (StreamId, Event)) -> Decision {
    Decision::Append(vec![(StreamId::Room(room.info.id), event), inbox])
}

fn joined(user: &UserRef, room: RoomRef) -> (StreamId, Event) {
    (StreamId::Inbox(user.id), Event::RoomJoined(RoomJoined { room }))
}

fn left(user: &UserRef, room: RoomId) -> (StreamId, Event) {
    (StreamId::Inbox(user.id), Event::RoomLeft(RoomLeft { room }))
}

fn reference(room: &RoomFacts) -> RoomRef {
    RoomRef { id: room.info.id, name: room.info.name.clone(), visibility: room.info.visibility }
}
