//! What the hub leaves for one connection: not frames, but where to look for them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use protocol::{ReadCursor, RoomId, Seq, StreamId, UserId};
use tokio::sync::Notify;

/// Mentions that are told one by one in a room's head; whoever is named more often counts again.
const HEAD_MENTIONS_MAX: usize = 32;

/// A connection's mailbox. It holds each stream, room and cursor once, however much happens there.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(super) number: u64,
    pub(crate) user: UserId,
    news: Mutex<News>,
    wake: Notify,
}

/// What is new since it was last taken.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Followed streams whose rings have entries to look at.
    pub(crate) streams: HashSet<StreamId>,
    /// Rooms of the user in which something happened.
    pub(crate) rooms: HashMap<RoomId, RoomNews>,
    /// Read cursors that moved on other devices.
    pub(crate) cursors: HashMap<RoomId, ReadCursor>,
    /// Up to where messages of the user were read by somebody else.
    pub(crate) seen: HashMap<RoomId, Seq>,
    /// Followed rooms in which somebody came, went or did something else.
    pub(crate) presence: HashSet<RoomId>,
    /// Followed rooms in which somebody began or stopped writing.
    pub(crate) typing: HashSet<RoomId>,
    /// Whether others see which room the user looks at, if that was set.
    pub(crate) viewing: Option<bool>,
}

/// What happened in a room, for who only counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomNews {
    /// Something else than other people's posts: it has to be counted again.
    pub(crate) recount: bool,
    /// The posts that name the user.
    pub(crate) mentions: Vec<Seq>,
}

impl RoomNews {
    pub(crate) fn recount() -> Self {
        Self { recount: true, mentions: Vec::new() }
    }

    /// Takes in what happened later.
    pub(crate) fn add(&mut self, later: Self) {
        self.recount |= later.recount;
        self.mentions.extend(later.mentions);
        if self.recount || self.mentions.len() > HEAD_MENTIONS_MAX {
            *self = Self::recount();
        }
    }
}

impl Follower {
    pub(super) fn new(number: u64, user: UserId) -> Self {
        Self { number, user, news: Mutex::default(), wake: Notify::new() }
    }

    /// Waits until something is new. Dropping the future loses nothing.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Takes what is new.
    pub(crate) fn take(&self) -> News {
        self.with(std::mem::take)
    }

    pub(crate) fn mark_stream(&self, stream: StreamId) {
        self.with(|news| news.streams.insert(stream));
        self.wake.notify_one();
    }

    pub(crate) fn mark_room(&self, room: RoomId, happened: RoomNews) {
        self.with(|news| news.rooms.entry(room).or_default().add(happened));
        self.wake.notify_one();
    }

    pub(crate) fn mark_cursor(&self, room: RoomId, cursor: ReadCursor) {
        self.with(|news| {
            let known = news.cursors.entry(room).or_insert(cursor);
            *known = known.merge(cursor);
        });
        self.wake.notify_one();
    }

    pub(crate) fn mark_seen(&self, room: RoomId, up_to: Seq) {
        self.with(|news| {
            let known = news.seen.entry(room).or_insert(up_to);
            *known = up_to.max(*known);
        });
        self.wake.notify_one();
    }

    /// Tells this connection from all others of this node.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn mark_presence(&self, room: RoomId) {
        self.with(|news| news.presence.insert(room));
        self.wake.notify_one();
    }

    pub(crate) fn mark_typing(&self, room: RoomId) {
        self.with(|news| news.typing.insert(room));
        self.wake.notify_one();
    }

    pub(crate) fn mark_viewing(&self, shown: bool) {
        self.with(|news| news.viewing = Some(shown));
        self.wake.notify_one();
    }

    fn with<T>(&self, f: impl FnOnce(&mut News) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_told_one_by_one_up_to_the_limit() {
        let mut news = RoomNews::default();
        for seq in 1..=32 {
            news.add(RoomNews { recount: false, mentions: vec![Seq(seq)] });
        }
        assert_eq!((news.recount, news.mentions.len()), (false, 32));

        news.add(RoomNews { recount: false, mentions: vec![Seq(33)] });

        assert_eq!(news, RoomNews::recount());
    }
}
