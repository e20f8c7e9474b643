//! What the hub does beside the writer: rings followers, listens to the other nodes, and closes gaps from the store.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use protocol::StreamId;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Hub, channel::Offered, read};
use crate::{
    auth::connected::ConnectedSessions,
    bus::{BusMessage, Received, Subscription},
    store::{StoreError, StreamStore},
};

/// How long a record waits for one before it. Nodes commit in turn, but tell each other concurrently.
const REORDERING_MAX: Duration = Duration::from_millis(50);

/// How soon a gap is tried again after the store failed.
const RETRY: Duration = Duration::from_secs(1);

/// How often the ends of streams are read, where other nodes write too: a lost last message is noticed so.
const TAILS_INTERVAL: Duration = Duration::from_secs(1);

/// Records read at once to close a gap.
pub(super) const FILL_RECORDS_MAX: u64 = 1_000;

/// Streams asked for in one query.
const HEADS_STREAMS_MAX: usize = 500;

/// The hub's background task, not yet running.
pub struct HubTask {
    hub: Arc<Hub>,
    bus: Box<dyn Subscription>,
    reported: mpsc::UnboundedReceiver<StreamId>,
    /// Streams with gaps and when to close them, soonest first.
    gaps: BTreeSet<(Instant, StreamId)>,
}

impl HubTask {
    pub(super) fn new(hub: Arc<Hub>, bus: Box<dyn Subscription>, reported: mpsc::UnboundedReceiver<StreamId>) -> Self {
        Self { hub, bus, reported, gaps: BTreeSet::new() }
    }

    /// Runs until the server stops.
    pub async fn run(mut self, store: Arc<dyn StreamStore>, sessions: ConnectedSessions, stopping: CancellationToken) {
        let hub = Arc::clone(&self.hub);
        tokio::select! {
            biased;
            () = stopping.cancelled() => {}
            never = hub.dispatch.run() => match never {},
            never = hub.heads.run() => match never {},
            never = self.listen(&*store, &sessions) => match never {},
        }
    }

    async fn listen(&mut self, store: &dyn StreamStore, sessions: &ConnectedSessions) -> Infallible {
        let mut tails = interval(TAILS_INTERVAL);
        tails.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_bus_there = true;
        loop {
            let next_gap = self.gaps.first().map(|(due, _)| *due);
            tokio::select! {
                // What comes seldom goes first: the bus, which may always have something, holds nothing up. Each of the
                // others is due only some time after it was done, so that the bus has its turns.
                biased;
                () = sleep_until(next_gap.unwrap_or_else(Instant::now)), if next_gap.is_some() => {
                    if let Some((_, stream)) = self.gaps.pop_first() {
                        self.close_gap(store, stream).await;
                    }
                }
                _ = tails.tick() => if self.hub.bus.is_shared() {
                    self.compare_tails(store).await;
                    tails.reset();
                },
                Some(stream) = self.reported.recv() => {
                    self.gaps.insert((Instant::now() + REORDERING_MAX, stream));
                }
                received = self.bus.recv(), if is_bus_there => match received {
                    Some(Received::Message(message)) => self.take(message, sessions),
                    Some(Received::Missed) => self.compare_tails(store).await,
                    None => is_bus_there = false,
                },
            }
        }
    }

    fn take(&self, message: BusMessage, sessions: &ConnectedSessions) {
        match message {
            BusMessage::Committed(records) => self.hub.offer(&records),
            BusMessage::SessionsEnded(revoked) => sessions.revoke(revoked),
            BusMessage::CursorMoved { user, room, cursor, shown } => {
                self.hub.hear_cursor(user, room, cursor, shown, None);
            }
            BusMessage::Presence(news) => {
                if let Some((user, shown)) = self.hub.presence.hear(news) {
                    self.hub.tell_viewing(user, shown);
                }
            }
        }
    }

    async fn close_gap(&mut self, store: &dyn StreamStore, stream: StreamId) {
        // Nobody follows any more: nobody misses anything.
        let Some(channel) = self.hub.channel(stream) else { return };
        let Some(head) = channel.head() else { return };
        match store.replay(stream, head.seq, FILL_RECORDS_MAX).await {
            Ok(records) => {
                if let StreamId::Room(room) = stream {
                    self.hub.heads.note(room, &records);
                    self.hub.presence.note(room, &records);
                }
                let filled = channel.fill(&records);
                self.hub.announce(&channel, Offered { is_gap: false, ..filled });
                if filled.is_gap {
                    self.gaps.insert((Instant::now(), stream));
                }
            }
            Err(error) => {
                tracing::warn!(%stream, ?error, "a gap could not be closed; trying again");
                self.gaps.insert((Instant::now() + RETRY, stream));
            }
        }
    }

    /// Looks for what other nodes wrote and this one was not told.
    async fn compare_tails(&mut self, store: &dyn StreamStore) {
        let mut streams: Vec<StreamId> = read(&self.hub.channels).keys().copied().collect();
        streams.extend(self.hub.heads.rooms().into_iter().map(StreamId::Room));
        streams.sort_unstable();
        streams.dedup();
        for streams in streams.chunks(HEADS_STREAMS_MAX) {
            if let Err(error) = compare(&self.hub, store, streams).await {
                tracing::warn!(?error, "the ends of the followed streams could not be read");
                return;
            }
        }
    }
}

async fn compare(hub: &Hub, store: &dyn StreamStore, streams: &[StreamId]) -> Result<(), StoreError> {
    for (stream, stored) in store.heads(streams).await? {
        if let Some(channel) = hub.channel(stream)
            && channel.compare(stored)
        {
            hub.report_gap(stream);
        }
        if let StreamId::Room(room) = stream {
            hub.heads.compare(room, stored);
        }
    }
    Ok(())
}
