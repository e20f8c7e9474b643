//! Passes that wait for what is under way in the same room.

use protocol::{ClientId, Command, RoomId, messages::PostMessage};
use tokio::sync::oneshot;

use super::*;
use crate::{
    hub::{
        dispatch::{PUT_OFF_LEAST, PUT_OFF_MAX},
        fake::ROOM,
    },
    store::{
        Actor,
        writer::{CommandJob, Job},
    },
};

const MOMENT: Duration = Duration::from_millis(1);

fn post(room: RoomId) -> Job {
    let actor = Actor { user: user(1), is_owner: false };
    let command = Command::PostMessage(PostMessage::new(ClientId(uuid::Uuid::nil()), room, "hi".to_owned()));
    let (reply, _) = oneshot::channel();
    let (markup, now) = (Vec::new(), protocol::UnixMs(0));
    Job::Command(Box::new(CommandJob { actor, command, markup, rooms_per_user: 9, now, reply }))
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_in_a_room_is_told_in_the_same_pass() {
    let bench = Bench::new(&Limits::default());
    let (follower, underway, jobs) = (bench.follower(), bench.hub.underway(), [post(ROOM)]);
    underway.begin(&jobs[0]);

    bench.hub.committed(&[message(1)]);
    sleep(PUT_OFF_LEAST - MOMENT).await;
    assert_eq!(bells(&follower), None, "not yet");
    let telling = underway.carried(&jobs).telling();
    bench.hub.committed(&[message(2)]);
    drop(telling);
    yield_now().await;

    assert_eq!(bells(&follower), Some(Bells::STREAMS));
    sleep(PUT_OFF_MAX).await;
    assert_eq!(bells(&follower), None, "once for both");
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_tells_does_not_wait_for_that_batch_alone() {
    let bench = Bench::new(&Limits::default());
    let (follower, underway, jobs) = (bench.follower(), bench.hub.underway(), [post(ROOM)]);
    underway.begin(&jobs[0]);
    let carried = underway.carried(&jobs);
    underway.begin(&jobs[0]);

    let telling = carried.telling();
    bench.hub.committed(&[message(1)]);
    yield_now().await;
    drop(telling);
    yield_now().await;
    assert_eq!(bells(&follower), None, "the next batch is waited for");
    drop(underway.carried(&jobs));
    yield_now().await;

    assert_eq!(bells(&follower), Some(Bells::STREAMS), "it is over, and nothing came of it");
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_elsewhere_is_not_waited_for() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    bench.hub.underway().begin(&post(RoomId(99)));

    bench.hub.committed(&[message(1)]);
    yield_now().await;

    assert_eq!(bells(&follower), Some(Bells::STREAMS));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_long_for_what_is_not_told() {
    let bench = Bench::new(&Limits::default());
    let follower = bench.follower();
    bench.hub.underway().begin(&post(ROOM));

    bench.hub.committed(&[message(1)]);
    sleep(PUT_OFF_LEAST + MOMENT).await;

    assert_eq!(bells(&follower), Some(Bells::STREAMS));
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_takes_long_is_put_off_for_longer_but_not_for_ever() {
    let bench = Bench::new(&Limits::default());
    let crowd: Vec<_> = (0..=RINGS_AT_ONCE).map(|_| bench.follower()).collect();
    let last = crowd.last().unwrap();
    bench.hub.committed(&[message(1)]);
    while bells(last).is_none() {
        // Those who were rung take their time.
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    yield_now().await;
    bench.hub.underway().begin(&post(ROOM));

    bench.hub.committed(&[message(2)]);
    sleep(PUT_OFF_MAX - MOMENT).await;
    assert_eq!(bells(last), None, "much longer than the least");
    sleep(2 * MOMENT).await;
    yield_now().await;

    assert_eq!(bells(last), Some(Bells::STREAMS));
}
