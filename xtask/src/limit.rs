//! Ends what hangs: a step that is over its limit loses every program that it has started, and so comes to its end.
//!
//! They are found by who started whom, and not put into a process group of their own: Ctrl+C has to reach them, and a
//! browser makes a group of its own anyway.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

/// How often it is looked for programs that were started after the limit.
const AGAIN: Duration = Duration::from_secs(1);

/// Carries out `action`, and ends the programs that it has started when it takes longer than `limit`.
///
/// # Errors
/// Those of `action`; and that it was over the limit, which is named.
pub(crate) fn within<T>(limit: Duration, action: impl FnOnce() -> Result<T>) -> Result<T> {
    let (done, is_done) = mpsc::channel::<()>();
    let over = AtomicBool::new(false);
    let is_over = &over;
    let result = thread::scope(|scope| {
        scope.spawn(move || {
            let mut wait = limit;
            while is_done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                is_over.store(true, Ordering::SeqCst);
                end_descendants(std::process::id());
                wait = AGAIN;
            }
        });
        let result = action();
        drop(done);
        result
    });
    if over.into_inner() {
        bail!("it was ended, because it was not done within its limit of {} s", limit.as_secs_f64());
    }
    result
}

/// Ends all programs that a process has started, and those that these have started.
fn end_descendants(of: u32) {
    let found = descendants(of);
    if !found.is_empty() {
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -KILL \"$@\"", "sh"]).args(found.iter().map(u32::to_string));
        // One that has ended meanwhile is no failure; if none could be ended, it is tried again.
        let _ = kill.stdin(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn descendants(of: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(parent) = parent(&stat) {
            children.entry(parent).or_default().push(process);
        }
    }
    let (mut found, mut next) = (Vec::new(), vec![of]);
    while let Some(process) = next.pop() {
        let started = children.remove(&process).unwrap_or_default();
        found.extend(&started);
        next.extend(started);
    }
    found
}

/// Who started a process, of its line in `/proc` (proc_pid_stat(5)): the name before it may hold any character.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{command, run_and_read};
    use crate::step::now;

    #[test]
    fn what_hangs_is_ended_with_all_that_it_has_started() {
        let started = now();

        // The pipe is open for as long as one of them lives.
        let ended = within(Duration::from_millis(300), || {
            run_and_read(command("sh").args(["-c", "sleep 600 & setsid sleep 600 & sleep 600"]))
        });

        let error = ended.unwrap_err().to_string();
        assert!(error.contains("its limit of 0.3 s"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    }

    #[test]
    fn what_is_done_in_time_is_left_alone() {
        assert_eq!(within(Duration::from_secs(600), || Ok(7)).unwrap(), 7);
    }

    #[test]
    fn a_parent_is_found_behind_any_name() {
        assert_eq!(parent("7 (a) b (c) S 42 7 7 0 -1"), Some(42));
        assert_eq!(parent(""), None);
    }
}
