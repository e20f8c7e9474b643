//! What was measured as a table: each figure beside its target, and by how much it is missed.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// One figure: what was measured in each round.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) unit: Unit,
    pub(super) values: Vec<f64>,
    pub(super) target: Option<Target>,
}

/// What the median is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// This or less.
    Most(f64),
    /// This or more.
    Least(f64),
}

impl Target {
    fn of(row: &Value) -> Option<Self> {
        let value = row["target"].as_f64()?;
        Some(if row["is_least"] == true { Self::Least(value) } else { Self::Most(value) })
    }

    fn value(self) -> f64 {
        match self {
            Self::Most(value) | Self::Least(value) => value,
        }
    }

    /// By how much it is missed; nothing, or less, where it is reached.
    fn missed_by(self, median: f64) -> f64 {
        match self {
            Self::Most(most) => median - most,
            Self::Least(least) => least - median,
        }
    }
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Bytes,
    Ms,
    Ns,
    /// So many a second.
    Rate,
    /// A number of its own, such as CLS.
    Score,
}

impl Unit {
    fn shown(self, value: f64) -> String {
        match self {
            Self::Bytes if value.abs() >= 1e6 => format!("{:.2} MB", value / 1e6),
            Self::Bytes => format!("{:.1} KB", value / 1e3),
            Self::Ms => format!("{value:.0} ms"),
            Self::Ns => format!("{value:.0} ns"),
            Self::Rate if value.abs() >= 1e5 => format!("{:.0} k/s", value / 1e3),
            Self::Rate => format!("{value:.0} /s"),
            Self::Score => format!("{value:.3}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Ms => "ms",
            Self::Ns => "ns",
            Self::Rate => "rate",
            Self::Score => "score",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Bytes, Self::Ms, Self::Ns, Self::Rate, Self::Score].into_iter().find(|unit| unit.name() == name)
    }
}

/// The rows of a program's report.
///
/// # Errors
/// The report has another form.
pub(super) fn rows(report: &Value) -> Result<Vec<Row>> {
    let rows = report["rows"].as_array().context("the report has no rows")?;
    rows.iter().map(|row| Row::read(row).with_context(|| format!("this is no row: {row}"))).collect()
}

impl Row {
    fn read(row: &Value) -> Option<Self> {
        Some(Self {
            what: row["what"].as_str()?.to_owned(),
            unit: Unit::of(row["unit"].as_str()?)?,
            // What could not be measured is written as null.
            values: row["values"].as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()?,
            target: Target::of(row),
        })
    }

    fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    fn spread(&self) -> (f64, f64) {
        self.values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
    }

    /// What became of the target; nothing where there is none.
    fn verdict(&self) -> String {
        let Some(target) = self.target else { return String::new() };
        let missed = target.missed_by(self.median());
        let (sign, value) = (if matches!(target, Target::Least(_)) { "≥ " } else { "" }, target.value());
        let shown = format!("{sign}{}", self.unit.shown(value));
        if missed <= 0.0 {
            return format!("{shown}: reached");
        }
        format!("{shown}: MISSED by {} ({:.0} %)", self.unit.shown(missed), 100.0 * missed / value)
    }

    pub(super) fn json(&self) -> Value {
        let (least, most) = self.spread();
        json!({
            "what": self.what, "unit": self.unit.name(), "median": self.median(), "least": least, "most": most,
            "values": self.values, "target": self.target.map(Target::value),
            "is_least": matches!(self.target, Some(Target::Least(_))),
            "missed": self.target.map(|target| target.missed_by(self.median()) > 0.0),
        })
    }
}

/// Prints the rows, one a line.
pub(super) fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
    println!("   {:<width$} {:>10} {:>23}   target", "", "median", "spread");
    for row in rows {
        let (least, most) = row.spread();
        let shown = |value| row.unit.shown(value);
        let spread = if row.values.len() > 1 { format!("{} – {}", shown(least), shown(most)) } else { String::new() };
        println!("   {:<width$} {:>10} {spread:>23}   {}", row.what, shown(row.median()), row.verdict());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f64], target: Option<Target>) -> Row {
        Row { what: "a".to_owned(), unit: Unit::Ms, values: values.to_vec(), target }
    }

    #[test]
    fn the_median_counts_and_the_spread_is_told() {
        assert_eq!(row(&[9.0, 1.0, 3.0], None).median(), 3.0);
        assert_eq!(row(&[9.0, 1.0, 3.0, 5.0], None).median(), 4.0);
        assert_eq!(row(&[9.0, 1.0, 3.0], None).spread(), (1.0, 9.0));
    }

    #[test]
    fn a_target_is_reached_or_missed_by_so_much() {
        assert_eq!(row(&[49.0, 50.0, 90.0], Some(Target::Most(50.0))).verdict(), "50 ms: reached");
        assert_eq!(row(&[49.0, 75.0, 90.0], Some(Target::Most(50.0))).verdict(), "50 ms: MISSED by 25 ms (50 %)");
        assert_eq!(row(&[90.0], None).verdict(), "");
        assert_eq!(row(&[50.0], Some(Target::Least(50.0))).verdict(), "≥ 50 ms: reached");
        assert_eq!(row(&[40.0], Some(Target::Least(50.0))).verdict(), "≥ 50 ms: MISSED by 10 ms (20 %)");
        assert_eq!(row(&[90.0], Some(Target::Most(50.0))).json()["missed"], true);
    }

    #[test]
    fn a_report_is_read_and_one_with_a_hole_is_refused() {
        let report = |value: &str| {
            let text = format!(r#"{{"rows":[{{"what":"a","unit":"ms","values":[1,{value}],"target":5}}]}}"#);
            rows(&serde_json::from_str(&text).unwrap())
        };

        let least = json!({ "what": "a", "unit": "ms", "values": [1], "target": 5, "is_least": true });
        assert_eq!(Row::read(&least), Some(row(&[1.0], Some(Target::Least(5.0)))));
        assert_eq!(report("2.5").unwrap(), [row(&[1.0, 2.5], Some(Target::Most(5.0)))]);
        assert!(report("null").is_err());
        assert!(rows(&json!({})).is_err());
    }
}
