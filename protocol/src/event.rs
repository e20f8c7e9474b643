//! What happened, in the past tense, and what it changes: the payloads of the streams.

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumIter, IntoStaticStr};

use crate::{
    account::UserRef,
    effect::{Effect, Membership, Rooms},
    from_json,
    id::{ClientId, Epoch, Seq, UnixMs},
    members::{Member, MemberAdded, MemberJoined, MemberLeft, MemberRemoved, RoomJoined, RoomLeft},
    mentions::Mentions,
    messages::{MessageDeleted, MessageEdited, MessagePosted},
    mute::RoomMuted,
    reactions::{Reaction, ReactionAdded, ReactionRemoved},
    rooms::{RoomCreated, RoomDeleted, RoomInfo, RoomRenamed, RoomTransferred, Setting, TopicSet},
    stream::StreamId,
    tagged_from_json,
    timeline::{Body, Change, Entry, EntryKind},
};

/// One entry of a stream, as it is stored and told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which log.
    pub stream: StreamId,
    /// Which incarnation of it.
    pub epoch: Epoch,
    /// Its place: one more than the entry before.
    pub seq: Seq,
    /// When it was stored, by the server's clock.
    pub at: UnixMs,
    /// Who caused it.
    pub actor: UserRef,
    /// The command that caused it; none for what follows from another event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// What happened.
    pub event: Event,
}

from_json!(Record { stream, epoch, seq, at, actor, client_id, event });

impl Record {
    /// What a record changes; `None` for an event from a newer server, over which a reader must not step.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        let actor = &self.actor;
        let insert = |kind| Some(Change::Insert(Entry { seq: self.seq, at: self.at, actor: actor.clone(), kind }));
        let notice = || insert(EntryKind::Notice { notice: self.event.clone() });
        let joined = |user: &UserRef, since: Seq| Some(Membership::In(Member { user: user.clone(), since }));
        let effect = match &self.event {
            Event::RoomCreated(e) => Effect {
                setting: match self.stream {
                    StreamId::Room(id) => Some(Setting::Created(RoomInfo::created(id, actor.clone(), e))),
                    StreamId::Inbox(_) => None,
                },
                membership: joined(actor, self.seq),
                timeline: notice(),
                ..Effect::default()
            },
            Event::RoomRenamed(e) => {
                Effect { setting: Some(Setting::Name(e.name.clone())), timeline: notice(), ..Effect::default() }
            }
            Event::TopicSet(e) => {
                Effect { setting: Some(Setting::Topic(e.topic.clone())), timeline: notice(), ..Effect::default() }
            }
            Event::RoomTransferred(e) => {
                Effect { setting: Some(Setting::Creator(e.user.clone())), timeline: notice(), ..Effect::default() }
            }
            // No line of it: there is nobody left to read it.
            Event::RoomDeleted(_) => Effect { membership: Some(Membership::AllOut), ..Effect::default() },
            Event::MemberJoined(_) => {
                Effect { membership: joined(actor, self.seq), timeline: notice(), ..Effect::default() }
            }
            Event::MemberLeft(_) => {
                Effect { membership: Some(Membership::Out(actor.id)), timeline: notice(), ..Effect::default() }
            }
            Event::MemberAdded(e) => {
                Effect { membership: joined(&e.user, self.seq), timeline: notice(), ..Effect::default() }
            }
            Event::MemberRemoved(e) => {
                Effect { membership: Some(Membership::Out(e.user.id)), timeline: notice(), ..Effect::default() }
            }
            Event::MessagePosted(e) => {
                let body = if e.redacted {
                    Body::Deleted
                } else {
                    Body::Text {
                        text: e.text.clone(),
                        markup: e.markup.clone(),
                        edited_at: None,
                        mentions: e.mentions.clone(),
                    }
                };
                Effect {
                    timeline: insert(EntryKind::Message {
                        client_id: self.client_id,
                        ordinal: e.ordinal,
                        body,
                        quote: e.quote.clone(),
                        reactions: Vec::new(),
                    }),
                    ..Effect::default()
                }
            }
            Event::MessageEdited(e) => Effect {
                // Nothing to set where the text is gone: the message it belonged to is deleted.
                timeline: (!e.redacted).then(|| Change::SetText {
                    message: e.message,
                    text: e.text.clone(),
                    markup: e.markup.clone(),
                    edited_at: self.at,
                    mentions: e.mentions.clone(),
                    excerpt: e.excerpt.clone(),
                }),
                ..Effect::default()
            },
            Event::MessageDeleted(e) => {
                Effect { timeline: Some(Change::Redact { message: e.message }), ..Effect::default() }
            }
            Event::ReactionAdded(e) => Effect {
                timeline: Some(Change::React {
                    message: e.message,
                    reaction: Reaction { emoji: e.emoji.clone(), user: actor.clone() },
                }),
                ..Effect::default()
            },
            Event::ReactionRemoved(e) => Effect {
                timeline: Some(Change::Unreact { message: e.message, emoji: e.emoji.clone(), user: actor.id }),
                ..Effect::default()
            },
            Event::RoomJoined(e) => Effect { rooms: Some(Rooms::Joined(e.room.clone())), ..Effect::default() },
            Event::RoomLeft(e) => Effect { rooms: Some(Rooms::Left(e.room)), ..Effect::default() },
            Event::RoomMuted(e) => Effect { rooms: Some(Rooms::Muted(e.room, e.muted)), ..Effect::default() },
            Event::Unknown => return None,
        };
        Some(effect)
    }
}

