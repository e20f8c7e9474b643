//! A room that is shown, as signals: each component follows only what it draws.

use client::{Line, RoomState as Loaded, RoomView};
use leptos::prelude::*;
use protocol::{
    ErrorCode, ReadCursor, RoomId, RoomInfo, RoomPresence, Seq, UserId, members::Member, rooms::Visibility,
};

use crate::{
    actions::Doing,
    erased::memo,
    news::News,
    place::Place,
    profile::{self, Names},
    rows::{self, Marks, Row},
    time::Times,
};

/// How it stands with a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum RoomState {
    /// On its way.
    #[default]
    Loading,
    /// There.
    Ready,
    /// Not to be seen by this user, or not there at all.
    Outside,
    /// It could not be read, for this reason.
    Failed(String),
}

/// Which ends of the timeline are here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edges {
    pub(crate) at_start: bool,
    pub(crate) at_end: bool,
}

/// The signals of a room. Copies are the same signals.
#[derive(Clone, Copy)]
pub(crate) struct ShownRoom {
    pub(crate) id: RoomId,
    pub(crate) state: RwSignal<RoomState>,
    /// What the room is; none before it is loaded.
    pub(crate) info: RwSignal<Option<RoomInfo>>,
    pub(crate) name: Memo<Option<String>>,
    pub(crate) visibility: Memo<Visibility>,
    pub(crate) creator: Memo<Option<UserId>>,
    pub(crate) everyone: Memo<bool>,
    pub(crate) members: RwSignal<Vec<Member>>,
    pub(crate) member_count: RwSignal<u32>,
    /// Who is there; none before it is known.
    pub(crate) presence: RwSignal<Option<RoomPresence>>,
    /// By what members are called whose display name is not their user name.
    pub(crate) names: RwSignal<Names>,
    /// Who is writing, in words.
    pub(crate) typing: RwSignal<String>,
    pub(crate) rows: RwSignal<Vec<Row>>,
    pub(crate) has_no_messages: RwSignal<bool>,
    pub(crate) edges: RwSignal<Edges>,
    pub(crate) unread: RwSignal<u32>,
    /// Counts the wishes to be shown the end.
    pub(crate) to_end: RwSignal<u32>,
    /// What the reader is about to do here.
    pub(crate) doing: Doing,
    pub(crate) news: News,
    marks: StoredValue<Marks>,
    visit: StoredValue<Visit>,
    /// The read cursor that was last seen.
    cursor: StoredValue<ReadCursor>,
    /// Something was marked as unread during this visit: looking at it reads nothing.
    holds_unread: StoredValue<bool>,
}

/// Where the reader is with a room: the marks are made when it is entered and stay until it is entered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visit {
    /// For the first time; the server has said where *New* stands.
    First,
    /// Once more; the read cursor says it.
    Again,
    /// The marks are made.
    Marked,
}

impl ShownRoom {
    pub(crate) fn new(id: RoomId) -> Self {
        let info = RwSignal::new(None::<RoomInfo>);
        Self {
            id,
            state: RwSignal::default(),
            info,
            name: memo(move || info.with(|info| info.as_ref().map(|info| info.name.clone()))),
            visibility: memo(move || {
                info.with(|info| info.as_ref().map_or(Visibility::Public, |info| info.visibility))
            }),
            creator: memo(move || info.with(|info| info.as_ref().map(|info| info.creator.id))),
            everyone: memo(move || info.with(|info| info.as_ref().is_some_and(|info| info.everyone))),
            members: RwSignal::default(),
            member_count: RwSignal::default(),
            presence: RwSignal::default(),
            names: RwSignal::default(),
            typing: RwSignal::default(),
            rows: RwSignal::default(),
            has_no_messages: RwSignal::default(),
            edges: RwSignal::default(),
            unread: RwSignal::default(),
            to_end: RwSignal::default(),
            doing: Doing::nothing(),
            news: News::new(),
            marks: StoredValue::new(Marks::default()),
            visit: StoredValue::new(Visit::First),
            cursor: StoredValue::new(ReadCursor::default()),
            holds_unread: StoredValue::new(false),
        }
    }

