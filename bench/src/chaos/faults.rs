//! What goes wrong, one file a fault: each lets it happen for as long as its phase lasts, and checks on the way what must
//! hold while it does. What must hold after it is judged for all of them alike.

mod clock;
mod full;
mod half_open;
mod kill;
mod limits;
mod locked;
mod restart;
mod sync;
mod wal;

use anyhow::{Result, bail};

use super::{
    fault::Fault,
    scene::{Props, Scene},
};

/// A phase that was played.
pub(crate) enum Played {
    /// All that was to go wrong has.
    Over(Box<Scene>),
    /// It could not be, for this reason.
    NotTried(&'static str),
}

impl From<Scene> for Played {
    fn from(scene: Scene) -> Self {
        Self::Over(Box::new(scene))
    }
}

/// Plays the phase of a fault.
pub(crate) async fn play(fault: Fault, props: Props<'_>) -> Result<Played> {
    match fault {
        Fault::Kill => kill::play(&props).await,
        Fault::Sync => sync::play(&props).await,
        Fault::Full => full::play(&props).await,
        Fault::Locked => locked::play(&props).await,
        Fault::Wal => wal::play(&props).await,
        Fault::Clock => clock::play(props).await,
        Fault::HalfOpen => half_open::play(&props).await,
        Fault::Restart => restart::play(props).await,
        Fault::Limits => limits::play(&props).await,
        Fault::Bus | Fault::Offline | Fault::Panic => bail!("it is not tried here"),
    }
}