/// What happened. Unknown fields are accepted; an unknown `type` stops the reader's cursor: a newer server was
/// deployed, and the client has to be loaded again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[strum_discriminants(
    name(EventKind),
    derive(EnumIter, IntoStaticStr, Hash, PartialOrd, Ord),
    strum(serialize_all = "snake_case")
)]
#[strum_discriminants(doc = "The name of an [`Event`], without what it carries.")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// In a room: the first event.
    RoomCreated(RoomCreated),
    /// In a room: it has another name.
    RoomRenamed(RoomRenamed),
    /// In a room: it is about something else.
    TopicSet(TopicSet),
    /// In a room: another member keeps it.
    RoomTransferred(RoomTransferred),
    /// In a room: it is gone.
    RoomDeleted(RoomDeleted),
    /// In a room: the actor joined.
    MemberJoined(MemberJoined),
    /// In a room: the actor left.
    MemberLeft(MemberLeft),
    /// In a room: the actor brought someone in.
    MemberAdded(MemberAdded),
    /// In a room: the actor put someone out.
    MemberRemoved(MemberRemoved),
    /// In a room: a message.
    MessagePosted(MessagePosted),
    /// In a room: a message has a new text.
    MessageEdited(MessageEdited),
    /// In a room: a message is gone.
    MessageDeleted(MessageDeleted),
    /// In a room: the actor has put an emoji under a message.
    ReactionAdded(ReactionAdded),
    /// In a room: the actor has taken it back.
    ReactionRemoved(ReactionRemoved),
    /// In an inbox: its user is a member of a room now.
    RoomJoined(RoomJoined),
    /// In an inbox: its user is no member of a room any more.
    RoomLeft(RoomLeft),
    /// In an inbox: its user is told of a room no more, or again.
    RoomMuted(RoomMuted),
    /// From a newer server.
    #[serde(other)]
    Unknown,
}

tagged_from_json!(Event {
    "room_created" => RoomCreated(_),
    "room_renamed" => RoomRenamed(_),
    "topic_set" => TopicSet(_),
    "room_transferred" => RoomTransferred(_),
    "room_deleted" => RoomDeleted(_),
    "member_joined" => MemberJoined(_),
    "member_left" => MemberLeft(_),
    "member_added" => MemberAdded(_),
    "member_removed" => MemberRemoved(_),
    "message_posted" => MessagePosted(_),
    "message_edited" => MessageEdited(_),
    "message_deleted" => MessageDeleted(_),
    "reaction_added" => ReactionAdded(_),
    "reaction_removed" => ReactionRemoved(_),
    "room_joined" => RoomJoined(_),
    "room_left" => RoomLeft(_),
    "room_muted" => RoomMuted(_),
} else Unknown);

impl Event {
    /// The message that this event changes, where it is one posted before: who may not see that, may not see this.
    #[must_use]
    pub fn refers_to(&self) -> Option<Seq> {
        match self {
            Self::MessageEdited(e) => Some(e.message),
            Self::MessageDeleted(e) => Some(e.message),
            Self::ReactionAdded(e) => Some(e.message),
            Self::ReactionRemoved(e) => Some(e.message),
            Self::RoomCreated(_)
            | Self::RoomRenamed(_)
            | Self::TopicSet(_)
            | Self::RoomTransferred(_)
            | Self::RoomDeleted(_)
            | Self::MemberJoined(_)
            | Self::MemberLeft(_)
            | Self::MemberAdded(_)
            | Self::MemberRemoved(_)
            | Self::MessagePosted(_)
            | Self::RoomJoined(_)
            | Self::RoomLeft(_)
            | Self::RoomMuted(_)
            | Self::Unknown => None,
        }
    }

    /// The same without the text of a message, as the log keeps it once the message is deleted.
    #[must_use]
    pub fn redacted(self) -> Self {
        match self {
            Self::MessagePosted(e) => {
                Self::MessagePosted(MessagePosted { redacted: true, ..MessagePosted::new(e.ordinal, String::new()) })
            }
            Self::MessageEdited(e) => {
                Self::MessageEdited(MessageEdited { redacted: true, ..MessageEdited::new(e.message, String::new()) })
            }
            Self::RoomCreated(_)
            | Self::RoomRenamed(_)
            | Self::TopicSet(_)
            | Self::RoomTransferred(_)
            | Self::RoomDeleted(_)
            | Self::MemberJoined(_)
            | Self::MemberLeft(_)
            | Self::MemberAdded(_)
            | Self::MemberRemoved(_)
            | Self::MessageDeleted(_)
            | Self::ReactionAdded(_)
            | Self::ReactionRemoved(_)
            | Self::RoomJoined(_)
            | Self::RoomLeft(_)
            | Self::RoomMuted(_)
            | Self::Unknown => self,
        }
    }

    /// The message that this event quotes: its words go when that is deleted.
    #[must_use]
    pub fn quotes(&self) -> Option<Seq> {
        self.posted().and_then(|posted| posted.quote.as_ref()).map(|quote| quote.message)
    }

    /// Who is named in a new message.
    #[must_use]
    pub fn mentions(&self) -> Option<&Mentions> {
        self.posted().map(|posted| &posted.mentions)
    }

    /// The same without what the deleted message `gone` said: the whole text where this event posted or edited it, the
    /// words of the quote where it quotes it.
    #[must_use]
    pub fn without(mut self, gone: Seq) -> Self {
        if let Self::MessagePosted(MessagePosted { quote: Some(quote), .. }) = &mut self
            && quote.message == gone
        {
            quote.redact();
            return self;
        }
        self.redacted()
    }

    fn posted(&self) -> Option<&MessagePosted> {
        if let Self::MessagePosted(posted) = self { Some(posted) } else { None }
    }
}
