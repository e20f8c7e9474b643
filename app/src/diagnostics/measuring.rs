//! Measuring round trips: numbered frames to `/ws/echo`, text and binary in turn, until one has seen enough.

use client::{Probe, RoundTrips};
use leptos::prelude::*;
use protocol::close;

use super::Echoed;
use crate::platform::{self, Echo, Ticking};

/// The time between two frames, in milliseconds; every second one is text.
const FRAME_INTERVAL_MS: u32 = 125;
/// Without any answer for this long, in milliseconds, measuring is given up.
const SILENCE_MS_MAX: u64 = 10_000;
/// What a text frame begins with; its number follows.
const TEXT: &str = "round trip ";
/// What a binary frame begins with; its number follows in four bytes, the lowest first.
const BYTES: [u8; 4] = [0, 0xff, 0xfe, 0x80];

/// How it stands with measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It has not begun.
    Before,
    /// A connection is being opened.
    Opening,
    /// Frames come and go.
    Measuring,
    /// It was ended from here.
    Stopped,
    /// It ended by itself.
    Failed(Why),
}

/// Why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// There is no way to the server.
    Unreachable,
    /// The server is there, but opens no such connection.
    Refused,
    /// The server is there, and has too much to do.
    Busy,
    /// The server serves a connection for so long and no longer.
    TimeIsUp,
    /// The connection broke.
    Lost,
    /// Nothing came back any more.
    Silent,
}

impl Phase {
    pub(super) fn is_running(self) -> bool {
        match self {
            Self::Opening | Self::Measuring => true,
            Self::Before | Self::Stopped | Self::Failed(_) => false,
        }
    }

    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Before => "Nothing is measured yet.",
            Self::Opening => "Opening a connection …",
            Self::Measuring => "Measuring, for five minutes at most.",
            Self::Stopped => "Stopped. These are the figures until then.",
            Self::Failed(Why::Unreachable) => {
                "The server cannot be reached. Start again when you are connected to the network."
            }
            Self::Failed(Why::Refused) => {
                "The server opened no connection: an address may have ten at a time for measuring. Stop measuring in other tabs, then start again."
            }
            Self::Failed(Why::Busy) => "The server has too much to do. Start again in a moment.",
            Self::Failed(Why::TimeIsUp) => "The five minutes are over. Start again to go on measuring.",
            Self::Failed(Why::Lost) => "The connection was lost. Start again when you are connected.",
            Self::Failed(Why::Silent) => "Nothing came back for ten seconds. Check the network, then start again.",
        }
    }
}

/// The two kinds of frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) text: RoundTrips,
    pub(super) binary: RoundTrips,
}

/// What runs while it is measured.
struct Running {
    echo: Echo,
    _ticking: Option<Ticking>,
    is_text_last: bool,
    heard_us: u64,
}

/// A measurement. Copies are the same one.
#[derive(Clone, Copy)]
pub(super) struct Measuring {
    pub(super) phase: RwSignal<Phase>,
    pub(super) measured: RwSignal<Measured>,
    running: StoredValue<Option<Running>, LocalStorage>,
}

impl Measuring {
    /// One that has not begun; it ends with the component that it belongs to.
    pub(super) fn new() -> Self {
        let running = StoredValue::new_local(None);
        let measuring = Self { phase: RwSignal::new(Phase::Before), measured: RwSignal::default(), running };
        on_cleanup(move || measuring.end());
        measuring
    }

    /// Begins, from nothing.
    pub(super) fn start(self) {
        self.measured.set(Measured::default());
        self.phase.set(Phase::Opening);
        let echo = Echo::open(move |echoed| self.hear(echoed));
        let heard_us = platform::monotonic_us();
        self.running.set_value(Some(Running { echo, _ticking: None, is_text_last: false, heard_us }));
    }

    /// Ends, as was asked for.
    pub(super) fn stop(self) {
        self.end();
        self.phase.set(Phase::Stopped);
    }

    /// Lets go of connection and timer.
    fn end(self) {
        _ = self.running.try_update_value(Option::take);
    }

    fn fail(self, why: Why) {
        self.end();
        self.phase.set(Phase::Failed(why));
    }

