//! How long it takes after a fault until somebody is as well off as before it: connected, shown all that is new, and
//! with an answer to everything that they wanted up to its end.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use client::Connection;
use protocol::RoomId;
use tokio::time::{Instant, sleep};

use crate::{figures::Times, journal::Device};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(20);

/// Those who are not well yet, and how long it took the others.
#[derive(Default)]
pub(crate) struct Watch {
    ill: RefCell<Vec<Ill>>,
    times: RefCell<Vec<Duration>>,
    last: RefCell<Option<(Duration, String)>>,
    is_over: Cell<bool>,
}

struct Ill {
    device: Rc<Device>,
    rooms: Rc<[RoomId]>,
    since: Instant,
}

impl Ill {
    fn is_well(&self) -> bool {
        let is_there = self.device.client.view(|engine| {
            engine.connection() == Connection::Online && self.rooms.iter().all(|room| engine.is_live(*room))
        });
        is_there && self.device.journal().unanswered(self.since) == 0
    }
}

impl Watch {
    /// A fault is over: from now on it counts how long these take. Those who have not recovered from an earlier one
    /// go on being counted from there.
    pub(crate) fn counts(&self, devices: impl IntoIterator<Item = (Rc<Device>, Rc<[RoomId]>)>) {
        let (since, mut ill) = (Instant::now(), self.ill.borrow_mut());
        for (device, rooms) in devices {
            if !ill.iter().any(|known| Rc::ptr_eq(&known.device, &device)) {
                ill.push(Ill { device, rooms, since });
            }
        }
    }

    /// Looks again and again until it is told to end.
    pub(crate) async fn run(self: Rc<Self>) {
        while !self.is_over.get() {
            self.look();
            sleep(LOOK).await;
        }
    }

    fn look(&self) {
        self.ill.borrow_mut().retain(|ill| {
            let is_well = ill.is_well();
            if is_well {
                let took = ill.since.elapsed();
                self.times.borrow_mut().push(took);
                if self.last.borrow().as_ref().is_none_or(|(longest, _)| *longest < took) {
                    *self.last.borrow_mut() = Some((took, format!("{}: {}", ill.device.name, ill.device.story())));
                }
            }
            !is_well
        });
    }

    /// Waits until everybody is well, for so long at most. Who is not, and why.
    pub(crate) async fn settles(&self, patience: Duration) -> Vec<String> {
        let until = Instant::now() + patience;
        while !self.ill.borrow().is_empty() && Instant::now() < until {
            sleep(LOOK).await;
        }
        let ill = self.ill.borrow();
        let named = ill.iter().map(|ill| {
            let (name, waits) = (&ill.device.name, ill.device.journal().unanswered(ill.since));
            format!("{name} is not well after {:?}; {waits} unanswered; {}", ill.since.elapsed(), ill.device.story())
        });
        named.collect()
    }

    /// Ends.
    pub(crate) fn ends(&self) {
        self.is_over.set(true);
    }

    /// How long it took all that recovered, and who was the last and what happened to them.
    pub(crate) fn line(&self) -> Option<String> {
        let times = self.times.borrow().clone();
        let count = times.len();
        let Times { p50_ms, p99_ms, max_ms, .. } = Times::of(times)?;
        Some(format!("{count} recoveries: p50 {p50_ms:.0} ms, p99 {p99_ms:.0} ms, last {max_ms:.0} ms"))
    }

    /// Who took longest, and what happened to their connection.
    pub(crate) fn last(&self) -> Option<String> {
        self.last.borrow().as_ref().map(|(_, who)| who.clone())
    }
}
