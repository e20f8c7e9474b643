//! The model server's connections: commands in, frames out, and what is lost when it crashes.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    ClientFrame, Command, Done, ErrorBody, ErrorCode, Event, Hello, Record, RoomId, SUBPROTOCOL, Seq, ServerFrame,
    StreamId, UnixMs, UserId, UserRef,
    command::Subscribe,
    frame::{RoomHead, StreamHead, WireLimits},
};

use crate::tables::{Tables, Verdict};

/// Events that are replayed; who misses more is told to reset. Small, so that it happens.
const REPLAY_MAX: u64 = 12;

/// One connection, as the server knows it.
pub(crate) type Socket = u64;

/// How a stream is followed.
#[derive(Clone, Debug)]
pub(crate) enum Follow {
    /// What is missing is being read; live events are held back.
    CatchingUp { after: Seq, held: Vec<Record> },
    /// Being read with nothing held back (a fault): these were there when it was asked for.
    Careless { after: Seq, replay: Vec<Record> },
    /// Events go out as they come.
    Live,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) user: UserRef,
    follows: BTreeMap<StreamId, Follow>,
}

/// What is to be sent.
pub(crate) type Sent = Vec<(Socket, ServerFrame)>;

/// The model server.
#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) tables: Tables,
    pub(crate) connections: BTreeMap<Socket, Connection>,
    /// Received and not yet committed.
    waiting: Vec<(Socket, ClientFrame)>,
    /// Ends of rooms that are to be told, by user.
    heads: BTreeMap<UserId, BTreeMap<RoomId, RoomHead>>,
    /// The wall clock's error: it jumps.
    pub(crate) clock_ms: i64,
    /// Registers a follower only after it has read what the follower misses.
    pub(crate) no_splice: bool,
}

impl Server {
    pub(crate) fn connect(&mut self, socket: Socket, user: UserRef) -> Sent {
        self.connections.insert(socket, Connection { user: user.clone(), follows: BTreeMap::new() });
        let hello = Hello {
            versions: vec![SUBPROTOCOL.to_owned()],
            build: "model".to_owned(),
            now: UnixMs(self.clock_ms),
            user,
            heartbeat_interval_ms: 25_000,
            limits: WireLimits {
                message_chars: 10_000,
                message_bytes: 40_000,
                frame_bytes: 131_072,
                subscriptions: 128,
            },
        };
        vec![(socket, ServerFrame::Hello(hello))]
    }

