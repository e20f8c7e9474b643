//! Reading what a browser accepts and what it has already (RFC 9110, 12.5.3 and 13.1.2).

use axum::http::{HeaderMap, header};

/// A way to compress a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// `br`
    Brotli,
    /// `gzip`
    Gzip,
}

impl Coding {
    /// Its name in headers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What tells its ETag from that of the plain file.
    pub(super) fn etag_suffix(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gz",
        }
    }
}

/// Whether `Accept-Encoding` names the coding, or everything, and not with a weight of nought.
pub(super) fn accepts(request: &HeaderMap, coding: Coding) -> bool {
    let lines = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut everything = false;
    for item in lines.flat_map(|line| line.split(',')) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        let wanted = weight.is_none_or(|weight| weight > 0.0);
        let name = name.trim();
        if name.eq_ignore_ascii_case(coding.name()) {
            return wanted;
        }
        if name == "*" {
            everything = wanted;
        }
    }
    everything
}

/// Whether `If-None-Match` names this ETag; weak and strong ones compare alike here.
pub(super) fn matches_etag(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|item| item.trim())
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == etag)
}
