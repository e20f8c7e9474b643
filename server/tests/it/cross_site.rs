//! Requests that another site's page starts (threats 1 and 31).

use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, TestServer, form, send};

/// Origins that are not ours, for a server at 127.0.0.1 with some port.
fn foreign(base: &str) -> Vec<String> {
    let port = base.rsplit(':').next().unwrap();
    vec![
        "null".to_owned(),
        String::new(),
        "https://evil.test".to_owned(),
        format!("http://127.0.0.1.evil.test:{port}"),
        format!("http://127.0.0.1:{port}.evil.test"),
        format!("http://127.0.0.1:{port}@evil.test"),
        format!("http://localhost:{port}"),
        "http://127.0.0.1".to_owned(),
        "http://127.0.0.1:1".to_owned(),
        format!("{base}/"),
        format!("{base} https://evil.test"),
    ]
}

#[tokio::test]
async fn a_socket_with_a_cookie_and_a_foreign_origin_is_refused_before_the_upgrade() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let upgrade = || {
        ada.request(Method::GET, "/ws")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-protocol", "parlor.v1")
    };

    for origin in foreign(&ada.base) {
        send(upgrade().header("origin", &origin)).await.refused(403, "cross_site");
    }
    send(upgrade()).await.refused(403, "cross_site");
    send(upgrade().header("origin", &ada.base).header("origin", "https://evil.test")).await.refused(403, "cross_site");

    let own = send(upgrade().header("origin", &ada.base)).await;
    assert_ne!(own.status, 403, "our own page was refused: {own:?}");
}

#[tokio::test]
async fn forms_and_json_from_another_site_change_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    let log_in = [("username", "ada"), ("password", PASSWORD)];
    let sign_up = [("username", "eve"), ("password", PASSWORD)];
    let invite = json!({ "uses": 1, "expires_in_s": 60 });

    for origin in foreign(&ada.base) {
        let requests = [
            form(ada.request(Method::POST, "/logout"), &[]),
            form(ada.request(Method::POST, "/login"), &log_in),
            form(ada.request(Method::POST, "/signup"), &sign_up),
            form(server.visitor().request(Method::POST, "/login"), &log_in),
            form(server.visitor().request(Method::POST, "/signup"), &sign_up),
            ada.request(Method::POST, "/api/v1/invites").json(&invite),
            ada.request(Method::DELETE, "/api/v1/sessions/current"),
            ada.request(Method::POST, "/api/v1/sessions").json(&json!({ "username": "ada", "password": PASSWORD })),
        ];
        for request in requests {
            send(request.header("origin", &origin)).await.refused(403, "cross_site");
        }
    }

    assert!(ada.is_logged_in().await);
    assert_eq!(server.names().await, ["ada"]);
    assert_eq!(ada.get("/api/v1/invites").await.json()["invites"], json!([]));
}

#[tokio::test]
async fn a_cookie_without_an_origin_changes_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    send(form(ada.request(Method::POST, "/logout"), &[])).await.refused(403, "cross_site");
    send(ada.request(Method::DELETE, "/api/v1/sessions/current")).await.refused(403, "cross_site");

    assert!(ada.is_logged_in().await);
}

#[tokio::test]
async fn a_browser_that_names_another_site_is_believed() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    for site in ["cross-site", "same-site"] {
        let request = form(ada.request(Method::POST, "/logout"), &[]).header("origin", &ada.base);
        send(request.header("sec-fetch-site", site)).await.refused(403, "cross_site");
    }
    let request = form(ada.request(Method::POST, "/logout"), &[]).header("origin", &ada.base);
    assert_eq!(send(request.header("sec-fetch-site", "same-origin")).await.status, 303);
}

#[tokio::test]
async fn the_public_address_is_an_origin_of_ours() {
    let server = TestServer::with(|config| config.public_url = Some("https://chat.example.org".parse().unwrap())).await;
    let ada = server.user("ada").await;

    let from_public = form(ada.request(Method::POST, "/logout"), &[]).header("origin", "https://chat.example.org");

    assert_eq!(send(from_public).await.status, 303);
}

#[tokio::test]
async fn get_changes_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    for path in
        ["/logout", "/login?username=ada", "/signup?username=eve&password=nine+odd+teapots", "/api/v1/sessions/current"]
    {
        ada.get(path).await;
    }

    assert!(ada.is_logged_in().await);
    assert_eq!(server.names().await, ["ada"]);
}
