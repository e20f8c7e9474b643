//! Few open files, so that not all find a place at once; then no memory beyond what the server has, so that it may die at
//! any moment. It may send people away, and it may die: what it has acknowledged is there.
//!
//! Each time more knock than there is room for. Where nobody was ever turned away, the limit was none.

use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, prlimit};
use tokio::time::sleep;

use super::Played;
use crate::chaos::{
    knocks,
    scene::{Props, Scene},
    schedule::{between, chance},
    stage::How,
};

/// Open files: a third of those who come find a place, beside the database.
const FILES: u32 = 48;
/// How long it is left so.
const SCARCE_MS: (u64, u64) = (1_500, 4_000);
/// How long everybody may take to be back.
const BACK_MAX: Duration = Duration::from_secs(90);
/// How long it takes a process to be gone that has given up.
const DYING_MAX: Duration = Duration::from_millis(500);
const AWAY_FOR_FILES: &str = "turned away for want of files";
const AWAY_FOR_MEMORY: &str = "turned away for want of memory";

pub(super) async fn play(props: &Props<'_>) -> Result<Played> {
    let mut scene = Scene::set(props).await?;
    let mut rng = chance(props.seed, "limits");
    let away = knocks::turned_away(scene.stage.address).await?;
    ensure!(away == 0, "{away} are turned away without a limit, so nothing can be told from that (ulimit -n?)");
    while scene.goes_on() {
        sleep(between(&mut rng, 500, 1_500)).await;
        few_files(&mut scene, between(&mut rng, SCARCE_MS.0, SCARCE_MS.1)).await?;
        scene.settles(BACK_MAX).await;
        little_memory(&mut scene, between(&mut rng, SCARCE_MS.0, SCARCE_MS.1)).await?;
        scene.settles(BACK_MAX).await;
    }
    for what in [AWAY_FOR_FILES, AWAY_FOR_MEMORY] {
        if scene.injected.get(what).is_none_or(|times| *times == 0) {
            scene.wrong.push(format!("nobody was {what}: there was no such limit"));
        }
    }
    Ok(scene.into())
}

async fn few_files(scene: &mut Scene, scarce: Duration) -> Result<()> {
    scene.stage.stop().await?;
    let script = format!("ulimit -n {FILES}; exec \"$@\"");
    let under = ["sh", "-c", &script, "sh"].map(str::to_owned).into();
    // Who asks whether it is ready may be one of those who find no place.
    scene.stage.spawn(&How { under, ..How::default() })?;
    scene.counts("times with few files");
    sleep(scarce).await;
    scene.stage.listens().await?;
    match knocks::turned_away(scene.stage.address).await {
        Ok(times) => scene.counts_times(AWAY_FOR_FILES, times),
        Err(error) => scene.wrong.push(format!("with {FILES} files: {error:#}")),
    }
    if let Some(status) = scene.stage.ends_within(Duration::ZERO).await? {
        scene.wrong.push(format!("with {FILES} files the server ends: {status}"));
    }
    scene.stage.kill().await?;
    scene.stage.start(&How::default()).await?;
    scene.recovers();
    Ok(())
}

async fn little_memory(scene: &mut Scene, scarce: Duration) -> Result<()> {
    let server = scene.stage.server()?;
    let most = Some(server.data_bytes()?);
    prlimit(Some(server.process()?), Resource::Data, Rlimit { current: most, maximum: most })?;
    scene.counts("times with little memory");
    sleep(scarce).await;
    // It may have died by now, or die of this.
    let away = knocks::turned_away(scene.stage.address).await;
    if scene.stage.ends_within(DYING_MAX).await?.is_some() {
        scene.counts("deaths of it");
        scene.counts(AWAY_FOR_MEMORY);
    } else {
        // Without memory somebody may be kept waiting as well; that is neither counted nor wrong.
        scene.counts_times(AWAY_FOR_MEMORY, away.unwrap_or_default());
    }
    scene.stage.kill().await?;
    scene.stage.start(&How::default()).await?;
    scene.recovers();
    Ok(())
}