    /// Takes a frame. Says what goes out at once, and the stream whose replay begins.
    pub(crate) fn receive(&mut self, socket: Socket, frame: ClientFrame, is_busy: bool) -> (Sent, Option<StreamId>) {
        let Some(connection) = self.connections.get_mut(&socket) else { return (Vec::new(), None) };
        let ack = |done| ServerFrame::Ack { id: frame.id, done };
        let user = connection.user.id;
        match &frame.command {
            _ if is_busy => {
                let error = ErrorBody { retry_after_ms: Some(700), ..ErrorBody::new(ErrorCode::Busy) };
                (vec![(socket, ServerFrame::Error(error.answering(frame.id)))], None)
            }
            Command::Subscribe(Subscribe { stream, after }) => {
                let allowed = match stream {
                    StreamId::Inbox(of) => *of == user,
                    StreamId::Room(room) => self.tables.is_member(user, *room),
                };
                if !allowed {
                    let error = ErrorBody::new(ErrorCode::NotFound).answering(frame.id);
                    return (vec![(socket, ServerFrame::Error(error))], None);
                }
                let head = self.tables.head(*stream);
                if after.epoch != head.epoch || after.seq > head.seq || head.seq.0 - after.seq.0 > REPLAY_MAX {
                    connection.follows.remove(stream);
                    let reset = ServerFrame::Reset { stream: *stream, head };
                    return (vec![(socket, ack(Done::Unchanged)), (socket, reset)], None);
                }
                let follow = if self.no_splice {
                    Follow::Careless { after: after.seq, replay: self.tables.after(*stream, after.seq).to_vec() }
                } else {
                    Follow::CatchingUp { after: after.seq, held: Vec::new() }
                };
                connection.follows.insert(*stream, follow);
                (vec![(socket, ack(Done::Unchanged))], Some(*stream))
            }
            Command::Unsubscribe(command) => {
                connection.follows.remove(&command.stream);
                (vec![(socket, ack(Done::Unchanged))], None)
            }
            Command::SetPresence(_) | Command::SetTyping(_) | Command::SetViewing(_) => {
                (vec![(socket, ack(Done::Unchanged))], None)
            }
            Command::SetReadCursor(command) => {
                if !self.tables.is_member(user, command.room) {
                    let error = ErrorBody::new(ErrorCode::NotFound).answering(frame.id);
                    return (vec![(socket, ServerFrame::Error(error))], None);
                }
                let merged = self.tables.cursor(user, command.room).merge(command.cursor);
                self.tables.cursors.insert((user, command.room), merged);
                let others = self.connections.iter().filter(|(id, other)| **id != socket && other.user.id == user);
                let moved = ServerFrame::Cursor { room: command.room, cursor: merged };
                let mut sent: Sent = others.map(|(id, _)| (*id, moved.clone())).collect();
                sent.push((socket, ack(Done::Unchanged)));
                (sent, None)
            }
            _ => {
                self.waiting.push((socket, frame));
                (Vec::new(), None)
            }
        }
    }

    /// Commits what is waiting. What is to be told follows: the records for the bus, and the answers.
    pub(crate) fn commit(&mut self) -> (Vec<Record>, Sent) {
        let mut records = Vec::new();
        let mut answers = Vec::new();
        for (socket, frame) in std::mem::take(&mut self.waiting) {
            let Some(connection) = self.connections.get(&socket) else { continue };
            let actor = connection.user.clone();
            let (verdict, appended) = self.tables.execute(&actor, &frame.command, UnixMs(self.clock_ms));
            for record in &appended {
                self.tell_heads(record);
            }
            records.extend(appended);
            let answer = match verdict {
                Verdict::Done(done) => ServerFrame::Ack { id: frame.id, done },
                Verdict::Refused(code) => ServerFrame::Error(ErrorBody::new(code).answering(frame.id)),
            };
            answers.push((socket, answer));
        }
        (records, answers)
    }

    fn tell_heads(&mut self, record: &Record) {
        let StreamId::Room(room) = record.stream else { return };
        let is_post = matches!(record.event, Event::MessagePosted(_));
        let is_reaction = matches!(record.event, Event::ReactionAdded(_) | Event::ReactionRemoved(_));
        let members: Vec<UserId> = self.tables.rooms[&room].members().map(|member| member.user.id).collect();
        for user in members {
            let told = self.heads.entry(user).or_default();
            let before = told.get(&room).is_some_and(|head| head.recount);
            let recount = before || !is_reaction && (!is_post || record.actor.id == user);
            let mut mentions = told.remove(&room).map(|head| head.mentions).unwrap_or_default();
            let is_named = record.actor.id != user && record.event.mentions().is_some_and(|named| named.names(user));
            mentions.extend(is_named.then_some(record.seq));
            told.insert(room, RoomHead { mentions, ..self.tables.room_head(room, recount) });
        }
    }

    /// Tells the ends of rooms that have moved.
    pub(crate) fn flush_heads(&mut self) -> Sent {
        let mut sent = Vec::new();
        for (user, heads) in std::mem::take(&mut self.heads) {
            let rooms: Vec<RoomHead> = heads.into_values().collect();
            let sockets = self.connections.iter().filter(|(_, connection)| connection.user.id == user);
            sent.extend(sockets.map(|(id, _)| (*id, ServerFrame::Heads { rooms: rooms.clone() })));
        }
        sent
    }

