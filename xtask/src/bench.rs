//! Measuring the release, in a browser and under load, against targets. What is measured is in `end2end/bench`, one program
//! a scenario, and in the crate `bench`; here it is started, compared and printed.
//!
//! A missed target is named and is no failure of this command: figures are those of one machine on one day. It fails
//! where nothing could be measured.

mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::command::{cargo, command, run};
use crate::step::{Step, Steps};
use crate::{build, setup, size, workspace};
use table::{Row, Unit};

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Scenarios; all of them where none is named.
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// One round instead of five.
    #[arg(long)]
    quick: bool,
    /// File to write all figures to, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Rounds of which the median is taken.
const ROUNDS: u32 = 5;

/// Something to measure: a program `end2end/bench/<name>.bench.ts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// What the pages weigh, how soon they are to be seen, how soon typing works, and how much jumps.
    Page,
    /// How soon a letter is to be seen while messages pour in, and whether memory stays bounded.
    Typing,
    /// What it costs to bring a message to everybody in a room, beside the WebSocket layers alone.
    Transport,
    /// What those who stay feel of those who do not read, say too much, or come back all at once.
    Pressure,
    /// Whether anything is lost where the server is restarted again and again, and how soon everybody is back.
    Restarts,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Typing => "typing",
            Self::Transport => "transport",
            Self::Pressure => "pressure",
            Self::Restarts => "restarts",
        }
    }

    fn step(self) -> Step {
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
            Self::Transport => Step {
                name: "transport",
                what: "rooms of up to 10,000, carried by Parlor and by WebSocket layers alone",
                budget_min: 60,
                by_hand: "cargo xtask bench transport",
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
        }
    }

    /// What is known without a browser.
    fn rows(self) -> Result<Vec<Row>> {
        match self {
            Self::Page => weights(),
            Self::Typing | Self::Transport | Self::Pressure | Self::Restarts => Ok(Vec::new()),
        }
    }
}

/// Sets up what is missing, builds the release and measures. `false` when something could not be measured.
///
/// # Errors
/// The JSON file cannot be written.
pub(crate) fn bench(options: &Options) -> Result<bool> {
    let mut steps = Steps::default();
    let rounds = rounds(options.quick);
    let scenarios = if options.scenarios.is_empty() { Scenario::value_variants() } else { &options.scenarios };
    let mut measured = Vec::new();
    if setup::step(&mut steps, setup::for_tests)
        && steps.check(&build::FRONT_END, build::frontend)
        && steps.check(&build::RELEASE, build::server)
    {
        for scenario in scenarios {
            steps.check(&scenario.step(), || {
                measured.push(measure(*scenario, options.quick)?);
                Ok(())
            });
        }
    }
    let ok = steps.finish();
    println!("\n   median (least – most) of {rounds} rounds; what else this machine did meanwhile is in the figures");
    for report in &measured {
        report.print();
    }
    if let Some(file) = &options.json {
        let reports: Vec<Value> = measured.iter().map(Report::json).collect();
        let all = json!({ "rounds": rounds, "scenarios": reports });
        std::fs::write(file, format!("{all:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ok)
}

/// How often each figure is measured.
fn rounds(is_quick: bool) -> u32 {
    if is_quick { 1 } else { ROUNDS }
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
        self.left_out.iter().for_each(|round| println!("   NOT TIMED, because something was lost: {round}"));
        table::print(&self.rows);
    }

    fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let Self { scenario, notes, left_out, .. } = self;
        json!({ "scenario": scenario.name(), "notes": notes, "left_out": left_out, "rows": rows })
    }
}

/// Runs the scenario's program, which starts and ends its servers itself.
fn measure(scenario: Scenario, is_quick: bool) -> Result<Report> {
    let mut rows = scenario.rows()?;
    let file = workspace::target().join(format!("bench-{}.json", scenario.name()));
    if file.exists() {
        std::fs::remove_file(&file)?;
    }
    match scenario {
        Scenario::Page | Scenario::Typing => in_a_browser(scenario, is_quick, &file)?,
        Scenario::Transport | Scenario::Pressure | Scenario::Restarts => under_load(scenario, is_quick, &file)?,
    }
    let report = read(&file)?;
    rows.extend(table::rows(&report)?);
    let texts = |key: &str| -> Vec<String> {
        report[key].as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let report = Report { scenario, notes: texts("notes"), left_out: texts("left_out"), rows };
    ensure!(!report.rows.is_empty(), "nothing was measured: {}", report.left_out.join("; "));
    Ok(report)
}

fn in_a_browser(scenario: Scenario, is_quick: bool, report: &Path) -> Result<()> {
    let mut playwright = command("playwright");
    playwright.args(["test", "--config", "bench/playwright.config.ts"]).arg(format!("{}.bench.ts", scenario.name()));
    playwright.current_dir(workspace::end2end()).env("CHROMIUM", setup::chromium());
    playwright.env("PARLOR_BIN", workspace::parlor("release"));
    run(playwright.env("BENCH_ROUNDS", rounds(is_quick).to_string()).env("BENCH_REPORT", report))
}

fn under_load(scenario: Scenario, is_quick: bool, report: &Path) -> Result<()> {
    run(cargo().args(["build", "--release", "--package", "bench", "--bin", "load"]))?;
    let mut load = command(workspace::target().join("release/load"));
    load.arg(scenario.name()).arg("--parlor").arg(workspace::parlor("release")).arg("--report").arg(report);
    load.args(["--rounds", &rounds(is_quick).to_string()]).args(is_quick.then_some("--quick"));
    run(&mut load)
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
        target: target.map(|bytes| bytes as f64),
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
