//! Is the release one file? It is copied alone into an empty folder and has to serve everything from there.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::parlor::Parlor;
use crate::size::assets_of;

const MIB: f64 = 1024.0 * 1024.0;

/// Starts the release in an empty folder and asks for the sign-up page and all that it names.
///
/// # Errors
/// Something is not served, or not as it has to be.
pub(crate) fn smoke(program: &Path) -> Result<()> {
    let parlor = Parlor::start(program)?;
    let health = parlor.get("/healthz", &[])?;
    ensure!(health.status == 200, "/healthz answered {}", health.status);
    let page = parlor.get("/signup", &[])?;
    ensure!(page.status == 200, "/signup answered {}", page.status);
    ensure!(page.header("cache-control").is_some_and(|value| value.contains("no-store")), "/signup may be cached");
    let assets = assets_of(&page.text());
    for extension in [".css", ".js", ".wasm"] {
        ensure!(assets.iter().any(|asset| asset.ends_with(extension)), "the sign-up page names no {extension} file");
    }
    for asset in &assets {
        served_for_good(&parlor, asset)?;
    }
    let style = parlor.get("/style", &[])?;
    ensure!(style.status == 404, "/style is for development builds, and answered {}", style.status);
    let beside: Vec<_> =
        std::fs::read_dir(parlor.folder())?.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    ensure!(beside.len() == 2, "beside the program and its data there is more: {beside:?}");
    let size = std::fs::metadata(program)?.len();
    println!(
        "   {} assets served; program {:.1} MiB, {:.1} MiB resident when idle",
        assets.len(),
        size as f64 / MIB,
        parlor.resident_kib()? as f64 / 1024.0
    );
    Ok(())
}

/// A hashed name is served compressed, may be kept for ever, and is not sent twice.
fn served_for_good(parlor: &Parlor, path: &str) -> Result<()> {
    let answer = parlor.get(path, &[("accept-encoding", "br")])?;
    ensure!(answer.status == 200, "{path} answered {}", answer.status);
    let has = |name: &str, part: &str| answer.header(name).is_some_and(|value| value.to_lowercase().contains(part));
    ensure!(has("cache-control", "immutable"), "{path} is not immutable");
    ensure!(has("vary", "accept-encoding"), "{path} does not vary by encoding");
    ensure!(has("content-encoding", "br"), "{path} is not precompressed");
    let tag = answer.header("etag").unwrap_or_default();
    ensure!(!tag.is_empty(), "{path} has no ETag");
    let again = parlor.get(path, &[("accept-encoding", "br"), ("if-none-match", tag)])?;
    ensure!(again.status == 304 && again.body.is_empty(), "{path} is sent again: {}", again.status);
    let plain = parlor.get(path, &[("accept-encoding", "identity")])?;
    ensure!(plain.status == 200 && plain.header("content-encoding").is_none(), "{path} is only served compressed");
    ensure!(plain.body.len() > answer.body.len(), "{path} is not smaller compressed");
    Ok(())
}
