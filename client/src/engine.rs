//! The engine itself: its state, its one entrance, and what it shows.

mod frames;
mod intents;
mod loads;
mod pump;
mod streams;

use std::time::Duration;

use litemap::LiteMap;
use protocol::{
    Command, CommandId, ErrorCode, Inbox, Mentions, ReadCursor, RoomId, RoomPresence, RoomSummary, Seq, UserRef, codec,
    command::ClientFrame,
};

use crate::{
    fetch::{At, Fetch, FetchId, Load},
    follow::Follow,
    input::{Input, Start},
    journal::{Journal, Loss},
    link::{Action, Connection, Link},
    list::RoomList,
    open_room::OpenRoom,
    outbox::Outbox,
    output::{Change, Changes, Output},
    presence::Presence,
    reading::Reading,
    time::Instant,
    view::{self, RoomState, RoomView},
};

/// The server answers a command within this time, in milliseconds; a connection on which it does not is given up.
pub const ANSWER_MS_MAX: u64 = 30_000;
/// Rooms that are open at a time; opening one more closes the one that was opened longest ago.
pub const OPEN_ROOMS_MAX: usize = 32;

/// The same, as the engine counts time.
const ANSWER_WITHIN: Duration = Duration::from_millis(ANSWER_MS_MAX);

/// The sync engine of one user on one device.
#[derive(Debug)]
pub struct Engine {
    me: UserRef,
    rng: fastrand::Rng,
    link: Link,
    /// Numbers the commands of all connections, so that no answer can be mistaken for another one's.
    commands: u64,
    /// When the command of the outbox that has been on its way longest was sent.
    sent: LiteMap<CommandId, Instant>,
    fetches: u64,
    inbox: Option<Inbox>,
    inbox_follow: Follow,
    inbox_load: Load,
    list: RoomList,
    /// There was no connection for a while: read cursors and heads may have moved untold.
    was_away: bool,
    open: LiteMap<RoomId, OpenRoom>,
    outbox: Outbox,
    reading: Reading,
    presence: Presence,
    /// The build at the other end.
    build: Option<String>,
    reloaded_for: Option<String>,
    outdated: bool,
    faults: Faults,
    journal: Journal,
    wake: Option<Instant>,
    changed: Changes,
    out: Vec<Output>,
}

/// Protections that a test can take away, to see that it notices.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Steps over missing events instead of asking for them.
    pub no_gap_check: bool,
}

impl Engine {
    /// An engine that shows what the page was rendered with; the first step makes it connect.
    #[must_use]
    pub fn new(start: Start) -> Self {
        Self::with_faults(start, Faults::default())
    }

    /// As [`Engine::new`], with protections taken away.
    #[doc(hidden)]
    #[must_use]
    pub fn with_faults(start: Start, faults: Faults) -> Self {
        let mut engine = Self {
            rng: fastrand::Rng::with_seed(start.seed),
            link: Link::new(),
            commands: 0,
            sent: LiteMap::new_vec(),
            fetches: 0,
            inbox: None,
            inbox_follow: Follow::new(),
            inbox_load: Load::default(),
            list: RoomList::default(),
            was_away: false,
            open: LiteMap::new_vec(),
            outbox: Outbox::new(start.me.id, start.outbox),
            reading: Reading::default(),
            presence: Presence::new(start.shows_viewing),
            build: None,
            reloaded_for: start.reloaded_for,
            outdated: false,
            faults,
            journal: Journal::default(),
            wake: None,
            changed: Changes::default(),
            out: Vec::new(),
            me: start.me,
        };
        match start.inbox {
            Some(snapshot) => engine.install_inbox(&snapshot),
            None => engine.inbox_load.want(),
        }
        for snapshot in start.rooms {
            let id = snapshot.info.id;
            engine.open.insert(id, OpenRoom::new(id, At::Unread, Instant::default()));
            engine.install_room(id, snapshot);
        }
        for presence in start.presence {
            engine.presence.update(presence);
        }
        engine
    }

