//! The people of a phase: some talk, some only read, some come late, some have two devices, and some are only there.

use std::{cell::Cell, path::Path, rc::Rc, time::Duration};

use anyhow::Result;
use client::{Input, native::Session};
use protocol::{Command, RoomId, Seq, StreamId, UserId, members::JoinRoom, rooms::History};
use tokio::{task::JoinSet, time::sleep};

use super::{author, evidence::Evidence, reader};
use crate::{
    journal::{Device, Intent},
    people::{Folder, Person, Place, client_id},
};

/// Who talks from the beginning. The first of them have a second device, on which they talk as well.
const AUTHORS: usize = 10;
const TWO_DEVICES: usize = 2;
/// Who only reads.
const READERS: usize = 5;
/// Who comes when half of the time is over: half of them talk then, the others read.
const LATE: usize = 4;
/// How long anybody waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// What is in a data folder before anybody comes.
pub(crate) struct Scenery {
    sessions: Vec<Session>,
    /// Tokens of those who only fill what is to be filled.
    pub(crate) fillers: Vec<Person>,
    /// The room for everyone, one for all that was ever said, and one in which who comes late sees nothing of it.
    pub(crate) rooms: Vec<Place>,
    /// A room that nobody looks at, for the fillers.
    pub(crate) cellar: Place,
}

impl Scenery {
    /// Makes accounts and rooms; besides the others there are so many who are only there.
    pub(crate) async fn build(data: &Path, only_there: usize) -> Result<Self> {
        let folder = Folder::open(data).await?;
        let mut people = folder.people(AUTHORS + READERS + LATE + only_there + FILLERS).await?;
        let fillers = people.split_off(people.len() - FILLERS);
        let early = &people[..AUTHORS + READERS];
        let rooms = vec![
            folder.general().await?,
            folder.room_with("lounge", History::Everything, early).await?,
            folder.room_with("study", History::SinceJoining, early).await?,
        ];
        let cellar = folder.room_with("cellar", History::Everything, &fillers).await?;
        // The rooms have gone on since.
        let sessions = people.iter().map(Person::native_session).collect();
        folder.close().await;
        Ok(Self { sessions, fillers, rooms, cellar })
    }

    /// All logs, and from where on what is in them was wanted by the people.
    pub(crate) fn streams(&self) -> Vec<(StreamId, Seq)> {
        let rooms = self.rooms.iter().map(|place| (StreamId::Room(place.room), place.head.seq));
        let inboxes = self.sessions.iter().map(|session| (StreamId::Inbox(session.user.id), Seq(0)));
        rooms.chain(inboxes).collect()
    }

    /// The numbers of the rooms.
    pub(crate) fn numbers(&self) -> Rc<[RoomId]> {
        self.rooms.iter().map(|place| place.room).collect()
    }
}

/// Who only fills.
const FILLERS: usize = 4;

/// Those who are there, and what they are doing.
pub(crate) struct Cast {
    base: String,
    seed: u64,
    pub(crate) rooms: Rc<[RoomId]>,
    sessions: Vec<Session>,
    pub(crate) devices: Vec<Rc<Device>>,
    tasks: JoinSet<()>,
    is_over: Rc<Cell<bool>>,
    late: bool,
    evidence: Rc<Evidence>,
}

impl Cast {
    /// Those who come at the beginning come, and talk and read from when on they are all there.
    pub(crate) async fn enter(base: &str, seed: u64, scenery: &Scenery, evidence: &Rc<Evidence>) -> Result<Self> {
        let mut cast = Self {
            base: base.to_owned(),
            seed,
            rooms: scenery.numbers(),
            sessions: scenery.sessions.clone(),
            devices: Vec::new(),
            tasks: JoinSet::new(),
            is_over: Rc::default(),
            late: false,
            evidence: Rc::clone(evidence),
        };
        let readers = AUTHORS..AUTHORS + READERS;
        let only_there = AUTHORS + READERS + LATE..cast.sessions.len();
        for person in (0..AUTHORS).chain(readers.clone()).chain(only_there) {
            cast.device(person, "");
        }
        for person in 0..TWO_DEVICES {
            cast.device(person, "'s telephone");
        }
        for device in &cast.devices {
            device.client.opens(cast.rooms[0]).await?;
        }
        let everywhere: Vec<_> = cast.devices.iter().filter(|device| cast.is_everywhere(device)).cloned().collect();
        for device in everywhere {
            for room in &cast.rooms[1..] {
                device.client.opens(*room).await?;
            }
            if readers.contains(&cast.place_of(&device)) { cast.reads(&device) } else { cast.talks(&device) }
        }
        Ok(cast)
    }

