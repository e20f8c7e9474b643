//! What a room shows: messages and notices in order, of which a client holds a window.

use std::collections::VecDeque;

use litemap::LiteMap;

use serde::{Deserialize, Serialize};

use crate::{
    account::UserRef,
    event::Event,
    from_json,
    id::{ClientId, Seq, UnixMs, UserId},
    limits::TIMELINE_ENTRIES_MAX,
    markup::{self, Node},
    mentions::Mentions,
    reactions::Reaction,
    replies::Quote,
    snapshot::HistoryPage,
    sorted, tagged_from_json, unread,
};

/// One line of a room: its `seq` is its identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The event that made it.
    pub seq: Seq,
    /// When.
    pub at: UnixMs,
    /// Who.
    pub actor: UserRef,
    /// What.
    pub kind: EntryKind,
}

from_json!(Entry { seq, at, actor, kind });

/// What a line of a room is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EntryKind {
    /// Somebody said something.
    Message {
        /// The author's id for it; the same before and after it was stored.
        client_id: Option<ClientId>,
        /// The how-manieth message of the room, from 1.
        ordinal: u64,
        /// Its text, or that it is gone.
        body: Body,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quote: Option<Quote>,
        /// The emoji under it, in the order in which they came.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reactions: Vec<Reaction>,
    },
    /// Something happened to the room.
    Notice {
        /// What: one of the events that [`crate::effect`] makes a line of.
        notice: Event,
    },
}

tagged_from_json!(EntryKind {
    "message" => Message { client_id, ordinal, body, quote, reactions or Vec::new() },
    "notice" => Notice { notice },
});

/// The text of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    /// There to be read.
    Text {
        /// As its author wrote it.
        text: String,
        /// What the text looks like; empty where it has no markup.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        markup: Vec<Node>,
        /// When it was last changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited_at: Option<UnixMs>,
        /// Who is named in it.
        #[serde(default, skip_serializing_if = "Mentions::is_empty")]
        mentions: Mentions,
    },
    /// Deleted.
    Deleted,
}

tagged_from_json!(Body {
    "text" => Text { text, markup or Vec::new(), edited_at, mentions or Mentions::default() },
    "deleted" => Deleted {},
});

impl Body {
    /// A text that names nobody, as it was first written; its markup is read from it.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self::Text { markup: markup::parse(&text), text, edited_at: None, mentions: Mentions::default() }
    }
}

/// What an event does to the lines of a room. The server's tables and the client's window follow the same rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new last line.
    Insert(Entry),
    /// A message, unless deleted, has another text.
    SetText {
        /// Which.
        message: Seq,
        /// The text.
        text: String,
        /// What the text looks like.
        markup: Vec<Node>,
        /// When.
        edited_at: UnixMs,
        /// Who is named in it.
        mentions: Mentions,
        /// What quotes of it show, where that is not its beginning.
        excerpt: Option<String>,
    },
    /// A message is deleted.
    Redact {
        /// Which.
        message: Seq,
    },
    /// A message, unless deleted, has one more reaction.
    React {
        /// Which.
        message: Seq,
        /// What is put under it, by whom.
        reaction: Reaction,
    },
    /// A message has one reaction less.
    Unreact {
        /// Which.
        message: Seq,
        /// What is taken back.
        emoji: String,
        /// By whom.
        user: UserId,
    },
}

impl Entry {
    /// Carries out a change to this line, or to what it quotes; any other changes nothing.
    fn change(&mut self, change: &Change) {
        let seq = self.seq;
        let EntryKind::Message { body, quote, reactions, .. } = &mut self.kind else { return };
        let quotes = |message: Seq| quote.as_ref().is_some_and(|quote| quote.message == message);
        match change {
            Change::Insert(_) => {}
            Change::SetText { message, text, markup, edited_at, mentions, excerpt } => {
                if quotes(*message)
                    && let Some(quote) = quote
                {
                    quote.edited(text, excerpt.as_ref());
                }
                if seq == *message
                    && let Body::Text { .. } = body
                {
                    *body = Body::Text {
                        text: text.clone(),
                        markup: markup.clone(),
                        edited_at: Some(*edited_at),
                        mentions: mentions.clone(),
                    };
                }
            }
            Change::Redact { message } => {
                if quotes(*message)
                    && let Some(quote) = quote
                {
                    quote.redact();
                }
                if seq == *message {
                    *body = Body::Deleted;
                    *quote = None;
                    reactions.clear();
                }
            }
            Change::React { message, reaction } => {
                if seq == *message
                    && let Body::Text { .. } = body
                {
                    // It stands where it was given last, also where a page that is newer than this event had it already.
                    reactions.retain(|other| other != reaction);
                    reactions.push(reaction.clone());
                }
            }
            Change::Unreact { message, emoji, user } => {
                if seq == *message {
                    reactions.retain(|reaction| reaction.user.id != *user || reaction.emoji != *emoji);
                }
            }
        }
    }
}

