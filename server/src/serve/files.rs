//! Open files, of which every connection is one: as many as the system allows, and what happens when there are none.

use std::{fs::File, io, time::Duration};

use futures::FutureExt as _;
use tokio::{net::TcpListener, sync::Semaphore, time::Instant};

use crate::limits::Limits;

/// Files that connections leave alone: the database and its log, each once a reader; what watches for events.
const FILES_OF_OUR_OWN: u64 = 64;

/// Files that sockets leave alone: those, and connections that bring a page or ask for something.
const FILES_RESERVED: u64 = 256;

/// How often it is said that there are none left.
const TOLD_INTERVAL: Duration = Duration::from_mins(1);

/// Lets this process have as many open files as the system would allow it. Returns how many it may have.
pub(crate) fn raise_limit() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            tracing::warn!(?error, "the limit of open files could not be raised");
        }
    }
    limit()
}

/// How many open files this process may have.
fn limit() -> u64 {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    #[cfg(not(unix))]
    u64::MAX
}

/// The limits that can be kept with so many files.
pub(crate) fn bound(limits: Limits, files: u64) -> Limits {
    let sockets = u32::try_from(left_of(files, FILES_RESERVED)).unwrap_or(u32::MAX).max(1);
    if sockets < limits.sockets {
        let wanted = limits.sockets;
        tracing::info!(files, sockets, wanted, "fewer sockets than wanted: the system allows too few open files");
    }
    Limits { sockets: limits.sockets.min(sockets), ..limits }
}

/// How many connections there may be, sockets among them.
pub(super) fn connections_max() -> usize {
    usize::try_from(left_of(limit(), FILES_OF_OUR_OWN)).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

/// Where there are few files at all, half of them.
fn left_of(files: u64, reserved: u64) -> u64 {
    files - reserved.min(files / 2)
}

/// A file that is given up when there is none left, so that whoever knocks can be let in and shown out: left at the
/// door, they would wait for as long as they like, and wake us each time we look.
pub(super) struct Spare {
    file: Option<File>,
    told_at: Option<Instant>,
}

impl Spare {
    pub(super) fn new() -> Self {
        Self { file: Self::open(), told_at: None }
    }

    /// Whether this is what it is for: the process has no file left, or the system has none.
    pub(super) fn is_for(error: &io::Error) -> bool {
        #[cfg(unix)]
        {
            use rustix::io::Errno;
            matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
        }
        #[cfg(not(unix))]
        {
            let _ = error;
            false
        }
    }

    /// Ends one connection that waits to be accepted. Returns whether that was possible.
    pub(super) fn turn_away(&mut self, listener: &TcpListener) -> bool {
        if self.told_at.is_none_or(|told_at| told_at.elapsed() >= TOLD_INTERVAL) {
            self.told_at = Some(Instant::now());
            tracing::warn!("there are no open files left: connections are turned away");
        }
        let is_there = self.file.take().is_some();
        if is_there {
            // It ends here. Where none waits after all, the listener knows that now.
            drop(listener.accept().now_or_never());
        }
        self.file = Self::open();
        is_there
    }

    fn open() -> Option<File> {
        File::open(if cfg!(windows) { "NUL" } else { "/dev/null" }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_leave_files_for_the_rest() {
        let sockets = |files| bound(Limits { sockets: 20_000, ..Limits::default() }, files).sockets;

        assert_eq!(sockets(100_000), 20_000);
        assert_eq!(sockets(20_256), 20_000);
        assert_eq!(sockets(20_255), 19_999);
        assert_eq!(sockets(1_024), 768);
        assert_eq!(sockets(64), 32);
        assert_eq!(sockets(0), 1);
    }
}