    /// The reader comes in, at a message or where they left off.
    pub(crate) fn enter(self, at: Option<Seq>) {
        self.marks.update_value(|marks| marks.target = at);
        self.news.begin();
        self.doing.forget_questions();
        self.visit.update_value(|visit| {
            *visit = match visit {
                Visit::First => Visit::First,
                Visit::Again | Visit::Marked => Visit::Again,
            }
        });
    }

    /// Whether what is looked at counts as read.
    pub(crate) fn may_read(self) -> bool {
        !self.holds_unread.get_value()
    }

    /// Says where *New* stands: as one came in, until something is marked as unread, here or on another device.
    fn mark(self, lines: &[Line], cursor: ReadCursor, told: Option<Seq>, me: UserId) {
        let first_unread = || rows::first_unread(lines, cursor.seq, me);
        let before = self.cursor.get_value();
        self.cursor.set_value(cursor);
        let was_marked_unread = cursor.version > before.version;
        if cursor.version == before.version && cursor.seq > before.seq {
            // While that is held nothing is read by looking, so it was said: of all rooms, or on another device.
            self.holds_unread.set_value(false);
        }
        let (first_new, holds_unread) = match self.visit.get_value() {
            Visit::First => (told, false),
            Visit::Again => (first_unread(), false),
            Visit::Marked if was_marked_unread => (first_unread(), true),
            Visit::Marked => return,
        };
        self.marks.update_value(|marks| marks.first_new = first_new);
        self.holds_unread.set_value(holds_unread);
        self.visit.set_value(Visit::Marked);
    }

    /// The address points at another message.
    pub(crate) fn aim(self, at: Seq) {
        self.marks.update_value(|marks| marks.target = Some(at));
    }

    /// The address of a message: path and query.
    pub(crate) fn link(self, message: Seq) -> String {
        self.name
            .with(|name| format!("{}?at={message}", Place::room_path(self.id, name.as_deref().unwrap_or_default())))
    }

    /// There is nothing to be seen by this user.
    pub(crate) fn close(self) {
        self.state.set(RoomState::Outside);
    }

    /// Takes the engine's view of the room over, signal by signal, and only what differs.
    pub(crate) fn show(self, view: RoomView, me: UserId, times: Times) {
        let state = match view.state {
            Loaded::Loading => RoomState::Loading,
            Loaded::Open => RoomState::Ready,
            Loaded::Gone(error) if matches!(error.code, ErrorCode::NotFound | ErrorCode::Forbidden) => {
                RoomState::Outside
            }
            Loaded::Gone(error) => RoomState::Failed(error.message.into_owned()),
        };
        if state == RoomState::Ready {
            self.mark(&view.lines, view.cursor, view.first_unread, me);
        }
        if view.at_end {
            self.news.hear(self, &view.lines, me, self.edges.with_untracked(|edges| edges.at_end));
        }
        let mut members = view.members;
        self.names.with_untracked(|names| profile::sort(&mut members, names));
        let has_no_messages = view.at_start && view.at_end && !view.lines.iter().any(rows::is_message);
        set(self.has_no_messages, has_no_messages);
        set(self.edges, Edges { at_start: view.at_start, at_end: view.at_end });
        set(self.unread, view.unread);
        set(self.members, members);
        set(self.member_count, view.member_count);
        if view.info.is_some() {
            set(self.info, view.info);
        }
        rows::update(self.rows, rows::lay_out(view.lines, self.marks.get_value(), |at| times.civil_untracked(at)));
        set(self.state, state);
    }

    /// Takes over who is there and what they say of themselves.
    pub(crate) fn show_presence(self, presence: Option<RoomPresence>) {
        let names = presence.as_ref().map(profile::names_of).unwrap_or_default();
        if self.names.with_untracked(|known| *known != names) {
            let mut members = self.members.get_untracked();
            profile::sort(&mut members, &names);
            self.names.set(names);
            set(self.members, members);
        }
        set(self.presence, presence);
    }
}

pub(crate) fn set<T: Clone + PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|shown| *shown != value) {
        signal.set(value);
    }
}

#[cfg(test)]
mod tests;
