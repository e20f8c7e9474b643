//! Bodies, paths and headers that are not what they should be (threats 10, 11 and 32).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestServer, form, send};

#[tokio::test]
async fn json_of_the_wrong_shape_is_refused_in_words() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let visitor = server.visitor();
    let mut deep = "[".repeat(100_000);
    deep.push_str(&"]".repeat(100_000));

    for body in [
        "".to_owned(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "\"text\"".to_owned(),
        "{}".to_owned(),
        json!({ "username": "ada" }).to_string(),
        json!({ "username": ["ada"], "password": PASSWORD }).to_string(),
        json!({ "username": { "$ne": null }, "password": { "$gt": "" } }).to_string(),
        json!({ "username": 1, "password": true }).to_string(),
        format!(r#"{{"username":"ada","username":"eve","password":"{PASSWORD}"}}"#),
        "{\"username\":\"\u{0}\",".to_owned(),
        deep,
    ] {
        let request = visitor.request(Method::POST, "/api/v1/sessions").header("content-type", "application/json");
        let answer = send(request.body(body)).await.refused(400, "malformed");
        assert!(answer.json()["correlation"].as_str().is_some_and(|id| id.len() == 16), "{answer:?}");
    }
    let not_utf8 = visitor.request(Method::POST, "/api/v1/sessions").header("content-type", "application/json");
    send(not_utf8.body(&b"{\"username\":\"\xff\",\"password\":\"\"}"[..])).await.refused(400, "malformed");
}

#[tokio::test]
async fn fields_that_nobody_knows_are_refused_and_do_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;
    server.user("bob").await;

    for (field, value) in [("role", json!("admin")), ("user_id", json!(1)), ("is_owner", json!(true))] {
        let mut log_in = json!({ "username": "bob", "password": PASSWORD });
        log_in[field] = value.clone();
        server.visitor().post("/api/v1/sessions", &log_in).await.refused(400, "malformed");

        let mut invite = json!({ "uses": 1, "expires_in_s": 60 });
        invite[field] = value.clone();
        ada.post("/api/v1/invites", &invite).await.refused(400, "malformed");

        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields = [("username", "eve"), ("password", PASSWORD), (field, &text)];
        let answer = server.visitor().post_form("/signup", &fields).await;
        assert!((400..500).contains(&answer.status) && answer.cookie().is_none(), "{answer:?}");
    }

    assert_eq!(server.names().await, ["ada", "bob"]);
    assert_eq!(ada.get("/api/v1/invites").await.json()["invites"], json!([]));
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let server = TestServer::start().await;
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();

    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]
    {
        let request = server.visitor().request(Method::POST, "/api/v1/sessions").header("content-type", content_type);
        send(request.body(body.clone())).await.refused(415, "malformed");
    }
    let form = server.visitor().request(Method::POST, "/signup").header("content-type", "application/json").body(body);
    let answer = send(form).await;
    assert_eq!(answer.status, 415, "{answer:?}");
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let server = TestServer::start().await;
    let limit = 256 * 1024;
    let with_length = |length: usize| {
        let empty = r#"{"username":"","password":""}"#.len();
        format!(r#"{{"username":"{}","password":""}}"#, "x".repeat(length - empty))
    };
    let post = |body: String| {
        let request =
            server.visitor().request(Method::POST, "/api/v1/sessions").header("content-type", "application/json");
        send(request.body(body))
    };

    post(with_length(limit)).await.refused(401, "wrong_login");
    post(with_length(limit + 1)).await.refused(413, "too_large");
}

#[tokio::test]
async fn ids_that_are_none_name_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada").await;

    for id in [
        "0",
        "-1",
        "1.5",
        "1'--",
        "[1]",
        "%7B%7D",
        "99999999999999999999999",
        "9223372036854775808",
        "..",
        "%00",
        "%ff",
    ] {
        let answer = ada.delete(&format!("/api/v1/invites/{id}")).await;
        answer.refused(404, "not_found");
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused_in_json() {
    let server = TestServer::start().await;
    let visitor = server.visitor();

    visitor.get("/api/v1/no-such-thing").await.refused(404, "not_found");
    let answer = send(visitor.request(Method::PUT, "/api/v1/sessions")).await.refused(405, "malformed");
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
}

#[tokio::test]
async fn quotes_in_names_are_only_characters() {
    let server = TestServer::start().await;
    server.user("ada").await;

    for name in ["ada' --", "ada\"; DROP TABLE users; --", "' OR '1'='1", "ada\0", "%61da", "ada%"] {
        let body = json!({ "username": name, "password": PASSWORD });
        server.visitor().post("/api/v1/sessions", &body).await.refused(401, "wrong_login");
    }
    assert_eq!(server.names().await, ["ada"]);
}

#[tokio::test]
async fn broken_tokens_are_no_session() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let visitor = server.visitor();
    let long = "A".repeat(20_000);

    for token in ["", "x", "Bearer", "null", "' OR 1=1 --", &*long] {
        let request =
            visitor.request(Method::GET, "/api/v1/invites").header("authorization", format!("Bearer {token}"));
        send(request).await.refused(401, "unauthorized");
        let request =
            visitor.request(Method::GET, "/api/v1/invites").header("cookie", format!("parlor_session={token}"));
        send(request).await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn form_fields_that_are_missing_or_doubled_are_refused() {
    let server = TestServer::start().await;

    for fields in [
        vec![],
        vec![("username", "ada")],
        vec![("password", PASSWORD)],
        vec![("username", "ada"), ("username", "eve"), ("password", PASSWORD)],
        vec![("username[]", "ada"), ("password", PASSWORD)],
    ] {
        for path in ["/login", "/signup"] {
            let answer = send(form(server.visitor().request(Method::POST, path), &fields)).await;
            assert!((400..500).contains(&answer.status) && answer.cookie().is_none(), "{answer:?}");
        }
    }
    assert_eq!(server.names().await, Vec::<String>::new());
}

#[tokio::test]
async fn internals_stay_inside() {
    let server = TestServer::start().await;
    let visitor = server.visitor();

    let answer = visitor.post("/api/v1/sessions", &Value::Null).await.refused(400, "malformed");

    for word in ["server::", "src/", ".rs", "sqlx"] {
        assert!(!answer.body.contains(word), "{word} in {answer:?}");
    }
}
