//! The programs beside which `fanout` is measured, each installed from its pinned manifest in `bench/peers` into a folder
//! of its own under `target/peers`. What cannot be had is left out, and that is said; nothing of it is a part of Parlor.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::command::{command, is_installed, output, run};
use crate::{setup, workspace};

/// Somebody beside whom Parlor is measured.
struct Peer {
    name: &'static str,
    /// The folder in `bench/peers`; none where it is a library that the crate `bench` is built with.
    package: Option<Package>,
}

/// Where a peer comes from.
#[derive(Clone, Copy)]
enum Package {
    /// The folder, and the package whose version is told.
    Npm(&'static str, &'static str),
    Pip(&'static str),
    Go(&'static str),
    /// The folder, which is the package's name, and the packages that its program stands on. It is unpacked there and not
    /// installed: that would start a service for all the network.
    Debian(&'static str, &'static [&'static str]),
}

/// What Prosody's program stands on.
const PROSODY_NEEDS: [&str; 7] =
    ["lua5.4", "lua-bitop", "lua-expat", "lua-filesystem", "lua-sec", "lua-socket", "lua-unbound"];

const PEERS: [Peer; 12] = [
    Peer { name: "tokio-tungstenite", package: None },
    Peer { name: "tokio-websockets", package: None },
    Peer { name: "fastwebsockets", package: None },
    Peer { name: "bun", package: Some(Package::Npm("bun", "bun")) },
    Peer { name: "ws", package: Some(Package::Npm("ws", "ws")) },
    Peer { name: "ws-framed", package: Some(Package::Npm("ws", "ws")) },
    Peer { name: "socket-io", package: Some(Package::Npm("socket-io", "socket.io")) },
    Peer { name: "socket-io-recovery", package: Some(Package::Npm("socket-io", "socket.io")) },
    Peer { name: "websockets", package: Some(Package::Pip("websockets")) },
    Peer { name: "gorilla", package: Some(Package::Go("gorilla")) },
    Peer { name: "nats", package: Some(Package::Debian("nats-server", &[])) },
    Peer { name: "prosody", package: Some(Package::Debian("prosody", &PROSODY_NEEDS)) },
];

/// Those of a quick run.
const QUICK: [&str; 3] = ["tokio-websockets", "bun", "ws"];

/// What Go's peer is built from, and the folder in which Debian puts its sources.
const GO_PACKAGES: [&str; 2] = ["golang-go", "golang-github-gorilla-websocket-dev"];
const GO_PATH: &str = "/usr/share/gocode";

/// Those that can be measured.
pub(super) struct Peers {
    pub(super) names: Vec<&'static str>,
    /// Their versions, and who was left out.
    pub(super) notes: Vec<String>,
    /// Where their programs are.
    pub(super) folder: PathBuf,
}

impl Peers {
    /// Installs those that are named; all of them, or a few where it has to be quick, where none is.
    ///
    /// # Errors
    /// There is nobody of a name.
    pub(super) fn install(wanted: &[String], is_quick: bool) -> Result<Self> {
        let folder = workspace::target().join("peers");
        let (mut names, mut notes) = (Vec::new(), Vec::new());
        for peer in chosen(wanted, is_quick)? {
            match peer.package.map_or_else(|| of_cargo(peer.name), |package| package.install(&folder)) {
                Ok(version) => {
                    names.push(peer.name);
                    notes.push(format!("{}: {version}", peer.name));
                }
                Err(error) => notes.push(format!("{}: skipped, because it cannot be had here: {error:#}", peer.name)),
            }
        }
        Ok(Self { names, notes, folder })
    }
}

fn chosen(wanted: &[String], is_quick: bool) -> Result<Vec<&'static Peer>> {
    let known = || PEERS.map(|peer| peer.name).join(", ");
    if let Some(stranger) = wanted.iter().find(|name| PEERS.iter().all(|peer| peer.name != **name)) {
        bail!("there is no peer {stranger}; there are {}", known());
    }
    let is_chosen = |peer: &&Peer| match wanted {
        [] => !is_quick || QUICK.contains(&peer.name),
        wanted => wanted.iter().any(|name| name == peer.name),
    };
    Ok(PEERS.iter().filter(is_chosen).collect())
}

/// The version of a library in the lock file.
fn of_cargo(name: &str) -> Result<String> {
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))?;
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).context("not in Cargo.lock")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

impl Package {
    fn name(self) -> &'static str {
        match self {
            Self::Npm(name, _) | Self::Pip(name) | Self::Go(name) | Self::Debian(name, _) => name,
        }
    }

