//! A client in another language, written from `docs/protocol.md` alone: what the page leaves out fails here.

use std::{path::PathBuf, process::Command};

use crate::support::{PASSWORD, TestServer};

/// The interpreter that `cargo xtask setup` prepares, unless the environment names another.
fn python() -> PathBuf {
    let prepared = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    std::env::var_os("PYTHON").map_or_else(|| prepared.into(), PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn client_in_python_loses_and_doubles_nothing_when_it_is_cut_off() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end/python/client.py");

    let output = Command::new(python()).args([script, &ada.base, "ada", PASSWORD]).output().unwrap_or_else(|error| {
        panic!(
            "{} does not start: {error}. Run `cargo xtask setup`, or set PYTHON to a Python ≥ 3.10 \
             that has `websockets` ≥ 14 from PyPI.",
            python().display()
        )
    });

    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    assert!(said.contains("10 messages, each once and in order"), "{said}{complained}");
}
