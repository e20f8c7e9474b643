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

/// Rows that are drawn for who goes along with the end of a room: some screens full.
const FOLLOWED_ROWS: usize = 100;

/// So many rows come together there before those above are let go of, all at once: each time that rows go, all that
/// stay are painted anew.
const FOLLOWED_ROWS_MAX: usize = 200;

/// New rows that are drawn at once for them; of more than that nobody sees the first.
const NEW_ROWS_MAX: usize = 40;

/// Where there are more, so many times what fills the window is drawn: rows may be less high than those before.
const NEW_WINDOWS: usize = 2;

/// And at least so many.
const NEW_ROWS_MIN: usize = 16;

/// Rows that are drawn in addition when the reader goes up from there.
const OLDER_ROWS: usize = 50;

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
    drawn: StoredValue<Drawn>,
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
            drawn: StoredValue::new(Drawn::default()),
        }
    }

    /// The reader comes in, at a message or where they left off.
    pub(crate) fn enter(self, at: Option<Seq>) {
        self.aim(at);
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

    /// Whether what comes may be read, too, where the user has read up to `cursor`: not where something was just marked
    /// as unread, here or elsewhere.
    pub(crate) fn may_read_on_from(self, cursor: ReadCursor) -> bool {
        self.may_read() && self.cursor.with_value(|known| known.version == cursor.version)
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

    /// The address points at another message, which may be above what is drawn.
    pub(crate) fn aim(self, at: Option<Seq>) {
        self.marks.update_value(|marks| marks.target = at);
        self.drawn.set_value(Drawn::default());
    }

    /// The reader is at the end of the room, and goes along with what comes, or is not.
    pub(crate) fn follow(self, follows: bool) {
        // By the time that a page goes, its room may have gone.
        _ = self.drawn.try_update_value(|drawn| {
            drawn.follows = follows;
            drawn.awaits_older &= !follows;
        });
    }

    /// So many rows fill the window.
    pub(crate) fn fits(self, rows: usize) {
        _ = self.drawn.try_update_value(|drawn| drawn.fits = rows);
    }

    /// Whether the reader goes along with the end, and this line is about to come there.
    pub(crate) fn follows_to(self, newest: Seq) -> bool {
        self.drawn.with_value(|drawn| drawn.follows && newest > drawn.newest)
    }

    /// Whether there is more above what is drawn.
    pub(crate) fn hides_older(self) -> bool {
        self.drawn.with_value(|drawn| drawn.hidden != 0)
    }

    /// Older lines are on their way, for who has seen all that there is.
    pub(crate) fn awaits_older(self) {
        self.drawn.update_value(|drawn| drawn.awaits_older = true);
    }

    /// Draws more of it the next time, or all.
    pub(crate) fn draw_older(self, all: bool) {
        self.drawn.update_value(|drawn| drawn.asks_for_older = if all { usize::MAX } else { OLDER_ROWS });
    }

    /// What the room is about, as far as it is known; often nothing.
    pub(crate) fn topic(self) -> String {
        self.info.with(|info| info.as_ref().map_or_else(String::new, |info| info.topic.clone()))
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
        let mut lines = view.lines;
        // What somebody is busy with stays.
        let is_held = self.doing.is_busy() || crate::platform::has_focus_in_row();
        let hidden = self.drawn.try_update_value(|drawn| drawn.hide(&lines, is_held)).unwrap_or_default();
        lines.drain(..hidden);
        set(self.edges, Edges { at_start: view.at_start && hidden == 0, at_end: view.at_end });
        set(self.unread, view.unread);
        set(self.members, members);
        set(self.member_count, view.member_count);
        if view.info.is_some() {
            set(self.info, view.info);
        }
        rows::update(self.rows, rows::lay_out(lines, self.marks.get_value(), |at| times.civil_untracked(at)));
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

/// Which lines of the window are drawn. Every row makes every picture dearer: who is at the end has few above.
#[derive(Clone, Debug, Default)]
struct Drawn {
    follows: bool,
    /// So many rows fill the window; 0 while that is not known.
    fits: usize,
    /// The first line that is drawn.
    first: Seq,
    /// The last one that the server has.
    newest: Seq,
    /// How many are above the first.
    hidden: usize,
    /// So many more are to be drawn.
    asks_for_older: usize,
    /// Nothing is hidden, and older ones were asked for: the first of them are drawn as soon as they are here.
    awaits_older: bool,
}

impl Drawn {
    /// How many lines are not drawn; where something is held, no more than before.
    fn hide(&mut self, lines: &[Line], is_held: bool) -> usize {
        let known = lines.iter().position(|line| line.seq.is_some_and(|seq| seq >= self.first)).unwrap_or_default();
        let came = if known != 0 && std::mem::take(&mut self.awaits_older) { OLDER_ROWS } else { 0 };
        let asked = std::mem::take(&mut self.asks_for_older).max(came);
        self.hidden = match (asked, self.follows && !is_held) {
            (0, true) => {
                let new = lines.iter().rev().take_while(|line| line.seq.is_none_or(|seq| seq > self.newest)).count();
                let most = match (new > NEW_ROWS_MAX, lines.len() - known > FOLLOWED_ROWS_MAX) {
                    (true, _) if self.fits == 0 => NEW_ROWS_MAX,
                    (true, _) => (self.fits * NEW_WINDOWS).clamp(NEW_ROWS_MIN, FOLLOWED_ROWS),
                    (false, true) => FOLLOWED_ROWS,
                    (false, false) => FOLLOWED_ROWS_MAX,
                };
                known.max(lines.len().saturating_sub(most))
            }
            (0, false) => known,
            (more, _) => known.saturating_sub(more),
        };
        self.first = lines.get(self.hidden).and_then(|line| line.seq).unwrap_or_default();
        self.newest = lines.iter().rev().find_map(|line| line.seq).unwrap_or_default();
        self.hidden
    }
}

#[cfg(test)]
mod tests;
