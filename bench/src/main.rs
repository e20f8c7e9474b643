//! Puts load on a server, and prints what it cost as JSON.

use std::net::SocketAddr;

use anyhow::Result;
use bench::{
    chaos::Chaos,
    comparison::Comparison,
    durable::Durable,
    fanout::Fanout,
    history::Growth,
    idle::Idle,
    latency::Latency,
    presence::Presence,
    pressure::Pressure,
    process::raise_file_limit,
    restarts::Restarts,
    seed::Seeding,
    standings::Standings,
    storm::Storm,
    transport::{self, LayerName},
};
use clap::{Parser, Subcommand};
use serde::Serialize;
use tokio::task::LocalSet;

/// Puts load on a server, and prints what it cost as JSON.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// One measurement of rooms and those who follow them
    Once(Fanout),
    /// Parlor beside its peers
    Fanout(Standings),
    /// The WebSocket layers side by side, and Parlor beside them
    Transport(Comparison),
    /// How many posts a second are acknowledged
    Durable(Durable),
    /// How long a message takes to the last of many
    Latency(Latency),
    /// What somebody costs to whom nothing happens
    Idle(Idle),
    /// What it costs that thousands come and leave
    Presence(Presence),
    /// What those who stay feel of those who do not read, say too much, or come back all at once
    Pressure(Pressure),
    /// A server that is restarted again and again while people talk
    Restarts(Restarts),
    /// A server that is killed under ten thousand people
    Storm(Storm),
    /// Whether rooms and servers that have grown are as quick as small ones
    History(Growth),
    /// A data folder with so many messages
    Seed(Seeding),
    /// One fault after the other while people talk, and an oracle
    Chaos(Chaos),
    /// Only carries, over one of the WebSocket layers
    Carry {
        /// Over which
        #[arg(long)]
        layer: LayerName,
        /// Where it listens
        #[arg(long)]
        listen: SocketAddr,
    },
}

fn main() -> Result<()> {
    let Cli { scenario } = Cli::parse();
    raise_file_limit()?;
    match scenario {
        Scenario::Once(fanout) => print(&on_one_thread(fanout.run())?),
        Scenario::Fanout(standings) => on_one_thread(standings.run()),
        Scenario::Transport(comparison) => on_one_thread(comparison.run()),
        Scenario::Durable(durable) => on_one_thread(durable.run()),
        Scenario::Latency(latency) => on_one_thread(latency.run()),
        Scenario::Idle(idle) => on_one_thread(idle.run()),
        Scenario::Presence(presence) => on_one_thread(presence.run()),
        Scenario::Pressure(pressure) => on_one_thread(pressure.run()),
        Scenario::Restarts(restarts) => on_one_thread(restarts.run()),
        Scenario::Storm(storm) => on_one_thread(storm.run()),
        Scenario::History(growth) => on_one_thread(growth.run()),
        Scenario::Seed(seeding) => print(&on_one_thread(seeding.run())?),
        Scenario::Chaos(chaos) => on_one_thread(chaos.run()),
        Scenario::Carry { layer, listen } => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(transport::serve(layer, listen))
        }
    }
}

/// The load is on one thread, whatever the server is on.
fn on_one_thread<T>(load: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, load)
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn print(figures: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(figures)?);
    Ok(())
}
