//! What happened to the connection since this engine was made, and how long the last messages took: for people who
//! ask why. Bounded, told to nobody, and nothing depends on it. Nothing of what was said is in it, so deleted means gone
//! here too.

use protocol::{ClientId, RoomId, Seq};

use crate::{
    link::{Connection, Reason},
    time::Instant,
};

/// Happenings that are kept; with one more, the oldest goes.
pub const HAPPENINGS_MAX: usize = 50;
/// Messages whose stages are kept.
pub const TIMED_MESSAGES_MAX: usize = 20;

/// Something that happened to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When; for what happened several times in a row, the last one.
    pub at: Instant,
    /// What.
    pub what: What,
    /// How often in a row.
    pub times: u32,
}

/// What can happen to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The server has greeted.
    Connected,
    /// The connection is gone.
    Lost(Loss),
    /// A try to connect failed.
    Failed(Reason),
    /// Streams went on from where they were on the connection before.
    Resumed {
        /// How many.
        streams: u32,
        /// Events that happened meanwhile, and came.
        missed: u64,
    },
    /// Events were missing on a connection that held, and came when they were asked for.
    Filled {
        /// How many.
        missed: u64,
    },
    /// A stream had to be loaded afresh.
    Reset,
}

/// How a connection went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// Nothing was heard for too long.
    #[default]
    Silent,
    /// A command was not answered.
    Unanswered,
    /// It was closed with this code, or just broke.
    Closed(Option<u16>),
}

/// How often each thing happened, since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were greeted.
    pub connected: u32,
    /// Connections that were lost.
    pub lost: u32,
    /// Times that a stream was resumed.
    pub resumed: u32,
    /// Gaps that were filled.
    pub gaps: u32,
    /// Streams that were loaded afresh.
    pub resets: u32,
}

/// How far a message of the user has come, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// Which command.
    pub client_id: ClientId,
    /// Where.
    pub room: RoomId,
    /// When the user sent it.
    pub queued: Instant,
    /// When it went out first.
    pub sent: Option<Instant>,
    /// When it was known to be on the server's disk, and where it is there.
    pub stored: Option<(Seq, Instant)>,
    /// When somebody else was known to have read it.
    pub seen: Option<Instant>,
    /// The server will not have it.
    pub refused: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    happenings: Vec<Happening>,
    counts: Counts,
    messages: Vec<Timed>,
    was_online: bool,
    is_waiting: bool,
    /// How the connection will have been lost, if it is.
    pub(crate) loss: Loss,
    /// The moment of the present step.
    pub(crate) now: Instant,
}

impl Journal {
    /// What happened last, oldest first.
    #[must_use]
    pub fn happenings(&self) -> &[Happening] {
        &self.happenings
    }

    /// How often each thing happened.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The user's last messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> &[Timed] {
        &self.messages
    }

    fn note(&mut self, what: What) {
        let counted = match what {
            What::Connected => Some(&mut self.counts.connected),
            What::Lost(_) => Some(&mut self.counts.lost),
            What::Resumed { .. } => Some(&mut self.counts.resumed),
            What::Filled { .. } => Some(&mut self.counts.gaps),
            What::Reset => Some(&mut self.counts.resets),
            What::Failed(_) => None,
        };
        if let Some(count) = counted {
            *count += 1;
        }
        if let Some(last) = self.happenings.last_mut()
            && let Some(both) = last.what.joined(what)
        {
            *last = Happening { at: self.now, what: both, times: last.times + 1 };
            return;
        }
        if self.happenings.len() >= HAPPENINGS_MAX {
            self.happenings.remove(0);
        }
        self.happenings.push(Happening { at: self.now, what, times: 1 });
    }

    /// How it stands with the connection now.
    pub(crate) fn link_is(&mut self, connection: Connection) {
        let is_online = connection == Connection::Online;
        let waits_for = match connection {
            Connection::Waiting { reason, .. } => Some(reason),
            Connection::Connecting | Connection::Online | Connection::LoggedOut => None,
        };
        let (was_online, was_waiting) = (self.was_online, self.is_waiting);
        (self.was_online, self.is_waiting) = (is_online, waits_for.is_some());
        if is_online && !was_online {
            self.note(What::Connected);
        } else if was_online && !is_online {
            let loss = std::mem::take(&mut self.loss);
            self.note(What::Lost(loss));
        } else if let Some(reason) = waits_for.filter(|_| !was_waiting) {
            self.note(What::Failed(reason));
        }
        if is_online {
            self.loss = Loss::Silent;
        }
    }

    /// A stream is complete again.
    pub(crate) fn caught_up(&mut self, caught: CaughtUp) {
        match caught {
            CaughtUp::First | CaughtUp::Here { missed: 0 } => {}
            CaughtUp::Here { missed } => self.note(What::Filled { missed }),
            CaughtUp::Again { missed } => self.note(What::Resumed { streams: 1, missed }),
        }
    }

    pub(crate) fn reset(&mut self) {
        self.note(What::Reset);
    }

    /// The user has sent a message.
    pub(crate) fn queued(&mut self, client_id: ClientId, room: RoomId) {
        if self.messages.len() >= TIMED_MESSAGES_MAX {
            self.messages.remove(0);
        }
        let timed = Timed { client_id, room, queued: self.now, sent: None, stored: None, seen: None, refused: false };
        self.messages.push(timed);
    }

    fn message(&mut self, client_id: ClientId) -> Option<&mut Timed> {
        self.messages.iter_mut().find(|message| message.client_id == client_id)
    }

    pub(crate) fn sent(&mut self, client_id: ClientId) {
        let now = self.now;
        if let Some(message) = self.message(client_id) {
            message.sent.get_or_insert(now);
        }
    }

    pub(crate) fn stored(&mut self, client_id: ClientId, seq: Seq) {
        let now = self.now;
        if let Some(message) = self.message(client_id) {
            message.stored.get_or_insert((seq, now));
        }
    }

    pub(crate) fn refused(&mut self, client_id: ClientId) {
        if let Some(message) = self.message(client_id) {
            message.refused = true;
        }
    }

    /// Somebody else has read a room up to here.
    pub(crate) fn seen(&mut self, room: RoomId, up_to: Seq) {
        let now = self.now;
        for message in self.messages.iter_mut().filter(|message| message.room == room) {
            if message.stored.is_some_and(|(seq, _)| seq <= up_to) {
                message.seen.get_or_insert(now);
            }
        }
    }
}

impl What {
    /// Two things that happened one after the other, as one, where that says the same.
    fn joined(self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::Failed(before), Self::Failed(reason)) if before == reason => Some(next),
            (Self::Resumed { streams, missed }, Self::Resumed { streams: more, missed: also }) => {
                Some(Self::Resumed { streams: streams + more, missed: missed + also })
            }
            (
                Self::Connected
                | Self::Lost(_)
                | Self::Failed(_)
                | Self::Resumed { .. }
                | Self::Filled { .. }
                | Self::Reset,
                _,
            ) => None,
        }
    }
}

/// How a stream came to be live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaughtUp {
    /// It was not before.
    First,
    /// It was on this connection already.
    Here { missed: u64 },
    /// It was on an earlier connection.
    Again { missed: u64 },
}
