//! The sync engine of a page, and what it shows, as signals.
//!
//! The engine decides, the platform acts, and this file only carries between them and the components. On the server
//! it holds the same engine, started from the same snapshots and never stepped: so both sides draw the same.

mod drawing;

use std::collections::{HashMap, VecDeque};

use client::{At, Engine, Input, Intent, Journal, Output, Start};
use drawing::{is_in_passing, is_urgent, items};
use leptos::prelude::*;
use protocol::{ClientId, Command, Done, ErrorBody, RoomId, RoomSnapshot, Seq, messages::PostMessage};

use crate::{
    connection::ConnectionView,
    erased::effect,
    initial::{Inside, Me, Open},
    pace::Pace,
    place::Place,
    platform,
    rooms::RoomItem,
    shown::ShownRoom,
    time::Times,
    title,
};

/// What is called when a command was answered.
type Then = Box<dyn FnOnce(Result<Done, ErrorBody>)>;

/// The engine and what belongs to it.
struct Machine {
    engine: Engine,
    /// What happened while the engine was being stepped or its outputs were being carried out.
    waiting: VecDeque<Input>,
    is_busy: bool,
    pace: Pace,
    then: HashMap<ClientId, Then>,
    shown: HashMap<RoomId, (ShownRoom, Owner)>,
}

/// The session of a page. Copies are the same session.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    me: StoredValue<Me>,
    opened: StoredValue<Open>,
    machine: StoredValue<Machine, LocalStorage>,
    owner: StoredValue<Owner>,
    /// The room whose page was opened last.
    open_room: StoredValue<Option<RoomId>>,
    times: Times,
    /// What is open, as the title says it.
    pub(crate) title: RwSignal<String>,
    /// The list of rooms.
    pub(crate) rooms: RwSignal<Vec<RoomItem>>,
    /// How the connection is.
    pub(crate) connection: RwSignal<ConnectionView>,
    /// How many commands wait.
    pub(crate) unsent: RwSignal<usize>,
    /// Whether others see which room the user looks at.
    pub(crate) shows_viewing: RwSignal<bool>,
    /// Why something that was asked for did not happen, until it is read.
    pub(crate) complaint: RwSignal<Option<String>>,
}

impl Session {
    /// Starts from what the page shows. In the browser it then connects.
    pub(crate) fn start(inside: Inside) -> Self {
        let Inside { me, inbox, open, presence, shows_viewing } = inside;
        let rooms: Vec<RoomSnapshot> = match &open {
            Open::Room(snapshot) => vec![snapshot.clone()],
            Open::Doorstep(_) | Open::Directory { .. } | Open::Diagnostics | Open::Missing => Vec::new(),
        };
        let start = Start {
            me: me.user.clone(),
            seed: platform::seed(),
            inbox: Some(inbox),
            rooms,
            presence: presence.into_iter().map(|presence| *presence).collect(),
            shows_viewing,
            outbox: None,
            reloaded_for: platform::reloaded_for(),
        };
        let engine = Engine::new(start);
        let session = Self {
            me: StoredValue::new(me),
            title: RwSignal::new(title::of_open(&open).to_owned()),
            opened: StoredValue::new(open),
            rooms: RwSignal::new(items(&engine)),
            connection: RwSignal::default(),
            unsent: RwSignal::new(0),
            shows_viewing: RwSignal::new(shows_viewing),
            complaint: RwSignal::new(None),
            owner: StoredValue::new(Owner::current().expect("components run under an owner")),
            open_room: StoredValue::new(None),
            times: expect_context::<Times>(),
            machine: StoredValue::new_local(Machine {
                engine,
                waiting: VecDeque::new(),
                is_busy: false,
                pace: Pace::default(),
                then: HashMap::new(),
                shown: HashMap::new(),
            }),
        };
        session.lay_out_again_in_another_zone();
        effect(move || {
            platform::connect(session);
            platform::every_second(move || session.second());
        });
        session
    }

    /// Whose session it is.
    pub(crate) fn me(self) -> Me {
        self.me.get_value()
    }

    /// How times are written on this page.
    pub(crate) fn times(self) -> Times {
        self.times
    }

    /// What happened to the connection of this page.
    pub(crate) fn journal(self) -> Journal {
        self.machine.with_value(|machine| machine.engine.journal().clone())
    }

    /// What the page was opened with.
    pub(crate) fn opened_with(self) -> Open {
        self.opened.get_value()
    }

