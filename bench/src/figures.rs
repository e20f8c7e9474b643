//! What is made of many measurements.

use serde::Serialize;
use std::time::Duration;

/// Some of the times in which something was done, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    /// Half of them were shorter.
    pub p50_ms: f64,
    /// One in a hundred was longer.
    pub p99_ms: f64,
    /// One in a thousand was longer.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Times {
    /// Of at least one.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let at = |share: f64| {
            // The nearest rank: at least this share of all are no longer.
            let rank = (share * times.len() as f64).ceil() as usize;
            times.get(rank.max(1) - 1).map(|time| time.as_secs_f64() * 1_000.0)
        };
        Some(Self { p50_ms: at(0.5)?, p99_ms: at(0.99)?, p999_ms: at(0.999)?, max_ms: at(1.0)? })
    }
}

/// The middle of values; of an even number the lower one of the two.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// How a cost grows with a size: 1 where twice the size costs twice as much, 2 where it costs four times as much. The
/// slope of the straight line through the logarithms that is nearest to all of them; nothing where there is one size.
#[must_use]
pub fn exponent(costs: &[(f64, f64)]) -> Option<f64> {
    let count = costs.len() as f64;
    let logs = || costs.iter().map(|(size, cost)| (size.ln(), cost.ln()));
    let (x_mean, y_mean) = (logs().map(|(x, _)| x).sum::<f64>() / count, logs().map(|(_, y)| y).sum::<f64>() / count);
    let spread: f64 = logs().map(|(x, _)| (x - x_mean).powi(2)).sum();
    (spread > 0.0).then(|| logs().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum::<f64>() / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times = Times::of((1..=200).rev().map(Duration::from_millis).collect()).unwrap();

        assert_eq!((times.p50_ms, times.p99_ms, times.max_ms), (100.0, 198.0, 200.0));
        assert!(Times::of(Vec::new()).is_none());
    }

    #[test]
    fn the_exponent_tells_straight_growth_from_square() {
        let grows = |power: i32| [10.0_f64, 100.0, 1_000.0].map(|size| (size, 3.0 * size.powi(power)));

        assert!((exponent(&grows(1)).unwrap() - 1.0).abs() < 1e-9);
        assert!((exponent(&grows(2)).unwrap() - 2.0).abs() < 1e-9);
        assert!(exponent(&grows(1)[..1]).is_none());
        assert!(exponent(&[]).is_none());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
    }
}
