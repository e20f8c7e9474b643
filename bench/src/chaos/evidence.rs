//! What a phase leaves: the server's data folder and log, and the journals of the people. Where something went wrong it is
//! kept, also where the phase could not go on, and nobody has judged it.

use std::{
    cell::{OnceCell, RefCell},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tokio::time::Instant;

use super::disk::SmallDisk;
use crate::journal::{Device, Journal};

/// A folder for a phase. It is gone with this, but for who keeps it.
pub(crate) struct Evidence {
    folder: TempDir,
    began: Instant,
    devices: RefCell<Vec<Rc<Device>>>,
    /// Goes last: nobody has anything open there by then.
    small_disk: OnceCell<SmallDisk>,
}

impl Evidence {
    /// Of a phase that begins now.
    pub(crate) fn begin() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("parlor-chaos-").tempdir()?;
        Ok(Self { folder, began: Instant::now(), devices: RefCell::default(), small_disk: OnceCell::new() })
    }

    /// The server has a disk of its own. Where that is.
    pub(crate) fn is_on(&self, disk: SmallDisk) -> &Path {
        self.small_disk.get_or_init(|| disk).path()
    }

    /// The server's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.small_disk.get().map_or_else(|| self.folder.path(), SmallDisk::path).join("data")
    }

    /// The server's log.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// Somebody who comes.
    pub(crate) fn includes(&self, device: &Rc<Device>) {
        self.devices.borrow_mut().push(Rc::clone(device));
    }

    /// Keeps it, with the journals as they are now, once the server has ended. Where it is.
    ///
    /// # Errors
    /// There is no room for it. What is there is kept all the same.
    pub(crate) fn keep(self) -> Result<PathBuf> {
        let Self { folder, began, devices, small_disk } = self;
        let folder = folder.keep();
        let told = || format!("of {}, not all is kept", folder.display());
        for device in devices.take() {
            let file = folder.join(format!("{}.journal", device.name));
            fs::write(file, written(&device.journal(), began)).with_context(told)?;
        }
        if let Some(disk) = small_disk.get() {
            let copied = Command::new("cp").arg("-r").arg(disk.path().join("data")).arg(&folder).status();
            ensure!(copied.with_context(told)?.success(), told());
        }
        Ok(folder)
    }
}

/// A line for each thing that was wanted: when, what, when it was answered, and how. Times are in seconds of the phase.
fn written(journal: &Journal, began: Instant) -> String {
    let mut text = String::new();
    let seconds = |at: Instant| at.saturating_duration_since(began).as_secs_f64();
    for intent in &journal.intents {
        let _ = write!(text, "{:.3} {:?}", seconds(intent.at), intent.command);
        let _ = match &intent.answer {
            Some((answer, at)) => writeln!(text, " {:.3} {answer:?}", seconds(*at)),
            None => writeln!(text, " never answered"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use protocol::{Command, ErrorCode, RoomId, UserId, messages::PostMessage};

    use super::*;
    use crate::{
        journal::{Answer, Intent},
        people::client_id,
    };

    #[tokio::test]
    async fn what_is_kept_stays_and_the_rest_goes() {
        let (kept, gone) = (Evidence::begin().unwrap(), Evidence::begin().unwrap());
        for evidence in [&kept, &gone] {
            fs::create_dir(evidence.data()).unwrap();
            fs::write(evidence.log(), "words of the server").unwrap();
        }
        let (gone_log, kept_log) = (gone.log(), kept.log());

        drop(gone);
        let folder = kept.keep().unwrap();

        assert!(!gone_log.exists());
        assert_eq!(fs::read_to_string(kept_log).unwrap(), "words of the server");
        assert!(folder.join("data").is_dir());
        fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_journal_says_what_was_wanted_and_what_came_of_it() {
        let began = Instant::now();
        let wants = |answer| {
            let post = PostMessage::new(client_id(), RoomId(1), "hello".to_owned());
            Intent { command: Command::PostMessage(post), at: began, answer }
        };
        let refused = Answer::Refused(ErrorCode::Forbidden.into());
        let intents = vec![wants(None), wants(Some((refused, began)))];

        let text = written(&Journal { user: UserId(1), intents }, began);

        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].contains("hello") && lines[0].ends_with("never answered"), "{text}");
        assert!(lines[1].contains("hello") && lines[1].contains("Forbidden"), "{text}");
    }
}
