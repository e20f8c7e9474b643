//! Which numbered frames came back, how soon, and which are lost.

use client::{ROUND_TRIP_MS_MAX, ROUND_TRIPS_WINDOW, RoundTrips, Summary, loss_percent, percentile};

const US: u64 = 1_000;

#[test]
fn a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() {
    let hundred: Vec<u64> = (1..=100).collect();

    assert_eq!(percentile(&[], 50), None);
    assert_eq!(percentile(&[7], 50), Some(7));
    assert_eq!(percentile(&[7], 95), Some(7));
    assert_eq!(percentile(&[1, 2, 3], 50), Some(2));
    assert_eq!(percentile(&[1, 2, 3, 4], 50), Some(2));
    assert_eq!((percentile(&hundred, 50), percentile(&hundred, 95)), (Some(50), Some(95)));
    assert_eq!(percentile(&hundred[..20], 95), Some(19));
    assert_eq!(percentile(&hundred[..19], 95), Some(19));
}

#[test]
fn loss_is_rounded_up_so_that_not_one_is_hidden() {
    let mut fates = vec![Some(1); 999];
    assert_eq!(loss_percent(&[]), None);
    assert_eq!(loss_percent(&fates), Some(0));
    fates.push(None);
    assert_eq!(loss_percent(&fates), Some(1));
    assert_eq!(loss_percent(&[None, Some(1)]), Some(50));
    assert_eq!(loss_percent(&[None]), Some(100));
}

#[test]
fn frames_that_come_back_are_measured_whatever_their_order() {
    let mut trips = RoundTrips::default();
    let (first, second) = (trips.send(0), trips.send(10));

    trips.came_back(second, 25);
    trips.came_back(first, 40);
    trips.came_back(first, 50);
    trips.came_back(99, 50);

    assert_eq!(trips.fates(), [Some(15), Some(40)]);
    assert_eq!(
        trips.summary(),
        Summary { sent: 2, answered: 2, lost: 0, median_us: Some(15), p95_us: Some(40), loss_percent: Some(0) }
    );
}

#[test]
fn a_frame_that_is_late_is_lost_and_stays_so() {
    let mut trips = RoundTrips::default();
    let number = trips.send(0);

    trips.expire(ROUND_TRIP_MS_MAX * US - 1);
    assert_eq!(trips.summary().lost, 0);
    trips.expire(ROUND_TRIP_MS_MAX * US);
    trips.came_back(number, ROUND_TRIP_MS_MAX * US + 1);

    assert_eq!(trips.fates(), [None]);
    let Summary { sent, answered, lost, median_us, loss_percent, .. } = trips.summary();
    assert_eq!((sent, answered, lost, median_us, loss_percent), (1, 0, 1, None, Some(100)));
}

#[test]
fn median_and_loss_are_of_the_window_and_counts_of_all() {
    let mut trips = RoundTrips::default();
    let lost = trips.send(0);
    trips.expire(ROUND_TRIP_MS_MAX * US);
    for at in 0..ROUND_TRIPS_WINDOW as u64 - 1 {
        let number = trips.send(at);
        trips.came_back(number, at + 5);
    }
    assert_eq!((trips.fates().len(), trips.summary().loss_percent), (ROUND_TRIPS_WINDOW, Some(1)));

    let number = trips.send(0);
    trips.came_back(number, 5);

    assert_eq!(lost, 1);
    assert_eq!(trips.fates().len(), ROUND_TRIPS_WINDOW);
    let Summary { sent, lost, loss_percent, .. } = trips.summary();
    assert_eq!((sent, lost, loss_percent), (ROUND_TRIPS_WINDOW as u32 + 1, 1, Some(0)));
}

#[test]
fn frames_that_wait_are_bounded() {
    let mut trips = RoundTrips::default();
    for at in 0..64 {
        trips.send(at);
    }
    assert_eq!(trips.summary().lost, 0);

    trips.send(64);

    assert_eq!((trips.summary().sent, trips.summary().lost), (65, 1));
}
