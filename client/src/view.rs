//! What the UI draws: plain data, made anew from the engine's state each time it is asked for.
//!
//! Lines that wait and lines that are stored have the same shape and the same key, so that the component which
//! draws one goes on drawing it when it moves from one to the other.

use protocol::{
    Body, ClientId, Command, Entry, EntryKind, ErrorBody, Event, Mentions, Quote, Quoted, Reaction, ReadCursor, Seq,
    UnixMs, UserRef,
    members::Member,
    reactions::{AddReaction, RemoveReaction},
    rooms::RoomInfo,
    sorted,
};

use crate::outbox::{Progress, Waiting};

/// A room that is open.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomView {
    /// Whether its content is there.
    pub state: RoomState,
    /// What it is; none before it is loaded.
    pub info: Option<RoomInfo>,
    /// Who is in it, by account number.
    pub members: Vec<Member>,
    /// How many are in it.
    pub member_count: u32,
    /// The window, oldest first, then the messages that wait.
    pub lines: Vec<Line>,
    /// Nothing older is to be had.
    pub at_start: bool,
    /// The newest line is in the window.
    pub at_end: bool,
    /// Older lines are on their way.
    pub loading_older: bool,
    /// Newer lines are on their way.
    pub loading_newer: bool,
    /// How far the user has read.
    pub cursor: ReadCursor,
    /// The first line that was unread when the room was opened.
    pub first_unread: Option<Seq>,
    /// How many lines are unread.
    pub unread: u32,
    /// Whether the stream is followed and complete at this moment.
    pub is_live: bool,
}

/// How it stands with a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomState {
    /// On its way.
    Loading,
    /// There.
    Open,
    /// Not to be seen (any more); why.
    Gone(ErrorBody),
}

/// What stays the same about a line for as long as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// One's own message, before and after it was stored.
    Own(ClientId),
    /// Any other line.
    Line(Seq),
}

/// A line of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its identity.
    pub key: Key,
    /// Its number in the room; none before the server has it.
    pub seq: Option<Seq>,
    /// When; before the server has it, by the clock of this device.
    pub at: UnixMs,
    /// Who.
    pub actor: UserRef,
    /// What, as it will be when all goes well.
    pub content: Content,
    /// The message that it answers.
    pub quote: Option<Quote>,
    /// The emoji under it, as they will be when all goes well.
    pub reactions: Vec<Reaction>,
    /// How far it has come.
    pub status: Status,
    /// An edit or deletion of it that waits.
    pub change: Option<PendingChange>,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message.
    Message(Body),
    /// Something happened to the room: the event that made the line.
    Notice(Event),
}

/// How far a line, or a change of it, has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits on this device.
    Queued,
    /// On its way.
    Sent,
    /// On the server's disk.
    Stored,
    /// Refused, for this reason: offer *Edit* and *Delete*.
    Refused(ErrorBody),
}

/// An edit or deletion that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingChange {
    /// Its id, for retrying and discarding it.
    pub client_id: ClientId,
    /// The new text; none for a deletion.
    pub text: Option<String>,
    /// How far it has come. Where it is refused, the line shows what it was.
    pub status: Status,
}

/// The time in a UUIDv7 (RFC 9562 §5.7), in milliseconds since 1970.
fn made_at(client_id: ClientId) -> UnixMs {
    UnixMs(i64::try_from(client_id.0.as_u128() >> 80).unwrap_or(0))
}

fn status(waiting: &Waiting) -> Status {
    match (&waiting.progress, &waiting.entry.refused) {
        (_, Some(error)) => Status::Refused(error.clone()),
        (Progress::Unsaved | Progress::Queued, None) => Status::Queued,
        (Progress::Sent(_), None) => Status::Sent,
        (Progress::Stored { .. } | Progress::Refused, None) => Status::Stored,
    }
}

