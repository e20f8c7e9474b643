//! Somebody's machine is gone without a word, as where a cable is pulled: the server hears nothing more of them, and
//! nobody tells it so. It gives them up in bounded time, and the others see that they are gone.

use std::{rc::Rc, time::Duration};

use anyhow::Result;
use protocol::PresenceState;
use tokio::time::{Instant, sleep};

use super::Played;
use crate::{
    chaos::{
        cable::Cable,
        cast::PATIENCE,
        scene::{Props, Scene},
        schedule::{between, chance},
    },
    journal::Device,
};

/// The server gives a silent peer up after this time.
const SILENCE_MAX: Duration = Duration::from_secs(75);
/// How long somebody is seen as there after their connection has ended.
const GRACE: Duration = Duration::from_secs(15);
/// The server looks once a second, and tells of presence twice a second; a busy machine takes longer.
const SLACK: Duration = Duration::from_secs(8);

pub(super) async fn play(props: &Props<'_>) -> Result<Played> {
    let mut scene = Scene::set(props).await?;
    let mut rng = chance(props.seed, "half-open");
    let cable = Cable::lay(scene.stage.address).await?;
    // Two who are nobody else, each with the cable between them and the server.
    let sessions = [0, 1].map(|person| scene.scenery.fillers[person].native_session());
    let far = sessions.map(|session| {
        let name = format!("{} far away", session.user.name);
        Device::start(&cable.base(), session, name, PATIENCE)
    });
    while scene.goes_on() {
        for device in &far {
            device.client.opens(scene.cast.rooms[0]).await?;
            if let Err(error) = sees(&scene, device, PresenceState::Online, PATIENCE).await {
                scene.wrong.push(error);
            }
        }
        sleep(between(&mut rng, 500, 2_000)).await;
        cable.pull();
        scene.counts("times that a cable was pulled");
        let pulled = Instant::now();
        let ended = cable.is_given_up(SILENCE_MAX + SLACK).await;
        if !ended {
            scene.wrong.push(format!("a silent connection is still open after {:?}", pulled.elapsed()));
        }
        for device in &far {
            let left = (SILENCE_MAX + GRACE + SLACK).saturating_sub(pulled.elapsed());
            if let Err(error) = sees(&scene, device, PresenceState::Offline, left).await {
                scene.wrong.push(error);
            }
        }
        cable.mend();
        let room: Rc<[_]> = Rc::from([scene.cast.rooms[0]]);
        scene.watch.counts(far.iter().map(|device| (Rc::clone(device), Rc::clone(&room))));
        scene.settles(PATIENCE).await;
    }
    Ok(scene.into())
}

/// Waits until one of the others sees somebody so.
async fn sees(scene: &Scene, whom: &Device, state: PresenceState, patience: Duration) -> Result<(), String> {
    let (until, user) = (Instant::now() + patience, whom.client.session().user.id);
    let (other, room) = (&scene.cast.devices[0].client, scene.cast.rooms[0]);
    loop {
        let seen = other.view(|engine| engine.presence(room).and_then(|presence| presence.of(user)));
        let seen = seen.map_or(PresenceState::Offline, |presence| presence.state);
        if seen == state {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(format!("{} is seen as {seen:?} and not {state:?}", whom.name));
        }
        sleep(Duration::from_millis(100)).await;
    }
}