    fn hear(self, echoed: Echoed) {
        let now_us = platform::monotonic_us();
        match echoed {
            Echoed::Opened => {
                self.phase.set(Phase::Measuring);
                let ticking = Ticking::every(FRAME_INTERVAL_MS, move || self.tick());
                self.running.update_value(|running| {
                    if let Some(running) = running {
                        (running._ticking, running.heard_us) = (Some(ticking), now_us);
                    }
                });
            }
            Echoed::Text(text) => {
                if let Some(number) = number_of_text(&text) {
                    self.came_back(now_us, |measured| measured.text.came_back(number, now_us));
                }
            }
            Echoed::Bytes(bytes) => {
                if let Some(number) = number_of_bytes(&bytes) {
                    self.came_back(now_us, |measured| measured.binary.came_back(number, now_us));
                }
            }
            Echoed::Closed(code) => self.closed(code),
        }
    }

    fn came_back(self, now_us: u64, note: impl FnOnce(&mut Measured)) {
        self.measured.update(note);
        self.running.update_value(|running| {
            if let Some(running) = running {
                running.heard_us = now_us;
            }
        });
    }

    /// Sends the next frame, and gives up what has been on its way for too long.
    fn tick(self) {
        let now_us = platform::monotonic_us();
        self.measured.update(|measured| {
            measured.text.expire(now_us);
            measured.binary.expire(now_us);
            self.running.update_value(|running| {
                let Some(running) = running else { return };
                running.is_text_last = !running.is_text_last;
                if running.is_text_last {
                    running.echo.send_text(&text_of(measured.text.send(now_us)));
                } else {
                    running.echo.send_bytes(&bytes_of(measured.binary.send(now_us)));
                }
            });
        });
        let heard_us = self.running.with_value(|running| running.as_ref().map_or(now_us, |running| running.heard_us));
        if now_us.saturating_sub(heard_us) >= SILENCE_MS_MAX * 1_000 {
            // The timer that this runs in must not be dropped by itself.
            platform::later(move || self.fail(Why::Silent));
        }
    }

    fn closed(self, code: Option<u16>) {
        match self.phase.get_untracked() {
            Phase::Measuring if code == Some(close::GOING_AWAY) => self.fail(Why::TimeIsUp),
            Phase::Measuring => self.fail(Why::Lost),
            Phase::Opening => {
                self.end();
                // A browser does not say why; the server does where it is asked.
                platform::spawn(async move {
                    let why = match platform::probe().await {
                        Probe::Ready | Probe::LoggedOut => Why::Refused,
                        Probe::Later { .. } => Why::Busy,
                        Probe::Unreachable => Why::Unreachable,
                    };
                    if self.phase.try_get_untracked() == Some(Phase::Opening) {
                        self.fail(why);
                    }
                });
            }
            Phase::Before | Phase::Stopped | Phase::Failed(_) => {}
        }
    }
}

fn text_of(number: u32) -> String {
    format!("{TEXT}{number}")
}

fn number_of_text(text: &str) -> Option<u32> {
    text.strip_prefix(TEXT)?.parse().ok()
}

fn bytes_of(number: u32) -> Vec<u8> {
    [BYTES, number.to_le_bytes()].concat()
}

fn number_of_bytes(bytes: &[u8]) -> Option<u32> {
    let number = bytes.strip_prefix(&BYTES)?.try_into().ok()?;
    Some(u32::from_le_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_comes_back_tells_its_number() {
        for number in [0, 1, 255, 256, u32::MAX] {
            assert_eq!(number_of_text(&text_of(number)), Some(number));
            assert_eq!(number_of_bytes(&bytes_of(number)), Some(number));
        }
    }

    #[test]
    fn what_was_changed_on_the_way_tells_none() {
        assert_eq!(number_of_text("round trip"), None);
        assert_eq!(number_of_text("round trip 1x"), None);
        assert_eq!(number_of_bytes(&[0, 0xff, 0xfe, 0x80, 1, 0, 0]), None);
        assert_eq!(number_of_bytes(&[0, 0xff, 0xfe, 0x81, 1, 0, 0, 0]), None);
    }
}
