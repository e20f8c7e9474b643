//! What was measured, in the form that `cargo xtask bench` reads: for each figure its value in each round.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Ms,
    /// Nanoseconds.
    Ns,
    /// So many a second.
    Rate,
    /// A number of its own, such as a ratio.
    Score,
}

/// What the median is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// This or less.
    Most(f64),
    /// This or more.
    Least(f64),
}

/// A figure.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    unit: Unit,
    values: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<f64>,
    /// The target is the least that the median may be, and not the most.
    is_least: bool,
}

/// All figures of a scenario.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    notes: Vec<String>,
    left_out: Vec<String>,
    rows: Vec<Row>,
}

impl Report {
    /// Says how it was measured; once.
    pub fn notes(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes what a round measures, if it comes to its end: of one that fails, nothing is counted, and it is named.
    pub async fn round(&mut self, name: &str, round: impl AsyncFnOnce(&mut Self) -> Result<()>) {
        let mut measured = Self::default();
        let outcome = round(&mut measured).await;
        measured.notes.into_iter().for_each(|note| self.notes(note));
        match outcome {
            Ok(()) => {
                self.left_out.append(&mut measured.left_out);
                measured.rows.into_iter().for_each(|row| self.takes(row));
            }
            Err(error) => self.leaves_out(format!("{name}: {error:#}")),
        }
    }

    /// Names a round that is not counted, and why.
    pub fn leaves_out(&mut self, what: String) {
        self.left_out.push(what);
    }

    /// Adds what one round gave.
    pub fn adds(&mut self, what: String, unit: Unit, value: f64) {
        self.adds_row(what, unit, value, None);
    }

    /// The same for something that has a target.
    pub fn aims(&mut self, what: String, unit: Unit, value: f64, target: Target) {
        self.adds_row(what, unit, value, Some(target));
    }

    fn adds_row(&mut self, what: String, unit: Unit, value: f64, target: Option<Target>) {
        let (target, is_least) = match target {
            Some(Target::Most(most)) => (Some(most), false),
            Some(Target::Least(least)) => (Some(least), true),
            None => (None, false),
        };
        self.takes(Row { what, unit, values: vec![value], target, is_least });
    }

    fn takes(&mut self, new: Row) {
        match self.rows.iter_mut().find(|row| row.what == new.what) {
            Some(row) => row.values.extend(new.values),
            None => self.rows.push(new),
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}
