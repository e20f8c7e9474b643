//! `parlor serve`.

use std::{error::Error, fs::File, path::Path};

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
        print(&format!("Parlor is at {}\n", app.config.address()));
        Ok(run_app(listener, app, stop_signal()).await?)
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

/// Completes at Ctrl-C and at SIGTERM.
async fn stop_signal() {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
