use super::*;

fn file() -> File {
    File {
        plain: Bytes::from_static(b"plain"),
        brotli: Some(Bytes::from_static(b"br")),
        gzip: Some(Bytes::from_static(b"gz")),
        etag: "0123456789abcdef".to_owned(),
    }
}

fn assets() -> Assets {
    let files = HashMap::from([
        ("pkg/parlor.js".to_owned(), file()),
        ("favicon.svg".to_owned(), file()),
        ("sw.js".to_owned(), file()),
    ]);
    Assets { hash: hash_of(&files), files, watched: false }
}

fn asking(name: header::HeaderName, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
}

fn value(response: &Response, name: header::HeaderName) -> &str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn hashed_names_are_kept_for_ever_and_vary_by_encoding() {
    let assets = assets();
    let script = assets.addresses().script.unwrap();

    let response = assets.answer(&script, &asking(header::ACCEPT_ENCODING, "gzip, br")).unwrap();

    assert_eq!(value(&response, header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(value(&response, header::VARY), "accept-encoding");
    assert_eq!(value(&response, header::CONTENT_ENCODING), "br");
    assert_eq!(value(&response, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
}

#[test]
fn the_worker_is_asked_for_again_with_every_page_and_may_load_nothing_from_elsewhere() {
    let response = assets().answer("/sw.js", &HeaderMap::new()).unwrap();

    assert_eq!(value(&response, header::CACHE_CONTROL), "no-cache");
    assert_eq!(value(&response, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert_eq!(value(&response, header::CONTENT_SECURITY_POLICY), "default-src 'none'; connect-src 'self'");
}

#[test]
fn a_weight_of_nought_is_a_refusal() {
    assert!(!accepts(&asking(header::ACCEPT_ENCODING, "br;q=0, *"), Coding::Brotli));
    assert!(accepts(&asking(header::ACCEPT_ENCODING, "br;q=0, *"), Coding::Gzip));
    assert!(accepts(&asking(header::ACCEPT_ENCODING, "gzip;q=0.5"), Coding::Gzip));
    assert!(!accepts(&HeaderMap::new(), Coding::Gzip));
}

#[test]
fn what_the_browser_has_is_not_sent_again() {
    let assets = assets();

    let first = assets.answer("/favicon.svg", &HeaderMap::new()).unwrap();
    let etag = value(&first, header::ETAG).to_owned();
    let mut request = HeaderMap::new();
    request.insert(header::IF_NONE_MATCH, HeaderValue::try_from(format!("\"other\", W/{etag}")).unwrap());
    let second = assets.answer("/favicon.svg", &request).unwrap();

    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(value(&second, header::ETAG), etag);
    assert_eq!(value(&second, header::CACHE_CONTROL), "public, max-age=3600");
}

#[test]
fn each_encoding_has_an_etag_of_its_own() {
    let assets = assets();

    let plain = assets.answer("/favicon.svg", &HeaderMap::new()).unwrap();
    let gzip = assets.answer("/favicon.svg", &asking(header::ACCEPT_ENCODING, "gzip")).unwrap();

    assert_ne!(value(&plain, header::ETAG), value(&gzip, header::ETAG));
}

#[test]
fn another_hash_and_other_files_are_not_there() {
    let assets = assets();

    for path in ["/pkg/0000000000000000/parlor.js", "/pkg/parlor.js", "/pkg/../favicon.svg", "/nothing.svg", "/"] {
        assert!(assets.answer(path, &HeaderMap::new()).is_none(), "{path} was answered");
    }
}
