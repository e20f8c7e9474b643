//! The drawing of round trips: where its lines go. A unit is a unit of the view box; the picture is stretched to its place.

use client::{Fate, ROUND_TRIPS_WINDOW};

pub(super) const WIDTH: u64 = 1_000;
pub(super) const HEIGHT: u64 = 200;

/// The least that the upper edge stands for, in microseconds.
const TOP_US_MIN: u64 = 1_000;

/// What the upper edge stands for, in microseconds: the next of 1, 2, 5, 10, 20, … milliseconds that no time exceeds.
pub(super) fn top_us(longest_us: u64) -> u64 {
    let mut unit = TOP_US_MIN;
    loop {
        for top in [unit, 2 * unit, 5 * unit] {
            if top >= longest_us {
                return top;
            }
        }
        unit *= 10;
    }
}

/// The line through the times: the newest on the right, broken where a frame was lost.
pub(super) fn line(fates: &[Fate], top_us: u64) -> String {
    let mut path = String::new();
    let mut is_drawing = false;
    for (x, fate) in placed(fates) {
        if let Some(us) = fate {
            let y = HEIGHT - (us.min(top_us) * HEIGHT) / top_us;
            // A line of no length is a dot: a time between two losses is seen too.
            let step = if is_drawing { format!("L{x} {y}") } else { format!("M{x} {y}h0") };
            path.push_str(&step);
        }
        is_drawing = fate.is_some();
    }
    path
}

/// A stroke from the lower edge for each frame that was lost.
pub(super) fn losses(fates: &[Fate]) -> String {
    let lost = placed(fates).filter(|(_, fate)| fate.is_none());
    lost.map(|(x, _)| format!("M{x} {HEIGHT}V{}", HEIGHT * 4 / 5)).collect()
}

fn placed(fates: &[Fate]) -> impl Iterator<Item = (u64, Fate)> {
    let first = ROUND_TRIPS_WINDOW.saturating_sub(fates.len());
    fates.iter().enumerate().map(move |(index, fate)| {
        let place = (first + index) as u64 * WIDTH / (ROUND_TRIPS_WINDOW as u64 - 1);
        (place, *fate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_the_next_round_number_of_milliseconds() {
        let tops = [0, 1_000, 1_001, 2_500, 5_001, 19_000, 60_000, 3_000_000].map(top_us);

        assert_eq!(tops, [1_000, 1_000, 2_000, 5_000, 10_000, 20_000, 100_000, 5_000_000]);
    }

    #[test]
    fn the_newest_is_at_the_right_edge_and_the_longest_at_the_top() {
        assert_eq!(line(&[Some(0), Some(1_000)], 1_000), "M991 200h0L1000 0");
        assert_eq!(line(&[], 1_000), "");
        let full = line(&vec![Some(500); ROUND_TRIPS_WINDOW], 1_000);
        assert!(full.starts_with("M0 100h0L8 100") && full.ends_with("L1000 100"), "{full}");
    }

    #[test]
    fn a_lost_frame_breaks_the_line_and_is_marked() {
        let fates = [Some(500), None, Some(500)];

        assert_eq!(line(&fates, 1_000), "M983 100h0M1000 100h0");
        assert_eq!(losses(&fates), "M991 200V160");
    }
}
