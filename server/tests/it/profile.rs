//! What people say of themselves: who is told, what is refused, and when it ends. Raw requests and frames.

use std::time::Duration;

use protocol::{
    RoomId, RoomPresence, ServerFrame, Status, StreamId, UnixMs, UserId,
    limits::{DISPLAY_NAME_CHARS_MAX, STATUS_AGE_MS_MAX, STATUS_CHARS_MAX},
    rooms::{History, Visibility},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, form, send,
    socket::{GENERAL, Socket},
};

const STATUS: &str = "/api/v1/profile/status";
const NAME: &str = "/api/v1/profile/name";

fn holiday() -> Value {
    json!({ "emoji": "🌴", "text": "On holiday" })
}

async fn sets(client: &Client, body: &Value) {
    let answer = client.json(Method::PUT, STATUS, body).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// Reads on until the status of a user is like this, and returns it.
async fn until(
    socket: &mut Socket,
    room: RoomId,
    user: UserId,
    is_wanted: impl Fn(Option<&Status>) -> bool,
) -> Option<Status> {
    let mut picture = RoomPresence::unknown(room);
    socket
        .wait(|frame| match frame {
            ServerFrame::Presence(news) if news.room == room => {
                picture.update(news.clone());
                let told = picture.profile(user);
                // Of whom the whole picture says nothing, there is nothing to say.
                let status = told.and_then(|told| told.status.clone());
                ((news.whole || told.is_some()) && is_wanted(status.as_ref())).then_some(status)
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn a_status_is_told_where_its_user_is_and_nowhere_else() {
    let server = TestServer::start().await;
    let (ada, bob, eve) = (server.user("ada").await, server.user("bob").await, server.user("eve").await);
    let (mut at_ada, mut at_eve) = (ada.connect().await, eve.connect().await);
    at_ada.follow(StreamId::Room(GENERAL)).await;
    let hidden = at_eve.create("cellar", Visibility::Private, History::Everything).await;
    at_eve.follow(StreamId::Room(hidden)).await;

    sets(&bob, &holiday()).await;

    let told = until(&mut at_ada, GENERAL, UserId(2), |status| status.is_some()).await.unwrap();
    assert_eq!((told.emoji.as_str(), told.text.as_str(), told.until), ("🌴", "On holiday", None));
    at_eve.settle().await;
    let is_about_bob =
        |frame: &ServerFrame| matches!(frame, ServerFrame::Presence(news) if news.profile(UserId(2)).is_some());
    assert!(!at_eve.kept().iter().any(is_about_bob), "bob is not in the cellar");

    // Who comes later has it in the whole picture, and in the page.
    let mut late = server.user("fay").await.connect().await;
    late.follow(StreamId::Room(GENERAL)).await;
    until(&mut late, GENERAL, UserId(2), |status| status.is_some()).await;
    assert!(ada.get("/rooms/1-general").await.body.contains("🌴 On holiday"));

    assert_eq!(bob.delete(STATUS).await.status, 204);
    until(&mut at_ada, GENERAL, UserId(2), |status| status.is_none()).await;
    assert!(!ada.get("/rooms/1-general").await.body.contains("On holiday"));
}

#[tokio::test]
async fn who_is_brought_into_a_room_brings_their_status() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    sets(&bob, &holiday()).await;
    let mut ada = ada.connect().await;
    let room = ada.create("cellar", Visibility::Private, History::Everything).await;
    ada.follow(StreamId::Room(room)).await;

    ada.append(crate::support::socket::add(room, "bob")).await;

    until(&mut ada, room, UserId(2), |status| status.is_some()).await;
}

#[tokio::test]
async fn a_status_ends_by_itself_for_everyone() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let mut at_ada = ada.connect().await;
    at_ada.follow(StreamId::Room(GENERAL)).await;
    let ends = UnixMs(server.app.clock.now().0 + 60_000);
    sets(&bob, &json!({ "emoji": "🍽️", "text": "At the dentist", "until": ends })).await;
    let told = until(&mut at_ada, GENERAL, UserId(2), |status| status.is_some()).await;
    assert_eq!(told.unwrap().until, Some(ends));

    server.advance(Duration::from_secs(60));

    until(&mut at_ada, GENERAL, UserId(2), |status| status.is_none()).await;
    assert_eq!(bob.get("/api/v1/profile").await.json(), json!({ "user": 2 }));
    assert!(!ada.get("/rooms/1-general").await.body.contains("At the dentist"));
    assert!(!bob.get("/settings/profile").await.body.contains("At the dentist"));
}

#[tokio::test]
async fn what_is_not_a_status_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let mut bob = server.user("bob").await;
    sets(&bob, &holiday()).await;
    let now = server.app.clock.now().0;
    let text = |text: &str| json!({ "emoji": "🌴", "text": text });
    let until = |until: i64| json!({ "emoji": "🌴", "text": "fine", "until": until });

    for (body, status, code) in [
        (text(""), 422, "invalid"),
        (text("two\nlines"), 422, "invalid"),
        (text("abc\u{202e}cba"), 422, "invalid"),
        (text(&"ä".repeat(STATUS_CHARS_MAX + 1)), 413, "too_large"),
        (json!({ "emoji": "ok", "text": "fine" }), 422, "invalid"),
        (until(now), 422, "invalid"),
        (until(now + STATUS_AGE_MS_MAX + 1), 422, "invalid"),
        (json!({ "emoji": "🌴", "text": "fine", "user": 1 }), 400, "malformed"),
        (json!({ "text": "fine" }), 400, "malformed"),
    ] {
        let refused = bob.json(Method::PUT, STATUS, &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{body}: {refused:?}");
    }
    for (emoji, words, end) in [("🌴", "abc\u{202e}cba", "never"), ("<b>", "fine", "never"), ("🌴", "fine", "2099")]
    {
        let page = bob.post_form("/settings/profile/status", &[("emoji", emoji), ("text", words), ("end", end)]).await;
        assert_eq!(page.status, 422, "{page:?}");
        assert!(page.body.contains("role=\"alert\"") && page.body.contains("On holiday"), "{page:?}");
        assert!(!page.body.contains("value=\"<b>\""), "{page:?}");
    }
    assert_eq!(bob.get("/api/v1/profile").await.json()["status"], holiday());
    sets(&bob, &text(&"ä".repeat(STATUS_CHARS_MAX))).await;
    sets(&bob, &until(now + STATUS_AGE_MS_MAX)).await;
}

#[tokio::test]
async fn a_status_is_set_by_its_user_from_our_own_pages_only() {
    let server = TestServer::start().await;
    let bob = server.user("bob").await;

    server.visitor().json(Method::PUT, STATUS, &holiday()).await.refused(401, "unauthorized");
    server.visitor().get("/api/v1/profile").await.refused(401, "unauthorized");
    let elsewhere = bob.request(Method::PUT, STATUS).header("origin", "https://evil.test").json(&holiday());
    send(elsewhere).await.refused(403, "cross_site");
    let fields = [("emoji", "🌴"), ("text", "On holiday"), ("end", "never")];
    let foreign = form(bob.request(Method::POST, "/settings/profile/status"), &fields);
    send(foreign.header("origin", "https://evil.test")).await.refused(403, "cross_site");

    assert_eq!(bob.get("/api/v1/profile").await.json(), json!({ "user": 1 }));
}

#[tokio::test]
async fn a_display_name_is_told_and_shown_beside_the_user_name() {
    let server = TestServer::start().await;
    let (ada, mut bob) = (server.user("ada").await, server.user("bob").await);
    let mut at_ada = ada.connect().await;
    at_ada.follow(StreamId::Room(GENERAL)).await;
    let mut at_bob = bob.connect().await;
    at_bob.say(GENERAL, "good morning").await;

    let saved = bob.post_form("/settings/profile/name", &[("name", " Robert <b> ")]).await;

    assert_eq!((saved.status, saved.header("location")), (303, "/settings/profile?done=name"));
    let named = |name: Option<&'static str>| {
        move |frame: &ServerFrame| match frame {
            ServerFrame::Presence(news) => {
                let told = news.profile(UserId(2));
                // Of whom the whole picture says nothing, there is nothing to say.
                let is_about_bob = news.whole || told.is_some();
                (is_about_bob && told.and_then(|told| told.name.as_deref()) == name).then_some(())
            }
            _ => None,
        }
    };
    at_ada.wait(named(Some("Robert <b>"))).await;
    let page = ada.get("/rooms/1-general").await.body;
    assert!(page.contains("aria-label=\"Robert &lt;b&gt; @bob, "), "{page}");
    assert!(bob.get("/settings/profile").await.body.contains("Robert &lt;b&gt;"));
    assert_eq!(bob.get("/api/v1/profile").await.json(), json!({ "user": 2, "name": "Robert <b>" }));
    // Who they are is what it was.
    assert_eq!(server.names().await, ["ada", "bob"]);
    at_ada.event(StreamId::Room(GENERAL)).await;
    at_ada.kept();

    assert_eq!(bob.post_form("/settings/profile/name", &[("name", "")]).await.status, 303);
    at_ada.wait(named(None)).await;
    assert!(!ada.get("/rooms/1-general").await.body.contains("Robert"));
}

#[tokio::test]
async fn what_is_not_a_display_name_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let mut bob = server.user("bob").await;
    assert_eq!(bob.json(Method::PUT, NAME, &json!({ "name": "Robert" })).await.status, 204);
    let long = "ß".repeat(DISPLAY_NAME_CHARS_MAX + 1);

    for (name, status, code) in [
        ("", 422, "invalid"),
        (" Robert", 422, "invalid"),
        ("Rob\u{0}ert", 422, "invalid"),
        ("Rob\u{202e}treb", 422, "invalid"),
        ("\u{2066}Robert", 422, "invalid"),
        ("\u{3164}", 422, "invalid"),
        ("Robert @ada", 422, "invalid"),
        ("...", 422, "invalid"),
        (&*long, 413, "too_large"),
    ] {
        let refused = bob.json(Method::PUT, NAME, &json!({ "name": name })).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{name:?}");
        if !name.trim().is_empty() && name.trim() == name {
            let page = bob.post_form("/settings/profile/name", &[("name", name)]).await;
            assert_eq!(page.status, status, "{name:?}");
            assert!(page.body.contains("role=\"alert\""), "{name:?}");
        }
    }
    bob.json(Method::PUT, NAME, &json!({ "name": "Bo", "role": "owner" })).await.refused(400, "malformed");
    server.visitor().json(Method::PUT, NAME, &json!({ "name": "Bo" })).await.refused(401, "unauthorized");
    let elsewhere = bob.request(Method::PUT, NAME).header("origin", "https://evil.test").json(&json!({ "name": "Bo" }));
    send(elsewhere).await.refused(403, "cross_site");

    assert_eq!(bob.get("/api/v1/profile").await.json(), json!({ "user": 1, "name": "Robert" }));
    assert_eq!(bob.delete(NAME).await.status, 204);
    assert_eq!(bob.get("/api/v1/profile").await.json(), json!({ "user": 1 }));
}

#[tokio::test]
async fn nobody_takes_the_user_name_of_another_as_a_display_name() {
    let server = TestServer::start().await;
    let (ada, mut eve) = (server.user("ada").await, server.user("eve").await);

    for name in ["ada", "ADA", "Ada"] {
        eve.json(Method::PUT, NAME, &json!({ "name": name })).await.refused(409, "username_taken");
        let page = eve.post_form("/settings/profile/name", &[("name", name)]).await;
        assert!(page.status == 409 && page.body.contains("Choose another display name."), "{page:?}");
    }

    assert_eq!(eve.get("/api/v1/profile").await.json(), json!({ "user": 2 }));
    assert_eq!(ada.json(Method::PUT, NAME, &json!({ "name": "ADA" })).await.status, 204, "it is one's own");
}

#[tokio::test]
async fn the_form_sets_a_status_until_a_time_in_its_zone_and_clears_it() {
    let server = TestServer::start().await;
    let mut bob = server.user("bob").await;
    let page = "/settings/profile";
    let session = bob.cookie.clone().unwrap();
    bob.cookie = Some(format!("{session}; zone=Asia/Tokyo"));
    let mut set = async |emoji: &str, text: &str, end: &str| {
        let answer = bob.post_form("/settings/profile/status", &[("emoji", emoji), ("text", text), ("end", end)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/settings/profile?done=status"), "{answer:?}");
        (bob.get("/api/v1/profile").await.json()["status"].clone(), bob.get(page).await.body)
    };
    let now = server.app.clock.now().0;

    // It is nine in the morning in Tokyo, and Thursday.
    let (status, shown) = set("", " At work ", "today").await;
    assert_eq!(status, json!({ "emoji": "💬", "text": "At work", "until": now + 15 * 3_600_000 }));
    assert!(shown.contains("Until Friday, 2 January, 00:00."), "{shown}");
    let (status, _) = set("🏡", "Still at work", "kept").await;
    assert_eq!(status["until"], json!(now + 15 * 3_600_000));
    let (status, _) = set("🏡", "At work <b>", "30m").await;
    assert_eq!(status["until"], json!(now + 1_800_000));
    let (status, shown) = set("🏡", "At \"work\" <b>", "never").await;
    assert_eq!(status["until"], Value::Null);
    assert!(shown.contains("At \"work\" &lt;b&gt;") && shown.contains("value=\"At &quot;work&quot; "), "{shown}");

    let cleared = bob.post_form("/settings/profile/status/clear", &[]).await;
    assert_eq!((cleared.status, cleared.header("location")), (303, "/settings/profile?done=cleared"));
    assert!(!bob.get(page).await.body.contains("At &quot;work"));
}