    /// Takes what happened and says what is to be done, in this order.
    pub fn step(&mut self, input: Input, now: Instant) -> Vec<Output> {
        self.journal.now = now;
        match input {
            Input::Opened(connection) => {
                if self.link.is_current(connection) {
                    self.link.opened(now);
                }
            }
            Input::CloseReason { connection, reason } => {
                if self.link.is_current(connection) {
                    self.link.reason(&reason);
                }
            }
            Input::Closed { connection, code } => {
                if self.link.is_current(connection) {
                    let was_online = self.link.online().is_some();
                    let action = self.link.closed(code, now, &mut self.rng);
                    self.act(action);
                    if was_online {
                        self.journal.loss = Loss::Closed(code);
                        self.disconnected(now);
                    }
                    self.changed.insert(Change::Connection);
                }
            }
            Input::Frame { connection, text } => {
                if self.link.is_current(connection) {
                    self.frame(&text, now);
                }
            }
            Input::Probed { connection, probe } => {
                if self.link.is_current(connection) {
                    let action = self.link.probed(probe, now, &mut self.rng);
                    self.act(action);
                    self.changed.insert(Change::Connection);
                }
            }
            Input::Fetched { id, result } => self.fetched(id, result, now),
            Input::Saved(client_id) => self.outbox.saved(client_id),
            Input::Restored(entries) => self.restored(entries),
            Input::Intent(intent) => self.intent(intent, now),
            Input::Tick => self.wake = None,
            Input::Wake => self.woken(now),
        }
        self.pump(now);
        std::mem::take(&mut self.out)
    }

    /// Whose engine this is.
    #[must_use]
    pub fn me(&self) -> &UserRef {
        &self.me
    }