    /// Tells the engine what happened, carries out what it says, and shows what has changed.
    pub(crate) fn step(self, input: Input) {
        let may_draw = !is_in_passing(&input);
        let starts = self.machine.try_update_value(|machine| {
            if is_urgent(&input) {
                machine.pace.hurry();
            }
            if matches!(input, Input::Intent(_)) && !is_in_passing(&input) {
                machine.pace.stops_writing();
            }
            machine.waiting.push_back(input);
            !std::mem::replace(&mut machine.is_busy, true)
        });
        if starts != Some(true) {
            return;
        }
        while let Some(outputs) = self.next_outputs() {
            for output in outputs {
                self.carry_out(output);
            }
        }
        self.show_changes(may_draw);
    }

    fn next_outputs(self) -> Option<Vec<Output>> {
        self.machine
            .try_update_value(|machine| {
                let next = machine.waiting.pop_front();
                machine.is_busy = next.is_some();
                next.map(|input| machine.engine.step(input, platform::monotonic()))
            })
            .flatten()
    }

    fn carry_out(self, output: Output) {
        match output {
            Output::Changed(change) => self.machine.update_value(|machine| machine.pace.note(change)),
            Output::Answered { client_id, result } => {
                // Who has waited for it finds the page as it is now.
                self.machine.update_value(|machine| machine.pace.hurry());
                self.show_changes(true);
                let then = self.machine.try_update_value(|machine| machine.then.remove(&client_id)).flatten();
                if let Some(then) = then {
                    then(result);
                }
            }
            Output::Connect(_)
            | Output::Close(_)
            | Output::Send { .. }
            | Output::Probe(_)
            | Output::Fetch { .. }
            | Output::Save(_)
            | Output::Remove(_)
            | Output::WakeAt(_)
            | Output::Reload { .. }
            | Output::LoggedOut => platform::perform(self, output),
        }
    }

    /// The signals of a room; asks for the room where it is not there yet.
    pub(crate) fn show(self, id: RoomId, at: Option<Seq>) -> ShownRoom {
        self.open_room.set_value(Some(id));
        let known = self.shown(id);
        let room = known.unwrap_or_else(|| {
            // Under an owner of their own, below the session's: the signals outlive the page of the room.
            let owner = self.owner.with_value(Owner::child);
            let room = owner.with(|| ShownRoom::new(id));
            self.machine.update_value(|machine| {
                machine.shown.insert(id, (room, owner));
            });
            room
        });
        room.enter(at);
        // What the server has just said about it need not be asked again.
        let said = self.opened.with_value(|open| match open {
            Open::Room(snapshot) => (snapshot.info.id == id).then_some(Said::Inside),
            Open::Doorstep(doorstep) => (doorstep.id == id && !self.is_member(id)).then_some(Said::Outside),
            Open::Missing => (!self.is_member(id)).then_some(Said::Outside),
            Open::Directory { .. } | Open::Diagnostics => None,
        });
        match said {
            Some(Said::Inside) => {
                self.show_presence(id);
                self.show_room(id);
            }
            Some(Said::Outside) if known.is_none() => {
                room.close();
                return room;
            }
            Some(Said::Outside) | None => {}
        }
        let at = at.map_or(At::Unread, At::Line);
        platform::later(move || {
            self.step(Input::Intent(Intent::Open { room: id, at }));
            self.show_room(id);
        });
        room
    }

    fn shown(self, id: RoomId) -> Option<ShownRoom> {
        self.machine.with_value(|machine| machine.shown.get(&id).map(|(room, _)| *room))
    }

    fn is_member(self, id: RoomId) -> bool {
        self.rooms.with_untracked(|rooms| rooms.iter().any(|room| room.id == id))
    }

    /// Whether the user may manage this room.
    pub(crate) fn moderates(self, room: ShownRoom) -> bool {
        let Me { user, owner, called: _ } = self.me();
        owner || room.creator.get() == Some(user.id)
    }

    /// Carries out a command; `then` hears what became of it.
    pub(crate) fn run(
        self,
        command: impl FnOnce(ClientId) -> Command,
        then: impl FnOnce(Result<Done, ErrorBody>) + 'static,
    ) {
        let client_id = platform::new_client_id();
        self.machine.update_value(|machine| {
            machine.then.insert(client_id, Box::new(then));
        });
        self.step(Input::Intent(Intent::Do(command(client_id))));
    }