    /// An event comes over the bus, perhaps late, perhaps again.
    pub(crate) fn deliver(&mut self, record: &Record) -> Sent {
        let mut sent = Vec::new();
        for (socket, connection) in &mut self.connections {
            let user = connection.user.id;
            match connection.follows.get_mut(&record.stream) {
                Some(Follow::CatchingUp { held, .. }) => held.push(record.clone()),
                Some(Follow::Live) => {
                    sent.push((*socket, ServerFrame::Event(record.clone())));
                    if let StreamId::Room(room) = record.stream
                        && !self.tables.is_member(user, room)
                    {
                        // What this user may still see is the event that put them out.
                        let is_goodbye = match &record.event {
                            Event::MemberLeft(_) => record.actor.id == user,
                            Event::MemberRemoved(removed) => removed.user.id == user,
                            _ => false,
                        };
                        if !is_goodbye {
                            sent.pop();
                        }
                        connection.follows.remove(&record.stream);
                        sent.push((*socket, ServerFrame::Ended { stream: record.stream }));
                    }
                }
                Some(Follow::Careless { .. }) | None => {}
            }
        }
        sent
    }

    /// Reads what a follower misses, and splices what has come meanwhile.
    pub(crate) fn replay(&mut self, socket: Socket, stream: StreamId) -> Sent {
        let Some(connection) = self.connections.get_mut(&socket) else { return Vec::new() };
        let Some(follow) = connection.follows.get_mut(&stream) else { return Vec::new() };
        if let StreamId::Room(room) = stream
            && !self.tables.is_member(connection.user.id, room)
        {
            connection.follows.remove(&stream);
            return vec![(socket, ServerFrame::Ended { stream })];
        }
        let mut head = self.tables.head(stream);
        let replay = match std::mem::replace(follow, Follow::Live) {
            Follow::Careless { after, replay } => {
                // The end as this replay knows it, which need not be the real one any more.
                head.seq = replay.last().map_or(after, |last| last.seq);
                replay
            }
            Follow::Live => return Vec::new(),
            Follow::CatchingUp { after, held } => {
                let mut replay = self.tables.after(stream, after).to_vec();
                let end = replay.last().map_or(after, |last| last.seq);
                replay.extend(held.into_iter().filter(|record| record.seq > end));
                replay
            }
        };
        let mut sent: Sent = replay.into_iter().map(|record| (socket, ServerFrame::Event(record))).collect();
        sent.push((socket, ServerFrame::Live { stream, head }));
        if let StreamId::Inbox(user) = stream {
            let rooms = self.tables.memberships.get(&user).into_iter().flat_map(BTreeMap::keys);
            let heads: Vec<RoomHead> = rooms.map(|room| self.tables.room_head(*room, true)).collect();
            sent.extend(heads.iter().map(|RoomHead { room, .. }| {
                (socket, ServerFrame::Cursor { room: *room, cursor: self.tables.cursor(user, *room) })
            }));
            sent.push((socket, ServerFrame::Heads { rooms: heads }));
        }
        sent
    }

    /// Says that it is there and, with `heads`, where the followed streams end.
    pub(crate) fn heartbeat(&self, heads: bool) -> Sent {
        let heartbeat = |connection: &Connection| ServerFrame::Heartbeat {
            now: UnixMs(self.clock_ms),
            heads: connection
                .follows
                .keys()
                .filter(|_| heads)
                .map(|stream| StreamHead { stream: *stream, head: self.tables.head(*stream) })
                .collect(),
        };
        self.connections.iter().map(|(socket, connection)| (*socket, heartbeat(connection))).collect()
    }

    /// Everything that is not on disk is gone; with `after_commit`, what was waiting got there first.
    pub(crate) fn crash(&mut self, after_commit: bool) -> BTreeSet<Socket> {
        if after_commit {
            let _ = self.commit();
        }
        self.waiting.clear();
        self.heads.clear();
        std::mem::take(&mut self.connections).into_keys().collect()
    }
}
