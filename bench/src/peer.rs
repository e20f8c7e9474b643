//! Whom Parlor is measured beside. Each is a server that carries, from memory, and asks nobody who they are; some also keep
//! what was said.
//!
//! The Rust libraries carry in `transport`; the others are programs in `bench/peers`, each written as its own
//! documentation recommends, which says in its first lines what that is.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use clap::ValueEnum;
use serde::Serialize;

use crate::{dialect::Dialect, transport::LayerName};

/// Somebody beside whom Parlor is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// tokio-tungstenite on the bare socket, with tuned buffers.
    TokioTungstenite,
    /// tokio-websockets on the bare socket.
    TokioWebsockets,
    /// fastwebsockets on the bare socket.
    Fastwebsockets,
    /// The server that is built into Bun.
    Bun,
    /// Node's ws.
    Ws,
    /// The same with frames made once for all, by a function that its documentation does not name.
    WsFramed,
    /// Socket.IO on Node.
    SocketIo,
    /// The same with its connection state recovery.
    SocketIoRecovery,
    /// Python's websockets.
    Websockets,
    /// Go's gorilla/websocket.
    Gorilla,
    /// NATS, through its WebSocket listener.
    Nats,
    /// A room of Prosody, over WebSocket.
    Prosody,
}

impl Peer {
    /// How it is spoken to.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::SocketIo | Self::SocketIoRecovery => Dialect::SocketIo,
            Self::Nats => Dialect::Nats,
            Self::Prosody => Dialect::Xmpp,
            Self::TokioTungstenite
            | Self::TokioWebsockets
            | Self::Fastwebsockets
            | Self::Bun
            | Self::Ws
            | Self::WsFramed
            | Self::Websockets
            | Self::Gorilla => Dialect::Plain,
        }
    }

    /// Whether it keeps an order and what was missed, and not only carries.
    #[must_use]
    pub fn is_resumable(self) -> bool {
        matches!(self, Self::SocketIoRecovery | Self::Prosody)
    }

    /// The most members of a room with which it is measured, and why.
    pub(crate) fn room_max(self) -> Option<(usize, &'static str)> {
        let why = "coming to a room takes the longer the more are in it";
        (self == Self::Prosody).then_some((1_000, why))
    }

    /// Its program: a layer of our own, or what is installed in one of the folders here.
    pub(crate) fn program(self, programs: &Path) -> Peered {
        let node = |folder: &str, kind: Option<&str>| {
            let mut program = Installed::new("node".into(), programs.join(folder));
            program.before.push("server.mjs".to_owned());
            program.after.extend(kind.map(str::to_owned));
            Peered::Installed(program)
        };
        let debian = |folder: &str| {
            let mut program = Installed::new("sh".into(), programs.join(folder));
            program.before.push("server.sh".to_owned());
            Peered::Installed(program)
        };
        match self {
            Self::TokioTungstenite => Peered::Layer(LayerName::Tungstenite),
            Self::TokioWebsockets => Peered::Layer(LayerName::TokioWebsockets),
            Self::Fastwebsockets => Peered::Layer(LayerName::Fastwebsockets),
            Self::Bun => {
                let folder = programs.join("bun");
                // A script of the package puts the program in its place, unless npm is told to run none.
                let arch = if cfg!(target_arch = "aarch64") { "aarch64" } else { "x64" };
                let brought = folder.join(format!("node_modules/@oven/bun-linux-{arch}/bin/bun"));
                let bun = if brought.is_file() { brought } else { folder.join("node_modules/.bin/bun") };
                let mut program = Installed::new(bun, folder);
                program.before.push("server.js".to_owned());
                Peered::Installed(program)
            }
            Self::Ws => node("ws", None),
            Self::WsFramed => node("ws", Some("framed")),
            Self::SocketIo => node("socket-io", None),
            Self::SocketIoRecovery => node("socket-io", Some("recovery")),
            Self::Websockets => {
                let folder = programs.join("websockets");
                let mut program = Installed::new(folder.join("venv/bin/python"), folder);
                program.before.push("server.py".to_owned());
                Peered::Installed(program)
            }
            Self::Gorilla => {
                let folder = programs.join("gorilla");
                Peered::Installed(Installed::new(folder.join("server"), folder))
            }
            Self::Nats => debian("nats-server"),
            Self::Prosody => debian("prosody"),
        }
    }
}

/// What a peer is started as.
pub(crate) enum Peered {
    /// This program, carrying over a layer.
    Layer(LayerName),
    /// A program of its own.
    Installed(Installed),
}

/// A program that was installed.
pub(crate) struct Installed {
    program: PathBuf,
    folder: PathBuf,
    /// What it is told before the port, and after it.
    before: Vec<String>,
    after: Vec<String>,
}

impl Installed {
    fn new(program: PathBuf, folder: PathBuf) -> Self {
        Self { program, folder, before: Vec::new(), after: Vec::new() }
    }

    /// What starts it on a port of this machine.
    pub(crate) fn command(&self, port: u16) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.before).arg(port.to_string()).args(&self.after);
        command.current_dir(&self.folder).env("NODE_ENV", "production");
        command
    }
}