    /// Says something in a room, perhaps in answer to a message.
    pub(crate) fn post(self, room: RoomId, text: String, reply_to: Option<Seq>) {
        self.run(
            |client_id| Command::PostMessage(PostMessage { client_id, room, text, reply_to }),
            // A refused message stays where it is and says why itself.
            |_| {},
        );
        if let Some(shown) = self.shown(room) {
            if shown.edges.get_untracked().at_end {
                shown.to_end.update(|count| *count += 1);
            } else {
                self.jump_to_present(room);
            }
        }
    }

    /// Drops a refused message, or a refused change to one.
    pub(crate) fn discard(self, client_id: ClientId) {
        self.step(Input::Intent(Intent::Discard(client_id)));
    }

    /// Sends a refused message, or a refused change to one, with another text.
    pub(crate) fn rewrite(self, client_id: ClientId, text: String) {
        let new_client_id = platform::new_client_id();
        self.step(Input::Intent(Intent::Rewrite { client_id, new_client_id, text }));
    }

    /// Everything in a room up to here was read.
    pub(crate) fn read(self, room: RoomId, up_to: Seq) {
        self.step(Input::Intent(Intent::Read { room, up_to }));
    }

    /// A message and what follows it are unread, until the room is entered again.
    pub(crate) fn mark_unread(self, room: RoomId, from: Seq) {
        self.step(Input::Intent(Intent::MarkUnread { room, from }));
    }

    /// Everything in all rooms was read.
    pub(crate) fn read_all(self) {
        self.step(Input::Intent(Intent::ReadAll));
    }

    /// The reader is at the end of a room, or has left it.
    pub(crate) fn follow(self, room: RoomId, follows: bool) {
        self.step(Input::Intent(Intent::Follow { room, follows }));
    }

    /// The reader nears the oldest row.
    pub(crate) fn load_older(self, room: ShownRoom) {
        if room.hides_older() {
            self.draw_older(room, false);
        } else {
            room.awaits_older();
            self.step(Input::Intent(Intent::LoadOlder(room.id)));
        }
    }

    /// Draws what is above the rows of a room and was here already, a part of it or all.
    pub(crate) fn draw_older(self, room: ShownRoom, all: bool) {
        room.draw_older(all);
        self.show_room(room.id);
    }

    /// The reader nears the newest row that is here.
    pub(crate) fn load_newer(self, room: RoomId) {
        self.step(Input::Intent(Intent::LoadNewer(room)));
    }

    /// Goes to the newest message.
    pub(crate) fn jump_to_present(self, room: RoomId) {
        self.step(Input::Intent(Intent::Open { room, at: At::End }));
        if let Some(shown) = self.shown(room) {
            shown.to_end.update(|count| *count += 1);
        }
    }

    /// This room is in front of the user now, or none is.
    pub(crate) fn look(self, room: Option<RoomId>) {
        self.step(Input::Intent(Intent::Look(room)));
    }

    /// Text was put into the composer of a room, or it was emptied.
    pub(crate) fn types(self, room: RoomId, typing: bool) {
        self.writes();
        self.step(Input::Intent(Intent::Type { room, typing }));
    }

    /// The user writes: what others say waits for that.
    pub(crate) fn writes(self) {
        self.machine.update_value(|machine| machine.pace.writes(platform::monotonic()));
    }

    /// Lets others see which room the user looks at, or not.
    pub(crate) fn show_viewing(self, shown: bool) {
        self.step(Input::Intent(Intent::ShowViewing(shown)));
    }

    /// Goes to a message of a room that is shown.
    pub(crate) fn go_to(self, room: ShownRoom, message: Seq) {
        room.aim(Some(message));
        self.step(Input::Intent(Intent::Open { room: room.id, at: At::Line(message) }));
        self.show_room(room.id);
    }

    /// Tries to connect now.
    pub(crate) fn wake(self) {
        self.step(Input::Wake);
    }

    /// Drops everything unsent.
    pub(crate) fn drop_unsent(self) {
        self.step(Input::Intent(Intent::ClearOutbox));
    }

    /// Says in words why something did not happen.
    pub(crate) fn complain(self, result: Result<Done, ErrorBody>) {
        if let Err(error) = result {
            self.complaint.set(Some(error.message.into_owned()));
        }
    }

    /// Where to go after leaving a room.
    pub(crate) fn elsewhere(self, left: RoomId) -> String {
        self.rooms.with_untracked(|rooms| {
            let next = rooms.iter().find(|room| room.id != left);
            next.map_or_else(|| "/".to_owned(), |room| Place::room_path(room.id, &room.name))
        })
    }
}

/// What the server said about a room when it made the page.
enum Said {
    Inside,
    Outside,
}
