//! Measuring the release, in a browser and under load, against targets. What is measured is in `end2end/bench`, one program
//! a scenario, and in the crate `bench`; here it is started, compared and printed.
//!
//! A missed target is named and is no failure of this command: figures are those of one machine on one day. It fails
//! where nothing could be measured.

mod peers;
mod picture;
mod scenario;
mod table;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand, ValueEnum as _};
use serde_json::{Value, json};

use crate::command::{cargo, command, run};
use crate::step::Steps;
use crate::{build, setup, size, workspace};
use peers::Peers;
use scenario::Scenario;
use table::{Row, Target, Unit};

/// What to measure.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    make: Option<Make>,
    /// Scenarios; all of them where none is named.
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// Beside whom `fanout` is measured, with commas between them: all where none is named, three with `--quick`.
    #[arg(long, value_name = "PEER", value_delimiter = ',')]
    peers: Vec<String>,
    /// Of how many rounds the median is taken.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// One round, and less of everything.
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,
    /// File to write all figures to, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// File to draw what `fanout` has measured to, as SVG.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Measures nothing, and draws what was written with `--json`.
    #[arg(long, value_name = "FILE", requires = "picture", conflicts_with_all = ["scenarios", "rounds", "quick", "json"])]
    from: Option<PathBuf>,
}

