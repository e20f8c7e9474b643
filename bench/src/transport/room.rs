//! Rooms in memory: a ring of the last messages, and a bell for each who follows it.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures::task::AtomicWaker;
use tokio::sync::Notify;

/// Messages that are kept for who is behind. Nobody is further: the load generator waits for everybody.
const KEPT: usize = 4_096;
/// Bytes that are taken out of the ring at once.
const BATCH_BYTES: usize = 64 * 1024;
/// Bells that are rung before anything else gets its turn.
const RUNG_AT_ONCE: usize = 256;

/// A frame, made once for everybody in the form that each layer wants.
pub(super) struct Entry {
    pub(super) axum: axum::extract::ws::Utf8Bytes,
    pub(super) tungstenite: tokio_tungstenite::tungstenite::Utf8Bytes,
    pub(super) tokio_websockets: tokio_websockets::Message,
    /// The text.
    pub(super) text: Bytes,
    /// The text with its header.
    pub(super) frame: Bytes,
}

impl Entry {
    fn new(text: String) -> Self {
        let mut frame = BytesMut::with_capacity(text.len() + 4);
        frame.put_u8(0x81);
        match u8::try_from(text.len()) {
            Ok(short @ 0..=125) => frame.put_u8(short),
            _ => {
                frame.put_u8(126);
                frame.put_u16(u16::try_from(text.len()).expect("a short text"));
            }
        }
        frame.put_slice(text.as_bytes());
        Self {
            axum: text.clone().into(),
            tungstenite: text.clone().into(),
            tokio_websockets: tokio_websockets::Message::text(text.clone()),
            text: text.into(),
            frame: frame.freeze(),
        }
    }
}

/// The room.
pub(super) struct Room {
    /// A text is all that is said.
    is_bare: bool,
    ring: Mutex<Ring>,
    followers: Mutex<Vec<Weak<Bell>>>,
    news: Notify,
}

#[derive(Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    /// The number of the last one.
    head: u64,
}

#[derive(Default)]
struct Bell {
    is_rung: AtomicBool,
    waker: AtomicWaker,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Room {
    /// One in which events are as long as those of Parlor.
    pub(super) fn open() -> Arc<Self> {
        Self::of_kind(false)
    }

    fn of_kind(is_bare: bool) -> Arc<Self> {
        let (ring, followers, news) = (Mutex::default(), Mutex::default(), Notify::new());
        let room = Arc::new(Self { is_bare, ring, followers, news });
        tokio::spawn(Arc::clone(&room).ring_bells());
        room
    }

    /// Rings for what has come, a few at a time: what comes meanwhile joins it.
    async fn ring_bells(self: Arc<Self>) {
        loop {
            self.news.notified().await;
            let bells: Vec<Weak<Bell>> = {
                let mut followers = lock(&self.followers);
                followers.retain(|bell| bell.strong_count() > 0);
                followers.clone()
            };
            for some in bells.chunks(RUNG_AT_ONCE) {
                for bell in some.iter().filter_map(Weak::upgrade) {
                    if !bell.is_rung.swap(true, Ordering::AcqRel) {
                        bell.waker.wake();
                    }
                }
                tokio::task::yield_now().await;
            }
        }
    }

    fn post(&self, text: &str) {
        let mut ring = lock(&self.ring);
        ring.head += 1;
        let seq = ring.head;
        let event = if self.is_bare {
            text.to_owned()
        } else {
            // As long as an event of Parlor.
            format!(
                r#"{{"type":"event","stream":"room:1","epoch":1,"seq":{seq},"at":1790000000123,"actor":{{"id":7,"name":"user7"}},"client_id":"01a0c450-6c7b-7102-8304-05060708090a","event":{{"type":"message_posted","text":"{text}","ordinal":{seq}}}}}"#
            )
        };
        ring.entries.push_back(Arc::new(Entry::new(event)));
        if ring.entries.len() > KEPT {
            ring.entries.pop_front();
        }
        drop(ring);
        self.news.notify_one();
    }
}

/// The rooms of a server, by path.
#[derive(Default)]
pub(super) struct Rooms(Mutex<HashMap<String, Arc<Room>>>);

impl Rooms {
    pub(super) fn at(&self, path: &str) -> Arc<Room> {
        let mut rooms = lock(&self.0);
        let room = rooms.entry(path.to_owned()).or_insert_with(|| Room::of_kind(path != "/ws"));
        Arc::clone(room)
    }
}

/// Who follows the room.
pub(super) struct Follower {
    room: Arc<Room>,
    bell: Arc<Bell>,
    /// The number of the last message that was taken.
    cursor: u64,
}

impl Follower {
    pub(super) fn of(room: &Arc<Room>) -> Self {
        let bell = Arc::new(Bell::default());
        let cursor = lock(&room.ring).head;
        lock(&room.followers).push(Arc::downgrade(&bell));
        Self { room: Arc::clone(room), bell, cursor }
    }

    /// What is said at first, where nobody asks to follow.
    pub(super) fn welcome(&self) -> Option<Entry> {
        self.room.is_bare.then(|| Entry::new("joined".to_owned()))
    }

    /// A command, and what is answered at once: to who wants to follow, where the room ends.
    pub(super) fn hear(&self, command: &str) -> Option<Entry> {
        if self.room.is_bare {
            self.room.post(command);
            return None;
        }
        if command.contains(r#""type":"subscribe""#) {
            let live = format!(r#"{{"type":"live","stream":"room:1","head":{{"epoch":1,"seq":{}}}}}"#, self.cursor);
            return Some(Entry::new(live));
        }
        let text = command.split_once(r#""text":""#).and_then(|(_, rest)| rest.split_once('"'));
        if let Some((text, _)) = text {
            self.room.post(text);
        }
        None
    }

    /// Waits until there is something new.
    pub(super) async fn rung(&self) {
        poll_fn(|context| {
            self.bell.waker.register(context.waker());
            if self.bell.is_rung.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// What is new.
    pub(super) fn take(&mut self, entries: &mut Vec<Arc<Entry>>) {
        let ring = lock(&self.room.ring);
        let behind = usize::try_from(ring.head - self.cursor).expect("a short way");
        assert!(behind <= ring.entries.len(), "the ring does not reach so far back");
        let mut bytes = 0;
        for entry in ring.entries.range(ring.entries.len() - behind..) {
            bytes += entry.text.len();
            if bytes > BATCH_BYTES && !entries.is_empty() {
                break;
            }
            entries.push(Arc::clone(entry));
            self.cursor += 1;
        }
    }
}
