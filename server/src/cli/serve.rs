//! `parlor serve`.

use std::{error::Error, fs::File, io, path::Path};

#[cfg(unix)]
use tokio::signal::unix;

use super::{log, print};
use crate::{
    App, Config, RunError,
    clock::{Clock, Randomness},
    run_app,
    serve::{files, listen},
    store::sqlite::make_directory,
};

/// Serves until the process is told to stop.
pub(super) fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    log::start(&config);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = listen(config.listen).map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
        let _lock = lock(&config.data)?;
        // With port 0 the system has chosen one.
        let listen = listener.local_addr()?;
        let config = Config { listen, limits: files::bound(config.limits, files::raise_limit()), ..config };
        let app = App::open(config, Clock::System, Randomness::System).await.map_err(RunError::from)?;
        let signals = Signals::listen()?;
        print(&format!("Parlor is at {}\n", app.config.address()));
        Ok(run_app(listener, app, stop_signal(signals)).await?)
    })
}

/// Keeps a second server off the same data. The lock ends with the process, however that ends.
fn lock(data: &Path) -> Result<File, Box<dyn Error>> {
    make_directory(data).map_err(|error| format!("cannot make {}: {error}", data.display()))?;
    let path = data.join("lock");
    let file = File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    file.try_lock().map_err(|_| format!("another Parlor is running on {}", data.display()))?;
    Ok(file)
}

/// Completes when the process is told to stop. Told again, it ends at once: what was acknowledged is on disk.
async fn stop_signal(mut signals: Signals) {
    signals.next().await;
    tokio::spawn(async move {
        signals.next().await;
        tracing::warn!("told to stop again: ending at once");
        std::process::exit(1);
    });
}

/// SIGTERM and Ctrl-C, from when they are listened for: none is missed between two.
struct Signals {
    #[cfg(unix)]
    terminate: unix::Signal,
    #[cfg(unix)]
    interrupt: unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        let (terminate, interrupt) = (unix::SignalKind::terminate(), unix::SignalKind::interrupt());
        Ok(Self { terminate: unix::signal(terminate)?, interrupt: unix::signal(interrupt)? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