    fn device(&mut self, person: usize, which: &str) -> Rc<Device> {
        let session = self.sessions[person].clone();
        let name = format!("{}{which}", session.user.name);
        let device = Device::start(&self.base, session, name, PATIENCE);
        self.devices.push(Rc::clone(&device));
        self.evidence.includes(&device);
        device
    }

    fn place_of(&self, device: &Device) -> usize {
        let user = device.client.session().user.id;
        self.sessions.iter().position(|session| session.user.id == user).unwrap_or(usize::MAX)
    }

    /// Whether somebody is in all rooms, and not in the one for everyone alone.
    pub(crate) fn is_everywhere(&self, device: &Device) -> bool {
        self.place_of(device) < AUTHORS + READERS + if self.late { LATE } else { 0 }
    }

    /// Those who are in all rooms.
    pub(crate) fn people_everywhere(&self) -> Vec<UserId> {
        let devices = self.devices.iter().filter(|device| self.is_everywhere(device));
        devices.map(|device| device.client.session().user.id).collect()
    }

    fn talks(&mut self, device: &Rc<Device>) {
        let (rooms, is_over) = (Rc::clone(&self.rooms), Rc::clone(&self.is_over));
        self.tasks.spawn_local(author::talk(Rc::clone(device), rooms, self.seed, is_over));
        self.hurries(device);
    }

    fn reads(&mut self, device: &Rc<Device>) {
        let (rooms, is_over) = (Rc::clone(&self.rooms), Rc::clone(&self.is_over));
        self.tasks.spawn_local(reader::read(Rc::clone(device), rooms, self.seed, is_over));
        self.hurries(device);
    }

    /// Every other one looks at the page when the connection is gone, and so has it tried at once; the others wait.
    fn hurries(&mut self, device: &Rc<Device>) {
        if self.place_of(device) % 2 == 1 {
            self.tasks.spawn_local(reader::hurry(Rc::clone(device), self.seed, Rc::clone(&self.is_over)));
        }
    }

    /// Those who come late come, join and begin. Once.
    pub(crate) fn enter_late(&mut self) {
        if std::mem::replace(&mut self.late, true) {
            return;
        }
        for person in AUTHORS + READERS..AUTHORS + READERS + LATE {
            let device = self.device(person, "");
            let (rooms, seed, is_over) = (Rc::clone(&self.rooms), self.seed, Rc::clone(&self.is_over));
            self.tasks.spawn_local(async move {
                for room in rooms.iter().skip(1) {
                    device.wants(Command::JoinRoom(JoinRoom { client_id: client_id(), room: *room })).await;
                }
                for room in rooms.iter() {
                    // Where it does not open in time, the oracle says so at the end.
                    let _ = device.client.opens(*room).await;
                }
                if person % 2 == 0 {
                    author::talk(device, rooms, seed, is_over).await;
                } else {
                    reader::read(device, rooms, seed, is_over).await;
                }
            });
        }
    }

    /// Where everything is that was acknowledged to anybody so far.
    pub(crate) fn places(&self) -> Vec<(StreamId, Seq)> {
        let of = |device: &Rc<Device>| device.journal().intents.iter().filter_map(Intent::place).collect::<Vec<_>>();
        self.devices.iter().flat_map(of).collect()
    }

    /// Everybody looks at their page, which has a connection that is gone tried at once.
    pub(crate) async fn wake(&self) {
        for device in &self.devices {
            // A client that has ended is found by the oracle.
            let _ = device.client.input(Input::Wake).await;
        }
    }

    /// Nobody begins anything any more. Waits until what was begun is answered.
    pub(crate) async fn fall_silent(&mut self) {
        self.is_over.set(true);
        while self.tasks.join_next().await.is_some() {}
        // One more moment, in which those who have just been answered are shown what they said.
        sleep(Duration::ZERO).await;
    }
}
