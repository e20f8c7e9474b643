//! What has to hold of every frame that a device hears, whatever its engine makes of it.

use std::collections::BTreeMap;

use protocol::{
    Command, CommandId, Done, ErrorCode, EventKind, Record, RoomId, Seq, ServerFrame, StreamId, UserId, UserRef,
    command::{Subscribe, Unsubscribe},
    effect::Membership,
};

use super::tables::Tables;

/// What is wrong, in words.
pub(crate) type Wrong = String;

/// One connection, as its device knows it.
pub(crate) struct Wire {
    user: UserRef,
    asked: BTreeMap<CommandId, Command>,
    /// The last event that was heard of each followed stream.
    follows: BTreeMap<StreamId, Seq>,
}

impl Wire {
    pub(crate) fn new(user: UserRef) -> Self {
        Self { user, asked: BTreeMap::new(), follows: BTreeMap::new() }
    }

    /// The device says something.
    pub(crate) fn says(&mut self, text: &str) {
        let frame = protocol::decode_client(text).expect("engines send what the protocol allows");
        self.asked.insert(frame.id, frame.command);
    }

    /// The device hears something. `tables` is what is on disk at this moment.
    pub(crate) fn hears(&mut self, frame: &ServerFrame, tables: &Tables) -> Result<(), Wrong> {
        match frame {
            ServerFrame::Ack { id, done } => self.acknowledged(*id, *done, tables),
            ServerFrame::Error(error) => {
                let command = error.id.and_then(|id| self.asked.remove(&id));
                if let Some(Command::Subscribe(Subscribe { stream, .. })) = command
                    && error.code != ErrorCode::RateLimited
                {
                    self.follows.remove(&stream);
                }
                Ok(())
            }
            ServerFrame::Event(record) => {
                self.next(record.stream, record.seq)?;
                is_on_disk(record, tables)?;
                self.may_see(record, tables)
            }
            ServerFrame::Withheld { stream, seq, .. } => self.next(*stream, *seq),
            ServerFrame::Live { stream, head } => match self.follows.get(stream) {
                Some(last) if *last == head.seq => Ok(()),
                last => Err(format!("{stream} is live at {}, and the last event was {last:?}", head.seq)),
            },
            ServerFrame::Reset { stream, .. } | ServerFrame::Ended { stream } => {
                self.follows.remove(stream);
                Ok(())
            }
            ServerFrame::Heartbeat { heads, .. } => {
                let wrong = heads.iter().find(|head| self.follows.get(&head.stream) != Some(&head.head.seq));
                wrong.map_or(Ok(()), |head| {
                    Err(format!("a heartbeat says {head:?}, and told was {:?}", self.follows.get(&head.stream)))
                })
            }
            ServerFrame::Hello(_)
            | ServerFrame::Heads { .. }
            | ServerFrame::Cursor { .. }
            | ServerFrame::Seen { .. }
            | ServerFrame::Presence(_)
            | ServerFrame::Typing(_)
            | ServerFrame::Viewing { .. } => Ok(()),
            other => Err(format!("{other:?} is nothing that this server says")),
        }
    }

    fn acknowledged(&mut self, id: CommandId, done: Done, tables: &Tables) -> Result<(), Wrong> {
        let command = self.asked.remove(&id).ok_or_else(|| format!("{id:?} is answered a second time"))?;
        match (&command, done) {
            (Command::Subscribe(Subscribe { stream, after }), _) => _ = self.follows.insert(*stream, after.seq),
            (Command::Unsubscribe(Unsubscribe { stream }), _) => _ = self.follows.remove(stream),
            (_, Done::Appended { stream, seq, .. }) => {
                let record = find(tables, stream, seq).ok_or_else(|| format!("{command:?} is not on disk"))?;
                if record.client_id != command.client_id() || record.actor != self.user {
                    return Err(format!("{command:?} is acknowledged as {record:?}"));
                }
            }
            (_, Done::Unchanged) => {}
        }
        Ok(())
    }

    /// Each event once and in order.
    fn next(&mut self, stream: StreamId, seq: Seq) -> Result<(), Wrong> {
        let last = self.follows.get_mut(&stream).ok_or_else(|| format!("{stream} is told and not followed"))?;
        if seq != last.next() {
            return Err(format!("after event {last} of {stream} comes {seq}"));
        }
        *last = seq;
        Ok(())
    }

    /// A member sees what there is, up to the event that puts them out.
    fn may_see(&self, record: &Record, tables: &Tables) -> Result<(), Wrong> {
        match record.stream {
            StreamId::Inbox(user) if user == self.user.id => Ok(()),
            StreamId::Inbox(user) => Err(format!("the inbox of {user} is told to {}", self.user.id)),
            StreamId::Room(room) if was_in_at(tables, self.user.id, room, record.seq) => Ok(()),
            StreamId::Room(_) => Err(format!("{} is told of {record:?} after they were put out", self.user.id)),
        }
    }
}

fn find(tables: &Tables, stream: StreamId, seq: Seq) -> Option<&Record> {
    tables.log(stream).get(usize::try_from(seq.0).ok()?.checked_sub(1)?).map(|record| &**record)
}

/// What is told is on disk; the text may have been taken out of it since.
fn is_on_disk(record: &Record, tables: &Tables) -> Result<(), Wrong> {
    let stored =
        find(tables, record.stream, record.seq).ok_or_else(|| format!("{record:?} is told and not on disk"))?;
    let is_same = (&stored.actor, stored.client_id, stored.at) == (&record.actor, record.client_id, record.at)
        && EventKind::from(&stored.event) == EventKind::from(&record.event);
    if is_same { Ok(()) } else { Err(format!("{record:?} is told, and on disk is {stored:?}")) }
}

/// Whether a user was in a room until this event at least, or has come in since: then they may read what was before.
fn was_in_at(tables: &Tables, user: UserId, room: RoomId, seq: Seq) -> bool {
    let mut is_in = false;
    for record in tables.log(StreamId::Room(room)) {
        let membership = record.effect().and_then(|effect| effect.membership);
        if record.seq >= seq && is_in {
            return true;
        }
        match membership {
            Some(Membership::In(member)) if member.user.id == user => is_in = true,
            Some(Membership::Out(out)) if out == user => is_in = false,
            Some(Membership::In(_) | Membership::Out(_) | Membership::AllOut) | None => {}
        }
    }
    is_in
}
