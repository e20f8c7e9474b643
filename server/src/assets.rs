//! The built front end, inside the server: WASM, its JavaScript part, styles, fonts and icons.
//!
//! What a page loads has a hash of the whole front end in its address (`/pkg/<hash>/parlor.wasm`), so it may be kept
//! for ever, and its parts find one another by relative names. The rest (icons) has an ETag and is asked for
//! again now and then. Compressed variants are made by the build and lie beside the files as `.br` and `.gz`.
//!
//! A server that was built without a front end has no files: its pages can still be read, only without styles.

use std::{borrow::Cow, collections::HashMap};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

mod negotiate;
#[cfg(test)]
mod tests;

use negotiate::{Coding, accepts, matches_etag};

/// What the build of the front end leaves: `pkg/parlor.{js,wasm,css}`, and what lies in `assets/`.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The name that the build gives its outputs.
const PACKAGE: &str = "pkg/parlor";
/// How the name of the script begins that loads the parts of the program which are first needed later.
const LOADER: &str = "pkg/__wasm_split.";
/// Kept for a year: another content has another address.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Kept for an hour, then asked for with the ETag.
const FOR_AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// While the front end is being worked on; and what browsers ask for again by themselves.
const NOT_AT_ALL: HeaderValue = HeaderValue::from_static("no-cache");
/// Answers where there is no network. Another version takes over with the next page that is loaded.
const STAND_IN: &str = "sw.js";
/// It asks this server for pages, and loads nothing else.
const STAND_IN_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; connect-src 'self'");

/// The files of the front end.
pub struct Assets {
    files: HashMap<String, File>,
    /// In the addresses of what a page loads.
    hash: String,
    /// The front end is rebuilt while the server runs (`cargo xtask dev`): nothing is kept, here or in browsers.
    watched: bool,
}

/// A file and its variants.
struct File {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    etag: String,
}

impl Assets {
    /// Reads what was embedded; in debug builds, what lies on disk.
    #[must_use]
    pub fn load() -> Self {
        let names: Vec<Cow<'static, str>> =
            Site::iter().filter(|name| !name.ends_with(".br") && !name.ends_with(".gz")).collect();
        let files: HashMap<String, File> =
            names.into_iter().filter_map(|name| Some((name.to_string(), File::read(&name)?))).collect();
        let watched = cfg!(debug_assertions) && std::env::var_os("LEPTOS_WATCH").is_some();
        Self { hash: hash_of(&files), files, watched }
    }

    /// Addresses of what a page loads.
    #[must_use]
    pub fn addresses(&self) -> app::Assets {
        let of = |extension: &str| {
            let name = format!("{PACKAGE}.{extension}");
            self.files.contains_key(&name).then(|| self.address(&name))
        };
        let mut fonts: Vec<String> = self
            .files
            .keys()
            .filter(|name| name.starts_with("fonts/") && name.ends_with(".woff2"))
            .map(|name| format!("/{name}"))
            .collect();
        fonts.sort();
        app::Assets {
            style: of("css"),
            fonts,
            script: of("js"),
            imports: self.files.keys().filter(|name| name.starts_with(LOADER)).map(|name| self.address(name)).collect(),
            wasm: of("wasm"),
            reload_port: self.reload_port(),
        }
    }

    fn address(&self, name: &str) -> String {
        match name.strip_prefix("pkg/") {
            Some(rest) if !self.watched => format!("/pkg/{}/{rest}", self.hash),
            Some(_) | None => format!("/{name}"),
        }
    }

    /// Where the build says that it has something new, while it does.
    #[must_use]
    pub fn reload_port(&self) -> Option<u16> {
        self.watched.then(|| std::env::var("LEPTOS_RELOAD_PORT").ok()?.parse().ok()).flatten()
    }

    /// Names this front end; another build has another name.
    #[must_use]
    pub fn build(&self) -> &str {
        &self.hash
    }

    /// Whether a path is one of a file.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some_and(|(name, _)| self.watched || self.files.contains_key(&name))
    }

    /// Answers a GET or HEAD for a path, if there is a file.
    #[must_use]
    pub fn answer(&self, path: &str, request: &HeaderMap) -> Option<Response> {
        let (name, lifetime) = self.find(path)?;
        let mime = content_type(&name)?;
        let mut response = if self.watched {
            File::read(&name)?.answer(mime, lifetime, request)
        } else {
            self.files.get(&name)?.answer(mime, lifetime, request)
        };
        if name == STAND_IN {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, STAND_IN_POLICY);
        }
        Some(response)
    }

    /// What a path is the name of, and how long that is kept.
    fn find(&self, path: &str) -> Option<(String, HeaderValue)> {
        let path = path.strip_prefix('/')?;
        Some(match path.strip_prefix("pkg/") {
            _ if self.watched => (path.to_owned(), NOT_AT_ALL),
            Some(rest) => (format!("pkg/{}", rest.strip_prefix(&self.hash)?.strip_prefix('/')?), FOR_EVER),
            // The names of fonts carry their version.
            None if path == STAND_IN => (path.to_owned(), NOT_AT_ALL),
            None if path.starts_with("fonts/") => (path.to_owned(), FOR_EVER),
            None => (path.to_owned(), FOR_AN_HOUR),
        })
    }
}

impl File {
    fn read(name: &str) -> Option<Self> {
        let bytes = |name: &str| {
            Site::get(name).map(|file| match file.data {
                Cow::Borrowed(embedded) => Bytes::from_static(embedded),
                Cow::Owned(read) => Bytes::from(read),
            })
        };
        let plain = bytes(name)?;
        let etag = hex(&Sha256::digest(&plain)[..8]);
        Some(Self { brotli: bytes(&format!("{name}.br")), gzip: bytes(&format!("{name}.gz")), etag, plain })
    }

    fn answer(&self, mime: HeaderValue, lifetime: HeaderValue, request: &HeaderMap) -> Response {
        let (body, coding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts(request, Coding::Brotli) => (brotli, Some(Coding::Brotli)),
            (_, Some(gzip)) if accepts(request, Coding::Gzip) => (gzip, Some(Coding::Gzip)),
            _ => (&self.plain, None),
        };
        // Each variant is a representation of its own (RFC 9110, 8.8.3.3).
        let etag = format!("\"{}{}\"", self.etag, coding.map_or("", Coding::etag_suffix));
        let fresh = matches_etag(request, &etag);
        let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { body.clone().into_response() };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, lifetime);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits are visible ASCII"));
        if fresh {
            headers.remove(header::CONTENT_TYPE);
        } else {
            headers.insert(header::CONTENT_TYPE, mime);
            if let Some(coding) = coding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            }
        }
        response
    }
}

/// The types of what a front end consists of; a file of another type is not served.
fn content_type(name: &str) -> Option<HeaderValue> {
    let (_, extension) = name.rsplit_once('.')?;
    let mime = match extension {
        "css" => "text/css; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => return None,
    };
    Some(HeaderValue::from_static(mime))
}

/// A hash over the names and contents of all files.
fn hash_of(files: &HashMap<String, File>) -> String {
    let mut names: Vec<&String> = files.keys().collect();
    names.sort();
    let all = names.iter().fold(Sha256::new(), |hash, name| {
        let etag = files.get(*name).map_or("", |file| file.etag.as_str());
        hash.chain_update(name.as_bytes()).chain_update([0]).chain_update(etag)
    });
    hex(&all.finalize()[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
