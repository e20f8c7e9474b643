//! A Python environment of our own: `websockets` for the client that is written from docs/protocol.md alone, and
//! `typos`, which is published there as a ready-made program.

use anyhow::Result;

use crate::command::{command, run};
use crate::workspace;

const PACKAGES: [&str; 2] = ["typos==1.52.0", "websockets==17.4"];

/// Makes the environment, unless one with these very packages is there.
pub(super) fn environment() -> Result<()> {
    let wanted = PACKAGES.join("\n");
    let installed = workspace::target().join("venv/installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|known| known == wanted) {
        return Ok(());
    }
    run(command("python3").args(["-m", "venv", "--clear"]).arg(workspace::target().join("venv")))?;
    let mut pip = command(workspace::venv("pip"));
    run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES))?;
    std::fs::write(installed, wanted)?;
    Ok(())
}
