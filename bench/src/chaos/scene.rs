//! A phase from its beginning to its end: people come, something goes wrong for a while, all falls silent, and what is
//! left is judged.

use std::{collections::BTreeMap, path::Path, rc::Rc, time::Duration};

use anyhow::{Context as _, Result};
use client::{Input, Intent, RoomView, Status};
use protocol::{InboxSnapshot, RoomId, RoomSummary, StreamId};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep, timeout_at},
};

use super::{
    cast::{Cast, PATIENCE, Scenery},
    evidence::Evidence,
    stage::{How, Stage},
    watch::Watch,
};
use crate::{
    journal::Device,
    oracle::{Verdict, disk, log, room, shown::Shown},
    people::Folder,
};

/// How often somebody is asked whether they are there yet.
const LOOK: Duration = Duration::from_millis(100);
/// Where there is no more time than this, everybody looks at their page at the end, and nobody waits for the engine.
const SHORT: Duration = Duration::from_secs(60);
/// How long it takes at most until everybody is shown the last message of each room.
const SHOWN_MAX: Duration = Duration::from_secs(60);
/// How long it takes at most after that until everybody's list of rooms says what the server says.
const TOLD_MAX: Duration = Duration::from_secs(20);

/// What a phase is played with.
#[derive(Clone)]
pub(crate) struct Props<'a> {
    pub(crate) parlor: &'a Path,
    pub(crate) seed: u64,
    pub(crate) port: Option<u16>,
    pub(crate) length: Duration,
    /// What is taken away from the server.
    pub(crate) without: &'a [String],
    /// Who is only there, besides those who talk and read.
    pub(crate) only_there: usize,
    /// Settings of the server.
    pub(crate) settings: &'a [&'a str],
    /// Failpoints of the server, for all of the phase.
    pub(crate) failpoints: Vec<String>,
    /// Where everything is that is left of it.
    pub(crate) evidence: &'a Rc<Evidence>,
}

/// A phase that is being played.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) scenery: Scenery,
    pub(crate) cast: Cast,
    pub(crate) watch: Rc<Watch>,
    /// What was done to the server, and how often.
    pub(crate) injected: BTreeMap<&'static str, usize>,
    /// What went wrong so far.
    pub(crate) wrong: Vec<String>,
    began: Instant,
    length: Duration,
    watching: AbortHandle,
}

impl Scene {
    /// Sets the stage, starts the server and lets people come.
    pub(crate) async fn set(props: &Props<'_>) -> Result<Self> {
        let data = props.evidence.data();
        let scenery = Scenery::build(&data, props.only_there).await?;
        let mut stage = Stage::new(props.parlor, data, &props.evidence.log(), props.port)?;
        stage.settings = props.settings.iter().map(|&setting| setting.to_owned()).collect();
        stage.failpoints.extend(props.without.iter().map(|part| format!("without={part}")));
        stage.failpoints.extend_from_slice(&props.failpoints);
        stage.start(&How::default()).await?;
        let cast = Cast::enter(&stage.base(), props.seed, &scenery, props.evidence).await?;
        let watch = Rc::<Watch>::default();
        let watching = tokio::task::spawn_local(Rc::clone(&watch).run()).abort_handle();
        Ok(Self {
            stage,
            scenery,
            cast,
            watch,
            injected: BTreeMap::new(),
            wrong: Vec::new(),
            began: Instant::now(),
            length: props.length,
            watching,
        })
    }

    /// Whether something more is to go wrong. When half of the time is over, those come who come late.
    pub(crate) fn goes_on(&mut self) -> bool {
        if self.began.elapsed() > self.length / 2 {
            self.cast.enter_late();
        }
        self.began.elapsed() < self.length
    }

    /// Counts something that was done to the server.
    pub(crate) fn counts(&mut self, what: &'static str) {
        self.counts_times(what, 1);
    }

    /// The same for what was done, or seen, several times.
    pub(crate) fn counts_times(&mut self, what: &'static str, times: usize) {
        *self.injected.entry(what).or_default() += times;
    }

    /// A fault is over: from here on it counts how long it takes everybody to recover.
    pub(crate) fn recovers(&self) {
        let rooms = |device: &Rc<Device>| -> Rc<[RoomId]> {
            if self.cast.is_everywhere(device) { Rc::clone(&self.cast.rooms) } else { Rc::from([self.cast.rooms[0]]) }
        };
        self.watch.counts(self.cast.devices.iter().map(|device| (Rc::clone(device), rooms(device))));
    }

    /// Waits until everybody has recovered, and says who has not.
    pub(crate) async fn settles(&mut self, patience: Duration) {
        self.wrong.extend(self.watch.settles(patience).await);
    }