/// The line of an entry of the window.
fn line(entry: &Entry, me: &UserRef) -> Line {
    let (client_id, content, quote, reactions) = match &entry.kind {
        EntryKind::Message { client_id, body, quote, reactions, .. } => {
            (*client_id, Content::Message(body.clone()), quote.clone(), reactions.clone())
        }
        EntryKind::Notice { notice } => (None, Content::Notice(notice.clone()), None, Vec::new()),
    };
    // Only one's own ids are known to be used once.
    let key = match client_id {
        Some(id) if entry.actor.id == me.id => Key::Own(id),
        Some(_) | None => Key::Line(entry.seq),
    };
    Line {
        key,
        seq: Some(entry.seq),
        at: entry.at,
        actor: entry.actor.clone(),
        content,
        quote,
        reactions,
        status: Status::Stored,
        change: None,
    }
}

/// The lines of a window with what waits: changes on their message, messages at the end.
pub(crate) fn lines<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    waiting: impl Iterator<Item = &'a Waiting>,
    me: &UserRef,
    mentions: impl Fn(&str) -> Mentions,
) -> Vec<Line> {
    let mut lines: Vec<Line> = entries.map(|entry| line(entry, me)).collect();
    let by_seq = sorted(lines.iter().enumerate().filter_map(|(index, line)| Some((line.seq?, index))));
    for waiting in waiting {
        let status = status(waiting);
        if let Command::PostMessage(post) = &waiting.entry.command {
            let key = Key::Own(post.client_id);
            if lines.iter().all(|line| line.key != key) {
                let quote = post.reply_to.map(|message| {
                    let quoted = by_seq.get(&message).and_then(|index| lines.get(*index));
                    quoted.map_or(Quote::hidden(message), |line| quote(message, line))
                });
                lines.push(Line {
                    key,
                    seq: None,
                    at: made_at(post.client_id),
                    actor: me.clone(),
                    content: Content::Message(Body::Text {
                        text: post.text.clone(),
                        markup: Vec::new(),
                        edited_at: None,
                        mentions: mentions(&post.text),
                    }),
                    quote,
                    reactions: Vec::new(),
                    status: status.clone(),
                    change: None,
                });
            }
        }
        if let Some((message, text)) = waiting.entry.command.message()
            && let Some(client_id) = waiting.entry.command.client_id()
            && let Some(line) = by_seq.get(&message).and_then(|index| lines.get_mut(*index))
        {
            let mentions = text.map(&mentions).unwrap_or_default();
            change(line, PendingChange { client_id, text: text.map(str::to_owned), status }, mentions);
        }
        if let Some(line) = waiting.entry.command.about().and_then(|seq| lines.get_mut(*by_seq.get(&seq)?)) {
            react(line, &waiting.entry.command, me);
        }
    }
    lines
}

/// What a message that waits quotes.
fn quote(message: Seq, line: &Line) -> Quote {
    match &line.content {
        Content::Message(Body::Text { text, .. }) => Quote::of(message, line.actor.clone(), text),
        Content::Message(Body::Deleted) => Quote { message, content: Quoted::Deleted },
        Content::Notice(_) => Quote::hidden(message),
    }
}

fn react(line: &mut Line, command: &Command, me: &UserRef) {
    if let Command::AddReaction(AddReaction { emoji, .. }) = command {
        let reaction = Reaction { emoji: emoji.clone(), user: me.clone() };
        if !line.reactions.contains(&reaction) {
            line.reactions.push(reaction);
        }
    } else if let Command::RemoveReaction(RemoveReaction { emoji, .. }) = command {
        line.reactions.retain(|reaction| reaction.user.id != me.id || reaction.emoji != *emoji);
    }
}

fn change(line: &mut Line, change: PendingChange, mentions: Mentions) {
    let Content::Message(body) = &mut line.content else { return };
    if !matches!(change.status, Status::Refused(_)) {
        match (&change.text, &*body) {
            (Some(text), Body::Text { .. }) => {
                let edited_at = Some(made_at(change.client_id));
                *body = Body::Text { text: text.clone(), markup: Vec::new(), edited_at, mentions };
            }
            (None, Body::Text { .. }) => {
                *body = Body::Deleted;
                line.quote = None;
                line.reactions.clear();
            }
            // Gone is gone, whatever else is on its way.
            (_, Body::Deleted) => {}
        }
    }
    line.change = Some(change);
}
