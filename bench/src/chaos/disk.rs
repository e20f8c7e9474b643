//! A disk of a few megabytes, where this machine lets one be made.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Result;
use tempfile::TempDir;

/// A folder that is a disk of its own, in memory.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` for who may not mount anything.
    pub(crate) fn mount(megabytes: u32) -> Result<Option<Self>> {
        let disk = Self(tempfile::Builder::new().prefix("parlor-chaos-disk-").tempdir()?);
        let size = format!("size={megabytes}m");
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(disk.0.path()).stderr(Stdio::null());
        Ok(mount.status().is_ok_and(|status| status.success()).then_some(disk))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Where it was not mounted, there is nothing to be undone.
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).stderr(Stdio::null()).status();
    }
}
