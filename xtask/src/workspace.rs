//! Where things are. Everything that is made lies under `target/` or `end2end/node_modules`.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies one level below the root").to_path_buf()
}

/// Cargo's build folder, also where tools are installed.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Programs that `setup` builds.
pub(crate) fn tools_bin() -> PathBuf {
    target().join("tools/bin")
}

/// Programs that npm installs: Playwright and binaryen's wasm-opt.
pub(crate) fn npm_bin() -> PathBuf {
    end2end().join("node_modules/.bin")
}

/// The browser tests.
pub(crate) fn end2end() -> PathBuf {
    root().join("end2end")
}

/// A program of the Python environment that `setup` makes.
pub(crate) fn venv(program: &str) -> PathBuf {
    target().join("venv/bin").join(program)
}

/// What cargo-leptos writes and the server embeds.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

/// The server: `profile` is `debug` or `release`.
pub(crate) fn parlor(profile: &str) -> PathBuf {
    target().join(profile).join("parlor")
}

/// Every file below `folder` in a stable order; none if there is no such folder.
pub(crate) fn files_below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
