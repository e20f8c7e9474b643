//! What an event does, said once: the client's [`crate::Room`] and the server's tables both carry this out.

use crate::{
    account::UserRef,
    event::{Event, Record},
    id::{RoomId, Seq, UserId},
    members::Member,
    reactions::Reaction,
    rooms::{RoomInfo, RoomRef, Setting},
    stream::StreamId,
    timeline::{Body, Change, Entry, EntryKind},
};

/// What an event changes; nothing where all is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// In what the room is.
    pub setting: Option<Setting>,
    /// In who is in the room.
    pub membership: Option<Membership>,
    /// In what the room shows.
    pub timeline: Option<Change>,
    /// In the rooms of an inbox's user.
    pub rooms: Option<Rooms>,
}

/// A change to who is in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Someone is in.
    In(Member),
    /// Someone is out.
    Out(UserId),
    /// Everyone is out: the room is gone.
    AllOut,
}

/// A change to the rooms of an inbox's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rooms {
    /// One more.
    Joined(RoomRef),
    /// One less.
    Left(RoomId),
    /// One of them is muted, or not any more.
    Muted(RoomId, bool),
}

/// What a record changes; `None` for an event from a newer server, over which a reader must not step.
#[must_use]
pub fn effect(record: &Record) -> Option<Effect> {
    let actor = &record.actor;
    let insert = |kind| Some(Change::Insert(Entry { seq: record.seq, at: record.at, actor: actor.clone(), kind }));
    let notice = || insert(EntryKind::Notice { notice: record.event.clone() });
    let joined = |user: &UserRef, since: Seq| Some(Membership::In(Member { user: user.clone(), since }));
    let effect = match &record.event {
        Event::RoomCreated(e) => Effect {
            setting: match record.stream {
                StreamId::Room(id) => Some(Setting::Created(RoomInfo::created(id, actor.clone(), e))),
                StreamId::Inbox(_) => None,
            },
            membership: joined(actor, record.seq),
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
            Effect { membership: joined(actor, record.seq), timeline: notice(), ..Effect::default() }
        }
        Event::MemberLeft(_) => {
            Effect { membership: Some(Membership::Out(actor.id)), timeline: notice(), ..Effect::default() }
        }
        Event::MemberAdded(e) => {
            Effect { membership: joined(&e.user, record.seq), timeline: notice(), ..Effect::default() }
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
                    client_id: record.client_id,
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
                edited_at: record.at,
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