/// Something to make and not to measure.
#[derive(Subcommand)]
enum Make {
    /// Make a data folder with very many messages: --data DIR, --messages N, --rooms N
    Seed {
        /// What it takes; `--help` says so
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// Sets up what is missing, builds the release and measures. `false` when something could not be measured.
///
/// # Errors
/// The JSON file or the picture cannot be written.
pub(crate) fn bench(options: &Options) -> Result<bool> {
    if let Some(Make::Seed { arguments }) = &options.make {
        run(load()?.arg("seed").args(arguments))?;
        return Ok(true);
    }
    if let (Some(figures), Some(picture)) = (&options.from, &options.picture) {
        draw(&read(figures)?, picture)?;
        return Ok(true);
    }
    let mut steps = Steps::default();
    let rounds = options.rounds();
    let scenarios = if options.scenarios.is_empty() { Scenario::value_variants() } else { &options.scenarios };
    let mut measured = Vec::new();
    if setup::step(&mut steps, setup::for_tests)
        && steps.check(&build::FRONT_END, build::frontend)
        && steps.check(&build::RELEASE, build::server)
    {
        for scenario in scenarios {
            steps.check(&scenario.step(), || {
                measured.push(measure(*scenario, options)?);
                Ok(())
            });
        }
    }
    let ok = steps.finish();
    println!("\n   median (least – most) of {rounds} rounds; what else this machine did meanwhile is in the figures");
    for report in &measured {
        report.print();
    }
    let reports: Vec<Value> = measured.iter().map(Report::json).collect();
    let all = json!({ "rounds": rounds, "scenarios": reports });
    if let Some(file) = &options.json {
        std::fs::write(file, format!("{all:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(picture) = &options.picture {
        draw(&all, picture)?;
    }
    Ok(ok)
}

fn draw(figures: &Value, picture: &Path) -> Result<()> {
    let svg = picture::draw(figures)?;
    std::fs::write(picture, svg).with_context(|| format!("cannot write {}", picture.display()))
}

impl Options {
    /// How often each figure is measured.
    fn rounds(&self) -> u32 {
        if self.quick { 1 } else { self.rounds }
    }
}

/// What a scenario has measured.
struct Report {
    scenario: Scenario,
    /// How it was measured.
    notes: Vec<String>,
    /// Rounds that were not timed, and why.
    left_out: Vec<String>,
    rows: Vec<Row>,
}

impl Report {
    fn print(&self) {
        println!("\n   {}", self.scenario.name());
        self.notes.iter().for_each(|note| println!("   ({note})"));
        self.left_out.iter().for_each(|round| println!("   NOT COUNTED: {round}"));
        table::print(&self.rows);
    }

    fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let Self { scenario, notes, left_out, .. } = self;
        json!({ "scenario": scenario.name(), "notes": notes, "left_out": left_out, "rows": rows })
    }
}

/// Runs the scenario's program, which starts and ends its servers itself.
fn measure(scenario: Scenario, options: &Options) -> Result<Report> {
    let mut rows = if scenario == Scenario::Page { weights()? } else { Vec::new() };
    let file = workspace::target().join(format!("bench-{}.json", scenario.name()));
    if file.exists() {
        std::fs::remove_file(&file)?;
    }
    let mut notes = Vec::new();
    match scenario {
        Scenario::Page | Scenario::Typing => in_a_browser(scenario, options, &file)?,
        Scenario::Fanout => {
            let peers = Peers::install(&options.peers, options.quick)?;
            let names = peers.names.join(",");
            let peered: [&OsStr; 4] =
                ["--programs".as_ref(), peers.folder.as_ref(), "--peers".as_ref(), names.as_ref()];
            notes.extend(peers.notes);
            under_load(scenario, options, &file, if names.is_empty() { &peered[..2] } else { &peered })?;
        }
        Scenario::Transport
        | Scenario::Durable
        | Scenario::Latency
        | Scenario::Idle
        | Scenario::Presence
        | Scenario::Pressure
        | Scenario::Restarts
        | Scenario::Storm
        | Scenario::History => under_load(scenario, options, &file, &[])?,
    }
    let report = read(&file)?;
    rows.extend(table::rows(&report)?);
    let texts = |key: &str| -> Vec<String> {
        report[key].as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    notes.extend(texts("notes"));
    let report = Report { scenario, notes, left_out: texts("left_out"), rows };
    ensure!(!report.rows.is_empty(), "nothing was measured: {}", report.left_out.join("; "));
    Ok(report)
}

fn in_a_browser(scenario: Scenario, options: &Options, report: &Path) -> Result<()> {
    let mut playwright = command("playwright");
    playwright.args(["test", "--config", "bench/playwright.config.ts"]).arg(format!("{}.bench.ts", scenario.name()));
    playwright.current_dir(workspace::end2end()).env("CHROMIUM", setup::chromium());
    playwright.env("PARLOR_BIN", workspace::parlor("release"));
    run(playwright.env("BENCH_ROUNDS", options.rounds().to_string()).env("BENCH_REPORT", report))
}

fn under_load(scenario: Scenario, options: &Options, report: &Path, more: &[&OsStr]) -> Result<()> {
    let mut load = load()?;
    load.arg(scenario.name()).arg("--parlor").arg(workspace::parlor("release")).arg("--report").arg(report);
    load.args(["--rounds", &options.rounds().to_string()]).args(options.quick.then_some("--quick"));
    load.args(more);
    run(&mut load)
}

/// The program that puts load on servers.
fn load() -> Result<Command> {
    run(cargo().args(["build", "--release", "--package", "bench", "--bin", "load"]))?;
    Ok(command(workspace::target().join("release/load")))
}

fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("the program left no {}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// What the pages weigh, by the same means as `cargo xtask size`.
fn weights() -> Result<Vec<Row>> {
    let (login, room) = size::weights(&workspace::parlor("release"))?;
    let row = |what: String, bytes: usize, target: Option<usize>| Row {
        what,
        unit: Unit::Bytes,
        values: vec![bytes as f64],
        target: target.map(|bytes| Target::Most(bytes as f64)),
    };
    let mut rows = Vec::new();
    for (page, weight, max, wasm_max) in
        [("log-in page", &login, None, None), ("room page", &room, Some(size::ROOM_MAX), Some(size::ROOM_WASM_MAX))]
    {
        for (part, bytes) in [("HTML", weight.html), ("CSS", weight.css), ("JS", weight.js)] {
            rows.push(row(format!("{page}: {part}, brotli"), bytes, None));
        }
        rows.push(row(format!("{page}: WASM, brotli"), weight.wasm, wasm_max));
        rows.push(row(format!("{page}: in all, brotli"), weight.all(), max));
    }
    Ok(rows)
}
