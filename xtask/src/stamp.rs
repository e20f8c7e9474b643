//! Has the front end to be built again? cargo-leptos empties its output and optimises anew at every call, which takes
//! half a minute; so what went in and what came out is remembered as hashes. Not by modification times: a fresh
//! checkout has new times and old contents.

use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::workspace;

const INPUTS: [&str; 10] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "app",
    "assets",
    "client",
    "end2end/package-lock.json",
    "frontend",
    "protocol",
    "style",
];

/// Whether what `target/site` holds was made by a release build of the sources as they are.
///
/// # Errors
/// A source cannot be read.
pub(crate) fn is_current() -> Result<bool> {
    let known = std::fs::read_to_string(file()).unwrap_or_default();
    Ok(workspace::site().join("pkg/parlor.wasm").is_file() && known == fingerprint()?)
}

/// Remembers that `target/site` is made of the sources as they are.
///
/// # Errors
/// A source cannot be read, or `target` not be written to.
pub(crate) fn record() -> Result<()> {
    std::fs::create_dir_all(workspace::target())?;
    std::fs::write(file(), fingerprint()?)?;
    Ok(())
}

/// Forgets it, before something else is put there.
///
/// # Errors
/// The file is there and cannot be removed.
pub(crate) fn forget() -> Result<()> {
    if file().exists() {
        std::fs::remove_file(file())?;
    }
    Ok(())
}

/// SHA-256 over names and contents, in hexadecimal.
pub(crate) fn hash_of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hash = Sha256::new();
    for (name, content) in files {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file() -> PathBuf {
    workspace::target().join("frontend.stamp")
}

fn fingerprint() -> Result<String> {
    let root = workspace::root();
    let mut files = Vec::new();
    for input in INPUTS {
        let path = root.join(input);
        if path.is_file() { files.push(path) } else { files.extend(workspace::files_below(&path)?) }
    }
    files.extend(workspace::files_below(&workspace::site())?);
    let contents = files
        .into_iter()
        .map(|file| {
            Ok((file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().into_owned(), std::fs::read(&file)?))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(hash_of(contents.iter().map(|(name, content)| (name.as_str(), content.as_slice()))))
}
