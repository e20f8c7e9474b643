//! The timeline as it is drawn: a room's lines and the messages on their way, with what stands between them.
//!
//! A row's key stays the same from the moment a message is written until long after it was stored, so that
//! nothing is drawn anew or moves when the answer arrives. What changes, changes inside the row.

#[cfg(test)]
mod tests;

use client::{Content, Key, Line, PendingChange, Status};
use leptos::prelude::*;
use protocol::{Body, Quote, Reaction, Seq, UnixMs, UserId, UserRef};

use crate::time::Civil;

pub(crate) use client::Key as RowKey;

/// Messages of one author within this time are drawn as one block, in milliseconds.
const GROUP_MS_MAX: i64 = 7 * 60 * 1000;

/// A quarter of an hour, in milliseconds. Days begin with one, whatever the zone: asking the calendar is dear.
const QUARTER_MS: i64 = 15 * 60 * 1000;

/// A row and what it shows at the moment.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) key: RowKey,
    pub(crate) view: ArcRwSignal<RowView>,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowView {
    /// Its place, once stored.
    pub(crate) seq: Option<Seq>,
    pub(crate) author: UserRef,
    pub(crate) at: UnixMs,
    pub(crate) content: Content,
    /// The message that it answers.
    pub(crate) quote: Option<Quote>,
    /// The emoji under it.
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) status: Status,
    /// An edit or deletion that waits, or was refused.
    pub(crate) change: Option<PendingChange>,
    /// It is the first of a day: the date stands above it.
    pub(crate) opens_day: bool,
    /// The line *New* stands above it.
    pub(crate) is_first_new: bool,
    /// The address points at it.
    pub(crate) is_target: bool,
    /// It goes on with what the same author said just before.
    pub(crate) is_continued: bool,
}

/// Marks in a timeline that belong to its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Where *New* stands.
    pub(crate) first_new: Option<Seq>,
    /// What the address points at.
    pub(crate) target: Option<Seq>,
}

/// Lays a timeline out.
pub(crate) fn lay_out(lines: Vec<Line>, marks: Marks, civil: impl Fn(UnixMs) -> Civil) -> Vec<(RowKey, RowView)> {
    let mut rows: Vec<(RowKey, RowView)> = Vec::with_capacity(lines.len());
    for line in lines {
        let is_first_new = line.seq.is_some() && marks.first_new == line.seq;
        let above = rows.last().map(|(_, above)| above);
        let is_same_day = |above: UnixMs| {
            let quarter = |at: UnixMs| at.0.div_euclid(QUARTER_MS);
            quarter(above) == quarter(line.at) || civil(line.at).is_same_day(civil(above))
        };
        let opens_day = above.is_none_or(|above| !is_same_day(above.at));
        let is_continued = !opens_day && !is_first_new && above.is_some_and(|above| continues(&line, above));
        let view = RowView {
            seq: line.seq,
            author: line.actor,
            at: line.at,
            content: line.content,
            quote: line.quote,
            reactions: line.reactions,
            status: line.status,
            change: line.change,
            opens_day,
            is_first_new,
            is_target: line.seq.is_some() && marks.target == line.seq,
            is_continued,
        };
        rows.push((line.key, view));
    }
    rows
}

fn continues(line: &Line, above: &RowView) -> bool {
    let both_are_messages = is_message(line)
        && match above.content {
            Content::Message(_) => true,
            Content::Notice(_) => false,
        };
    both_are_messages
        && line.quote.is_none()
        && line.actor.id == above.author.id
        && (line.at.0 - above.at.0).abs() < GROUP_MS_MAX
}

/// Whether somebody said this.
pub(crate) fn is_message(line: &Line) -> bool {
    match line.content {
        Content::Message(_) => true,
        Content::Notice(_) => false,
    }
}

/// The first line that `me`, who has read up to `cursor`, has not read.
pub(crate) fn first_unread(lines: &[Line], cursor: Seq, me: UserId) -> Option<Seq> {
    let unread = lines.iter().find(|line| match &line.content {
        Content::Message(Body::Text { .. }) => line.actor.id != me && line.seq.is_some_and(|seq| seq > cursor),
        Content::Message(Body::Deleted) | Content::Notice(_) => false,
    });
    unread?.seq
}

impl RowView {
    /// The element's id, under which a page finds the row again after a reload.
    pub(crate) fn element_id(&self, key: RowKey) -> String {
        match (self.seq, key) {
            (Some(seq), _) | (None, Key::Line(seq)) => format!("message-{seq}"),
            (None, Key::Own(client_id)) => format!("written-{client_id}"),
        }
    }
}

/// Brings the rows that are drawn in line with the layout. What was there before keeps its signal, and only those
/// whose content differs are touched.
pub(crate) fn update(drawn: RwSignal<Vec<Row>>, layout: Vec<(RowKey, RowView)>) {
    let same_keys = drawn.with_untracked(|rows| {
        rows.len() == layout.len() && rows.iter().zip(&layout).all(|(row, (key, _))| row.key == *key)
    });
    let mut known: std::collections::HashMap<RowKey, ArcRwSignal<RowView>> =
        drawn.with_untracked(|rows| rows.iter().map(|row| (row.key, row.view.clone())).collect());
    let rows: Vec<Row> = layout
        .into_iter()
        .map(|(key, view)| match known.remove(&key) {
            Some(signal) => {
                if signal.with_untracked(|shown| *shown != view) {
                    signal.set(view);
                }
                Row { key, view: signal }
            }
            None => Row { key, view: ArcRwSignal::new(view) },
        })
        .collect();
    if !same_keys {
        drawn.set(rows);
    }
}
