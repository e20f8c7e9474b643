//! Steps: each says what it does, how long it may take and how long it took; one that fails says what to run by hand.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::limit::within;
use crate::totals::Totals;

/// A step that takes this many times its budget hangs, and is ended: even a busy machine is not as slow as that.
const LIMIT_BUDGETS: u64 = 4;

/// What is known about a step before it starts.
pub(crate) struct Step {
    /// Its name in the closing table.
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) what: &'static str,
    /// How long it takes at most on two cores from nothing, in minutes.
    pub(crate) budget_min: u64,
    /// What to type to run it alone.
    pub(crate) by_hand: &'static str,
}

impl Step {
    /// After how long it is ended.
    fn limit(&self) -> Duration {
        Duration::from_secs(LIMIT_BUDGETS * self.budget_min * 60)
    }
}

/// A series of steps, all of which are carried out even if an earlier one fails.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration, u64, bool)>,
    totals: Totals,
}

impl Steps {
    /// Carries out a step that either holds or not, and counts as one check.
    pub(crate) fn check(&mut self, step: &Step, action: impl FnOnce() -> Result<()>) -> bool {
        self.run(step, || action().map(|()| Totals { passed: 1, failed: 0 }))
    }

    /// Carries out a step that counts its own checks. Returns whether all of them passed.
    pub(crate) fn run(&mut self, step: &Step, action: impl FnOnce() -> Result<Totals>) -> bool {
        let (name, what, budget_min, by_hand) = (step.name, step.what, step.budget_min, step.by_hand);
        println!("\n── {name}: {what} (budget {budget_min} min, limit {} min)", LIMIT_BUDGETS * budget_min);
        let started = now();
        let result = within(step.limit(), action);
        let took = started.elapsed();
        let totals = result.as_ref().map_or(Totals { passed: 0, failed: 1 }, |totals| *totals);
        let ok = totals.failed == 0;
        match &result {
            Err(error) => println!("   FAILED after {}: {error:#}\n   by hand: {by_hand}", seconds(took)),
            Ok(_) if !ok => println!("   FAILED after {}\n   by hand: {by_hand}", seconds(took)),
            Ok(_) => println!("   done in {}{}", seconds(took), over(took, budget_min)),
        }
        self.done.push((name, took, budget_min, ok));
        self.totals += totals;
        ok
    }

    /// Prints the table of steps. Returns whether every one of them went well.
    pub(crate) fn finish(&self) -> bool {
        println!("\n   step                 took    budget");
        for (name, took, budget_min, ok) in &self.done {
            let (took_s, fate) = (seconds(*took), if *ok { "" } else { "  FAILED" });
            println!("   {name:<16} {took_s:>8} {budget_min:>5} min{}{fate}", over(*took, *budget_min));
        }
        self.done.iter().all(|(.., ok)| *ok)
    }

    /// What all the steps counted together.
    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }
}

/// The clock of the machine: what is measured here is the work of other programs.
#[expect(clippy::disallowed_methods, reason = "durations of steps are real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn over(took: Duration, budget_min: u64) -> &'static str {
    if took > Duration::from_secs(budget_min * 60) { "  over its budget" } else { "" }
}
