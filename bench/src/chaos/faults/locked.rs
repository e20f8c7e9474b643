//! Another program holds the database for longer than anybody waits: everybody is told to come again, nothing is
//! acknowledged meanwhile, and it is over when that program lets go.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use super::Played;
use crate::{
    chaos::{
        scene::{Props, Scene},
        schedule::{between, chance},
    },
    oracle::disk,
};

/// How long it is held; twice as long as the server waits for others, or a little longer where there is no time.
const HELD: Duration = Duration::from_secs(10);
const HELD_SHORT: Duration = Duration::from_secs(6);
/// What is no time.
const SHORT: Duration = Duration::from_secs(15);
/// How long it may take until it is held, and until everybody has recovered.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn play(props: &Props<'_>) -> Result<Played> {
    let held = if props.length < SHORT { HELD_SHORT } else { HELD };
    let mut scene = Scene::set(props).await?;
    let mut rng = chance(props.seed, "locked");
    while scene.goes_on() {
        sleep(between(&mut rng, 500, 2_000)).await;
        let mut other = disk::connect(&scene.stage.data).await?;
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis())))
            .execute(&mut other)
            .await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await?;
        let heads = disk::heads(&scene.stage.data).await?;
        scene.counts("times that the database was held");
        sleep(held).await;
        let is_new = |(stream, seq)| heads.get(&stream).is_none_or(|head| *head < seq);
        let acknowledged = scene.cast.places().into_iter().filter(|place| is_new(*place)).count();
        if acknowledged > 0 {
            scene.wrong.push(format!("{acknowledged} acknowledged while another program held the database"));
        }
        sqlx::query("ROLLBACK").execute(&mut other).await?;
        sqlx::Connection::close(other).await?;
        scene.recovers();
        scene.settles(PATIENCE).await;
    }
    Ok(scene.into())
}
