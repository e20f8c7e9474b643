//! The disk is full: reading goes on, the server says what is the matter, and it is over as soon as there is room.

use std::{fs, io::Write as _, time::Duration};

use anyhow::Result;
use tokio::time::sleep;

use super::Played;
use crate::chaos::{
    disk::SmallDisk,
    scene::{Props, Scene},
    schedule::{between, chance},
};

/// The disk, in megabytes: what is said in the longest phase finds room twice.
const DISK_MB: u32 = 256;
/// What the server says of it: when it cannot write, and when it cannot copy what it has written.
const SAID: [&str; 2] = ["the disk is full", "cannot be copied into it"];
/// Bytes that are left at first: SQLite writes over the log that it has, so that it takes a while until it needs more.
const LEFT_BYTES: usize = 64 * 1024;
/// How soon the server meets the end of its disk, and how soon it notices that there is room again.
const NOTICED_MAX: Duration = Duration::from_secs(60);

pub(super) async fn play(props: &Props<'_>) -> Result<Played> {
    let Some(disk) = SmallDisk::mount(DISK_MB)? else {
        return Ok(Played::NotTried("mounting a small disk needs root"));
    };
    let other = props.evidence.is_on(disk).join("something else");
    let mut scene = Scene::set(props).await?;
    let mut rng = chance(props.seed, "full");
    while scene.goes_on() {
        sleep(between(&mut rng, 500, 1_500)).await;
        fill(&other)?;
        scene.counts("times that the disk was full");
        let said = scene.stage.until_health(503, NOTICED_MAX).await;
        match said {
            Ok(said) if SAID.iter().any(|words| said.contains(words)) => reads(&mut scene).await,
            Ok(said) => scene.wrong.push(format!("the disk is full, and the server says: {said}")),
            Err(error) => scene.wrong.push(format!("the disk is full, and {error:#}")),
        }
        sleep(between(&mut rng, 100, 1_000)).await;
        fs::remove_file(&other)?;
        scene.recovers();
        if let Err(error) = scene.stage.until_health(200, NOTICED_MAX).await {
            scene.wrong.push(format!("there is room, and {error:#}"));
        }
        scene.settles(NOTICED_MAX).await;
    }
    Ok(scene.into())
}

/// Takes all that is left of a disk.
fn fill(file: &std::path::Path) -> Result<()> {
    let mut file = fs::File::create(file)?;
    let piece = vec![1; LEFT_BYTES];
    while file.write_all(&piece).is_ok() {}
    Ok(())
}

/// Reading goes on.
async fn reads(scene: &mut Scene) {
    let token = scene.cast.devices[0].client.session().token.clone();
    let path = format!("/api/v1/rooms/{}?at=end", scene.cast.rooms[0]);
    let read = scene.stage.get(&token, &path).await;
    scene.wrong.extend(read.err().map(|error| format!("the disk is full, and reading fails: {error:#}")));
}
