//! Showing what the engine says has changed.

use client::{Change, Engine, Input, Instant, Intent};
use leptos::prelude::*;
use protocol::{RoomId, Seq};

use super::Session;
use crate::{connection::ConnectionView, pace::Due, platform, rooms::RoomItem, shown, typing};

/// Whether what follows from it is to be seen at once: it is not where it comes by itself, or from reading.
pub(super) fn is_urgent(input: &Input) -> bool {
    !matches!(input, Input::Frame { .. } | Input::Tick) && !is_in_passing(input)
}

/// Whether the user is busy with something else meanwhile, a key or the wheel, which is not to wait for any drawing.
pub(super) fn is_in_passing(input: &Input) -> bool {
    matches!(input, Input::Intent(Intent::Read { .. } | Intent::Follow { .. } | Intent::Touch | Intent::Type { .. }))
}

impl Session {
    /// Shows what has changed, now, where it may, or when enough has come together.
    pub(super) fn show_changes(self, may_draw: bool) {
        match self.machine.try_update_value(|machine| machine.pace.due(platform::monotonic(), may_draw)) {
            Some(Due::Now(changes)) => {
                let start = platform::monotonic();
                let changes = self.read_along(changes);
                changes.into_iter().for_each(|change| self.show_change(change));
                self.machine.update_value(|machine| machine.pace.rest(platform::monotonic()));
                self.time(start);
            }
            Some(Due::In(rest, wait)) => set_timeout(
                move || {
                    if self.machine.try_update_value(|machine| machine.pace.waited(wait)) == Some(true) {
                        self.show_changes(true);
                    }
                },
                rest,
            ),
            Some(Due::Nothing) | None => {}
        }
    }

    /// Notes how long it takes until what is drawn since `start` is in the picture.
    fn time(self, start: Instant) {
        // One at a time: pages out of sight draw no frames.
        if self.machine.try_update_value(|machine| machine.pace.is_timed()) != Some(false) {
            return;
        }
        // The next frame begins when this one is done; a task would queue behind all that the server tells.
        request_animation_frame(move || {
            request_animation_frame(move || {
                _ = self.machine.try_update_value(|machine| machine.pace.took(start, platform::monotonic()));
            });
        });
    }

    /// Who goes along with the end of a room has read what is about to be drawn there: no count of it is ever to be seen.
    fn read_along(self, changes: Vec<Change>) -> Vec<Change> {
        let Some((room, newest)) = self.open_room.get_value().and_then(|id| self.read_along_in(id)) else {
            return changes;
        };
        self.machine.update_value(|machine| {
            machine.pace.rest(platform::monotonic());
            changes.into_iter().for_each(|change| machine.pace.note(change));
        });
        self.read(room, newest);
        self.machine.try_update_value(|machine| machine.pace.take()).unwrap_or_default()
    }

    /// The newest line of a room, where it is about to come before the eyes of the reader.
    fn read_along_in(self, id: RoomId) -> Option<(RoomId, Seq)> {
        let (newest, cursor) =
            self.machine.with_value(|machine| Some((machine.engine.newest(id)?, machine.engine.read_cursor(id))))?;
        let room = self.shown(id)?;
        (room.follows_to(newest) && room.may_read_on_from(cursor) && platform::has_focus()).then_some((id, newest))
    }

    fn show_change(self, change: Change) {
        match change {
            Change::Connection => self.show_connection(),
            Change::Rooms => {
                let rooms = self.machine.with_value(|machine| items(&machine.engine));
                if self.rooms.with_untracked(|shown| *shown != rooms) {
                    self.rooms.set(rooms);
                }
            }
            Change::Room(id) => self.show_room(id),
            Change::Presence(id) => self.show_presence(id),
            Change::Typing(id) => self.show_typing(id),
            Change::Viewing => shown::set(self.shows_viewing, self.machine.with_value(|m| m.engine.shows_viewing())),
        }
        let unsent = self.machine.with_value(|machine| machine.engine.unsent());
        if self.unsent.get_untracked() != unsent {
            self.unsent.set(unsent);
        }
    }

    /// Shows how the connection is; the seconds to the next try pass without the engine changing.
    pub(crate) fn show_connection(self) {
        let view = self.machine.with_value(|machine| ConnectionView::of(&machine.engine, platform::monotonic()));
        let view = match (view, self.connection.get_untracked()) {
            // The first connection is no news, unless it fails.
            (ConnectionView::Trying, before @ ConnectionView::Opening) => before,
            (view, _) => view,
        };
        if self.connection.get_untracked() != view {
            self.connection.set(view);
        }
    }

    /// A second has passed.
    pub(super) fn second(self) {
        self.show_connection();
        self.times.tick(platform::now());
        if let Some(room) = self.open_room.get_value().and_then(|id| self.shown(id)) {
            room.news.tell();
        }
    }

    /// Which messages are the first of a day depends on where the day begins.
    pub(super) fn lay_out_again_in_another_zone(self) {
        Effect::new(move |before: Option<()>| {
            self.times.follow_zone();
            let rooms: Vec<RoomId> = self.machine.with_value(|machine| machine.shown.keys().copied().collect());
            if before.is_some() {
                rooms.into_iter().for_each(|id| self.show_room(id));
            }
        });
    }

    pub(super) fn show_room(self, id: RoomId) {
        let Some((shown, view)) = self.machine.with_value(|machine| {
            let (shown, _) = machine.shown.get(&id)?;
            Some((*shown, machine.engine.room(id)?))
        }) else {
            self.forget(id);
            return;
        };
        shown.show(view, self.me.with_value(|me| me.user.id), self.times);
    }

    pub(super) fn show_presence(self, id: RoomId) {
        let found =
            self.machine.with_value(|machine| Some((machine.shown.get(&id)?.0, machine.engine.presence(id).cloned())));
        if let Some((shown, presence)) = found {
            shown.show_presence(presence);
        }
    }

    fn show_typing(self, id: RoomId) {
        let found = self.machine.with_value(|machine| Some((machine.shown.get(&id)?.0, machine.engine.typing(id))));
        if let Some((shown, users)) = found {
            let names: Vec<String> = untrack(|| users.iter().map(|user| shown.called(user)).collect());
            shown::set(shown.typing, typing::sentence(&names));
        }
    }

    /// Lets go of what was drawn of a room that the engine has closed: the one that was left longest ago.
    fn forget(self, id: RoomId) {
        let is_closed = self.machine.with_value(|machine| machine.engine.room(id).is_none());
        if is_closed && self.open_room.get_value() != Some(id) {
            let forgotten = self.machine.try_update_value(|machine| machine.shown.remove(&id)).flatten();
            if let Some((_, owner)) = forgotten {
                owner.cleanup();
            }
        }
    }
}

pub(super) fn items(engine: &Engine) -> Vec<RoomItem> {
    engine.rooms().into_iter().map(RoomItem::from).collect()
}
