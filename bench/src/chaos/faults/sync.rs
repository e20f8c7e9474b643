//! Every sync fails, as the system says: what is written then may be lost with the next power cut, so nothing of it may be
//! acknowledged, until the server was started again on a disk that syncs.
//!
//! `kill -9` alone shows nothing of that: what the system has taken stays, synced or not. Here the system is made to say
//! no, and a server that acknowledges all the same has not asked.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::Result;
use tokio::time::sleep;

use super::Played;
use crate::{
    chaos::{
        scene::{Props, Scene},
        schedule::{between, chance},
        stage::How,
    },
    oracle::disk,
};

/// How soon the server notices.
const NOTICED_MAX: Duration = Duration::from_secs(15);
/// How soon everybody is back after it was started again: an engine waits up to half a minute between two tries.
const BACK_MAX: Duration = Duration::from_secs(60);
/// Answers that were on their way are known after this time.
const LAST_ANSWERS: Duration = Duration::from_millis(300);

const STRACE: [&str; 9] =
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];

pub(super) async fn play(props: &Props<'_>) -> Result<Played> {
    let traced = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !traced.is_ok_and(|status| status.success()) {
        return Ok(Played::NotTried("this system lets no program be traced, or has no strace"));
    }
    let mut scene = Scene::set(props).await?;
    let mut rng = chance(props.seed, "sync");
    while scene.goes_on() {
        sleep(between(&mut rng, 500, 2_000)).await;
        scene.stage.stop().await?;
        sleep(LAST_ANSWERS).await;
        fails(&mut scene, between(&mut rng, 500, 1_500)).await?;
        scene.stage.start(&How::default()).await?;
        scene.recovers();
        scene.settles(BACK_MAX).await;
    }
    Ok(scene.into())
}

/// Runs the server where no sync succeeds, until it has noticed and for some time after that.
async fn fails(scene: &mut Scene, after: Duration) -> Result<()> {
    let heads = disk::heads(&scene.stage.data).await?;
    scene.stage.start(&How { under: STRACE.map(str::to_owned).into(), ..How::default() }).await?;
    scene.counts("times that no sync succeeded");
    if let Err(error) = scene.stage.until_health(503, NOTICED_MAX).await {
        scene.wrong.push(format!("no sync succeeds, and {error:#}"));
    }
    sleep(after).await;
    // Whoever was not told before the server was ended is told now that theirs is on disk, and it is.
    let is_new = |(stream, seq)| heads.get(&stream).is_none_or(|head| *head < seq);
    let acknowledged = scene.cast.places().into_iter().filter(|place| is_new(*place)).count();
    if acknowledged > 0 {
        scene.wrong.push(format!("{acknowledged} acknowledged, and not on disk: no sync succeeded"));
    }
    scene.stage.kill().await
}
