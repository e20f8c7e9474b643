//! What there is to measure.

use clap::ValueEnum;

use crate::step::Step;

/// Something to measure: a program `end2end/bench/<name>.bench.ts`, or a scenario of the crate `bench`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Scenario {
    /// What the pages weigh, how soon they are to be seen, how soon typing works, and how much jumps.
    Page,
    /// How soon a letter is to be seen while messages pour in, and whether memory stays bounded.
    Typing,
    /// What it costs to bring a message to everybody in a room, beside other servers that only carry.
    Fanout,
    /// What it costs to bring a message to everybody in a room, beside the WebSocket layers alone.
    Transport,
    /// How many posts a second are acknowledged, that is, on disk, beside SQLite alone.
    Durable,
    /// How long a message takes to the last of 1,000 at half of the rate that the server can take.
    Latency,
    /// What somebody costs who is there and to whom nothing happens.
    Idle,
    /// What it costs that thousands come to a room and leave it.
    Presence,
    /// What those who stay feel of those who do not read, say too much, or come back all at once.
    Pressure,
    /// Whether anything is lost where the server is restarted again and again, and how soon everybody is back.
    Restarts,
    /// How soon ten thousand are back where the server is killed, and whether anything is lost.
    Storm,
    /// Whether rooms and servers that have grown are as quick as small ones.
    History,
}

impl Scenario {
    pub(super) fn name(self) -> &'static str {
        self.step().name
    }

    pub(super) fn step(self) -> Step {
        match self {
            Self::Page => Step {
                name: "page",
                what: "opening the log-in page and a room with an empty cache",
                budget_min: 6,
                by_hand: "cargo xtask bench page",
            },
            Self::Typing => Step {
                name: "typing",
                what: "typing while messages pour in, and what is left of much use",
                budget_min: 10,
                by_hand: "cargo xtask bench typing",
            },
            Self::Fanout => Step {
                name: "fanout",
                what: "rooms of up to 10,000, carried by Parlor and by its peers",
                budget_min: 90,
                by_hand: "cargo xtask bench fanout",
            },
            Self::Transport => Step {
                name: "transport",
                what: "rooms of up to 10,000, carried by Parlor and by WebSocket layers alone",
                budget_min: 60,
                by_hand: "cargo xtask bench transport",
            },
            Self::Durable => Step {
                name: "durable",
                what: "posts that are acknowledged, and SQLite alone beside them",
                budget_min: 15,
                by_hand: "cargo xtask bench durable",
            },
            Self::Latency => Step {
                name: "latency",
                what: "messages to rooms of up to 1,000 at half of the peak",
                budget_min: 15,
                by_hand: "cargo xtask bench latency",
            },
            Self::Idle => Step {
                name: "idle",
                what: "up to 10,000 people to whom nothing happens",
                budget_min: 20,
                by_hand: "cargo xtask bench idle",
            },
            Self::Presence => Step {
                name: "presence",
                what: "up to 5,000 people who come and leave",
                budget_min: 20,
                by_hand: "cargo xtask bench presence",
            },
            Self::Pressure => Step {
                name: "pressure",
                what: "500 people who stay, beside some who put the server under pressure",
                budget_min: 60,
                by_hand: "cargo xtask bench pressure",
            },
            Self::Restarts => Step {
                name: "restarts",
                what: "500 people who talk while the server is restarted fifty times",
                budget_min: 60,
                by_hand: "cargo xtask bench restarts",
            },
            Self::Storm => Step {
                name: "storm",
                what: "10,000 people, and a server that is killed",
                budget_min: 30,
                by_hand: "cargo xtask bench storm",
            },
            Self::History => Step {
                name: "history",
                what: "rooms of 1,000 and of a million, and starting with ten million",
                budget_min: 60,
                by_hand: "cargo xtask bench history",
            },
        }
    }
}
