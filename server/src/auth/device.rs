//! With what somebody logs in, in a few words, so that they recognise their sessions in a list.
//!
//! Of the `User-Agent` header only a browser and a system are kept: the list needs no more, and what is not kept
//! cannot leak. The header is whatever the client says, so nothing is decided by it.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

/// Longest description, in characters.
const DEVICE_CHARS_MAX: usize = 40;

/// Words of a `User-Agent`, and the browser that they stand for. The first one that is there counts: browsers also
/// name those that they want to be taken for.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Likewise for systems.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// A description such as `Firefox on Linux`; empty where nothing is known. As an argument of a handler it is that of
/// the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device(pub String);

impl Device {
    /// Describes what sent a request.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let find =
            |words: &[(&str, &'static str)]| words.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name);
        let words = match (find(&BROWSERS), find(&SYSTEMS)) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(name), None) | (None, Some(name)) => name.to_owned(),
            // A program: its own name, without the version.
            (None, None) => agent.split(['/', ' ', '(', ';']).next().unwrap_or_default().to_owned(),
        };
        Self(words.chars().take(DEVICE_CHARS_MAX).collect())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(agent: &str) -> String {
        Device::of(&HeaderMap::from_iter([(header::USER_AGENT, agent.parse().unwrap())])).0
    }

    #[test]
    fn browsers_are_named_with_their_system() {
        for (agent, device) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Windows"),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Version/18 Safari/605.1", "Safari on macOS"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari on iPhone"),
            ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ] {
            assert_eq!(described(agent), device);
        }
    }

    #[test]
    fn programs_are_named_as_they_name_themselves_in_a_few_characters() {
        assert_eq!(described("curl/8.9.1"), "curl");
        assert_eq!(described("a bot"), "a");
        assert_eq!(described(&"x".repeat(DEVICE_CHARS_MAX + 1)), "x".repeat(DEVICE_CHARS_MAX));
        assert_eq!(Device::of(&HeaderMap::new()), Device(String::new()));
    }
}
