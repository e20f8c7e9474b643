//! Round trips of numbered frames: which came back, how soon, and which are lost. Pure; the clock is passed in.
//!
//! Times are in microseconds, because on one machine a round trip takes less than a millisecond.

/// Frames that median, 95th percentile and loss are about: the last ones whose fate is known.
pub const ROUND_TRIPS_WINDOW: usize = 120;
/// A frame that has not come back after this time, in milliseconds, is lost, and stays so.
pub const ROUND_TRIP_MS_MAX: u64 = 3_000;
/// Frames that may be on their way; with one more, the oldest is given up.
const WAITING_MAX: usize = 64;

const US: u64 = 1_000;

/// What became of a frame: the time it took, or nothing.
pub type Fate = Option<u64>;

/// The round trips of one kind of frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    sent: u32,
    answered: u32,
    lost: u32,
    /// Number and time of sending of those on their way, in order.
    waiting: Vec<(u32, u64)>,
    fates: Vec<Fate>,
}

impl RoundTrips {
    /// A frame is sent now; its number.
    pub fn send(&mut self, now_us: u64) -> u32 {
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.remove(0);
            self.lose();
        }
        self.sent += 1;
        self.waiting.push((self.sent, now_us));
        self.sent
    }

    /// A frame has come back. One that is not waited for, or not any more, changes nothing.
    pub fn came_back(&mut self, number: u32, now_us: u64) {
        if let Some(index) = self.waiting.iter().position(|(waiting, _)| *waiting == number) {
            let (_, since) = self.waiting.remove(index);
            self.answered += 1;
            self.settle(Some(now_us.saturating_sub(since)));
        }
    }

    /// Gives up what has been on its way for too long.
    pub fn expire(&mut self, now_us: u64) {
        while self.waiting.first().is_some_and(|(_, since)| now_us.saturating_sub(*since) >= ROUND_TRIP_MS_MAX * US) {
            self.waiting.remove(0);
            self.lose();
        }
    }

    fn lose(&mut self) {
        self.lost += 1;
        self.settle(None);
    }

    fn settle(&mut self, fate: Fate) {
        if self.fates.len() >= ROUND_TRIPS_WINDOW {
            self.fates.remove(0);
        }
        self.fates.push(fate);
    }

    /// The fates of the window, oldest first.
    #[must_use]
    pub fn fates(&self) -> &[Fate] {
        &self.fates
    }

    /// All of it in numbers.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut times: Vec<u64> = self.fates.iter().flatten().copied().collect();
        times.sort_unstable();
        Summary {
            sent: self.sent,
            answered: self.answered,
            lost: self.lost,
            median_us: percentile(&times, 50),
            p95_us: percentile(&times, 95),
            loss_percent: loss_percent(&self.fates),
        }
    }
}

/// Round trips in numbers: the first three since the beginning, the others of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Frames that were sent.
    pub sent: u32,
    /// Those that came back in time.
    pub answered: u32,
    /// Those that did not.
    pub lost: u32,
    /// Half of the frames that came back took this long at most, in microseconds.
    pub median_us: Option<u64>,
    /// 95 of 100 took this long at most, in microseconds.
    pub p95_us: Option<u64>,
    /// Of 100 frames, how many were lost, rounded up: not one is hidden.
    pub loss_percent: Option<u32>,
}

/// The smallest of sorted values that `percent` of 100 do not exceed (nearest rank).
#[must_use]
pub fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Of 100 frames, how many were lost, rounded up; nothing where there was no frame.
#[must_use]
pub fn loss_percent(fates: &[Fate]) -> Option<u32> {
    let lost = fates.iter().filter(|fate| fate.is_none()).count();
    (!fates.is_empty()).then(|| u32::try_from((lost * 100).div_ceil(fates.len())).unwrap_or(100))
}
