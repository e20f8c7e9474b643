//! Who is there and who is writing, as the server tells it; and what it is told of this device's user.
//!
//! All of it may be lost: the latest word holds, a new connection starts with the whole picture, and what this device
//! says is said again then. Only the choice of being seen is sent until the server has it.

use std::time::Duration;

use litemap::LiteMap;

use protocol::{CommandId, Event, RoomId, RoomPresence, UserId, UserRef, presence::SetPresence};

use crate::time::Instant;

/// Without input for this long the user is away, in milliseconds.
pub const AWAY_AFTER_MS: u64 = 5 * 60 * 1_000;
/// A page that is out of sight for this long is one that its user is away from, in milliseconds. Not at once: a page that
/// is being reloaded is out of sight too, and so is one between two looks at another.
pub const HIDDEN_AFTER_MS: u64 = 3_000;
/// Who goes on writing says so this often, in milliseconds.
pub const TYPING_INTERVAL_MS: u64 = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    rooms: LiteMap<RoomId, RoomPresence>,
    typing: LiteMap<RoomId, Vec<UserRef>>,
    /// Since when the page is out of sight.
    hidden: Option<Instant>,
    /// When the user last did something; none for programs, which are never away.
    pub(crate) touched: Option<Instant>,
    pub(crate) looks_at: Option<RoomId>,
    /// What was said on this connection.
    told: Option<SetPresence>,
    /// Where and when it was last said that the user is writing.
    said_typing: Option<(RoomId, Instant)>,
    pub(crate) viewing: Viewing,
}

/// Whether others see which room the user looks at: as the user wants it, and as the server is known to have it.
#[derive(Debug, Default)]
pub(crate) struct Viewing {
    pub(crate) here: bool,
    there: bool,
    /// The command that waits for its answer, and what it says.
    on_its_way: Option<(CommandId, bool)>,
}

impl Viewing {
    /// What the server has to be told.
    pub(crate) fn due(&self) -> Option<bool> {
        (self.here != self.there && self.on_its_way.is_none()).then_some(self.here)
    }

    pub(crate) fn sent(&mut self, id: CommandId) {
        self.on_its_way = Some((id, self.here));
    }

    /// The server says so, perhaps because another device wanted it.
    pub(crate) fn heard(&mut self, shown: bool) {
        let is_settled = self.here == self.there && self.on_its_way.is_none();
        self.there = shown;
        if is_settled {
            self.here = shown;
        }
    }

    /// The server has answered a command. Whether it was about this.
    pub(crate) fn answered(&mut self, id: CommandId, is_taken: bool) -> bool {
        let Some((_, said)) = self.on_its_way.take_if(|(asked, _)| *asked == id) else { return false };
        if is_taken {
            self.there = said;
        } else {
            self.here = self.there;
        }
        true
    }
}

impl Presence {
    pub(crate) fn new(shown: bool) -> Self {
        Self { viewing: Viewing { here: shown, there: shown, on_its_way: None }, ..Self::default() }
    }

    pub(crate) fn update(&mut self, news: RoomPresence) {
        let room = news.room;
        self.rooms.entry(room).or_insert_with(|| RoomPresence::unknown(room)).update(news);
    }

    pub(crate) fn of(&self, room: RoomId) -> Option<&RoomPresence> {
        self.rooms.get(&room)
    }

    pub(crate) fn typing_is(&mut self, room: RoomId, users: Vec<UserRef>) {
        if users.is_empty() {
            self.typing.remove(&room);
        } else {
            self.typing.insert(room, users);
        }
    }

    /// The others who are writing in a room.
    pub(crate) fn typing(&self, room: RoomId, me: UserId) -> Vec<UserRef> {
        self.typing.get(&room).into_iter().flatten().filter(|user| user.id != me).cloned().collect()
    }

    /// Somebody has posted: they are not writing any more, whenever the server says so. Whether that is news.
    pub(crate) fn has_posted(&mut self, room: RoomId, user: UserId, event: &Event) -> bool {
        let is_post = matches!(event, Event::MessagePosted(_));
        let Some(users) = self.typing.get_mut(&room).filter(|_| is_post) else { return false };
        let before = users.len();
        users.retain(|other| other.id != user);
        users.len() != before
    }

    /// The user is writing, or has stopped. Whether the server has to be told.
    pub(crate) fn types(&mut self, room: RoomId, typing: bool, now: Instant) -> bool {
        let said = self.said_typing.filter(|(where_, at)| {
            *where_ == room && now - *at < Duration::from_millis(protocol::limits::TYPING_MS_MAX)
        });
        let is_due = match (typing, said) {
            (true, Some((_, at))) => now - at >= Duration::from_millis(TYPING_INTERVAL_MS),
            (true, None) => true,
            (false, said) => said.is_some(),
        };
        if is_due {
            self.said_typing = typing.then_some((room, now));
        }
        is_due
    }

    /// The user has posted: the server takes that for the end of writing.
    pub(crate) fn posts(&mut self, room: RoomId) {
        self.said_typing.take_if(|(where_, _)| *where_ == room);
    }

    /// The page is out of sight, or is seen again.
    pub(crate) fn hide(&mut self, hidden: bool, now: Instant) {
        self.hidden = hidden.then(|| self.hidden.unwrap_or(now));
    }

    /// What the server has to be told of the user now.
    pub(crate) fn due(&mut self, now: Instant) -> Option<SetPresence> {
        let is_over = |at: Option<Instant>, ms| at.is_some_and(|at| now - at >= Duration::from_millis(ms));
        let is_hidden = is_over(self.hidden, HIDDEN_AFTER_MS);
        let is_idle = is_over(self.touched, AWAY_AFTER_MS);
        let room = self.looks_at.filter(|_| !is_hidden);
        let wanted = SetPresence { away: is_hidden || is_idle, room };
        if self.told.is_none() && self.touched.is_none() && wanted == SetPresence::default() {
            // A program that says nothing is there all the same.
            return None;
        }
        (self.told.replace(wanted) != Some(wanted)).then_some(wanted)
    }

    /// When the user will be away, if nothing happens.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let told = self.told?;
        let idle = self.touched.filter(|_| !told.away).map(|at| at + Duration::from_millis(AWAY_AFTER_MS));
        let is_due = !told.away || told.room.is_some();
        let hidden = self.hidden.filter(|_| is_due).map(|at| at + Duration::from_millis(HIDDEN_AFTER_MS));
        idle.into_iter().chain(hidden).min()
    }

    pub(crate) fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.typing.remove(&room);
    }

    /// The connection is gone. What it told stays until there is better; who was writing has long stopped then.
    pub(crate) fn disconnected(&mut self) -> Vec<RoomId> {
        self.told = None;
        self.said_typing = None;
        self.viewing.on_its_way = None;
        std::mem::take(&mut self.typing).into_iter().map(|(room, _)| room).collect()
    }
}
