//! The address under which people reach the server.

use std::{fmt, str::FromStr};

use axum::http::Uri;
use serde::{Serialize, Serializer};

/// Scheme and authority, such as `https://chat.example.org`; nothing after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    https: bool,
    /// Lower case, without the scheme's own port.
    authority: String,
}

impl PublicUrl {
    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Host and port, in lower case and without the scheme's own port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected http:// or https:// and a host, such as https://chat.example.org".to_owned();
        let uri: Uri = text.parse().map_err(|_| expected())?;
        let (https, own_port) = match uri.scheme_str() {
            Some("http") => (false, ":80"),
            Some("https") => (true, ":443"),
            _ => return Err(expected()),
        };
        let authority = uri.authority().ok_or_else(expected)?.as_str().to_ascii_lowercase();
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        if !has_host || authority.contains('@') || uri.path() != "/" || uri.query().is_some() {
            return Err(expected());
        }
        let authority = authority.strip_suffix(own_port).unwrap_or(&authority).to_owned();
        Ok(Self { https, authority })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

impl Serialize for PublicUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
