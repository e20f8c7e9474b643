//! `kill -9`: some time after the server is ready, while it starts, and at points on the way of a command.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::Played;
use crate::chaos::{
    scene::{Props, Scene},
    schedule::{Death, chance},
    stage::How,
};

/// How long is waited until somebody says something that has the mark; a build without failpoints does not know them.
const POINT_MAX: Duration = Duration::from_secs(3);

pub(super) async fn play(props: &Props<'_>) -> Result<Played> {
    let mut scene = Scene::set(props).await?;
    let mut rng = chance(props.seed, "kill");
    // The one that runs now was started without a death of its own.
    sleep(Duration::from_millis(500)).await;
    scene.counts("kills when ready");
    scene.stage.kill().await?;
    while scene.goes_on() {
        let death = Death::draw(&mut rng);
        scene.stage.spawn(&How { failpoints: death.failpoint(), ..How::default() })?;
        let kind = match &death {
            Death::AtStart(after) => {
                sleep(*after).await;
                "kills while starting"
            }
            Death::After(after) => {
                ready(&mut scene).await?;
                sleep(*after).await;
                "kills when ready"
            }
            // It may die before it was ever seen to be ready: commands wait at its door.
            Death::At(..) => {
                let _ = ready(&mut scene).await;
                if scene.stage.ends_within(POINT_MAX).await?.is_some() {
                    "kills on the way of a command"
                } else {
                    "kills when ready"
                }
            }
        };
        scene.stage.kill().await?;
        scene.counts(kind);
    }
    scene.stage.start(&How::default()).await?;
    scene.recovers();
    Ok(scene.into())
}

async fn ready(scene: &mut Scene) -> Result<()> {
    scene.stage.is_ready().await?;
    scene.recovers();
    Ok(())
}
