//! What comes from the system: a browser, Python with the means to make an environment, and `strace`.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::command::{command, is_installed, output, run};

/// The browser of the tests: `CHROMIUM`, or where Debian puts it.
pub(crate) fn chromium() -> PathBuf {
    std::env::var_os("CHROMIUM").map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from)
}

/// Installs what is missing, or says exactly what that is.
pub(super) fn packages() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)?;
    let still = self::missing();
    if !still.is_empty() {
        bail!("apt-get installed {}, and yet this is not there: {}", missing.join(" "), still.join(" "));
    }
    Ok(())
}

/// Installs packages, where that is possible.
///
/// # Errors
/// There is no apt-get, or it may not be used; the error says what to do.
pub(crate) fn install(missing: &[&str]) -> Result<()> {
    let names = missing.join(" ");
    if !is_installed("apt-get") {
        bail!(
            "missing: {names}, and there is no apt-get to install them. Install them with your system's packages; \
             where Chromium or Chrome is not at /usr/bin/chromium, set CHROMIUM to its path"
        );
    }
    if output(command("id").arg("-u")).as_deref() != Some("0") {
        bail!(
            "missing: {names}. Installing them needs root; run: sudo apt-get install -y --no-install-recommends {names}"
        );
    }
    let mut update = command("apt-get");
    run(update.args(["update", "-qq"]))?;
    let mut install = command("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", "-qq", "--no-install-recommends"]);
    run(install.args(missing))
}

fn missing() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if !chromium().is_file() {
        missing.push("chromium");
    }
    // Lets tests see what is done where the disk fails.
    if !is_installed("strace") {
        missing.push("strace");
    }
    if !is_installed("python3") {
        missing.push("python3");
    }
    if output(command("python3").args(["-c", "import ensurepip, venv"])).is_none() {
        missing.push("python3-venv");
    }
    missing
}
