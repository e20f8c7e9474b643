//! Somebody sets the clock of the server by a day, forwards and back, while it runs: nobody is sent away, nothing stands
//! still, and what is said has its place by its number.

use std::{fs, path::Path, time::Duration};

use anyhow::{Result, bail};
use tokio::time::sleep;

use super::Played;
use crate::chaos::{
    scene::{Props, Scene},
    schedule::{between, chance},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long everybody may take to have an answer after the clock was set.
const ANSWERED_MAX: Duration = Duration::from_secs(30);

pub(super) async fn play(props: Props<'_>) -> Result<Played> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("error_ms");
    let failpoints = vec![format!("clock={}", file.display())];
    set(&file, 0)?;
    let mut scene = Scene::set(&Props { failpoints, ..props.clone() }).await?;
    let mut rng = chance(props.seed, "clock");
    let connected = connections(&scene);
    let mut error_ms = 0;
    while scene.goes_on() {
        sleep(between(&mut rng, 500, 1_500)).await;
        // By a day or two, never more than a day from the right time.
        error_ms =
            [-DAY_MS, 0, DAY_MS].into_iter().filter(|ms| *ms != error_ms).nth(rng.usize(..2)).unwrap_or_default();
        set(&file, error_ms)?;
        scene.counts("times that the clock was set");
        scene.recovers();
        scene.settles(ANSWERED_MAX).await;
    }
    for ((name, before), (_, after)) in connected.into_iter().zip(connections(&scene)) {
        if before != after {
            scene.wrong.push(format!("{name} was connected {after} times and not {before} after the clock was set"));
        }
    }
    set(&file, 0)?;
    if !was_wrong(&scene).await? {
        bail!("the clock of this server cannot be set: build it with `--features failpoints`");
    }
    Ok(scene.into())
}

/// Sets the clock. A whole file takes the place of the one before, so nobody reads half a number.
fn set(file: &Path, error_ms: i64) -> Result<()> {
    let next = file.with_extension("next");
    fs::write(&next, error_ms.to_string())?;
    Ok(fs::rename(next, file)?)
}

/// How often each device was connected.
fn connections(scene: &Scene) -> Vec<(String, u32)> {
    let devices = scene.cast.devices.iter();
    let counted = devices.map(|it| (it.name.clone(), it.client.view(|engine| engine.journal().counts().connected)));
    counted.collect()
}

/// Whether anything was written down at another time than it was.
async fn was_wrong(scene: &Scene) -> Result<bool> {
    let mut database = crate::oracle::disk::connect(&scene.stage.data).await?;
    let sql = "SELECT max(at_ms) - min(at_ms) FROM events";
    let span_ms: i64 = sqlx::query_scalar(sql).fetch_one(&mut database).await?;
    sqlx::Connection::close(database).await?;
    Ok(span_ms > DAY_MS / 2)
}
