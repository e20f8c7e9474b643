//! The journals against the logs.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use protocol::{ClientId, Command, Done, ErrorCode, Event, Record, RoomId, Seq, StreamId, UserId};

use super::Verdict;
use crate::journal::{Answer, Intent, Journal};

/// A log from its beginning.
#[derive(Debug)]
pub struct Log {
    /// Whose log it is.
    pub stream: StreamId,
    /// What happened before this was done by whoever set the stage, and is in no journal.
    pub from: Seq,
    /// All of it.
    pub records: Vec<Arc<Record>>,
}

type Found<'a> = HashMap<(UserId, ClientId), Vec<&'a Record>>;
/// The messages that were deleted.
type Deleted = HashSet<(StreamId, Seq)>;

/// Judges the logs by what the journals of everybody say.
#[must_use]
pub fn judge<'a>(journals: impl IntoIterator<Item = &'a Journal>, logs: &[Log]) -> Verdict {
    let mut verdict = Verdict::default();
    let found = commands(logs, &mut verdict);
    let deleted: Deleted = logs.iter().flat_map(|log| log.records.iter().filter_map(|it| deletes(it))).collect();
    let mut known = HashSet::new();
    for journal in journals {
        for intent in &journal.intents {
            let key = (journal.user, intent.client_id());
            known.insert(key);
            one(intent, found.get(&key).map(Vec::as_slice).unwrap_or_default(), &deleted, &mut verdict);
        }
        order(journal, &found, &mut verdict);
    }
    for ((user, client_id), records) in &found {
        let first = records[0];
        let is_set = logs.iter().any(|log| log.stream == first.stream && first.seq <= log.from);
        if !is_set && !known.contains(&(*user, *client_id)) {
            verdict
                .wrong
                .push(format!("event {} of {} was wanted by nobody: {:?}", first.seq, first.stream, first.event));
        }
    }
    verdict
}

/// The events that came of commands. On the way it is looked for holes, and for what is there twice.
fn commands<'a>(logs: &'a [Log], verdict: &mut Verdict) -> Found<'a> {
    let mut found = Found::new();
    for Log { stream, records, .. } in logs {
        let mut last = Seq(0);
        for record in records {
            if record.seq != last.next() {
                verdict.wrong.push(format!("a hole in {stream}: after event {last} comes {}", record.seq));
            }
            last = record.seq;
            if let Some(client_id) = record.client_id {
                found.entry((record.actor.id, client_id)).or_default().push(record);
            }
        }
    }
    for records in found.values().filter(|records| records.len() > 1) {
        let places: Vec<_> = records.iter().map(|record| format!("{} {}", record.stream, record.seq)).collect();
        verdict.doubled.push(format!("{:?} is there as {}", records[0].event, places.join(" and ")));
    }
    found
}

/// One command against what is there of it.
fn one(intent: &Intent, found: &[&Record], deleted: &Deleted, verdict: &mut Verdict) {
    verdict.intended += 1;
    let what = || format!("{:?}", intent.command);
    match &intent.answer {
        Some((Answer::Done(Done::Appended { stream, seq, .. }), _)) => {
            verdict.acknowledged += 1;
            if !found.iter().any(|record| (record.stream, record.seq) == (*stream, *seq)) {
                let there: Vec<_> = found.iter().map(|record| record.seq.0).collect();
                verdict.lost.push(format!("acknowledged as event {seq} of {stream}, there as {there:?}: {}", what()));
            }
        }
        Some((Answer::Done(Done::Unchanged), _)) => {
            verdict.acknowledged += 1;
            if !found.is_empty() {
                verdict.wrong.push(format!("said to have changed nothing, and in the log: {}", what()));
            }
            if matches!(intent.command, Command::PostMessage(_)) {
                verdict.lost.push(format!("acknowledged, and said to have changed nothing: {}", what()));
            }
        }
        Some((Answer::Refused(error), _)) => {
            verdict.refused += 1;
            if !found.is_empty() {
                verdict.wrong.push(format!("refused ({:?}), and in the log: {}", error.code, what()));
            }
            let is_plain = matches!(&intent.command, Command::PostMessage(post) if post.reply_to.is_none());
            if is_plain || error.code == ErrorCode::Conflict {
                verdict.wrong.push(format!("refused ({:?}) without a reason: {}", error.code, what()));
            }
        }
        None => verdict.wrong.push(format!("never answered: {}", what())),
    }
    for record in found.iter().filter(|record| !says(record, &intent.command, deleted)) {
        verdict.wrong.push(format!("stored as {:?}: {}", record.event, what()));
    }
}

/// The message that an event deletes.
fn deletes(record: &Record) -> Option<(StreamId, Seq)> {
    if let Event::MessageDeleted(deleted) = &record.event { Some((record.stream, deleted.message)) } else { None }
}

/// Whether an event says what the command wanted; of a message that was deleted, and only of such a one, that it is gone.
fn says(Record { stream, seq, event, .. }: &Record, command: &Command, deleted: &Deleted) -> bool {
    if let Command::PostMessage(post) = command {
        let Event::MessagePosted(posted) = event else { return false };
        let is_gone = deleted.contains(&(*stream, *seq));
        let answers = || posted.quote.as_ref().map(|quote| quote.message) == post.reply_to;
        posted.redacted == is_gone && (is_gone || posted.text == post.text && answers())
    } else if let Command::EditMessage(edit) = command {
        let Event::MessageEdited(edited) = event else { return false };
        let is_gone = deleted.contains(&(*stream, edit.message));
        edited.message == edit.message && edited.redacted == is_gone && (is_gone || edited.text == edit.text)
    } else if let Command::DeleteMessage(delete) = command {
        matches!(event, Event::MessageDeleted(deleted) if deleted.message == delete.message)
    } else if let Command::AddReaction(add) = command {
        matches!(event, Event::ReactionAdded(it) if (it.message, &it.emoji) == (add.message, &add.emoji))
    } else if let Command::RemoveReaction(remove) = command {
        matches!(event, Event::ReactionRemoved(it) if (it.message, &it.emoji) == (remove.message, &remove.emoji))
    } else {
        // Nothing else has anything to say but that it happened.
        matches!((event, command), (Event::MemberJoined(_), Command::JoinRoom(_)))
    }
}

/// What was wanted on one device is in each room's log in the order in which it was wanted.
fn order(journal: &Journal, found: &Found<'_>, verdict: &mut Verdict) {
    let mut last: HashMap<RoomId, Seq> = HashMap::new();
    for intent in &journal.intents {
        let Some(room) = intent.command.room() else { continue };
        let records = found.get(&(journal.user, intent.client_id())).into_iter().flatten();
        for record in records.filter(|record| record.stream == StreamId::Room(room)) {
            let before = last.insert(room, record.seq);
            if before.is_some_and(|before| before > record.seq) {
                verdict.out_of_order.push(format!("event {} of {}: {:?}", record.seq, record.stream, intent.command));
            }
        }
    }
}

#[cfg(test)]
mod tests;
