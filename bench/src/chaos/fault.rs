//! The faults by their names, and what they are numbered as.

use std::fmt;

use clap::ValueEnum;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// `kill -9` every few seconds, also while starting and at points on the way of a command
    Kill,
    /// Every sync fails
    Sync,
    /// The disk is full
    Full,
    /// Another program holds the database
    Locked,
    /// Another program holds the log open
    Wal,
    /// The bus between nodes repeats and reorders
    Bus,
    /// The clock jumps by a day
    Clock,
    /// Connections of which the other end is gone without a word
    HalfOpen,
    /// Restarted as by a service manager
    Restart,
    /// The browser loses the network, or its page is loaded again
    Offline,
    /// The browser's program panics
    Panic,
    /// Few open files, little memory
    Limits,
}

impl Fault {
    /// Its number among the faults that Parlor is built against.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Kill => 1,
            Self::Sync => 2,
            Self::Full => 3,
            Self::Locked => 4,
            Self::Wal => 5,
            Self::Bus => 8,
            Self::Clock => 9,
            Self::HalfOpen => 10,
            Self::Restart => 11,
            Self::Offline => 13,
            Self::Panic => 14,
            Self::Limits => 16,
        }
    }

    /// Where it is tried, if not here.
    #[must_use]
    pub fn elsewhere(self) -> Option<&'static str> {
        match self {
            Self::Bus => Some(
                "one process has no bus to speak of: nodes inside of a test have one, in server/src/hub/tests.rs and \
                 server/tests/it/socket_nodes.rs",
            ),
            Self::Offline => Some("it takes a browser: end2end/tests/connection.spec.ts"),
            Self::Panic => Some("it takes a browser: end2end/tests/crash.spec.ts"),
            Self::Kill
            | Self::Sync
            | Self::Full
            | Self::Locked
            | Self::Wal
            | Self::Clock
            | Self::HalfOpen
            | Self::Restart
            | Self::Limits => None,
        }
    }

    /// How large a part of the time it gets, compared to the others.
    #[must_use]
    pub fn share(self) -> u32 {
        match self {
            Self::Kill => 3,
            Self::Bus | Self::Offline | Self::Panic => 0,
            Self::Sync
            | Self::Full
            | Self::Locked
            | Self::Wal
            | Self::Clock
            | Self::HalfOpen
            | Self::Restart
            | Self::Limits => 1,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
