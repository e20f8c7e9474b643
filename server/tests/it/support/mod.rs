//! What tests speak with: a server of their own and people who use it.

pub(crate) mod bytes;
mod client;
mod nodes;
mod process;
mod server;
pub(crate) mod socket;

pub(crate) use client::{Answer, Client, form, send};
pub(crate) use nodes::Nodes;
pub(crate) use process::{Process, Start};
pub(crate) use server::TestServer;

/// A password that every rule allows.
pub(crate) const PASSWORD: &str = "nine odd teapots";