    /// How it stands with the connection.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.link.view()
    }

    /// What happened to the connection so far, and how long the user's last messages took.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The server is newer than this client, and loading it again has not helped: say so.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// How many commands wait, refused ones included: for the warning before logging out.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// The user's rooms, by number.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomSummary> {
        self.list
            .iter()
            .map(|summary| {
                let mut summary = summary.clone();
                let id = summary.room.id;
                summary.cursor = self.reading.cursor(id);
                summary.unread = self.unread(id);
                summary.mentions = self.mentions(id);
                summary.muted = self.inbox.as_ref().is_some_and(|inbox| inbox.is_muted(id));
                if let Some(info) = self.open.get(&id).and_then(|open| open.state.as_ref()).map(|room| room.info()) {
                    info.name.clone_into(&mut summary.room.name);
                }
                summary
            })
            .collect()
    }

    /// An open room; `None` for one that was not opened.
    #[must_use]
    pub fn room(&self, id: RoomId) -> Option<RoomView> {
        let open = self.open.get(&id)?;
        let waiting = self.outbox.iter().filter(|waiting| waiting.entry.command.room() == Some(id));
        let timeline = open.state.as_ref().map(|room| room.timeline());
        let entries = timeline.into_iter().flat_map(|timeline| timeline.entries());
        let state = match (&open.gone, &open.state) {
            (Some(error), _) => RoomState::Gone(error.clone()),
            (None, Some(_)) => RoomState::Open,
            (None, None) => RoomState::Loading,
        };
        Some(RoomView {
            state,
            info: open.state.as_ref().map(|room| room.info().clone()),
            members: open.state.iter().flat_map(|room| room.members()).cloned().collect(),
            member_count: open.member_count,
            lines: view::lines(entries, waiting, &self.me, |text| {
                let members = open.state.iter().flat_map(|room| room.members());
                Mentions::of(text, members.map(|member| &member.user))
            }),
            at_start: timeline.is_some_and(|timeline| timeline.is_at_start()),
            at_end: timeline.is_some_and(|timeline| timeline.is_at_end()),
            loading_older: open.older.is_busy(),
            loading_newer: open.newer.is_busy(),
            cursor: self.reading.cursor(id),
            first_unread: open.first_unread,
            unread: self.unread(id),
            is_live: open.follow.is_live(),
        })
    }

    /// How far the user has read in a room.
    #[must_use]
    pub fn read_cursor(&self, id: RoomId) -> ReadCursor {
        self.reading.cursor(id)
    }

    /// The newest line of an open room, where it is in the window.
    #[must_use]
    pub fn newest(&self, id: RoomId) -> Option<Seq> {
        let timeline = self.open.get(&id)?.state.as_ref()?.timeline();
        timeline.entries().next_back().filter(|_| timeline.is_at_end()).map(|entry| entry.seq)
    }

    /// Whether an open room is followed and complete at this moment.
    #[must_use]
    pub fn is_live(&self, id: RoomId) -> bool {
        self.open.get(&id).is_some_and(|open| open.follow.is_live())
    }

    /// Who is there in an open room, once that is known.
    #[must_use]
    pub fn presence(&self, id: RoomId) -> Option<&RoomPresence> {
        self.presence.of(id)
    }

    /// The others who are writing in an open room.
    #[must_use]
    pub fn typing(&self, id: RoomId) -> Vec<UserRef> {
        self.presence.typing(id, self.me.id)
    }

    /// Whether others see which room the user looks at.
    #[must_use]
    pub fn shows_viewing(&self) -> bool {
        self.presence.viewing.here
    }

    fn unread(&self, id: RoomId) -> u32 {
        let cursor = self.reading.cursor(id);
        let counted = self.open.get(&id).and_then(|open| open.unread(cursor, self.me.id));
        match (counted, self.list.get(id)) {
            (Some(unread), _) => unread,
            (None, Some(summary)) if cursor.seq >= summary.head.seq => 0,
            (None, Some(summary)) => summary.unread,
            (None, None) => 0,
        }
    }

    fn mentions(&self, id: RoomId) -> u32 {
        let cursor = self.reading.cursor(id);
        let counted = self.open.get(&id).and_then(|open| open.mentions(cursor, self.me.id));
        match (counted, self.list.get(id)) {
            (Some(mentions), _) => mentions,
            (None, Some(summary)) if cursor.seq < summary.head.seq => summary.mentions,
            (None, Some(_) | None) => 0,
        }
    }

    /// Whether the window of an open room counts its unread lines.
    fn is_counted(&self, id: RoomId) -> bool {
        let cursor = self.reading.cursor(id);
        self.open.get(&id).is_some_and(|open| open.unread(cursor, self.me.id).is_some())
    }

    fn act(&mut self, action: Option<Action>) {
        self.out.extend(action.map(|action| match action {
            Action::Connect(connection) => Output::Connect(connection),
            Action::Close(connection) => Output::Close(connection),
            Action::Probe(connection) => Output::Probe(connection),
            Action::LoggedOut => Output::LoggedOut,
        }));
    }

    fn log_out(&mut self, now: Instant) {
        let action = self.link.log_out();
        if action.is_some() {
            self.out.push(Output::Close(self.link.current()));
            self.disconnected(now);
        }
        self.act(action);
        self.changed.insert(Change::Connection);
    }

    /// The server is newer than this client: load it again, once per build.
    fn outdate(&mut self) {
        let build = self.build.clone().unwrap_or_default();
        if self.reloaded_for.as_ref() == Some(&build) {
            self.outdated = true;
            self.changed.insert(Change::Connection);
        } else {
            self.reloaded_for = Some(build.clone());
            self.out.push(Output::Reload { build });
        }
    }

    /// Sends a command on the connection, if there is one.
    fn send(&mut self, command: Command) -> Option<CommandId> {
        let connection = self.link.online()?;
        self.commands += 1;
        let id = CommandId(self.commands);
        self.out.push(Output::Send { connection, text: codec::encode(&ClientFrame { id, command }) });
        Some(id)
    }

    fn fetch(&mut self, request: Fetch) -> FetchId {
        self.fetches += 1;
        let id = FetchId(self.fetches);
        self.out.push(Output::Fetch { id, request });
        id
    }

    fn disconnected(&mut self, now: Instant) {
        self.sent.clear();
        self.outbox.disconnected();
        self.reading.disconnected(now);
        self.changed.extend(self.presence.disconnected().into_iter().map(Change::Typing));
        self.list.disconnected();
        self.was_away = true;
        self.inbox_follow.disconnected();
        for open in self.open.iter_mut().map(|(_, open)| open) {
            open.follow.disconnected();
            self.changed.insert(Change::Room(open.id));
        }
        self.changed.insert(Change::Connection);
    }
}

/// Whether a refusal means that there is nothing to be seen.
fn is_gone(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NotFound | ErrorCode::Forbidden)
}
