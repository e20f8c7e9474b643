//! What the engine does, one fact a test.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that meets the unexpected fails")]

mod bench;
mod connection;
mod counts;
mod journal;
mod outbox;
mod presence;
mod round_trips;
mod streams;
mod unread;
mod window;
