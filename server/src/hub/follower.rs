//! What the hub leaves for one connection: not frames, but where to look for them.
//!
//! A bell is rung by setting a flag; only the first flag wakes the connection's task, which takes all flags at once
//! *before* it looks at anything. So what comes while it looks rings again, and nothing is missed; and however much
//! happens before it looks, it is woken once.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use futures::task::AtomicWaker;
use protocol::{ReadCursor, RoomId, Seq, UserId};

use crate::maps::{HashMap, HashSet};

/// Mentions that are told one by one in a room's head; whoever is named more often counts again.
pub(super) const HEAD_MENTIONS_MAX: usize = 32;

/// A set of reasons to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bells(u32);

impl Bells {
    /// Some followed stream has grown. Which, its channel says.
    pub(crate) const STREAMS: Self = Self(1);
    /// There is something in [`News`].
    pub(crate) const NEWS: Self = Self(1 << 1);
    /// It is time to say that the server is there.
    pub(crate) const BEAT: Self = Self(1 << 2);
    /// The peer has said nothing for too long.
    pub(crate) const SILENT: Self = Self(1 << 3);
    /// The peer has taken nothing for too long.
    pub(crate) const STALLED: Self = Self(1 << 4);
    /// The session is over.
    pub(crate) const SESSION_ENDED: Self = Self(1 << 5);
    /// The server leaves.
    pub(crate) const LEAVING: Self = Self(1 << 6);

    /// Whether one of these was rung.
    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A connection's mailbox. It holds each room and cursor once, however much happens there.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(super) number: u64,
    pub(crate) user: UserId,
    /// Nothing, mostly; it takes some room.
    news: Mutex<Option<Box<News>>>,
    rung: AtomicU32,
    waker: AtomicWaker,
}

/// What is new since it was last taken.
#[derive(Debug, Default)]
pub(crate) struct News {
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
        Self { number, user, news: Mutex::default(), rung: AtomicU32::new(0), waker: AtomicWaker::new() }
    }

    /// Tells the connection to look. Costs one atomic operation where it was told already and has not looked yet.
    pub(crate) fn ring(&self, bell: Bells) {
        if self.rung.fetch_or(bell.0, Ordering::AcqRel) == 0 {
            self.waker.wake();
        }
    }

    /// Takes all that was rung, without waiting for more.
    pub(crate) fn rung(&self) -> Bells {
        Bells(self.rung.swap(0, Ordering::AcqRel))
    }

    /// Takes all that was rung. One task alone may ask, and has to look at what is new after that.
    pub(crate) fn poll_rung(&self, cx: &mut Context<'_>) -> Poll<Bells> {
        let rung = self.rung.swap(0, Ordering::AcqRel);
        if rung != 0 {
            return Poll::Ready(Bells(rung));
        }
        self.waker.register(cx.waker());
        // Who rang in between has found nobody to wake.
        match self.rung.swap(0, Ordering::AcqRel) {
            0 => Poll::Pending,
            rung => Poll::Ready(Bells(rung)),
        }
    }

    /// Takes what is new.
    pub(crate) fn take(&self) -> News {
        self.with(Option::take).map(|news| *news).unwrap_or_default()
    }

    pub(crate) fn mark_room(&self, room: RoomId, happened: RoomNews) {
        self.mark(|news| news.rooms.entry(room).or_default().add(happened));
    }

    pub(crate) fn mark_cursor(&self, room: RoomId, cursor: ReadCursor) {
        self.mark(|news| {
            let known = news.cursors.entry(room).or_insert(cursor);
            *known = known.merge(cursor);
        });
    }

    pub(crate) fn mark_seen(&self, room: RoomId, up_to: Seq) {
        self.mark(|news| {
            let known = news.seen.entry(room).or_insert(up_to);
            *known = up_to.max(*known);
        });
    }

    /// Tells this connection from all others of this node.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn mark_presence(&self, room: RoomId) {
        self.mark(|news| _ = news.presence.insert(room));
    }

    pub(crate) fn mark_typing(&self, room: RoomId) {
        self.mark(|news| _ = news.typing.insert(room));
    }

    pub(crate) fn mark_viewing(&self, shown: bool) {
        self.mark(|news| news.viewing = Some(shown));
    }

    fn mark(&self, f: impl FnOnce(&mut News)) {
        self.with(|news| f(news.get_or_insert_default()));
        self.ring(Bells::NEWS);
    }

    fn with<T>(&self, f: impl FnOnce(&mut Option<Box<News>>) -> T) -> T {
        // Nothing in the critical sections panics half-way.
        f(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, atomic::AtomicUsize},
        task::{Wake, Waker},
    };

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

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

    #[test]
    fn who_is_rung_often_is_woken_once_until_they_look() {
        let follower = Follower::new(1, UserId(1));
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        assert!(follower.poll_rung(&mut cx).is_pending());

        for _ in 0..100 {
            follower.ring(Bells::STREAMS);
            follower.mark_viewing(true);
        }

        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        let Poll::Ready(rung) = follower.poll_rung(&mut cx) else { panic!("it was rung") };
        assert!(rung.has(Bells::STREAMS) && rung.has(Bells::NEWS));
        assert!(follower.poll_rung(&mut cx).is_pending(), "it was taken");
        follower.ring(Bells::STREAMS);
        assert_eq!(wakes.0.load(Ordering::SeqCst), 2, "what comes after looking wakes again");
    }

    #[test]
    fn what_is_rung_while_nobody_waits_is_found_by_who_looks_next() {
        let follower = Follower::new(1, UserId(1));

        follower.ring(Bells::STREAMS);

        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(follower.poll_rung(&mut cx), Poll::Ready(rung) if rung == Bells::STREAMS));
    }
}
