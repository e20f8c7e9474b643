//! What a test takes away from the server, to see that the test which guards it fails without it.
//!
//! Beside the [`failpoint`]s, and like those only with the cargo feature `failpoints`: without it, nothing can be taken
//! away, and the compiler knows. It is a value that is handed on, not a global one: tests share a process.

use crate::failpoint;

/// Parts that are taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Without(u8);

impl Without {
    /// All is there.
    pub const NOTHING: Self = Self(0);
    /// Commits are not synced to the disk.
    pub const SYNC: Self = Self(1);
    /// The log's index lets the same command in twice.
    pub const UNIQUE_INDEX: Self = Self(1 << 1);
    /// Who has read the store goes on at the ring's end rather than where the store's page ended.
    pub const SPLICE: Self = Self(1 << 2);
    /// Who is behind a ring is not told so.
    pub const LAG: Self = Self(1 << 3);
    /// An event that puts somebody out is one like any other.
    pub const REMOVAL: Self = Self(1 << 4);
    /// Rings keep everything.
    pub const BYTES: Self = Self(1 << 5);
    /// Whoever takes nothing is given everything: it waits for them.
    pub const OUTBOX: Self = Self(1 << 6);
    /// Whether a command was stored before is not looked up.
    pub const LOOK_UP: Self = Self(1 << 7);

    /// What a process of its own may be without, and how that is said.
    const NAMED: [(&str, Self); 4] = [
        ("sync", Self::SYNC),
        ("outbox", Self::OUTBOX),
        ("unique_index", Self::UNIQUE_INDEX),
        ("look_up", Self::LOOK_UP),
    ];

    /// Whether `part` is taken away. Never, in a build without the feature.
    #[must_use]
    pub const fn has(self, part: Self) -> bool {
        failpoint::ENABLED && self.0 & part.0 != 0
    }

    /// What a process of its own is to do without: `FAILPOINTS=without=sync`, several separated by commas.
    #[must_use]
    pub fn from_environment() -> Self {
        if !failpoint::ENABLED {
            return Self::NOTHING;
        }
        let set = std::env::var("FAILPOINTS").unwrap_or_default();
        let names = set.split(',').filter_map(|pair| pair.strip_prefix("without="));
        let parts = names.filter_map(|name| Self::NAMED.iter().find(|(known, _)| *known == name));
        Self(parts.fold(0, |all, (_, part)| all | part.0))
    }
}

/// Asserts that a test fails, and with these words: that what it guards is gone, and not something else.
///
/// # Panics
/// It does not fail, or with other words.
#[cfg(feature = "failpoints")]
pub async fn fails(test: impl Future<Output = ()>, words: &str) {
    use futures::FutureExt as _;

    let panic = std::panic::AssertUnwindSafe(test).catch_unwind().await.expect_err("it does not fail");
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    assert!(text.is_some_and(|text| text.contains(words)), "it fails with other words: {text:?}");
}
