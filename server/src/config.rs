//! Settings: a flag, a variable and a key of the TOML file mean the same, and are defined once, here.
//!
//! The flag `--public-url`, the variable `PARLOR_PUBLIC_URL` and the key `public_url` are one clap argument;
//! the file's values become that argument's defaults (see [`layers`]). So a value is read by one parser
//! wherever it stands, and flag comes before environment before file before default.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

use crate::{limits::Limits, serve::Timeouts};

pub mod layers;
mod public_url;

pub use public_url::PublicUrl;

/// What an operator decides.
#[derive(Args, Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// Address and port to answer on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Directory for everything that is kept; made if missing
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,

    /// Address under which people reach the server, such as `https://chat.example.org`
    ///
    /// With https, cookies are marked Secure and browsers are told to use https only.
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<PublicUrl>,

    /// Who may sign up [default: open while listening on loopback only, invite otherwise]
    ///
    /// The first account needs no invitation: it owns the server.
    #[arg(long, value_name = "WHO")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,

    /// Addresses of proxies whose X-Forwarded-For is believed, such as 127.0.0.1,10.0.0.0/8
    #[arg(long, value_name = "NETS", value_delimiter = ',', value_parser = parse_net)]
    pub trusted_proxies: Vec<IpNet>,

    /// Milliseconds for which requests are still taken after the server was told to stop, while /readyz says no
    ///
    /// For load balancers, which look at that now and then. Without one, nothing is to be waited for.
    // No more than a TOML file can say.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub drain_delay_ms: u64,

    /// How much is logged: a level, or directives such as info,server::auth=debug
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = parse_log_level)]
    pub log_level: String,

    /// How the log is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// The limits.
    #[command(flatten)]
    #[serde(flatten)]
    pub limits: Limits,

    /// How long a peer may take: no setting, but tests have other times.
    #[arg(skip)]
    #[serde(skip)]
    pub timeouts: Timeouts,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Registration {
    /// Everyone who reaches the server.
    Open,
    /// Those with an invitation.
    Invite,
    /// Nobody.
    Closed,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs, one JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data: PathBuf::from("data"),
            public_url: None,
            registration: None,
            trusted_proxies: Vec::new(),
            drain_delay_ms: 0,
            log_level: "info".to_owned(),
            log_format: LogFormat::Text,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
        }
    }
}

impl Config {
    /// The mode that holds: what was set here, or what the owner has decided, or what suits the address that is
    /// listened on.
    #[must_use]
    pub fn registration(&self, decided: Option<Registration>) -> Registration {
        self.registration.or(decided).unwrap_or(if self.listen.ip().is_loopback() {
            Registration::Open
        } else {
            Registration::Invite
        })
    }

    /// Whether browsers reach the server over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// The address to print and to put into links.
    #[must_use]
    pub fn address(&self) -> String {
        self.public_url.as_ref().map_or_else(|| format!("http://{}", self.listen), ToString::to_string)
    }
}

/// A network in CIDR notation, or one address.
fn parse_net(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "expected an address or a network such as 10.0.0.0/8".to_owned())
}

/// Levels and directives of `tracing_subscriber::EnvFilter`.
fn parse_log_level(text: &str) -> Result<String, String> {
    match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
