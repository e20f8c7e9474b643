//! Restarted as by a service manager, under many who are only there: all of them are to be back within a minute, and not
//! all at once.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::Played;
use crate::chaos::{
    scene::{Props, Scene},
    schedule::{between, chance},
    stage::How,
};

/// Everybody is back within this time.
const BACK_MAX: Duration = Duration::from_secs(60);
/// So many are only there where there is time for it, and so many where there is not.
const CROWD: usize = 2_000;
const CROWD_SHORT: usize = 100;
/// What is time for it.
const LONG: Duration = Duration::from_secs(100);

pub(super) async fn play(props: Props<'_>) -> Result<Played> {
    let only_there = if props.length >= LONG { CROWD } else { CROWD_SHORT };
    // All of them come from one address here.
    let settings = &["--sockets-per-address", "5000", "--requests-per-second", "2000", "--requests-burst", "20000"];
    let mut scene = Scene::set(&Props { only_there, settings, ..props }).await?;
    let mut rng = chance(props.seed, "restart");
    while scene.goes_on() {
        sleep(between(&mut rng, 1_000, 3_000)).await;
        scene.stage.stop().await?;
        scene.stage.start(&How::default()).await?;
        scene.recovers();
        scene.settles(BACK_MAX).await;
        scene.counts("restarts");
    }
    Ok(scene.into())
}
