//! Points at which a test kills the server, to see what a crash there leaves behind.
//!
//! With the cargo feature `failpoints`, `FAILPOINTS=after_commit=<marker>` makes the process end itself by
//! SIGKILL as soon as it gets to that point with a text that contains the marker. `clock=<file>` sets its clock on the
//! wall wrong, by the milliseconds that stand in the file. Several are separated by
//! commas. Without the feature, all of it compiles to nothing, and a release is built without it.

/// Where a command can be when the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Decided, but not on disk.
    BeforeCommit,
    /// On disk; nobody knows.
    AfterCommit,
    /// The followers know; who asked does not.
    AfterBroadcast,
    /// Who asked was told.
    AfterAck,
}

/// Whether the points do anything in this build.
pub const ENABLED: bool = cfg!(feature = "failpoints");

/// Dies here if the environment says so. `text` is not made unless a point is set.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn hit(_point: Point, _text: impl FnOnce() -> String) {}

/// Dies here if the environment says so. `text` is not made unless a point is set.
#[cfg(feature = "failpoints")]
pub fn hit(point: Point, text: impl FnOnce() -> String) {
    use std::sync::LazyLock;

    static SET: LazyLock<Vec<(Point, String)>> =
        LazyLock::new(|| parse(&std::env::var("FAILPOINTS").unwrap_or_default()));
    let mut markers = SET.iter().filter(|(set, _)| *set == point).peekable();
    if markers.peek().is_none() {
        return;
    }
    let text = text();
    if markers.any(|(_, marker)| text.contains(marker)) {
        // The same as `kill -9` from outside: no destructor runs, no buffer is flushed.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

/// How wrong the clock on the wall is.
#[cfg(not(feature = "failpoints"))]
#[inline]
#[must_use]
pub fn clock_error_ms() -> i64 {
    0
}

/// How wrong the clock on the wall is: what stands in the file by now, nothing where there is none.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn clock_error_ms() -> i64 {
    use std::sync::LazyLock;

    static FILE: LazyLock<Option<String>> = LazyLock::new(|| {
        let set = std::env::var("FAILPOINTS").ok()?;
        set.split(',').find_map(|pair| pair.strip_prefix("clock=")).map(str::to_owned)
    });
    let text = FILE.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}

/// Reads `point=marker,point=marker`; what names no point is left out.
#[cfg(feature = "failpoints")]
fn parse(text: &str) -> Vec<(Point, String)> {
    let point = |name: &str| match name {
        "before_commit" => Some(Point::BeforeCommit),
        "after_commit" => Some(Point::AfterCommit),
        "after_broadcast" => Some(Point::AfterBroadcast),
        "after_ack" => Some(Point::AfterAck),
        _ => None,
    };
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.filter_map(|(name, marker)| Some((point(name)?, marker.to_owned()))).collect()
}
