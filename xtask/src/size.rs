//! What the pages cost on the wire, in bytes as they travel to a browser that takes brotli, against budgets.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::build;
use crate::parlor::{Answer, Parlor};

const KB: usize = 1000;
/// The log-in page: what has to arrive before one can type. It works without WASM, which it may only preload.
const LOGIN_MAX: usize = 20 * KB;
/// The room page, all together.
pub(crate) const ROOM_MAX: usize = 350 * KB;
/// The WASM of the room page. Parts that are loaded when they are first asked for are not in it.
pub(crate) const ROOM_WASM_MAX: usize = 250 * KB;

/// Builds the release, then compares.
///
/// # Errors
/// It does not build, or a page is over its budget.
pub(crate) fn size_with_build() -> Result<bool> {
    let program = build::build_with_setup()?;
    size(&program)?;
    Ok(true)
}

/// Starts the release with an empty database and measures the log-in page, then a room as its first member.
///
/// # Errors
/// A page is over its budget, or not served.
pub(crate) fn size(program: &Path) -> Result<()> {
    let (login, room) = weights(program)?;
    ensure!(login.executed.is_empty(), "the log-in page runs {:?}: it has to work without", login.executed);
    println!("   bytes on the wire     HTML     CSS      JS    WASM   other    in all");
    login.print("log-in page");
    room.print("room page");
    println!("   budgets: log-in page, HTML and CSS {LOGIN_MAX}; room page {ROOM_MAX}, of it WASM {ROOM_WASM_MAX}");
    println!("   (the log-in page only preloads JS and WASM)");
    within("log-in page: HTML and CSS", login.html + login.css, LOGIN_MAX)?;
    within("room page", room.all(), ROOM_MAX)?;
    within("room page: WASM", room.wasm, ROOM_WASM_MAX)
}

/// What the log-in page weighs, and a room without messages.
///
/// # Errors
/// A page is not served.
pub(crate) fn weights(program: &Path) -> Result<(Weight, Weight)> {
    let parlor = Parlor::start(program)?;
    // Before there is an account, the log-in page leads on to the sign-up page.
    let cookie = parlor.sign_up("ada", "a long enough password")?;
    let login = weigh(&parlor, "/login", "")?;
    let room = weigh(&parlor, &room_path(&parlor, &cookie)?, &cookie)?;
    Ok((login, room))
}

fn within(what: &str, bytes: usize, max: usize) -> Result<()> {
    ensure!(bytes <= max, "{what}: {bytes} bytes are over the budget of {max}");
    Ok(())
}

/// Where `/` leads somebody who is logged in.
fn room_path(parlor: &Parlor, cookie: &str) -> Result<String> {
    let mut path = "/".to_owned();
    for _ in 0..4 {
        let answer = parlor.get(&path, &[("cookie", cookie)])?;
        let Some(location) = answer.header("location") else { return Ok(path) };
        path = location.strip_prefix(&parlor.origin()).unwrap_or(location).to_owned();
    }
    bail!("/ leads from redirect to redirect, last to {path}")
}

/// Bytes of a page, by kind, as they travel.
#[derive(Default)]
pub(crate) struct Weight {
    pub(crate) html: usize,
    pub(crate) css: usize,
    pub(crate) js: usize,
    pub(crate) wasm: usize,
    other: usize,
    /// Scripts and modules that the page itself runs, rather than preloads.
    executed: Vec<String>,
}

impl Weight {
    /// All of them together.
    pub(crate) fn all(&self) -> usize {
        self.html + self.css + self.js + self.wasm + self.other
    }

    fn print(&self, name: &str) {
        let Self { html, css, js, wasm, other, .. } = self;
        println!("   {name:<16} {html:>8} {css:>7} {js:>7} {wasm:>7} {other:>7} {:>9}", self.all());
    }
}

fn weigh(parlor: &Parlor, path: &str, cookie: &str) -> Result<Weight> {
    let page = fetch(parlor, path, cookie, "br")?;
    let text = fetch(parlor, path, cookie, "identity")?.text();
    let mut weight = Weight { html: page.body.len(), executed: executed_by(&text), ..Weight::default() };
    for asset in assets_of(&text) {
        let bytes = fetch(parlor, &asset, cookie, "br")?.body.len();
        match asset.rsplit('.').next() {
            Some("css") => weight.css += bytes,
            Some("js") => weight.js += bytes,
            Some("wasm") => weight.wasm += bytes,
            _ => weight.other += bytes,
        }
    }
    Ok(weight)
}

fn fetch(parlor: &Parlor, path: &str, cookie: &str, encoding: &str) -> Result<Answer> {
    let answer = parlor.get(path, &[("cookie", cookie), ("accept-encoding", encoding)])?;
    ensure!(answer.status == 200, "{} answered {}", answer.path, answer.status);
    Ok(answer)
}

/// The paths below `/pkg/` that a page names, in links, scripts or attributes.
pub(crate) fn assets_of(html: &str) -> BTreeSet<String> {
    html.match_indices("/pkg/")
        .map(|(start, _)| {
            let rest = &html[start..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c))).unwrap_or(rest.len());
            rest[..end].to_owned()
        })
        .collect()
}

/// The assets that stand in `<script>` elements: what the page runs by itself.
fn executed_by(html: &str) -> Vec<String> {
    html.split("<script").skip(1).filter_map(|rest| rest.split("</script>").next()).flat_map(assets_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<link rel="stylesheet" href="/pkg/parlor.1a.css"><link rel=preload href=/pkg/parlor.2b.wasm>
        <script type="module">import init from "/pkg/parlor.3c.js"; init("/pkg/parlor.2b.wasm")</script>"#;

    #[test]
    fn assets_are_found_in_links_and_scripts_once_each() {
        let found: Vec<String> = assets_of(PAGE).into_iter().collect();

        assert_eq!(found, ["/pkg/parlor.1a.css", "/pkg/parlor.2b.wasm", "/pkg/parlor.3c.js"]);
    }

    #[test]
    fn only_what_stands_in_a_script_is_executed() {
        assert_eq!(executed_by(PAGE), ["/pkg/parlor.2b.wasm", "/pkg/parlor.3c.js"]);
        assert!(executed_by(r#"<link rel="modulepreload" href="/pkg/parlor.3c.js">"#).is_empty());
    }

    #[test]
    fn one_byte_over_the_budget_fails() {
        assert!(within("page", 100, 100).is_ok());
        assert!(within("page", 101, 100).is_err());
    }
}