    /// Lets all fall silent, ends the server as one should, and judges what is left.
    pub(crate) async fn ends(mut self) -> Result<Verdict> {
        self.goes_on();
        self.cast.enter_late();
        if self.length < SHORT {
            self.cast.wake().await;
        }
        self.cast.fall_silent().await;
        self.settles(PATIENCE).await;
        self.watch.ends();
        self.watching.abort();
        let again = self.again();
        for (device, room) in again.iter().flat_map(|device| self.cast.rooms.iter().map(move |room| (device, *room))) {
            let opened = device.client.opens(room).await;
            self.wrong.extend(opened.err().map(|error| format!("{}: {error}", device.name)));
        }
        for room in self.cast.rooms.iter() {
            self.cast.devices[0].says(*room, "this is the end".to_owned()).await;
        }
        let (mut shown, until) = (Vec::new(), Instant::now() + SHOWN_MAX);
        for device in self.cast.devices.iter().chain(&again) {
            let (views, faults) = self.views(device, until).await;
            self.wrong.extend(faults);
            shown.push((device, views));
        }
        let until = Instant::now() + TOLD_MAX;
        let mut all = Vec::with_capacity(shown.len());
        for (device, views) in shown {
            let (user, who) = (device.client.session().user.id, device.name.clone());
            let (list, told) = self.told(device, until).await;
            let told = told.unwrap_or_else(|error| {
                self.wrong.push(format!("{who} is told nothing: {error:#}"));
                Vec::new()
            });
            all.push(Shown { who, user, views, list, told });
        }
        self.stage.stop().await.context("at the end")?;
        self.judges(&all).await
    }

    /// Some of the people once more, on devices that know nothing yet.
    fn again(&self) -> Vec<Rc<Device>> {
        let some = self.cast.devices.iter().filter(|device| self.cast.is_everywhere(device)).step_by(7);
        let fresh = some.map(|device| {
            let (session, name) = (device.client.session().clone(), format!("{} afresh", device.name));
            Device::start(&self.stage.base(), session, name, PATIENCE)
        });
        fresh.collect()
    }

    /// What somebody is shown of their rooms once they are shown the last message of each and nothing waits; of which
    /// that was never so.
    async fn views(&self, device: &Device, until: Instant) -> (Vec<(RoomId, RoomView)>, Vec<String>) {
        let rooms = if self.cast.is_everywhere(device) { &self.cast.rooms[..] } else { &self.cast.rooms[..1] };
        let mut wrong = Vec::new();
        let mut views = Vec::new();
        for room in rooms {
            // Whoever opened it at what was unread goes on to its end, page by page.
            while Instant::now() < until
                && device.client.view(|engine| engine.room(*room)).is_some_and(|view| !view.at_end)
                && device.client.input(Input::Intent(Intent::LoadNewer(*room))).await.is_ok()
            {
                sleep(LOOK).await;
            }
            let last = self.cast.devices[0].journal().said(*room).next_back();
            let view = device.client.until("the last message, and nothing that waits", |engine| {
                let view = engine.room(*room).filter(|view| view.is_live)?;
                let is_there = last.is_none_or(|last| view.lines.iter().any(|line| line.seq == Some(last)));
                let is_settled = |line: &client::Line| line.status == Status::Stored && line.change.is_none();
                (is_there && view.lines.iter().all(is_settled)).then_some(view)
            });
            match timeout_at(until, view).await {
                Ok(Ok(view)) => views.push((*room, view)),
                Ok(Err(_)) | Err(_) => {
                    let view = device.client.view(|engine| engine.room(*room));
                    wrong.push(format!(
                        "{} is not shown the end of room {room}: {}",
                        device.name,
                        unsettled(view.as_ref())
                    ));
                }
            }
        }
        (views, wrong)
    }

    /// What somebody's list of rooms says, and what the server says of them: waits until both say the same.
    async fn told(&self, device: &Device, until: Instant) -> (Vec<RoomSummary>, Result<Vec<RoomSummary>>) {
        loop {
            let list = device.client.view(|engine| engine.rooms());
            let told = self.stage.get(&device.client.session().token, "/api/v1/inbox").await;
            let told = told.and_then(|text| Ok(serde_json::from_str::<InboxSnapshot>(&text)?.rooms));
            if told.as_ref().is_ok_and(|told| *told == list) || Instant::now() > until {
                return (list, told);
            }
            sleep(LOOK).await;
        }
    }

    async fn judges(&mut self, shown: &[Shown]) -> Result<Verdict> {
        let damage = disk::damage(&self.stage.data).await?;
        let folder = Folder::open(&self.stage.data).await?;
        let logs = disk::logs(&folder, &self.scenery.streams()).await?;
        let rooms = logs.iter().filter(|log| matches!(log.stream, StreamId::Room(_)));
        let rooms = rooms.map(|log| room::fold(&log.records)).collect::<Result<Vec<_>>>()?;
        let differences = disk::differences(&folder, &rooms, &self.cast.people_everywhere()).await?;
        folder.close().await;

        let journals: Vec<_> = self.cast.devices.iter().map(|device| device.journal()).collect();
        let mut verdict = log::judge(journals.iter().map(|journal| &**journal), &logs);
        verdict.wrong.extend(damage.into_iter().chain(differences));
        verdict.wrong.extend(shown.iter().flat_map(|shown| shown.differences(&rooms)));
        verdict.wrong.append(&mut self.wrong);
        Ok(verdict)
    }
}

/// What is the matter with a room that somebody is shown.
fn unsettled(view: Option<&RoomView>) -> String {
    let Some(view) = view else { return "it is not open".to_owned() };
    let waits = view.lines.iter().filter(|line| line.status != Status::Stored || line.change.is_some());
    let waits: Vec<_> = waits.map(|line| (line.seq, &line.status, line.change.as_ref())).collect();
    let last = view.lines.iter().filter_map(|line| line.seq).max();
    format!("{:?}, live: {}, last line {last:?}, waiting: {waits:?}", view.state, view.is_live)
}
