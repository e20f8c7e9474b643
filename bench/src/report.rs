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
    /// A number of its own, such as a ratio.
    Score,
}

/// A figure.
#[derive(Debug, Serialize)]
struct Row {
    what: String,
    unit: Unit,
    values: Vec<f64>,
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

    /// Names a round that is not counted, and why.
    pub fn leaves_out(&mut self, what: String) {
        self.left_out.push(what);
    }

    /// Adds what one round gave.
    pub fn adds(&mut self, what: String, unit: Unit, value: f64) {
        match self.rows.iter_mut().find(|row| row.what == what) {
            Some(row) => row.values.push(value),
            None => self.rows.push(Row { what, unit, values: vec![value] }),
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
