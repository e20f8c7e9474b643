//! What npm installs into `end2end`: Playwright, axe, and binaryen for `wasm-opt`.

use anyhow::{Result, bail};

use crate::command::{command, is_installed, run};
use crate::workspace;

/// Installs exactly what the lock file names, unless that was done for this lock file before.
pub(super) fn packages() -> Result<()> {
    let lock = std::fs::read_to_string(workspace::end2end().join("package-lock.json"))?;
    let installed = workspace::end2end().join("node_modules/.installed-lock.json");
    if std::fs::read_to_string(&installed).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    if !is_installed("npm") {
        bail!("npm is missing: install Node 20 or newer (Debian: sudo apt-get install nodejs npm)");
    }
    let mut npm = command("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(workspace::end2end());
    // The browser is Debian's; Playwright's own download is large and not needed.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run(&mut npm)?;
    std::fs::write(installed, lock)?;
    Ok(())
}
