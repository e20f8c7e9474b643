//! The policy of every page (threat 14): what may be loaded, and that of scripts only those run that the server wrote.

use std::collections::BTreeMap;

use crate::support::{Answer, TestServer};

/// What each kind of thing may be loaded from, but for scripts.
const SOURCES: [(&str, &str); 12] = [
    ("default-src", "'none'"),
    ("base-uri", "'none'"),
    ("object-src", "'none'"),
    ("frame-ancestors", "'none'"),
    ("form-action", "'self'"),
    ("style-src", "'self'"),
    ("font-src", "'self'"),
    ("connect-src", "'self'"),
    ("manifest-src", "'self'"),
    ("worker-src", "'self'"),
    ("img-src", "'self' blob:"),
    ("media-src", "'self' blob:"),
];

/// What stands in a page for its script to read, and is none.
const DATA: &str = " type=\"application/json\" id=\"initial\"";

/// Checks the policy of a page, and returns the nonce of its scripts.
fn nonce(page: &Answer, path: &str) -> String {
    let policy = page.header("content-security-policy");
    let mut directives: BTreeMap<&str, &str> =
        policy.split(';').filter_map(|directive| directive.trim().split_once(' ')).collect();
    let scripts = directives.remove("script-src").unwrap_or_else(|| panic!("{path}: {policy}"));
    assert_eq!(directives, BTreeMap::from(SOURCES), "{path}");
    let nonce = scripts.strip_prefix("'self' 'nonce-").and_then(|rest| rest.strip_suffix("' 'wasm-unsafe-eval'"));
    nonce.unwrap_or_else(|| panic!("{path}: {scripts}")).to_owned()
}

#[tokio::test]
async fn under_the_policy_of_every_page_only_its_own_scripts_run() {
    let server = TestServer::start().await;
    let (ada, visitor) = (server.user("ada").await, server.visitor());

    for (client, path, status) in [
        (&visitor, "/login", 200),
        (&visitor, "/signup?invite=%22%3E%3Cscript%3E", 200),
        (&ada, "/rooms/1", 200),
        (&ada, "/settings", 200),
        (&ada, "/diagnostics", 200),
        (&ada, "/rooms/999", 404),
        (&ada, "/nothing/%3Cscript%3Ealert(1)%3C/script%3E", 404),
    ] {
        let (page, again) = (client.get(path).await, client.get(path).await);
        assert_eq!(page.status, status, "{path}");
        let own = nonce(&page, path);

        assert!(own.len() >= 16 && own != nonce(&again, path), "{path}: {own} is guessed");
        for script in page.body.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap_or_default();
            if tag == DATA {
                continue;
            }
            assert!(tag.contains(&format!("nonce=\"{own}\"")), "{path}: <script{tag}>");
        }
        for inline in [" style=\"", " onclick", " onerror", " onload", "javascript:"] {
            assert!(!page.body.contains(inline), "{path} has {inline}");
        }
    }
}