/// The window of a room's lines that a client holds.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    entries: LiteMap<Seq, Entry>,
    at_start: bool,
    at_end: bool,
    /// The last changes to lines already there, so that a page read before them can be brought up to date.
    recent: VecDeque<(Seq, Change)>,
    /// Changes up to here may have been dropped from `recent`.
    forgotten: Seq,
}

/// Changes remembered for pages that are on their way, in changes.
const RECENT_MAX: usize = 512;

impl PartialEq for Timeline {
    fn eq(&self, other: &Self) -> bool {
        (&self.entries, self.at_start, self.at_end) == (&other.entries, other.at_start, other.at_end)
    }
}

impl Timeline {
    /// The window that a snapshot brought.
    #[must_use]
    pub fn new(page: HistoryPage) -> Self {
        Self {
            entries: sorted(page.entries.into_iter().map(|entry| (entry.seq, entry))),
            at_start: page.at_start,
            at_end: page.at_end,
            recent: VecDeque::new(),
            forgotten: page.as_of,
        }
    }

    /// The lines, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// The line that the event at `seq` made, if it is in the window.
    #[must_use]
    pub fn get(&self, seq: Seq) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    /// Whether nothing older is to be had.
    #[must_use]
    pub fn is_at_start(&self) -> bool {
        self.at_start
    }

    /// Whether the newest line is in the window.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Folds the change that the event at `seq` makes.
    pub fn apply(&mut self, seq: Seq, change: Change) {
        match &change {
            Change::Insert(_) => {}
            Change::SetText { .. } | Change::Redact { .. } | Change::React { .. } | Change::Unreact { .. } => {
                if self.recent.len() == RECENT_MAX
                    && let Some((dropped, _)) = self.recent.pop_front()
                {
                    self.forgotten = dropped;
                }
                self.recent.push_back((seq, change.clone()));
            }
        }
        self.fold(change);
    }

    fn fold(&mut self, change: Change) {
        match change {
            Change::Insert(entry) => {
                if self.at_end {
                    // A page that is newer than this event may have brought the line, with later changes in it.
                    self.entries.entry(entry.seq).or_insert(entry);
                }
            }
            change @ (Change::SetText { .. }
            | Change::Redact { .. }
            | Change::React { .. }
            | Change::Unreact { .. }) => {
                // All of them: any line may quote the one that changes.
                self.entries.iter_mut().for_each(|(_, entry)| entry.change(&change));
            }
        }
    }

    /// Joins a page of history to the window, which is at `seq`.
    ///
    /// The page may have been read before or after events that were folded meanwhile: older ones are folded
    /// into it again, newer ones will be and change nothing. Returns `false`, and changes nothing, where the
    /// page does not touch the window or is too old to be brought up to date; then load it again.
    #[must_use]
    pub fn join(&mut self, page: HistoryPage, seq: Seq) -> bool {
        if page.as_of < self.forgotten || !self.touches(&page) {
            return false;
        }
        let older = page.before.is_some();
        let fresh: Vec<Seq> = page.entries.iter().map(|e| e.seq).filter(|s| !self.entries.contains_key(s)).collect();
        for entry in page.entries {
            self.entries.entry(entry.seq).or_insert(entry);
        }
        if older {
            self.at_start = page.at_start;
        } else {
            // Lines told between the page and now are not in it, unless nothing was told.
            self.at_end = page.at_end && page.as_of >= seq;
        }
        for seq in fresh {
            if let Some(entry) = self.entries.get_mut(&seq) {
                let missed = self.recent.iter().filter(|(at, _)| *at > page.as_of);
                missed.for_each(|(_, change)| entry.change(change));
            }
        }
        true
    }

