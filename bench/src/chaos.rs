//! Chaos: real processes, sockets and disks, people who talk over the sync engine that browsers use, one fault after the
//! other, and an oracle that judges what is left of each.
//!
//! A seed gives the same faults at the same times after one another, and the same wishes of the same people in the same
//! order. What it does not give again is how quick the machine was: where in its work a fault met the server.

mod author;
mod cable;
mod cast;

mod disk;
mod evidence;
pub mod fault;
mod faults;
mod knocks;
mod reader;
mod scene;
pub mod schedule;
mod stage;
mod watch;

use std::{path::PathBuf, rc::Rc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum as _;
use tokio::time::Instant;

use evidence::Evidence;
use fault::Fault;
use faults::Played;
use scene::Props;

use crate::oracle::Verdict;

/// Of what went wrong, so much is printed.
const FAULTS_TOLD: usize = 10;

/// What is to go wrong, and for how long.
#[derive(Clone, Debug, clap::Args)]
pub struct Chaos {
    /// Parlor's program
    #[arg(long)]
    parlor: PathBuf,
    /// How long it takes in all, without what has to be waited for at the end of each phase
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// What is drawn by chance is the same for the same seed
    #[arg(long)]
    seed: Option<u64>,
    /// Which faults, in which order; all of them where none is named
    #[arg(long, value_enum, value_delimiter = ',')]
    faults: Vec<Fault>,
    /// The port at which the server listens; a free one where none is named
    #[arg(long)]
    port: Option<u16>,
    /// What is taken away from the server, to see that it is noticed (server/src/sabotage.rs); needs failpoints
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
}

impl Chaos {
    /// Plays one phase after the other, and prints what was found.
    ///
    /// # Errors
    /// Something went wrong that must not.
    pub async fn run(&self) -> Result<()> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
        let chosen = if self.faults.is_empty() { Fault::value_variants() } else { &self.faults };
        let names: Vec<_> = chosen.iter().map(Fault::to_string).collect();
        say(&format!("chaos --minutes {} --seed {seed} --faults {}", self.minutes, names.join(",")));
        let shares: u32 = chosen.iter().map(|fault| fault.share()).sum();
        let (mut failed, mut tried) = (Vec::new(), 0);
        for fault in chosen {
            if let Some(place) = fault.elsewhere() {
                say(&format!("\n   {fault} (fault {}): not here; {place}", fault.number()));
                continue;
            }
            let length =
                Duration::from_secs_f64(self.minutes * 60.0).mul_f64(f64::from(fault.share()) / f64::from(shares));
            match self.phase(*fault, seed, length).await {
                None => {}
                Some(true) => tried += 1,
                Some(false) => failed.push(fault.to_string()),
            }
        }
        if !failed.is_empty() {
            bail!("{} with seed {seed}: something went wrong that must not", failed.join(", "));
        }
        ensure!(tried > 0, "nothing could be tried");
        say(&format!("\n   {tried} phases, and nothing went wrong that must not (seed {seed})"));
        Ok(())
    }

    /// Plays a phase and prints what was found: whether nothing went wrong, where it could be tried. What is left of one in
    /// which something did is kept, but for that of a server from which something was taken away.
    async fn phase(&self, fault: Fault, seed: u64, length: Duration) -> Option<bool> {
        say(&format!("\n   {fault} (fault {}), for {:.0} s", fault.number(), length.as_secs_f64()));
        let evidence = match Evidence::begin() {
            Ok(evidence) => Rc::new(evidence),
            Err(error) => {
                say(&format!("   FAILED: no folder: {error:#}"));
                return Some(false);
            }
        };
        let is_clean = match self.judged(fault, seed, length, &evidence).await {
            Ok(verdict) => verdict?.is_clean(),
            Err(error) => {
                say(&format!("   FAILED: {error:#}"));
                false
            }
        };
        if !is_clean && self.without.is_empty() {
            let kept = Rc::into_inner(evidence).context("somebody still plays").and_then(Evidence::keep);
            say(&match kept {
                Ok(folder) => format!("   what was left is kept in {}", folder.display()),
                Err(error) => format!("   FAILED: what was left: {error:#}"),
            });
        }
        Some(is_clean)
    }

    async fn judged(
        &self,
        fault: Fault,
        seed: u64,
        length: Duration,
        evidence: &Rc<Evidence>,
    ) -> Result<Option<Verdict>> {
        let began = Instant::now();
        let props = Props {
            parlor: &self.parlor,
            seed,
            port: self.port,
            length,
            without: &self.without,
            only_there: 10,
            settings: &[],
            failpoints: Vec::new(),
            evidence,
        };
        let scene = match faults::play(fault, props).await? {
            Played::Over(scene) => scene,
            Played::NotTried(reason) => {
                say(&format!("   not tried: {reason}"));
                return Ok(None);
            }
        };
        let (injected, watch) = (scene.injected.clone(), scene.watch.clone());
        let verdict = scene.ends().await?;
        let injected: Vec<_> = injected.iter().map(|(what, times)| format!("{times} {what}")).collect();
        say(&format!("   {} in {:.0} s with what was waited for", injected.join(", "), began.elapsed().as_secs_f64()));
        say(&format!("   {}", verdict.line()));
        if let Some(line) = watch.line() {
            say(&format!("   {line}"));
        }
        if let Some(last) = watch.last() {
            say(&format!("   last: {last}"));
        }
        for fault in verdict.faults().take(FAULTS_TOLD) {
            say(&format!("   WRONG {fault}"));
        }
        Ok(Some(verdict))
    }
}

#[expect(clippy::print_stdout, reason = "what was found is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
