//! What the lane does by itself: it tells what has changed, reads who is in a room, and writes down who has gone.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use protocol::{RoomId, UnixMs, UserId};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Presence, seen::SEEN_USERS_MAX};
use crate::{
    bus::BusMessage,
    store::{PresenceStore, Profile, Roster, StoreError},
};

/// How soon the store is asked again after it failed.
const RETRY: Duration = Duration::from_secs(1);

/// What the store was asked for.
enum Chore {
    Roster(RoomId, Result<Roster, StoreError>),
    Seen(Vec<(UserId, UnixMs)>, Result<(), StoreError>),
    Profiles(Vec<UserId>, Result<Vec<(UserId, Profile)>, StoreError>),
}

impl Presence {
    /// Runs until the server stops; then it writes down that everyone was there until now.
    pub async fn run(self: Arc<Self>, store: Arc<dyn PresenceStore>, stopping: CancellationToken) {
        let mut chores: FuturesUnordered<BoxFuture<'static, Chore>> = FuturesUnordered::new();
        loop {
            let now = Instant::now();
            let (news, loads, seen, newcomers, deadline) = self.with(|state| {
                let news = state.run(now, self.clock.now());
                let mut loads = Vec::new();
                while let Some((_, room)) = state.loads.first().copied().filter(|(at, _)| *at <= now) {
                    state.loads.pop_first();
                    if let Some(found) = state.rooms.get_mut(&room) {
                        found.expect();
                        loads.push(room);
                    }
                }
                let newcomers = state.newcomers_at(now);
                (news, loads, state.seen.begin(now), newcomers, state.deadline())
            });
            for news in news {
                self.bus.publish(BusMessage::Presence(news));
            }
            for room in loads {
                let store = Arc::clone(&store);
                chores.push(async move { Chore::Roster(room, store.roster(room).await) }.boxed());
            }
            if !newcomers.is_empty() {
                let store = Arc::clone(&store);
                let read = async move {
                    let profiles = store.profiles(&newcomers).await;
                    Chore::Profiles(newcomers, profiles)
                };
                chores.push(read.boxed());
            }
            if !seen.is_empty() {
                let store = Arc::clone(&store);
                let write = async move {
                    let written = store.note_seen(&seen).await;
                    Chore::Seen(seen, written)
                };
                chores.push(write.boxed());
            }
            tokio::select! {
                // What is asked for more often than it comes goes last.
                biased;
                () = stopping.cancelled() => break,
                Some(chore) = chores.next() => self.done(chore),
                () = sleep_until(deadline) => {}
                () = self.wake.notified() => {}
            }
        }
        while let Some(chore) = chores.next().await {
            self.done(chore);
        }
        let at = self.clock.now();
        for seen in self.with(|state| state.last_words(at)).chunks(SEEN_USERS_MAX) {
            if let Err(error) = store.note_seen(seen).await {
                tracing::warn!(?error, users = seen.len(), "when users were there last could not be kept");
            }
        }
    }

    fn done(&self, chore: Chore) {
        match chore {
            Chore::Roster(room, roster) => self.came(room, roster),
            Chore::Profiles(_, Ok(profiles)) => self.change(|state| {
                for (user, profile) in &profiles {
                    state.set_profile(*user, profile);
                }
            }),
            Chore::Profiles(users, Err(error)) => {
                tracing::warn!(?error, users = users.len(), "what users say of themselves was not read; trying again");
                let at = Instant::now() + RETRY;
                self.with(|state| state.newcomers.extend(users.into_iter().map(|user| (at, user))));
            }
            Chore::Seen(_, Ok(())) => self.with(|state| state.seen.end()),
            Chore::Seen(seen, Err(error)) => {
                tracing::warn!(?error, users = seen.len(), "when users were there last was not kept; trying again");
                self.with(|state| state.seen.fail(&seen, Instant::now() + RETRY));
            }
        }
    }

    fn came(&self, room: RoomId, roster: Result<Roster, StoreError>) {
        let is_done = match &roster {
            Ok(roster) => !self.with(|state| state.learn(room, roster, Instant::now())),
            Err(error) => {
                tracing::warn!(%room, ?error, "the members of a room could not be read; trying again");
                false
            }
        };
        if !is_done {
            self.with(|state| state.loads.insert((Instant::now() + RETRY, room)));
        }
    }
}
