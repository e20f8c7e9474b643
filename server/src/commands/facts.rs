//! What is known when a command is decided, read in the same transaction that carries it out.

use protocol::{Mentions, Quote, RoomId, RoomInfo, Seq, UserId, UserRef, markup::Node, rooms::History};

use crate::store::Actor;

/// What bears on one command. Parts that the command does not touch are `None`.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who asks.
    pub actor: Actor,
    /// The room it is about, if there is one of that number.
    pub room: Option<RoomFacts>,
    /// The account it names, if there is one of that name.
    pub target: Option<TargetFacts>,
    /// The message it is about, if the room has one at that place.
    pub message: Option<MessageFacts>,
    /// The reaction it adds or removes, and those beside it.
    pub reaction: Option<ReactionFacts>,
    /// What the text that it writes looks like.
    pub markup: Vec<Node>,
    /// Who is named in what it writes.
    pub mentions: Mentions,
    /// Whether another public room has the name it wants.
    pub is_name_taken: bool,
    /// The number a new room would get.
    pub next_room: Option<RoomId>,
    /// Who is in the room, for what changes something for each of them.
    pub members: Vec<UserRef>,
    /// Rooms that the actor may still make.
    pub rooms_left: u32,
}

/// A room, seen by the actor.
#[derive(Clone, Debug)]
pub struct RoomFacts {
    /// What it is.
    pub info: RoomInfo,
    /// How many messages were posted.
    pub messages: u64,
    /// By which event the actor joined; `None` for who is no member.
    pub actor_since: Option<Seq>,
    /// Whether the actor, as a member, has muted it.
    pub is_muted: bool,
}

/// An account that a command names.
#[derive(Clone, Debug)]
pub struct TargetFacts {
    /// Who.
    pub user: UserRef,
    /// Whether they are in the room.
    pub is_member: bool,
    /// Whether nobody can log in with it.
    pub is_disabled: bool,
}

/// A message that a command is about.
#[derive(Clone, Debug)]
pub struct MessageFacts {
    /// The event that posted it.
    pub seq: Seq,
    /// Who wrote it.
    pub author: UserId,
    /// Whether it is deleted.
    pub is_deleted: bool,
    /// Whether its text is already the one wanted.
    pub is_same_text: bool,
    /// What an answer to it quotes.
    pub quote: Quote,
}

/// The reactions of a message, as they bear on one of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReactionFacts {
    /// Whether the actor has put this emoji there.
    pub is_own: bool,
    /// Whether anybody has.
    pub is_there: bool,
    /// How many different emoji are there.
    pub emoji_count: u32,
    /// How many reactions are there.
    pub count: u32,
}

impl Facts {
    /// Nothing but who asks.
    #[must_use]
    pub fn about(actor: Actor) -> Self {
        Self {
            actor,
            room: None,
            target: None,
            message: None,
            reaction: None,
            markup: Vec::new(),
            mentions: Mentions::default(),
            is_name_taken: false,
            next_room: None,
            members: Vec::new(),
            rooms_left: u32::MAX,
        }
    }
}

impl RoomFacts {
    /// The first event that the actor may read; `None` for who is no member.
    #[must_use]
    pub fn visible_from(&self) -> Option<Seq> {
        let since = self.actor_since?;
        Some(match self.info.history {
            History::Everything => Seq(0),
            History::SinceJoining => since,
        })
    }
}