    fn touches(&self, page: &HistoryPage) -> bool {
        match (page.before, page.after) {
            (Some(before), _) => self.entries.first().is_none_or(|(first, _)| *first == before),
            (None, Some(after)) => self.entries.last().is_none_or(|(last, _)| *last == after),
            (None, None) => false,
        }
    }

    /// Drops the oldest lines above [`TIMELINE_ENTRIES_MAX`].
    pub fn trim_oldest(&mut self) {
        if let Some(over) = self.entries.len().checked_sub(TIMELINE_ENTRIES_MAX).filter(|over| *over > 0) {
            let first = self.entries.get_indexed(over).map(|(seq, _)| *seq);
            self.entries.retain(|seq, _| Some(*seq) >= first);
            self.at_start = false;
        }
    }

    /// Drops the newest lines above [`TIMELINE_ENTRIES_MAX`].
    pub fn trim_newest(&mut self) {
        if let Some((beyond, _)) = self.entries.get_indexed(TIMELINE_ENTRIES_MAX) {
            let beyond = *beyond;
            self.entries.retain(|seq, _| *seq < beyond);
            self.at_end = false;
        }
    }

    /// Other people's live messages after the cursor, where the window holds all of them.
    #[must_use]
    pub fn unread(&self, cursor: Seq, me: UserId) -> Option<u32> {
        let from_cursor = self.at_start || self.entries.first().is_some_and(|(first, _)| *first <= cursor);
        (self.at_end && from_cursor).then(|| unread::count(self.entries(), cursor, me))
    }

    /// Those of the unread messages that name the reader, where the window holds all of them.
    #[must_use]
    pub fn mentions(&self, cursor: Seq, me: UserId) -> Option<u32> {
        self.unread(cursor, me).map(|_| unread::count_mentions(self.entries(), cursor, me))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Username;

    #[test]
    fn so_many_changes_are_remembered_for_a_page_and_of_one_more_the_oldest_is_forgotten() {
        let page = |as_of| HistoryPage {
            as_of: Seq(as_of),
            before: Some(Seq(9)),
            after: None,
            entries: Vec::new(),
            at_start: false,
            at_end: false,
        };
        let (mut timeline, most) = (Timeline::new(page(0)), RECENT_MAX as u64);
        for seq in 1..=most {
            timeline.apply(Seq(seq), Change::Redact { message: Seq(9) });
        }
        assert!(timeline.join(page(0), Seq(most)));

        timeline.apply(Seq(most + 1), Change::Redact { message: Seq(9) });

        assert!(!timeline.join(page(0), Seq(most + 1)), "it cannot be brought up to date any more");
        assert!(timeline.join(page(1), Seq(most + 1)));
    }

    #[test]
    fn a_reaction_that_was_given_again_has_its_place_also_where_a_newer_page_came_first() {
        let user = UserRef { id: UserId(1), name: Username::parse("ada").unwrap() };
        let reaction = |emoji: &str| Reaction { emoji: emoji.to_owned(), user: user.clone() };
        let message = |reactions| Entry {
            seq: Seq(2),
            at: UnixMs(0),
            actor: user.clone(),
            kind: EntryKind::Message {
                client_id: None,
                ordinal: 1,
                body: Body::text("hello".to_owned()),
                quote: None,
                reactions,
            },
        };
        let page = |as_of, before, entries| HistoryPage {
            as_of: Seq(as_of),
            before,
            after: None,
            entries,
            at_start: false,
            at_end: false,
        };
        let react = |emoji| Change::React { message: Seq(2), reaction: reaction(emoji) };
        // A heart, taken back and given again, and a party after that: 5 to 8. The window is at 5, the page at 8.
        let mut timeline = Timeline::new(page(5, None, Vec::new()));
        let newer = message(vec![reaction("❤"), reaction("🎉")]);
        assert!(timeline.join(page(8, Some(Seq(3)), vec![newer.clone()]), Seq(5)));

        timeline.apply(Seq(6), Change::Unreact { message: Seq(2), emoji: "❤".to_owned(), user: user.id });
        timeline.apply(Seq(7), react("❤"));
        timeline.apply(Seq(8), react("🎉"));

        assert_eq!(timeline.get(Seq(2)), Some(&newer));
    }
}
