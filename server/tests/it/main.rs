//! The server from the outside: raw requests against a running one. One module a topic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a test names what it waits for; everything else is one case")]

mod accounts;
mod bad_input;
mod candidates;
mod command_line;
mod connections;
mod cross_site;
mod diagnostics;
mod directory;
mod drain;
mod faults;
mod floods;
#[cfg(target_os = "linux")]
mod idle;
mod invites;
mod limits;
mod presence;
mod profile;
mod python_client;
mod room_keeping;
mod rooms;
mod seen;
mod sessions;
mod settings;
mod settings_pages;
mod sim;
mod slow_readers;
mod slow_requests;
mod socket_admission;
mod socket_conformance;
mod socket_echo;
mod socket_heads;
mod socket_membership;
mod socket_messages;
mod socket_nodes;
mod socket_payloads;
mod socket_roles;
mod socket_sessions;
mod socket_streams;
mod store;
mod support;
mod threats_bus;
mod threats_frames;
mod threats_log;
mod threats_payloads;
mod threats_policy;
mod threats_removal;
mod threats_sessions;
mod throttling;
