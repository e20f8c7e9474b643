//! The small values that pages read from a request: cookies that the page itself sets, and parameters.

use axum::http::{HeaderMap, HeaderValue, header};

/// Longer values are none of ours, in bytes.
const VALUE_BYTES_MAX: usize = 2_048;

/// The time zone that somebody has chosen for a browser. It comes before `zone`, which says where the device is.
pub(crate) const ZONE_CHOSEN: &str = "zone_chosen";

/// How long a cookie of a page is kept: a year.
const AGE_S: u32 = 31_536_000;

/// The `Set-Cookie` of a value that pages read; an empty one takes it back. Nothing secret: the browser's program may
/// read it.
pub(crate) fn page_cookie(name: &str, value: &str) -> HeaderValue {
    let age_s = if value.is_empty() { 0 } else { AGE_S };
    let text = format!("{name}={}; Path=/; Max-Age={age_s}; SameSite=Lax", encode(value));
    HeaderValue::try_from(text).expect("what is percent-encoded is visible ASCII")
}

/// A cookie's value, decoded; none where it is too long to be ours.
pub(crate) fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| value.len() <= VALUE_BYTES_MAX)
        .map(decode)
}

/// A parameter of a query, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    (value.len() <= VALUE_BYTES_MAX).then(|| decode(&value.replace('+', " ")))
}

/// Undoes percent-encoding (RFC 3986, 2.1); what is not encoded right is left as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.filter(|_| byte == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes a text for the place of a parameter's value.
pub(crate) fn encode(text: &str) -> String {
    encode_but(text, b"-._~/")
}

/// Encodes what may not stand in a path or query as it is, and leaves their own signs alone.
pub(crate) fn encode_path(text: &str) -> String {
    encode_but(text, b"-._~/?&=%#")
}

fn encode_but(text: &str, kept: &[u8]) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["/rooms/1-über?at=5&x=%", "a b+c", "Europe/Berlin"] {
            assert_eq!(decode(&encode(text)), text);
        }
    }

    #[test]
    fn a_value_has_its_bytes_and_not_one_more() {
        for (bytes, is_there) in [(VALUE_BYTES_MAX, true), (VALUE_BYTES_MAX + 1, false)] {
            let pair = format!("room={}", "a".repeat(bytes));
            let headers = HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())]);

            assert_eq!(get(&headers, "room").is_some(), is_there, "{bytes} in a cookie");
            assert_eq!(parameter(&pair, "room").is_some(), is_there, "{bytes} in a parameter");
        }
    }

    #[test]
    fn broken_encoding_is_left_as_it_is() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let headers = HeaderMap::from_iter([(header::COOKIE, "xroom=1; room=2; roomy=3".parse().unwrap())]);

        assert_eq!(get(&headers, "room").as_deref(), Some("2"));
        assert_eq!(get(&headers, "oom"), None);
    }
}
