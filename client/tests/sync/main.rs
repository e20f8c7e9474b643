//! Engines against a model of the server, through everything that can go wrong between them.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that meets the unexpected fails")]

mod check;
mod device;
mod property;
mod server;
mod tables;
mod world;