    /// Brings the program and what it stands on into its folder. Its version.
    fn install(self, folder: &Path) -> Result<String> {
        let from = workspace::root().join("bench/peers").join(self.name());
        let folder = folder.join(self.name());
        std::fs::create_dir_all(&folder)?;
        let mut manifest = String::new();
        for file in workspace::files_below(&from)? {
            let to = folder.join(file.strip_prefix(&from)?);
            std::fs::copy(&file, to)?;
            manifest.push_str(&std::fs::read_to_string(&file)?);
        }
        let installed = folder.join(".installed");
        if std::fs::read_to_string(&installed).is_ok_and(|known| known == manifest) {
            return self.version(&folder);
        }
        match self {
            Self::Npm(..) => {
                ensure!(is_installed("npm"), "npm is missing");
                run(command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
            }
            Self::Pip(_) => {
                run(command("python3").args(["-m", "venv", "--clear", "venv"]).current_dir(&folder))?;
                let mut pip = command(folder.join("venv/bin/pip"));
                pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"]);
                run(pip.current_dir(&folder))?;
            }
            Self::Go(_) => {
                if !is_installed("go") || !Path::new(GO_PATH).join("src/github.com/gorilla/websocket").is_dir() {
                    setup::install_packages(&GO_PACKAGES)?;
                }
                let mut go = command("go");
                go.args(["build", "-o", "server", "main.go"]).current_dir(&folder);
                go.envs([("GO111MODULE", "off"), ("GOPATH", GO_PATH), ("GOFLAGS", "")]);
                run(go.env("GOCACHE", folder.join("cache")))?;
            }
            Self::Debian(package, needs) => unpack(package, needs, &folder)?,
        }
        std::fs::write(installed, manifest)?;
        self.version(&folder)
    }

    fn version(self, folder: &Path) -> Result<String> {
        match self {
            Self::Npm(_, package) => {
                let file = folder.join("node_modules").join(package).join("package.json");
                let about: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
                let version = about["version"].as_str().context("no version")?.to_owned();
                let node = output(command("node").arg("--version")).unwrap_or_default();
                Ok(if package == "bun" { version } else { format!("{version} on Node {node}") })
            }
            Self::Pip(_) => {
                let packages = std::fs::read_to_string(folder.join("requirements.txt"))?;
                let python = output(command(folder.join("venv/bin/python")).arg("--version")).unwrap_or_default();
                Ok(format!("{} on {python}", packages.trim().replace('\n', ", ")))
            }
            Self::Go(_) => {
                let query = ["--show", "--showformat", "${Version}", GO_PACKAGES[1]];
                let package = output(command("dpkg-query").args(query)).unwrap_or_default();
                let go = output(command("go").arg("version")).unwrap_or_default();
                Ok(format!("{} on {go}", if package.is_empty() { "a version of its own" } else { package.trim() }))
            }
            Self::Debian(package, _) => {
                let version = output(command("dpkg-deb").arg("--field").arg(archive(package, folder)?).arg("Version"));
                Ok(format!("{} of Debian", version.context("no version")?))
            }
        }
    }
}

/// Brings a package of Debian's to `package/root` in a folder, and installs what it stands on.
fn unpack(package: &str, needs: &[&str], folder: &Path) -> Result<()> {
    ensure!(is_installed("apt-get") && is_installed("dpkg-deb"), "there is no apt-get to bring it");
    let is_there = |name: &&str| {
        let query = ["--show", "--showformat", "${db:Status-Status}", name];
        output(command("dpkg-query").args(query)).as_deref() == Some("installed")
    };
    let missing: Vec<&str> = needs.iter().copied().filter(|name| !is_there(name)).collect();
    if !missing.is_empty() {
        setup::install_packages(&missing)?;
    }
    if output(command("apt-cache").args(["show", package])).is_none() {
        run(command("apt-get").args(["update", "-qq"]))?;
    }
    let brought = folder.join("package");
    if brought.exists() {
        std::fs::remove_dir_all(&brought)?;
    }
    std::fs::create_dir_all(&brought)?;
    run(command("apt-get").args(["download", "-qq", package]).current_dir(&brought))?;
    run(command("dpkg-deb").arg("--extract").arg(archive(package, folder)?).arg(brought.join("root")))
}

/// The file of a package that was brought.
fn archive(package: &str, folder: &Path) -> Result<PathBuf> {
    let mut files = std::fs::read_dir(folder.join("package"))?.map_while(Result::ok).map(|file| file.path());
    let is_archive = |file: &PathBuf| file.extension().is_some_and(|end| end == "deb");
    files.find(is_archive).with_context(|| format!("{package} was not brought"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: &[&str], is_quick: bool) -> Vec<&'static str> {
        let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
        chosen(&wanted, is_quick).unwrap().iter().map(|peer| peer.name).collect()
    }

    #[test]
    fn all_are_measured_unless_some_are_named_or_it_has_to_be_quick() {
        assert_eq!(names(&[], false).len(), PEERS.len());
        assert_eq!(names(&[], true), QUICK);
        assert_eq!(names(&["gorilla", "ws"], true), ["ws", "gorilla"]);
        assert!(chosen(&["nobody".to_owned()], false).is_err());
    }

    #[test]
    fn each_peer_is_pinned() {
        for peer in PEERS {
            let Some(package) = peer.package else {
                assert!(of_cargo(peer.name).unwrap().starts_with(|first: char| first.is_ascii_digit()));
                continue;
            };
            let folder = workspace::root().join("bench/peers").join(package.name());
            let pinned = match package {
                Package::Npm(..) => "package-lock.json",
                Package::Pip(_) => "requirements.txt",
                // Debian pins it.
                Package::Go(_) => "main.go",
                Package::Debian(..) => "server.sh",
            };
            assert!(folder.join(pinned).is_file(), "{}", peer.name);
        }
    }
}
